//! A round: many checks at once.

use std::sync::Arc;

use shared::monitor::TargetUrl;
use shared::signal::{Outcome, Phases};
use tokio::task::JoinSet;

use crate::check::{Checker, Finding, MAX_LOOKUPS};
use crate::connect::Connect;
use crate::resolve::Resolve;

/// Files that a function may have open:
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const MAX_FILES: usize = 1_024;

/// Files that are none of a check's: the tables' connections, the runtime's, the log.
const OTHER_FILES: usize = 64;

/// Checks running at once, 352: each has up to two connections open, HEAD's and GET's, and each look-up up to two
/// sockets.
pub const MAX_CONCURRENT: usize = (MAX_FILES - OTHER_FILES) / 2 - MAX_LOOKUPS;

impl<R: Resolve + 'static, C: Connect + 'static> Checker<R, C> {
    /// Checks every target, up to [`MAX_CONCURRENT`] at once; what each check found, in the targets' order.
    pub async fn round(self: &Arc<Self>, targets: impl IntoIterator<Item = TargetUrl>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut running = JoinSet::new();
        for (index, target) in targets.into_iter().enumerate() {
            if running.len() >= MAX_CONCURRENT {
                collect(&mut findings, running.join_next().await);
            }
            // A check that is never heard of again is trouble on our side.
            findings.push(Finding { outcome: Outcome::Unknown, status: None, phases: Phases::default() });
            let checker = Arc::clone(self);
            running.spawn(async move { (index, checker.check(&target).await) });
        }
        while let Some(done) = running.join_next().await {
            collect(&mut findings, Some(done));
        }
        findings
    }
}

fn collect(findings: &mut [Finding], done: Option<Result<(usize, Finding), tokio::task::JoinError>>) {
    match done {
        Some(Ok((index, finding))) => {
            if let Some(slot) = findings.get_mut(index) {
                *slot = finding;
            }
        }
        Some(Err(error)) => tracing::error!(panicked = error.is_panic(), "a check ended without a result"),
        None => {}
    }
}
