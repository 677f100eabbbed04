//! A connection that opens.

use shared::monitor::TcpCheck;
use shared::signal::{Outcome, Phases, Reason};
use tokio::time::{Instant, timeout_at};
use url::Host;

use crate::check::{Checker, Finding, Job};
use crate::connect::Connect;
use crate::resolve::Resolve;
use crate::retry::{Retries, broke_fast};

impl<R: Resolve, C: Connect> Checker<R, C> {
    /// Opens a connection and lets go of it. What breaks fast is tried again inside the budget.
    pub(crate) async fn tcp(&self, job: &Job, check: &TcpCheck, deadline: Instant) -> Finding {
        let mut phases = Phases::default();
        let attempts = async {
            let mut retries = Retries::of(job, &self.limits, deadline);
            loop {
                phases = Phases::default();
                let (host, port) = (borrowed(check.host.host()), check.port.get());
                match self.open(host, port, self.way(&job.monitor), &mut phases).await {
                    Ok(_) => return Outcome::Up,
                    Err(outcome) if broke_fast(outcome) && retries.another().await => {}
                    Err(outcome) => return outcome,
                }
            }
        };
        let outcome = timeout_at(deadline, attempts).await.unwrap_or(Outcome::Down(Reason::Timeout));
        Finding { phases, ..Finding::of(outcome) }
    }
}

/// The host as a URL lends it.
pub(crate) fn borrowed(host: &Host<String>) -> Host<&str> {
    match host {
        Host::Domain(name) => Host::Domain(name),
        Host::Ipv4(ip) => Host::Ipv4(*ip),
        Host::Ipv6(ip) => Host::Ipv6(*ip),
    }
}
