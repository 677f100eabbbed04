//! What history does not have yet, minute by minute, by the rules that `rollup` makes history by: what a slot says stands
//! until the next one that says something, no longer than the monitor's interval, and ends with its day in UTC; a due
//! slot that no region has reported is a gap, once the monitor has been seen; what is worked on is maintenance, whatever
//! was found.

use std::collections::HashMap;

use shared::block::Block;
use shared::history::{Checks, Percentiles, Seconds};
use shared::monitor::Monitor;
use shared::schedule::{Slot, is_due, reach};
use shared::signal::{Outcome, Signal};
use shared::state::State;
use shared::verdict::verdict;

use super::percentiles::Part;
use crate::bars;
use crate::hidden::DAY;
use crate::worked_on::WorkedOn;

/// Minutes that history does not have.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    /// How each minute was spent that anything is known of, oldest first.
    minutes: Vec<(Slot, State)>,
    checks: Vec<(Slot, Outcome, Option<u32>)>,
}

impl Fresh {
    /// The minutes from `first` to `last` of a monitor that has been seen before, or has not.
    pub(super) fn of(
        monitor: &Monitor,
        is_known: bool,
        blocks: &[Block],
        (first, last): (Slot, Slot),
        worked_on: &WorkedOn,
    ) -> Self {
        let mut by_slot: HashMap<Slot, Vec<&Block>> = HashMap::new();
        for block in blocks {
            by_slot.entry(block.slot).or_default().push(block);
        }
        let monitor = &seen_from(monitor, blocks);
        let mut fresh = Self::default();
        let mut is_known = is_known;
        let mut stands: Option<(State, u32)> = None;
        for slot in (first.minutes()..=last.minutes()).map(Slot::of_minutes) {
            let blocks = by_slot.get(&slot).map_or(&[][..], Vec::as_slice);
            if slot.minutes().rem_euclid(DAY) == 0 {
                stands = None;
            }
            let signals: Vec<&Signal> = blocks.iter().filter_map(|block| block.signal(&monitor.id)).collect();
            is_known |= !signals.is_empty();
            let reported = || blocks.iter().any(|block| monitor.regions.contains(&block.region));
            if !signals.is_empty() {
                stands = Some((bars::state(&verdict(monitor, blocks)), reach(monitor)));
            } else if is_known && is_due(monitor, slot) && !reported() {
                stands = Some((State::Unknown, reach(monitor)));
            }
            fresh.checks.extend(signals.iter().map(|signal| (slot, signal.outcome, signal.phases.total_ms)));
            if let Some((state, left)) = stands {
                let is_worked_on = worked_on.covers(monitor, slot);
                fresh.minutes.push((slot, if is_worked_on { State::Maintenance } else { state }));
                stands = (left > 1).then_some((state, left - 1));
            }
        }
        fresh
    }

    /// How long it was in which state, from this slot on.
    pub(super) fn seconds(&self, from: Slot) -> Seconds {
        let minute = |state: State| match state {
            State::Up => Seconds { up: 60, ..Seconds::default() },
            State::Degraded => Seconds { degraded: 60, ..Seconds::default() },
            State::Down => Seconds { down: 60, ..Seconds::default() },
            State::Maintenance => Seconds { maintenance: 60, ..Seconds::default() },
            State::Paused | State::Unknown => Seconds { unknown: 60, ..Seconds::default() },
        };
        self.minutes.iter().filter(|(slot, _)| *slot >= from).map(|(_, state)| minute(*state)).sum()
    }

    /// What its checks found from this slot on, and how long they took.
    pub(super) fn checks(&self, from: Slot) -> (Checks, Option<Part>) {
        let mut checks = Checks::default();
        let mut times = Vec::new();
        for (_, outcome, total_ms) in self.checks.iter().filter(|(slot, ..)| *slot >= from) {
            count(&mut checks, *outcome);
            times.extend(total_ms.filter(|_| outcome.is_available() == Some(true)));
        }
        times.sort_unstable();
        (checks, Part::of(checks, percentiles(&times)))
    }
}

/// Counts one check as history does.
pub(crate) fn count(checks: &mut Checks, outcome: Outcome) {
    let count = match outcome {
        Outcome::Up => &mut checks.up,
        Outcome::Degraded(_) => &mut checks.degraded,
        Outcome::Down(_) => &mut checks.down,
        Outcome::Blocked | Outcome::Unknown(_) => &mut checks.unknown,
    };
    *count = count.saturating_add(1);
}

/// The monitor, checked from the regions that it is now checked from and from those that mention it.
fn seen_from(monitor: &Monitor, blocks: &[Block]) -> Monitor {
    let mut monitor = monitor.clone();
    for block in blocks {
        if block.signal(&monitor.id).is_some() && !monitor.regions.contains(&block.region) {
            monitor.regions.push(block.region.clone());
        }
    }
    monitor
}

/// Those of sorted times, by the nearest rank.
fn percentiles(sorted: &[u32]) -> Option<Percentiles> {
    let of = |percent: usize| {
        let rank = (sorted.len() * percent).div_ceil(100);
        sorted.get(rank.checked_sub(1)?).copied()
    };
    Some(Percentiles { p50: of(50)?, p90: of(90)?, p95: of(95)?, p99: of(99)? })
}

