//! One check: what every kind has in common. The kinds are files of their own.

use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1::Builder;
use rust_decimal::Decimal;
use rustls::ClientConfig;
use shared::credentials::Credentials;
use shared::monitor::{Check, Monitor};
use shared::signal::{Outcome, Phases, Reason};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::connect::{Connect, TcpConnector};
use crate::exchange::http1;
use crate::guard::Guard;
use crate::reach::Way;
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
            backoff: Duration::from_millis(250),
        }
    }
}

/// One monitor to look at, and what it takes to do so.
#[derive(Debug, Clone)]
pub struct Job {
    /// What to check, and how.
    pub monitor: Arc<Monitor>,
    /// What the target lets us in with.
    pub credentials: Option<Credentials>,
    /// Whether the monitor was down before: then nothing is tried again, the next slot confirms.
    pub was_down: bool,
}

impl Job {
    /// A look at this monitor without credentials, that was not down.
    pub fn of(monitor: Monitor) -> Self {
        Self { monitor: Arc::new(monitor), credentials: None, was_down: false }
    }

    /// Retries of what failed fast.
    pub(crate) fn retries(&self) -> u32 {
        if self.was_down { 0 } else { u32::from(self.monitor.retries.get()) }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The verdict.
    pub outcome: Outcome,
    /// The last status code that was received by the method, HEAD or GET, that gave the verdict.
    pub status: Option<u16>,
    /// How long it took that method; in all, the whole check.
    pub phases: Phases,
    /// Days that the certificate still holds, where the check looks at them.
    pub certificate_days: Option<u16>,
    /// Numbers of the answer, in the order of their names.
    pub metrics: Vec<Option<Decimal>>,
}

impl Finding {
    /// A finding that says this and no more.
    pub fn of(outcome: Outcome) -> Self {
        Self { outcome, status: None, phases: Phases::default(), certificate_days: None, metrics: Vec::new() }
    }
}

/// Checks targets. Built once per process; holds no state of any target but the name servers' answers.
pub struct Checker<R = SystemResolver, C = TcpConnector> {
    pub(crate) resolver: R,
    pub(crate) connector: C,
    /// Of the installation's own monitors and references.
    pub(crate) guard: Guard,
    /// Of everybody else's monitors.
    pub(crate) guard_of_others: Guard,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) tls_of_browsers: Arc<ClientConfig>,
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
        Self {
            resolver,
            connector,
            guard_of_others: guard.of_the_public(),
            guard,
            tls_of_browsers: tls::of_browsers(&tls),
            tls,
            limits,
            http1: http1(),
            lookups: Semaphore::new(MAX_LOOKUPS),
        }
    }

    /// How this monitor's target is reached: private networks are the installation's, and so for its own monitors alone.
    pub(crate) fn way(&self, monitor: &Monitor) -> Way<'_> {
        let guard = if monitor.account.is_home() { &self.guard } else { &self.guard_of_others };
        Way { ip: monitor.ip, guard }
    }

    /// Makes one check. Answers within [`Limits::total`], and 400 ms more where patterns are searched, whatever the
    /// target does. A check that found its target up and took longer than the monitor's `degraded_ms` is degraded.
    pub async fn check(&self, job: &Job) -> Finding {
        let start = Instant::now();
        let deadline = start + self.limits.total;
        let mut finding = match &job.monitor.check {
            Check::Http(check) => self.http(job, check, start).await,
            Check::Tcp(check) => self.tcp(job, check, deadline).await,
            Check::Tls(check) => self.tls(job, check, deadline).await,
            Check::Dns(check) => self.dns(check).await,
            // Is heard, not checked.
            Check::Heartbeat(_) => Finding::of(Outcome::Unknown(Reason::Configuration)),
        };
        let total = *finding.phases.total_ms.get_or_insert_with(|| ms(start.elapsed()));
        if finding.outcome == Outcome::Up && job.monitor.degraded_ms.is_some_and(|limit| total > limit) {
            finding.outcome = Outcome::Degraded(Reason::Slow);
        }
        finding
    }
}

/// A duration in whole milliseconds.
pub(crate) fn ms(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
