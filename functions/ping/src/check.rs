//! One check: HEAD, then GET, retries where a failure came fast, all of it inside one time budget.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use hyper::client::conn::http1::Builder;
use rustls::ClientConfig;
use shared::monitor::TargetUrl;
use shared::signal::{Outcome, Phases, Reason};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};

use crate::connect::{Connect, TcpConnector};
use crate::exchange::http1;
use crate::guard::Guard;
use crate::resolve::{Resolve, SystemResolver};
use crate::tls;

/// Names looked up at once. Each lookup holds up to two sockets, and a function may have 1,024 files open.
const MAX_LOOKUPS: usize = 128;

/// The time budget of one check, and its retries.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For finding an address, and again for connecting to it.
    pub connect: Duration,
    /// For everything, retries and redirects included.
    pub total: Duration,
    /// Retries of what failed fast.
    pub retries: u32,
    /// Pause before the first retry; doubled before each further one.
    pub backoff: Duration,
}

impl Default for Limits {
    /// A black hole costs an invocation of up to ten seconds: the budget is money.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(4),
            total: Duration::from_secs(10),
            retries: 2,
            backoff: Duration::from_millis(250),
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// The verdict.
    pub outcome: Outcome,
    /// The last status code that was received.
    pub status: Option<u16>,
    /// How long it took.
    pub phases: Phases,
}

/// What is known so far, kept outside the check so that it outlives the end of its time.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) status: Option<u16>,
    pub(crate) phases: Phases,
}

/// Checks targets. Built once per process; holds no state of any target but the name servers' answers.
pub struct Checker<R = SystemResolver, C = TcpConnector> {
    pub(crate) resolver: R,
    pub(crate) connector: C,
    pub(crate) guard: Guard,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) limits: Limits,
    pub(crate) http1: Builder,
    pub(crate) lookups: Semaphore,
}

impl Checker {
    /// The checker of a deployed function: the system's name servers, TCP, the web's root certificates.
    ///
    /// # Errors
    /// When name servers or cryptography are not to be had.
    pub fn new(guard: Guard) -> anyhow::Result<Self> {
        let resolver = SystemResolver::new()?;
        Ok(Self::with(resolver, TcpConnector, guard, tls::of_the_web()?, Limits::default()))
    }
}

impl<R: Resolve, C: Connect> Checker<R, C> {
    /// A checker of these parts.
    pub fn with(resolver: R, connector: C, guard: Guard, tls: Arc<ClientConfig>, limits: Limits) -> Self {
        Self { resolver, connector, guard, tls, limits, http1: http1(), lookups: Semaphore::new(MAX_LOOKUPS) }
    }

    /// Checks one target. Answers within [`Limits::total`], whatever the target does.
    pub async fn check(&self, target: &TargetUrl) -> Finding {
        let start = Instant::now();
        let deadline = start + self.limits.total;
        let mut progress = Progress::default();
        let outcome = timeout_at(deadline, self.attempts(target, deadline, &mut progress)).await;
        progress.phases.total_ms = Some(ms(start.elapsed()));
        Finding {
            outcome: outcome.unwrap_or(Outcome::Down(Reason::Timeout)),
            status: progress.status,
            phases: progress.phases,
        }
    }

    async fn attempts(&self, target: &TargetUrl, deadline: Instant, progress: &mut Progress) -> Outcome {
        let mut method = Method::HEAD;
        let mut retries = 0;
        loop {
            let outcome = self.follow(&method, target, progress).await;
            // Many servers refuse HEAD, answer it wrongly or hang up on it: only GET's answer is a verdict.
            if method == Method::HEAD && is_bad_answer(outcome) {
                method = Method::GET;
                continue;
            }
            let pause = self.limits.backoff.saturating_mul(1 << retries);
            let in_time = Instant::now() + pause < deadline;
            if !(failed_fast(outcome, progress.status) && retries < self.limits.retries && in_time) {
                return outcome;
            }
            sleep(pause).await;
            retries += 1;
        }
    }
}

/// Whether the target answered, but not as it should.
fn is_bad_answer(outcome: Outcome) -> bool {
    use Reason::{Body, Protocol, Redirect, Reset, Status};
    matches!(outcome, Outcome::Down(Status | Redirect | Protocol | Reset | Body))
}

/// Whether another attempt may find something else. Never after a timeout: the next slot confirms it.
fn failed_fast(outcome: Outcome, status: Option<u16>) -> bool {
    match outcome {
        Outcome::Down(Reason::Refused | Reason::Reset) => true,
        Outcome::Down(Reason::Status) => status.is_some_and(|status| (500..600).contains(&status)),
        _ => false,
    }
}

/// A duration in whole milliseconds.
pub(crate) fn ms(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
