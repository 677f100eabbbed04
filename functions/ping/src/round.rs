//! A round: many checks at once.

use std::sync::Arc;
use std::time::Duration;

use shared::signal::{Outcome, Reason};
use tokio::task::{JoinError, JoinSet};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use crate::check::{Checker, Finding, Job, MAX_LOOKUPS};
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

/// What a check may take beyond its budget before it is given up: nothing a target does may cost a slot.
const MARGIN: Duration = Duration::from_millis(500);

impl<R: Resolve + 'static, C: Connect + 'static> Checker<R, C> {
    /// Makes every check, up to [`MAX_CONCURRENT`] at once; what each check found, in the jobs' order. As many as that
    /// are over within [`crate::Limits::total`] and half a second, more of them take their turns.
    pub async fn round(self: &Arc<Self>, jobs: impl IntoIterator<Item = Job>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut running = JoinSet::new();
        for (index, job) in jobs.into_iter().enumerate() {
            if running.len() >= MAX_CONCURRENT {
                collect(&mut findings, running.join_next().await);
            }
            // A check that is never heard of again is trouble on our side.
            findings.push(Finding::of(Outcome::Unknown(Reason::Network)));
            let checker = Arc::clone(self);
            // Counted from here: a check that is not even begun for want of processor time has an end too.
            let deadline = Instant::now() + self.limits.total + MARGIN;
            running.spawn(async move { (index, timeout_at(deadline, checker.check(&job)).await) });
        }
        while let Some(done) = running.join_next().await {
            collect(&mut findings, Some(done));
        }
        findings
    }
}

/// What a task of the round ended with: which check it was, and its finding unless it was given up.
type Done = Result<(usize, Result<Finding, Elapsed>), JoinError>;

fn collect(findings: &mut [Finding], done: Option<Done>) {
    match done {
        Some(Ok((index, Ok(finding)))) => {
            if let Some(slot) = findings.get_mut(index) {
                *slot = finding;
            }
        }
        Some(Ok((_, Err(_)))) => tracing::warn!("gave up a check that did not end by itself"),
        Some(Err(error)) => tracing::error!(panicked = error.is_panic(), "a check ended without a result"),
        None => {}
    }
}
