//! A day against its definition, minute by minute.

use proptest::prelude::*;
use proptest::sample::select;
use shared::maintenance::Window;
use shared::monitor::{Interval, ShardId};
use shared::schedule::phase;
use shared::signal::{Phases, Reason, Signal};

use super::*;
use crate::event::{DAY, every};

const DOWN: Outcome = Outcome::Down(Reason::Timeout);
const SLOW: Outcome = Outcome::Degraded(Reason::Slow);
const NETWORK: Outcome = Outcome::Unknown(Reason::Network);

/// A leap day.
fn begins() -> Slot {
    "2028-02-29T00:00:00Z".parse().unwrap()
}

fn region(name: &str) -> Region {
    name.parse().unwrap()
}

fn monitor(id: &str, interval: u32, regions: &[&str]) -> Monitor {
    Monitor {
        interval_minutes: Interval::try_from(interval).unwrap(),
        regions: regions.iter().map(|name| region(name)).collect(),
        ..::tests::example::monitor(id)
    }
}

fn block(minute: i64, from: &str, signals: &[(&str, Outcome)]) -> Block {
    let slot = begins().plus(minute);
    let signal = |(id, outcome): &(&str, Outcome)| Signal {
        monitor: id.parse().unwrap(),
        outcome: *outcome,
        status: None,
        phases: Phases::default(),
        certificate_days: None,
        metrics: Vec::new(),
    };
    let signals = signals.iter().map(signal).collect();
    Block { shard: ShardId(0), slot, region: region(from), written_at: slot.start(), signals }
}

/// The day of these monitors, up to this minute.
fn day(
    monitors: &[Monitor],
    known: &[&str],
    windows: &[Window],
    blocks: &[Block],
    until: i64,
) -> BTreeMap<MonitorId, MonitorDay> {
    let calendar = Calendar::of(begins(), windows);
    let known = known.iter().map(|id| id.parse().unwrap()).collect();
    let mut day = Day::new(&calendar, monitors, &known);
    for slot in every(&(begins()..begins().plus(until)), 1) {
        let of_slot: Vec<&Block> = blocks.iter().filter(|block| block.slot == slot).collect();
        day.add(slot, &of_slot).unwrap();
    }
    day.finish()
}

fn minutes(up: u32, degraded: u32, down: u32, unknown: u32, maintenance: u32) -> Seconds {
    let [up, degraded, down, unknown, maintenance] =
        [up, degraded, down, unknown, maintenance].map(|minutes| minutes * 60);
    Seconds { up, degraded, down, unknown, maintenance }
}

/// The time of the one monitor.
fn seconds(monitor: &Monitor, known: bool, blocks: &[Block], until: i64) -> Seconds {
    let id = monitor.id.to_string();
    let known: &[&str] = if known { &[&id] } else { &[] };
    let days = day(std::slice::from_ref(monitor), known, &[], blocks, until);
    days.get(&monitor.id).map(MonitorDay::seconds).unwrap_or_default()
}

#[test]
fn a_gap_is_unknown_and_ends_with_the_next_block() {
    let shop = monitor("s0-aaaaaa", 1, &["a"]);
    let blocks = [block(2, "a", &[("s0-aaaaaa", Outcome::Up)]), block(5, "a", &[("s0-aaaaaa", DOWN)])];
    assert_eq!(seconds(&shop, true, &blocks, 8), minutes(1, 0, 1, 6, 0));
    assert_eq!(
        seconds(&shop, false, &blocks, 8),
        minutes(1, 0, 1, 4, 0),
        "it did not exist in the first two"
    );
    assert_eq!(seconds(&shop, true, &[], 8), minutes(0, 0, 0, 8, 0));
    assert_eq!(seconds(&shop, false, &[], 8), Seconds::default());
}

#[test]
fn a_block_that_does_not_mention_a_monitor_is_no_gap() {
    let shop = monitor("s0-aaaaaa", 1, &["a", "b"]);
    let mut blocks = vec![block(0, "a", &[("s0-aaaaaa", Outcome::Up)])];
    blocks.extend((1..5).map(|minute| block(minute, "b", &[])));
    blocks.push(block(5, "elsewhere", &[]));
    assert_eq!(seconds(&shop, true, &blocks, 6), minutes(1, 0, 0, 1, 0), "paused for four minutes");
    let paused = Monitor { paused: true, ..shop };
    assert_eq!(seconds(&paused, true, &blocks, 6), minutes(1, 0, 0, 0, 0), "and what was measured stays");
}

