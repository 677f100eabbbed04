//! Self-doubt: when nothing was heard of any target, it may be our own way out that is gone.

use std::num::NonZeroU16;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use shared::monitor::{IpFamily, TargetHost};
use shared::signal::{Outcome, Phases, Reason};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::check::{Checker, Finding};
use crate::connect::Connect;
use crate::reach::Way;
use crate::resolve::Resolve;
use crate::retry::broke_fast;
use crate::tcp::borrowed;

/// Time for reaching a reference target, and never more than for any other; all are tried at once.
const PATIENCE: Duration = Duration::from_secs(2);

/// Most reference targets.
const MAX_REFERENCES: usize = 8;

/// Hosts that the operator trusts to be there whenever network and name servers are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References(Vec<(TargetHost, NonZeroU16)>);

impl FromStr for References {
    type Err = String;
    /// Hosts with ports, separated by commas: `dns.google:443,[2606:4700:4700::1111]:443`. A name shows more than an
    /// address: that our name servers answer.
    fn from_str(text: &str) -> Result<Self, String> {
        let targets = text.split(',').map(|target| {
            let (host, port) = target.trim().rsplit_once(':')?;
            Some((host.parse().ok()?, port.parse().ok()?))
        });
        match targets.collect::<Option<Vec<_>>>() {
            Some(targets) if targets.len() <= MAX_REFERENCES => Ok(Self(targets)),
            _ => Err(format!(
                "expected up to {MAX_REFERENCES} of host:port, separated by commas, got {text:?}"
            )),
        }
    }
}

impl<R: Resolve + 'static, C: Connect + 'static> Checker<R, C> {
    /// Turns a round in which nothing was heard of any target into one that says nothing, if none of the reference
    /// targets can be reached either. Answers whether it did. Without reference targets that may be dialled the
    /// findings stand.
    pub async fn doubt(self: &Arc<Self>, references: &References, findings: &mut [Finding]) -> bool {
        if !is_silence(findings) || self.reaches_any(references).await {
            return false;
        }
        for finding in findings.iter_mut().filter(|finding| is_network(finding.outcome)) {
            finding.outcome = Outcome::Unknown(Reason::Network);
        }
        true
    }

    /// Whether packets come back from any of them, or there is none that may be dialled.
    async fn reaches_any(self: &Arc<Self>, references: &References) -> bool {
        let mut trying = JoinSet::new();
        for (host, port) in references.0.iter().cloned() {
            let checker = Arc::clone(self);
            trying.spawn(async move {
                let mut phases = Phases::default();
                let way = Way { ip: IpFamily::Any, guard: &checker.guard };
                let opening = checker.open(borrowed(host.host()), port.get(), way, &mut phases);
                timeout(PATIENCE, opening)
                    .await
                    .map_or(Err(Outcome::Down(Reason::Timeout)), |tried| tried.map(drop))
            });
        }
        let mut any = false;
        while let Some(tried) = trying.join_next().await {
            match tried {
                // Who refuses has heard us.
                Ok(Ok(())) => return true,
                Ok(Err(outcome)) if broke_fast(outcome) => return true,
                Ok(Err(Outcome::Blocked)) => {}
                Ok(Err(_)) | Err(_) => any = true,
            }
        }
        !any
    }
}

/// Whether a target may have failed for want of a network. What is refused, reset, or answered badly is none: packets
/// came back.
fn is_network(outcome: Outcome) -> bool {
    use Reason::{ConnectTimeout, Dns, Network, Timeout, Unreachable};
    matches!(outcome, Outcome::Down(Dns | ConnectTimeout | Unreachable | Timeout) | Outcome::Unknown(Network))
}

/// Whether something counts as down, and nothing shows that packets travel.
fn is_silence(findings: &[Finding]) -> bool {
    let mut down = false;
    for outcome in findings.iter().map(|finding| finding.outcome) {
        match outcome {
            Outcome::Blocked | Outcome::Unknown(_) => {}
            _ if is_network(outcome) => down = true,
            Outcome::Up | Outcome::Degraded(_) | Outcome::Down(_) => return false,
        }
    }
    down
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_targets_are_hosts_with_ports() {
        let three: References = "1.1.1.1:443, [2606:4700:4700::1111]:53,dns.google:443".parse().unwrap();
        assert_eq!(three.0.len(), 3);
        for bad in ["", "1.1.1.1", "1.1.1.1:443,", "1.1.1.1:443;1.0.0.1:443", "shop.example:0", "::1:80"] {
            assert!(bad.parse::<References>().unwrap_err().contains("host:port"), "{bad}");
        }
        assert!(["1.1.1.1:443"; 9].join(",").parse::<References>().is_err());
    }

    #[test]
    fn one_sign_of_life_is_enough() {
        use Outcome::{Blocked, Degraded, Down, Unknown, Up};
        use Reason::{
            Certificate, ConnectTimeout, Dns, Network, Refused, Reset, Status, Timeout, Tls, Unreachable,
        };
        let silence =
            |outcomes: &[Outcome]| is_silence(&outcomes.iter().copied().map(Finding::of).collect::<Vec<_>>());
        let silent =
            [Down(Dns), Down(ConnectTimeout), Down(Unreachable), Down(Timeout), Unknown(Network), Blocked];
        assert!(silence(&silent) && silence(&silent[..1]));
        for sign in [Up, Degraded(Certificate), Down(Refused), Down(Reset), Down(Tls), Down(Status)] {
            assert!(!silence(&[silent.as_slice(), &[sign]].concat()), "{sign:?}");
        }
        // Nothing counts as down: there is nothing to doubt.
        assert!(!silence(&[]) && !silence(&[Unknown(Network), Blocked]));
    }
}
