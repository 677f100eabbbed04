//! What checks amount to: how many found what, and how long they took.

use shared::history::{Checks, Percentiles};
use shared::signal::{Outcome, Signal};

/// Checks of one monitor.
#[derive(Debug, Clone, Default)]
pub(crate) struct Points {
    /// How many found what.
    pub(crate) checks: Checks,
    /// How long those took that found it up or degraded, in ms.
    times: Vec<u32>,
}

impl Points {
    /// Takes one more check in.
    pub(crate) fn add(&mut self, signal: &Signal) {
        let count = match signal.outcome {
            Outcome::Up => &mut self.checks.up,
            Outcome::Degraded(_) => &mut self.checks.degraded,
            Outcome::Down(_) => &mut self.checks.down,
            Outcome::Blocked | Outcome::Unknown(_) => &mut self.checks.unknown,
        };
        *count = count.saturating_add(1);
        self.times.extend(time(signal));
    }

    /// The counts, and the times by the nearest rank.
    pub(crate) fn finish(mut self) -> (Checks, Option<Percentiles>) {
        self.times.sort_unstable();
        let percentiles = || {
            let of = |percent| nearest_rank(&self.times, percent);
            Some(Percentiles { p50: of(50)?, p90: of(90)?, p95: of(95)?, p99: of(99)? })
        };
        (self.checks, percentiles())
    }
}

/// How long the check took, in ms, where it found its target available.
pub(crate) fn time(signal: &Signal) -> Option<u32> {
    signal.phases.total_ms.filter(|_| signal.outcome.is_available() == Some(true))
}

/// The time in the middle; of two the earlier.
pub(crate) fn median(times: &mut [u32]) -> Option<u32> {
    times.sort_unstable();
    nearest_rank(times, 50)
}

/// The smallest of these sorted numbers that at least so many percent of them do not exceed.
/// <https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method>
fn nearest_rank(sorted: &[u32], percent: usize) -> Option<u32> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::signal::{Phases, Reason};

    use super::*;

    fn signal(outcome: Outcome, total_ms: Option<u32>) -> Signal {
        let monitor = "s0-aaaaaa".parse().unwrap();
        let phases = Phases { total_ms, ..Phases::default() };
        Signal { monitor, outcome, status: None, phases, certificate_days: None, metrics: Vec::new() }
    }

    /// By the definition, the slow way: the smallest that enough of them do not exceed.
    fn naive(times: &[u32], percent: usize) -> u32 {
        let enough = |time: &u32| 100 * times.iter().filter(|t| *t <= time).count() >= percent * times.len();
        times.iter().copied().filter(enough).min().unwrap()
    }

    proptest! {
        #[test]
        fn percentiles_are_exact(times in proptest::collection::vec(prop_oneof![0..20u32, any::<u32>()], 1..300)) {
            let mut points = Points::default();
            times.iter().for_each(|ms| points.add(&signal(Outcome::Up, Some(*ms))));
            let of = |percent| naive(&times, percent);
            let wanted = Percentiles { p50: of(50), p90: of(90), p95: of(95), p99: of(99) };
            prop_assert_eq!(points.finish().1, Some(wanted));
            prop_assert_eq!(median(&mut times.clone()), Some(of(50)));
        }
    }

    #[test]
    fn only_what_was_available_has_a_time() {
        let mut points = Points::default();
        for (outcome, ms) in [
            (Outcome::Down(Reason::Timeout), 10_000),
            (Outcome::Unknown(Reason::Network), 9_000),
            (Outcome::Blocked, 1),
        ] {
            points.add(&signal(outcome, Some(ms)));
        }
        points.add(&signal(Outcome::Up, None));
        assert_eq!(points.clone().finish(), (Checks { up: 1, degraded: 0, down: 1, unknown: 2 }, None));
        points.add(&signal(Outcome::Degraded(Reason::Slow), Some(900)));
        points.add(&signal(Outcome::Up, Some(30)));
        let (checks, percentiles) = points.finish();
        assert_eq!(checks, Checks { up: 2, degraded: 1, down: 1, unknown: 2 });
        assert_eq!(percentiles, Some(Percentiles { p50: 30, p90: 900, p95: 900, p99: 900 }));
        assert_eq!(median(&mut []), None);
    }
}
