//! Self-doubt: when nothing was heard of any target, it may be our own way out that is gone.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use shared::signal::{Outcome, Reason};
use tokio::task::JoinSet;

use crate::check::{Checker, Finding};
use crate::connect::{Connect, dial};
use crate::resolve::Resolve;
use crate::retry::broke_fast;

/// Time for reaching a reference target, and never more than for any other; all are tried at once.
const PATIENCE: Duration = Duration::from_secs(2);

/// Most reference targets.
const MAX_REFERENCES: usize = 8;

/// Addresses that the operator trusts to be there whenever the network is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References(Vec<SocketAddr>);

impl FromStr for References {
    type Err = String;
    /// Addresses with ports, separated by commas: `1.1.1.1:443,[2606:4700:4700::1111]:443`.
    fn from_str(text: &str) -> Result<Self, String> {
        let targets = text.split(',').map(|target| target.trim().parse());
        match targets.collect::<Result<Vec<SocketAddr>, _>>() {
            Ok(targets) if targets.len() <= MAX_REFERENCES => Ok(Self(targets)),
            _ => Err(format!(
                "expected up to {MAX_REFERENCES} of address:port, separated by commas, got {text:?}"
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

    /// Whether packets come back from any of them, or there is none to be asked.
    async fn reaches_any(self: &Arc<Self>, references: &References) -> bool {
        let patience = PATIENCE.min(self.limits.connect);
        let mut trying = JoinSet::new();
        for target in references.0.iter().copied().filter(|target| self.guard.allows(*target)) {
            let checker = Arc::clone(self);
            trying.spawn(async move {
                // Who refuses has heard us.
                match dial(&checker.connector, &checker.guard, &[target], patience).await {
                    Ok(_) => true,
                    Err(outcome) => broke_fast(outcome),
                }
            });
        }
        let mut reached = trying.is_empty();
        while !reached && let Some(tried) = trying.join_next().await {
            reached = tried.unwrap_or(false);
        }
        reached
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
    fn reference_targets_are_addresses_with_ports() {
        let two: References = "1.1.1.1:443, [2606:4700:4700::1111]:53".parse().unwrap();
        assert_eq!(two.0.len(), 2);
        for bad in ["", "1.1.1.1", "shop.example:443", "1.1.1.1:443,", "1.1.1.1:443;1.0.0.1:443"] {
            assert!(bad.parse::<References>().unwrap_err().contains("address:port"), "{bad}");
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