#[test]
fn a_slot_stands_for_its_interval_and_no_longer_than_the_day() {
    let shop = monitor("s0-aaaaaa", 10, &["a"]);
    let first = i64::from(phase(&shop.id, 10)) - begins().minutes().rem_euclid(10);
    let first = first.rem_euclid(10);
    let due = |n: i64| first + 10 * n;
    let blocks = [block(due(0), "a", &[("s0-aaaaaa", DOWN)]), block(due(2), "a", &[("s0-aaaaaa", SLOW)])];
    assert_eq!(seconds(&shop, true, &blocks, due(3)), minutes(0, 10, 10, 10, 0), "a missed slot as well");
    assert_eq!(seconds(&shop, true, &blocks, due(2) + 3), minutes(0, 3, 10, 10, 0), "the day is not over");
    // It was checked every minute before its interval was changed.
    let blocks: Vec<Block> = (0..20).map(|m| block(m, "a", &[("s0-aaaaaa", Outcome::Up)])).collect();
    assert_eq!(seconds(&shop, true, &blocks, 20), minutes(20, 0, 0, 0, 0));
    // Every ten minutes before, every minute now: what nobody asked for is not missing.
    let blocks: Vec<Block> = (0..20)
        .map(|m| block(m, "a", if m % 10 == 0 { &[("s0-aaaaaa", Outcome::Up)] } else { &[] }))
        .collect();
    assert_eq!(seconds(&monitor("s0-aaaaaa", 1, &["a"]), true, &blocks, 20), minutes(2, 0, 0, 0, 0));
}

#[test]
fn the_regions_that_mention_it_decide() {
    let shop = monitor("s0-aaaaaa", 1, &["a", "b", "c"]);
    let of = |outcomes: [Outcome; 3]| {
        let blocks: Vec<Block> = std::iter::zip(["a", "b", "c"], outcomes)
            .map(|(region, outcome)| block(0, region, &[("s0-aaaaaa", outcome)]))
            .collect();
        seconds(&shop, true, &blocks, 1)
    };
    assert_eq!(of([DOWN, DOWN, Outcome::Up]).down, 60);
    assert_eq!(of([DOWN, Outcome::Up, Outcome::Up]).up, 60);
    assert_eq!(of([DOWN, SLOW, Outcome::Up]).degraded, 60);
    assert_eq!(of([NETWORK, Outcome::Blocked, NETWORK]).unknown, 60);
    // It is checked from elsewhere now; what was seen from there then still counts.
    let moved = monitor("s0-aaaaaa", 1, &["d"]);
    assert_eq!(seconds(&moved, true, &[block(0, "a", &[("s0-aaaaaa", DOWN)])], 1).down, 60);
}

#[test]
fn what_is_no_longer_configured_is_kept_by_its_blocks() {
    let blocks = [
        block(0, "a", &[("s0-gone00", DOWN)]),
        block(3, "a", &[("s0-gone00", Outcome::Up)]),
        block(3, "b", &[("s0-gone00", Outcome::Up)]),
    ];
    let days = day(&[], &["s0-gone00"], &[], &blocks, 60);
    let gone = &days[&"s0-gone00".parse().unwrap()];
    assert_eq!((gone.seconds(), gone.checks.up, gone.checks.down), (minutes(1, 0, 1, 0, 0), 2, 1));
}

#[test]
fn a_maintenance_window_is_neither_up_nor_down() {
    let window = |json| serde_json::from_value::<Window>(json).unwrap();
    // 01:00 in Berlin is 00:00 in UTC, in winter.
    let windows = [window(serde_json::json!({ "id": "w", "name": "W", "monitors": ["s0-aaaaaa"],
        "when": { "weekly": { "days": ["tue"], "from": "01:00:00", "minutes": 30, "time_zone": "Europe/Berlin" } } }))];
    let monitors = ["s0-aaaaaa", "s0-bbbbbb"].map(|id| monitor(id, 1, &["a"]));
    let blocks: Vec<Block> =
        (0..40).map(|m| block(m, "a", &[("s0-aaaaaa", DOWN), ("s0-bbbbbb", DOWN)])).collect();
    let days = day(&monitors, &["s0-aaaaaa", "s0-bbbbbb"], &windows, &blocks, 50);
    let of = |id: &str| days[&id.parse().unwrap()].seconds();
    assert_eq!(of("s0-aaaaaa"), minutes(0, 0, 10, 10, 30));
    assert_eq!(of("s0-bbbbbb"), minutes(0, 0, 40, 10, 0));
    assert_eq!(days[&"s0-aaaaaa".parse().unwrap()].checks.down, 40, "what was measured stays counted");
}