#[cfg(test)]
mod tests {
    use ::tests::example;
    use shared::block::decode;
    use shared::maintenance::Window;
    use shared::monitor::{Interval, ShardId};

    use super::*;

    fn last() -> Slot {
        "2026-11-21T00:04:00Z".parse().unwrap()
    }

    fn every(minutes: u32) -> Monitor {
        Monitor { interval_minutes: Interval::try_from(minutes).unwrap(), ..example::monitor("s0-7f3k2a") }
    }

    fn blocks(recorded: &[(i64, &str)]) -> Vec<Block> {
        let block = |(ago, entry): &(i64, &str)| Block {
            shard: ShardId(0),
            slot: last().plus(-ago),
            region: "us-east-1".parse().unwrap(),
            written_at: last().start(),
            signals: decode(ShardId(0), entry).unwrap(),
        };
        recorded.iter().map(block).collect()
    }

    /// How each of the last ten minutes was spent, by a sign; a dot where nothing is known of it.
    fn spent(monitor: &Monitor, is_known: bool, recorded: &[(i64, &str)], worked_on: &WorkedOn) -> String {
        let blocks = blocks(recorded);
        let fresh = Fresh::of(monitor, is_known, &blocks, (last().plus(-9), last()), worked_on);
        let sign = |minutes: i64| {
            let found = fresh.minutes.iter().find(|(slot, _)| *slot == last().plus(-minutes));
            found.map_or('.', |(_, state)| match state {
                State::Up => 'u',
                State::Degraded => 'g',
                State::Down => 'd',
                State::Maintenance => 'm',
                State::Paused | State::Unknown => '?',
            })
        };
        (0..10).rev().map(sign).collect()
    }

    /// With one region, and nobody at work.
    fn plainly(interval: u32, is_known: bool, recorded: &[(i64, &str)]) -> String {
        spent(&every(interval), is_known, recorded, &WorkedOn::default())
    }

    const UP: &str = "2;7f3k2a,";
    const DOWN: &str = "2;7f3k2a,d:dns";
    /// Others of the shard were due.
    const OTHERS: &str = "2;9x2m4c,";

    #[test]
    fn what_a_slot_says_stands_for_the_interval_and_within_its_day() {
        // Midnight is four minutes before the last.
        let all_others: Vec<(i64, &str)> = (0..10).map(|ago| (ago, OTHERS)).collect();
        let with = |found: &[(i64, &'static str)]| {
            let mut recorded = all_others.clone();
            recorded.retain(|(ago, _)| !found.iter().any(|(other, _)| ago == other));
            recorded.extend(found);
            plainly(4, false, &recorded)
        };
        assert_eq!(with(&[(9, UP)]), "uuuu......");
        assert_eq!(with(&[(6, UP)]), "...uu.....");
        assert_eq!(with(&[(4, DOWN)]), ".....dddd.");
        assert_eq!(with(&[(3, UP), (2, "2;7f3k2a,g200:slow"), (1, "2;7f3k2a,b")]), "......ug??");
    }

    #[test]
    fn a_gap_is_unknown_once_it_has_been_seen() {
        assert_eq!(plainly(1, false, &[]), "..........");
        assert_eq!(plainly(1, true, &[]), "??????????");
        assert_eq!(plainly(1, false, &[(3, UP), (1, DOWN)]), "......u?d?");
        assert_eq!(plainly(1, true, &[(9, UP), (8, OTHERS), (7, "2")]), "u..???????", "it was not due then");
    }

    #[test]
    fn what_is_worked_on_is_maintenance() {
        let text = r#"[{"id": "a", "name": "A", "when": {"once": {"from": "2026-11-21T00:03:00Z", "until": "2026-11-21T00:04:00Z"}}}]"#;
        let windows: Vec<Window> = serde_json::from_str(text).unwrap();
        let slots = (-9..=0).map(|minutes| last().plus(minutes));
        let worked_on = WorkedOn::of(windows, slots);
        let found = [(2, DOWN), (1, DOWN), (0, DOWN)];
        assert_eq!(spent(&every(1), false, &found, &worked_on), ".......dmd");
    }

    #[test]
    fn the_quorum_of_its_regions_decides_and_every_check_is_counted() {
        let mut recorded = blocks(&[(1, UP), (1, DOWN), (1, "2;7f3k2a,,1,2,3,4,50"), (0, UP)]);
        for (block, region) in recorded.iter_mut().zip(["eu-west-1", "us-east-1", "ap-south-1", "us-east-1"])
        {
            block.region = region.parse().unwrap();
        }
        // It is checked from one of them now, and was from all.
        let fresh = Fresh::of(&every(1), false, &recorded, (last().plus(-9), last()), &WorkedOn::default());
        assert_eq!(fresh.minutes, [(last().plus(-1), State::Up), (last(), State::Up)]);
        let (checks, part) = fresh.checks(last().plus(-1));
        assert_eq!(checks, Checks { up: 3, down: 1, ..Checks::default() });
        assert!(part.is_some());
        assert_eq!(fresh.checks(last()).0, Checks { up: 1, ..Checks::default() });
        assert_eq!(fresh.seconds(last()), Seconds { up: 60, ..Seconds::default() });
    }
}
