//! The handler over the stores in memory.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod failures;
mod recompute;
mod runs;

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _};
use rollup::{Event, Request, Rollup};
use shared::block::Block;
use shared::history::{DayOfShard, Hour, MonitorDay, MonitorHour, MonitorSummary, Summary};
use shared::monitor::{Monitor, MonitorId, ShardId};
use shared::schedule::Slot;
use shared::signal::{Outcome, Phases, Reason, Signal};
use tests::memory::Memory;

const DOWN: Outcome = Outcome::Down(Reason::Timeout);

/// An instant of a leap day, or of the days around it. Blocks in memory expire by the real clock: they are of later
/// days than that will show for long.
fn at(day_and_time: &str) -> Timestamp {
    format!("2096-{day_and_time}Z").parse().unwrap()
}

fn slot(day_and_time: &str) -> Slot {
    Slot::containing(at(day_and_time))
}

fn monitor(id: &str, regions: &[&str]) -> Monitor {
    let regions = regions.iter().map(|name| name.parse().unwrap()).collect();
    Monitor { regions, ..tests::example::monitor(id) }
}

fn signal(id: &str, outcome: Outcome, ms: u32) -> Signal {
    let phases = Phases { total_ms: Some(ms), ..Phases::default() };
    let (monitor, metrics) = (id.parse().unwrap(), Vec::new());
    Signal { monitor, outcome, status: None, phases, certificate_days: None, metrics }
}

fn add(memory: &Memory, slot: Slot, region: &str, signals: Vec<Signal>) {
    let (shard, region) = (signals[0].monitor.shard(), region.parse().unwrap());
    let block = Block { shard, slot, region, written_at: slot.start() + 12.seconds(), signals };
    memory.tables().blocks.insert((shard, slot, block.region.clone()), block);
}

/// A block of each of these many minutes, in which the monitor is up.
fn add_up(memory: &Memory, id: &str, from: &str, minutes: i64) {
    for minute in 0..minutes {
        add(memory, slot(from).plus(minute), "a", vec![signal(id, Outcome::Up, 30)]);
    }
}

/// Does what the event says at this instant, which goes on by a second with each look at the clock.
async fn handle(memory: &Memory, event: serde_json::Value, now: Timestamp) -> anyhow::Result<()> {
    let Request::History(event) = serde_json::from_value(event)? else { panic!("not of history") };
    let rollup = Rollup { monitors: memory.clone(), signals: memory.clone(), history: memory.clone() };
    let next = Cell::new(now);
    rollup.handle(&event, || next.replace(next.get() + 1.second())).await
}

/// Does what the schedule asks for at this instant.
async fn scheduled(memory: &Memory, now: &str) {
    handle(memory, tests::event("rollup-schedule"), at(now)).await.unwrap();
}

async fn window(memory: &Memory, from: &str, until: &str, now: &str) {
    let event = serde_json::json!({ "from": at(from), "until": at(until) });
    handle(memory, event, at(now)).await.unwrap();
}

fn id(text: &str) -> MonitorId {
    text.parse().unwrap()
}

/// What a monitor was on a day.
fn day_of(memory: &Memory, monitor: &str, date: &str) -> MonitorDay {
    let key = (id(monitor).shard(), format!("2096-{date}").parse().unwrap());
    let tables = memory.tables();
    tables.days.get(&key).and_then(|day| day.monitors.get(&id(monitor))).cloned().unwrap_or_default()
}

fn hour_of(memory: &Memory, monitor: &str, date: &str, hour: u8, region: &str) -> Option<MonitorHour> {
    let date = format!("2096-{date}").parse().unwrap();
    let key = (id(monitor).shard(), date, hour, region.parse().unwrap());
    memory.tables().hours.get(&key)?.monitors.get(&id(monitor)).cloned()
}

fn summary_of(memory: &Memory, monitor: &str) -> Option<MonitorSummary> {
    memory.tables().summaries.get(&id(monitor).shard())?.monitors.get(&id(monitor)).cloned()
}

/// All of the table `history`, without when it was read.
#[derive(Debug, Clone, PartialEq)]
struct History {
    hours: Vec<Hour>,
    days: Vec<DayOfShard>,
    summaries: BTreeMap<ShardId, Summary>,
}

fn history(memory: &Memory) -> History {
    let tables = memory.tables();
    let read_at = Timestamp::UNIX_EPOCH;
    History {
        hours: tables.hours.values().cloned().map(|hour| Hour { read_at, ..hour }).collect(),
        days: tables.days.values().cloned().map(|day| DayOfShard { read_at, ..day }).collect(),
        summaries: tables.summaries.values().map(|s| (s.shard, Summary { read_at, ..s.clone() })).collect(),
    }
}

/// Two shards, two regions and 15 hours of a leap day with all that may happen: trouble, gaps, a monitor that is new
/// and one that is gone.
fn busy() -> Memory {
    let memory = Memory::default();
    memory.add_monitors([
        monitor("s0-aaaaaa", &["a", "b"]),
        monitor("s0-bbbbbb", &["a"]),
        monitor("s1-aaaaaa", &["b"]),
    ]);
    for minute in (0..15 * 60).filter(|minute| minute % 97 != 0) {
        let slot = slot("02-29T00:00:00").plus(minute);
        let outcome = if (300..330).contains(&minute) { DOWN } else { Outcome::Up };
        let ms = u32::try_from(20 + minute * 7 % 90).unwrap();
        let mut of_a = vec![signal("s0-aaaaaa", outcome, ms)];
        if minute >= 200 {
            of_a.push(signal("s0-bbbbbb", Outcome::Up, ms / 2));
        } else {
            of_a.push(signal("s0-gone00", Outcome::Up, 9));
        }
        add(&memory, slot, "a", of_a);
        if minute % 7 != 0 {
            add(&memory, slot, "b", vec![signal("s0-aaaaaa", outcome, ms * 2)]);
            add(&memory, slot, "b", vec![signal("s1-aaaaaa", Outcome::Unknown(Reason::Network), 1)]);
        }
    }
    memory
}