/// For each minute of some hours and each of two regions: no block, one that does not mention it, or what it found.
fn seen(minutes: usize) -> impl Strategy<Value = Vec<[Option<Option<Outcome>>; 2]>> {
    let one = || {
        prop_oneof![
            2 => Just(None),
            1 => Just(Some(None)),
            6 => select(vec![Outcome::Up, SLOW, DOWN, NETWORK, Outcome::Blocked]).prop_map(|o| Some(Some(o))),
        ]
    };
    proptest::collection::vec([one(), one()], minutes)
}

/// By the definition, the slow way: what the last slot that said something said, if that still stands; in the minutes of
/// a maintenance window nothing else.
fn naive(
    monitor: &Monitor,
    known: bool,
    window: Option<&Window>,
    blocks: &[Block],
    until: i64,
) -> [Seconds; HOURS] {
    let mentions = |slot: Slot| blocks.iter().any(|b| b.slot == slot && b.signal(&monitor.id).is_some());
    let reported = |slot: Slot| blocks.iter().any(|b| b.slot == slot);
    let first = every(&(begins()..begins().plus(until)), 1).find(|slot| mentions(*slot));
    let says = |slot: Slot| {
        let existed = known || first.is_some_and(|first| first <= slot);
        if mentions(slot) {
            let of_slot: Vec<&Block> = blocks.iter().filter(|b| b.slot == slot).collect();
            Some(verdict(monitor, &of_slot))
        } else {
            (existed && is_due(monitor, slot) && !reported(slot)).then_some(Verdict::Unknown)
        }
    };
    let mut hours = [Seconds::default(); HOURS];
    for minute in 0..until {
        let reach = i64::from(monitor.interval_minutes.minutes());
        let last = (0..=minute).rev().find_map(|m| Some((m, says(begins().plus(m))?)));
        let Some((_, verdict)) = last.filter(|(at, _)| minute - at < reach) else { continue };
        let hour = &mut hours[usize::try_from(minute / 60).unwrap()];
        let worked_on = window.is_some_and(|w| w.covers(monitor, begins().plus(minute)));
        *match verdict {
            _ if worked_on => &mut hour.maintenance,
            Verdict::Up => &mut hour.up,
            Verdict::Degraded(_) => &mut hour.degraded,
            Verdict::Down(_) => &mut hour.down,
            Verdict::Unknown => &mut hour.unknown,
        } += 60;
    }
    hours
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_day_is_as_defined(
        seen in seen(150), interval in 1u32..40, known: bool, worked_on in proptest::option::of((0i64..150, 1i64..60)),
    ) {
        let shop = monitor("s0-aaaaaa", interval, &["a", "b"]);
        let mut blocks = Vec::new();
        for (minute, regions) in (0..).zip(&seen) {
            for (name, found) in ["a", "b"].iter().zip(regions) {
                let mention = |outcome: &Outcome| ("s0-aaaaaa", *outcome);
                if let Some(found) = found {
                    blocks.push(block(minute, name, &found.iter().map(mention).collect::<Vec<_>>()));
                }
            }
        }
        let window = worked_on.map(|(from, minutes)| {
            let (from, until) = (begins().plus(from), begins().plus(from + minutes));
            serde_json::from_value::<Window>(serde_json::json!({ "id": "w", "name": "W",
                "when": { "once": { "from": from, "until": until } } })).unwrap()
        });
        let ids: &[&str] = if known { &["s0-aaaaaa"] } else { &[] };
        let days = day(std::slice::from_ref(&shop), ids, window.as_slice(), &blocks, 150);
        let hours = days.get(&shop.id).map(|day| day.hours).unwrap_or_default();
        prop_assert_eq!(hours, naive(&shop, known, window.as_ref(), &blocks, 150));
    }

    #[test]
    fn no_minute_of_a_monitor_checked_every_minute_is_lost_or_counted_twice(seen in seen(90)) {
        let shop = monitor("s0-aaaaaa", 1, &["a", "b"]);
        let mut blocks = Vec::new();
        for (minute, [a, _]) in (0..).zip(&seen) {
            if let Some(Some(outcome)) = a {
                blocks.push(block(minute, "a", &[("s0-aaaaaa", *outcome)]));
            }
        }
        let Seconds { up, degraded, down, unknown, maintenance } = seconds(&shop, true, &blocks, DAY);
        prop_assert_eq!(up + degraded + down + unknown + maintenance, 86_400);
    }
}
