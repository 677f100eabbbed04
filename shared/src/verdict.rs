//! The verdict over a monitor in one slot, from what its regions saw: the one place of the quorum.

use std::collections::BTreeMap;

use crate::block::Block;
use crate::monitor::{Monitor, Quorum, Region};
use crate::signal::{Outcome, Reason};

/// How a monitor fared in one slot, by the quorum of its regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It served its visitors.
    Up,
    /// It answered, but something about it needs looking after.
    Degraded(Why),
    /// It failed.
    Down(Why),
    /// No region says anything of it.
    Unknown,
}

/// What speaks for a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The reason that most of these regions saw; of equally frequent ones the first in the order of [`Reason`].
    pub reason: Reason,
    /// The status code that most of those saw with it; of equally frequent ones the smallest.
    pub status: Option<u16>,
    /// The regions that voted for the verdict, sorted; never empty.
    pub regions: Vec<Region>,
}

/// The verdict over a monitor from the blocks of one slot; at most one of each shard and region. Blocks of other
/// shards, and of regions that it is not checked from, say nothing of it. Whether a block came in time is for the
/// caller to know.
///
/// Down when the quorum of the regions that know something says so; degraded when the quorum says that it is not up.
pub fn verdict(monitor: &Monitor, blocks: &[&Block]) -> Verdict {
    let mut answered = 0;
    let (mut down, mut bad) = (Vec::new(), Vec::new());
    let speaks =
        |block: &&&Block| block.shard == monitor.id.shard() && monitor.regions.contains(&block.region);
    for block in blocks.iter().filter(speaks) {
        let Some(signal) = block.signal(&monitor.id) else { continue };
        let vote = |reason| Vote { region: &block.region, reason, status: signal.status };
        match signal.outcome {
            Outcome::Blocked | Outcome::Unknown(_) => continue,
            Outcome::Up => {}
            Outcome::Degraded(reason) => bad.push(vote(reason)),
            Outcome::Down(reason) => {
                bad.push(vote(reason));
                down.push(vote(reason));
            }
        }
        answered += 1;
    }
    let needed = match monitor.quorum {
        Quorum::Majority => answered / 2 + 1,
        Quorum::AtLeast(regions) => usize::from(regions).min(answered),
    };
    if answered == 0 {
        return Verdict::Unknown;
    }
    if down.len() >= needed
        && let Some(why) = why(down)
    {
        return Verdict::Down(why);
    }
    if bad.len() >= needed
        && let Some(why) = why(bad)
    {
        return Verdict::Degraded(why);
    }
    Verdict::Up
}

/// What one region saw.
struct Vote<'a> {
    region: &'a Region,
    reason: Reason,
    status: Option<u16>,
}

fn why(votes: Vec<Vote<'_>>) -> Option<Why> {
    let reason = most_frequent(votes.iter().map(|vote| vote.reason))?;
    let with_reason = votes.iter().filter(|vote| vote.reason == reason);
    let status = most_frequent(with_reason.filter_map(|vote| vote.status));
    let mut regions: Vec<Region> = votes.into_iter().map(|vote| vote.region.clone()).collect();
    regions.sort();
    Some(Why { reason, status, regions })
}

