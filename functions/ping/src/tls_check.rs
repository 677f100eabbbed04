//! A TLS session, and what its certificate says.

use std::sync::Arc;

use jiff::Timestamp;
use rustls::ClientConfig;
use shared::monitor::TlsCheck;
use shared::signal::{Outcome, Phases, Reason};
use tokio::time::{Instant, timeout_at};

use crate::certificate::Certificate;
use crate::check::{Checker, Finding, Job};
use crate::connect::Connect;
use crate::reach::server_name;
use crate::resolve::Resolve;
use crate::retry::{Retries, broke_fast};
use crate::tcp::borrowed;

impl<R: Resolve, C: Connect> Checker<R, C> {
    /// Makes a TLS session and looks at its certificate. What breaks fast is tried again inside the budget.
    pub(crate) async fn tls(&self, job: &Job, check: &TlsCheck, deadline: Instant) -> Finding {
        let mut phases = Phases::default();
        let attempts = async {
            let mut retries = Retries::of(job, &self.limits, deadline);
            loop {
                phases = Phases::default();
                match self.certificate(job, check, &mut phases).await {
                    Ok(certificate) => {
                        let days = certificate.days_left(Timestamp::now());
                        return (judge(check, &certificate, days), Some(days));
                    }
                    Err(outcome) if broke_fast(outcome) && retries.another().await => {}
                    Err(outcome) => return (outcome, None),
                }
            }
        };
        let in_time = timeout_at(deadline, attempts).await;
        let (outcome, certificate_days) = in_time.unwrap_or((Outcome::Down(Reason::Timeout), None));
        Finding { phases, certificate_days, ..Finding::of(outcome) }
    }

    /// The certificate that the server shows; the handshake has verified it and that it is for the host.
    async fn certificate(
        &self,
        job: &Job,
        check: &TlsCheck,
        phases: &mut Phases,
    ) -> Result<Certificate, Outcome> {
        let host = borrowed(check.host.host());
        let stream = self.open(host.clone(), check.port.get(), self.way(&job.monitor), phases).await?;
        let mut tls = ClientConfig::clone(&self.tls);
        // What is spoken inside is not looked at: a mail server would turn away who offers HTTP.
        tls.alpn_protocols.clear();
        let stream = self.handshake(&Arc::new(tls), host, stream, phases).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        shown.and_then(Certificate::read).ok_or(Outcome::Down(Reason::Tls))
    }
}

/// Issuer and names decide whether the target is up, the days left whether somebody has to renew.
fn judge(check: &TlsCheck, certificate: &Certificate, days: u16) -> Outcome {
    let issued = check.issuer.as_deref().is_none_or(|issuer| contains(&certificate.issuer, issuer));
    let named = check
        .names
        .iter()
        .all(|name| server_name(borrowed(name.host())).is_some_and(|name| certificate.is_for(&name)));
    match (issued && named, days < check.certificate_days) {
        (false, _) => Outcome::Down(Reason::Certificate),
        (true, true) => Outcome::Degraded(Reason::Certificate),
        (true, false) => Outcome::Up,
    }
}

fn contains(issuer: &str, wanted: &str) -> bool {
    issuer.to_lowercase().contains(&wanted.to_lowercase())
}
