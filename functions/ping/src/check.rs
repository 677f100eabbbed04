//! One check: HEAD, and GET where HEAD does not settle it, retries where a failure came fast, all of it inside one
//! time budget.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use hyper::client::conn::http1::Builder;
use rustls::ClientConfig;
use shared::monitor::TargetUrl;
use shared::signal::{Outcome, Phases, Reason};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};

use crate::connect::{Connect, TcpConnector};
use crate::exchange::http1;
use crate::guard::Guard;
use crate::resolve::{Resolve, SystemResolver};
use crate::tls;

/// Names looked up at once. Each lookup holds up to two sockets, and a function may have 1,024 files open.
pub(crate) const MAX_LOOKUPS: usize = 128;

/// The time budget of one check, and its retries.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For finding an address, and again for connecting to it.
    pub connect: Duration,
    /// How long HEAD may be without its answer before GET is started beside it.
    pub patience: Duration,
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
            // A page that takes as long is slow already, and GET still has more than half of the time.
            patience: Duration::from_secs(4),
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
    /// The last status code that was received by the method, HEAD or GET, that gave the verdict.
    pub status: Option<u16>,
    /// How long it took that method; in all, the whole check.
    pub phases: Phases,
}

/// What one method knows so far, kept outside its attempts so that it outlives the end of their time.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) status: Option<u16>,
    pub(crate) phases: Phases,
    /// Told when a request is without its answer for longer than [`Limits::patience`].
    pub(crate) overdue: Arc<Notify>,
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
        let mut finding = self.verdict(target, start + self.limits.total).await;
        finding.phases.total_ms = Some(ms(start.elapsed()));
        finding
    }

    /// HEAD's verdict where it is up or no answer at all, else GET's: many servers refuse HEAD, answer it wrongly,
    /// hang up on it or never answer it. While HEAD is merely overdue it goes on beside GET, because a slow page is
    /// up too.
    async fn verdict(&self, target: &TargetUrl, deadline: Instant) -> Finding {
        let progress = Progress::default();
        let overdue = Arc::clone(&progress.overdue);
        let mut head = pin!(self.ask(Method::HEAD, target, deadline, progress));
        let ended = tokio::select! {
            biased;
            finding = &mut head => Some(finding),
            () = overdue.notified() => None,
        };
        if let Some(finding) = ended
            && !is_bad_answer(finding.outcome)
        {
            return finding;
        }
        let get = self.ask(Method::GET, target, deadline, Progress::default());
        tokio::select! {
            biased;
            up @ Finding { outcome: Outcome::Up, .. } = &mut head, if ended.is_none() => up,
            finding = get => finding,
        }
    }

    /// What one method finds until the deadline.
    async fn ask(
        &self,
        method: Method,
        target: &TargetUrl,
        deadline: Instant,
        mut progress: Progress,
    ) -> Finding {
        let outcome = timeout_at(deadline, self.attempts(&method, target, deadline, &mut progress)).await;
        Finding {
            outcome: outcome.unwrap_or(Outcome::Down(Reason::Timeout)),
            status: progress.status,
            phases: progress.phases,
        }
    }

    async fn attempts(
        &self,
        method: &Method,
        target: &TargetUrl,
        deadline: Instant,
        progress: &mut Progress,
    ) -> Outcome {
        let mut retries = 0;
        loop {
            let outcome = self.follow(method, target, progress).await;
            // Asking again is GET's business then.
            let left_to_get = method == Method::HEAD && is_bad_answer(outcome);
            let pause = self.limits.backoff.saturating_mul(1 << retries);
            let in_time = Instant::now() + pause < deadline;
            let again = failed_fast(outcome, progress.status) && retries < self.limits.retries && in_time;
            if left_to_get || !again {
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