/// The most frequent of these; of equally frequent ones the smallest.
fn most_frequent<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    // `max_by_key` would take the last of equal ones.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::monitor::ShardId;
    use crate::schedule::Slot;
    use crate::signal::{Phases, Signal};

    const TIMEOUT: Outcome = Outcome::Down(Reason::Timeout);
    const STATUS: Outcome = Outcome::Down(Reason::Status);
    const SLOW: Outcome = Outcome::Degraded(Reason::Slow);
    const NETWORK: Outcome = Outcome::Unknown(Reason::Network);

    fn region(n: usize) -> Region {
        format!("region-{n}").parse().unwrap()
    }

    fn monitor(regions: usize, quorum: Quorum) -> Monitor {
        Monitor { regions: (0..regions).map(region).collect(), quorum, ..crate::example::monitor("aaaaaa") }
    }

    fn blocks(outcomes: &[Outcome]) -> Vec<Block> {
        let block = |(n, outcome): (usize, &Outcome)| {
            let status = (*outcome == STATUS).then(|| 500 + u16::try_from(n).unwrap());
            let id = crate::example::monitor("aaaaaa").id;
            let (phases, metrics) = (Phases::default(), Vec::new());
            let signal =
                Signal { monitor: id, outcome: *outcome, status, phases, certificate_days: None, metrics };
            let slot = Slot::of_minutes(29_000_000);
            let (shard, signals) = (ShardId(0), vec![signal]);
            Block { shard, slot, region: region(n), written_at: slot.start(), signals }
        };
        outcomes.iter().enumerate().map(block).collect()
    }

    fn of(monitor: &Monitor, outcomes: &[Outcome]) -> Verdict {
        verdict(monitor, &blocks(outcomes).iter().collect::<Vec<_>>())
    }

    fn regions(verdict: &Verdict) -> usize {
        match verdict {
            Verdict::Degraded(why) | Verdict::Down(why) => why.regions.len(),
            Verdict::Up | Verdict::Unknown => 0,
        }
    }

    #[test]
    fn a_strict_majority_of_those_that_answered_decides() {
        let two = monitor(2, Quorum::Majority);
        assert_eq!(of(&two, &[TIMEOUT, Outcome::Up]), Verdict::Up);
        assert!(matches!(of(&two, &[TIMEOUT, NETWORK]), Verdict::Down(_)), "of one that answered, one");
        let three = monitor(3, Quorum::Majority);
        assert!(matches!(of(&three, &[TIMEOUT, TIMEOUT, Outcome::Up]), Verdict::Down(_)));
        assert_eq!(of(&three, &[TIMEOUT, Outcome::Up, Outcome::Up]), Verdict::Up);
        let mixed = of(&three, &[TIMEOUT, SLOW, Outcome::Up]);
        assert!(matches!(mixed, Verdict::Degraded(_)) && regions(&mixed) == 2, "{mixed:?}");
    }

    #[test]
    fn so_many_regions_decide() {
        let any = monitor(3, Quorum::AtLeast(1));
        assert!(matches!(of(&any, &[TIMEOUT, Outcome::Up, Outcome::Up]), Verdict::Down(_)));
        let all = monitor(3, Quorum::AtLeast(3));
        assert_eq!(of(&all, &[TIMEOUT, TIMEOUT, Outcome::Up]), Verdict::Up);
        assert!(
            matches!(of(&all, &[TIMEOUT, TIMEOUT, NETWORK]), Verdict::Down(_)),
            "all that answered, where fewer did"
        );
    }

    #[test]
    fn unknown_is_not_down() {
        let three = monitor(3, Quorum::AtLeast(1));
        assert_eq!(of(&three, &[NETWORK, Outcome::Blocked]), Verdict::Unknown);
        assert_eq!(of(&three, &[]), Verdict::Unknown);
        let elsewhere = Monitor { regions: vec![region(7)], ..three };
        assert_eq!(of(&elsewhere, &[TIMEOUT, TIMEOUT]), Verdict::Unknown, "not its regions");
    }

    #[test]
    fn the_most_frequent_reason_is_told_with_its_status() {
        let four = monitor(4, Quorum::Majority);
        let why = Why { reason: Reason::Status, status: Some(501), regions: (0..4).map(region).collect() };
        assert_eq!(
            of(&four, &[TIMEOUT, STATUS, STATUS, Outcome::Down(Reason::Dns)]),
            Verdict::Down(why.clone())
        );
        let tie = Why { reason: Reason::Timeout, status: None, ..why };
        assert_eq!(of(&four, &[STATUS, TIMEOUT, STATUS, TIMEOUT]), Verdict::Down(tie));
    }

    proptest! {
        #[test]
        fn the_order_of_blocks_does_not_matter(
            outcomes in proptest::collection::vec(select(vec![Outcome::Up, SLOW, TIMEOUT, STATUS, NETWORK]), 0..6),
            quorum in select(vec![Quorum::Majority, Quorum::AtLeast(1), Quorum::AtLeast(2)]),
        ) {
            let monitor = monitor(6, quorum);
            let blocks = blocks(&outcomes);
            let there: Vec<&Block> = blocks.iter().collect();
            let back: Vec<&Block> = blocks.iter().rev().collect();
            prop_assert_eq!(verdict(&monitor, &there), verdict(&monitor, &back));
        }
    }
}
