//! The handler over the stores in memory, with every sample event of the schedule.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod service;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::ensure;
use jiff::Timestamp;
use scheduler::{InvokePing, Scheduled, Scheduler, Times};
use shared::monitor::{Monitor, Region, ShardId, ShardSummary};
use shared::schedule::{PingRequest, Slot};
use shared::store::{Mark, Reported};
use tests::memory::Memory;
use tokio::time::{Instant, sleep};

/// Short, so that tests need not wait.
const TIMES: Times = Times { call: Duration::from_secs(1), all: Duration::from_millis(2_500) };

/// Records invocations; refuses those that a shard is among, and never answers those of one region.
#[derive(Debug, Clone, Default)]
struct Recorder {
    invoked: Arc<Mutex<Vec<(Region, PingRequest)>>>,
    refused: Option<ShardId>,
    hangs: Option<Region>,
    /// How long each takes.
    latency: Duration,
    /// When the last one was answered.
    answered: Arc<Mutex<Option<Instant>>>,
    /// Invocations under way now, and the most there ever were, by region.
    under_way: Arc<Mutex<BTreeMap<Region, (usize, usize)>>>,
}

impl InvokePing for Recorder {
    async fn invoke(&self, region: &Region, request: &PingRequest) -> anyhow::Result<()> {
        ensure!(self.refused.is_none_or(|refused| !request.shards.contains(&refused)), "told to fail");
        self.count(region, |(now, most)| (now + 1, most.max(now + 1)));
        if self.hangs.as_ref() == Some(region) {
            std::future::pending::<()>().await;
        }
        sleep(self.latency).await;
        self.count(region, |(now, most)| (now - 1, most));
        *self.answered.lock().unwrap() = Some(Instant::now());
        self.invoked.lock().unwrap().push((region.clone(), request.clone()));
        Ok(())
    }
}

impl Recorder {
    fn count(&self, region: &Region, change: impl Fn((usize, usize)) -> (usize, usize)) {
        let mut under_way = self.under_way.lock().unwrap();
        let counts = under_way.entry(region.clone()).or_default();
        *counts = change(*counts);
    }
}

fn region(name: &str) -> Region {
    name.parse().unwrap()
}

fn monitor(id: &str, regions: &[&str]) -> Monitor {
    Monitor { regions: regions.iter().map(|name| region(name)).collect(), ..tests::example::monitor(id) }
}

/// Three shards in one region, one of them in a second one too; judged up to the slot before.
fn shards() -> Memory {
    let memory = Memory::default();
    memory.add_monitors([
        monitor("s0-aaaaaa", &["us-east-1"]),
        monitor("s0-bbbbbb", &["us-east-1", "eu-west-1"]),
        monitor("s1-aaaaaa", &["us-east-1"]),
        monitor("s2-aaaaaa", &["us-east-1"]),
    ]);
    // Full, so that each is checked alone.
    memory.tables().shards.values_mut().for_each(|summary| summary.count = 96);
    judged(&memory);
    memory
}

/// As many shards as one invocation must manage, each in two regions.
fn a_thousand_shards() -> Memory {
    let memory = Memory::default();
    let regions = vec![region("eu-west-1"), region("us-east-1")];
    let summary = |n| {
        let empty = ShardSummary::of(ShardId(n), &[], 1, Slot::of_minutes(0));
        ShardSummary { regions: regions.clone(), count: 96, ..empty }
    };
    memory.tables().shards = (0..1_000).map(|n| (ShardId(n), summary(n))).collect();
    judged(&memory);
    memory
}

/// Every shard is judged up to the slot before, and every region has reported.
fn judged(memory: &Memory) {
    let slot: Slot = "2026-11-21T14:26:00Z".parse().unwrap();
    let mut tables = memory.tables();
    let mark = |summary: &ShardSummary| {
        let reported = summary.regions.iter().map(|region| (region.clone(), all(slot))).collect();
        (summary.shard, Mark { slot, reported })
    };
    tables.folded = tables.shards.values().map(mark).collect();
}

/// A region that has reported up to this slot.
fn all(slot: Slot) -> Reported {
    let first = slot.plus(-15);
    Reported::since(first).moved(first, &(first..=slot), |_| true)
}

fn now() -> Timestamp {
    "2026-11-21T14:27:31Z".parse().unwrap()
}

async fn handle(memory: &Memory, ping: &Recorder, event: &str) -> anyhow::Result<()> {
    let (shards, marks) = (memory.clone(), memory.clone());
    let scheduler = Scheduler { shards, marks, ping: ping.clone(), times: TIMES };
    let event: Scheduled = serde_json::from_value(tests::event(event)).unwrap();
    scheduler.handle(&event, now()).await
}

/// Which shards were asked for together, in which region and slot.
fn invoked(ping: &Recorder) -> BTreeSet<String> {
    let invoked = ping.invoked.lock().unwrap();
    let shards =
        |asked: &PingRequest| asked.shards.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
    invoked.iter().map(|(region, asked)| format!("{} {region} {}", shards(asked), asked.slot)).collect()
}

#[tokio::test]
async fn ping_is_invoked_once_per_shard_and_region() {
    let ping = Recorder::default();
    handle(&shards(), &ping, "schedule-time").await.unwrap();
    assert_eq!(ping.invoked.lock().unwrap().len(), 4);
    let wanted = [
        "s0 eu-west-1 2026-11-21T14:25:00Z",
        "s0 us-east-1 2026-11-21T14:25:00Z",
        "s1 us-east-1 2026-11-21T14:25:00Z",
        "s2 us-east-1 2026-11-21T14:25:00Z",
    ];
    assert_eq!(invoked(&ping), wanted.map(str::to_owned).into());
}

#[tokio::test]
async fn the_clock_counts_only_where_nobody_filled_the_time_in() {
    let ping = Recorder::default();
    handle(&shards(), &ping, "schedule").await.unwrap();
    assert!(invoked(&ping).contains("s1 us-east-1 2026-11-21T14:27:00Z"));

    let ping = Recorder::default();
    let error = handle(&shards(), &ping, "schedule-unreadable").await.unwrap_err();
    assert!(format!("{error:#}").contains("yesterday"), "{error:#}");
    assert!(invoked(&ping).is_empty());
}

#[tokio::test]
async fn every_sample_event_of_the_schedule_is_replayed_here() {
    let names = std::fs::read_dir(tests::root().join("events")).unwrap();
    let names: BTreeSet<String> = names
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("schedule"))
        .collect();
    let replayed = ["schedule.json", "schedule-time.json", "schedule-unreadable.json"];
    assert_eq!(names, replayed.map(str::to_owned).into());
}

#[tokio::test]
async fn small_shards_are_checked_together() {
    let (memory, ping) = (shards(), Recorder::default());
    memory.tables().shards.values_mut().for_each(|summary| summary.count = 2);
    handle(&memory, &ping, "schedule-time").await.unwrap();
    let wanted = ["s0 eu-west-1 2026-11-21T14:25:00Z", "s0+s1+s2 us-east-1 2026-11-21T14:25:00Z"];
    assert_eq!(invoked(&ping), wanted.map(str::to_owned).into());
}

#[tokio::test]
async fn what_was_not_judged_for_minutes_fails_the_handler_after_the_invocations() {
    let (memory, ping) = (shards(), Recorder::default());
    let silent = (region("eu-west-1"), Reported::since("2026-11-21T14:19:00Z".parse().unwrap()));
    memory.tables().folded.get_mut(&ShardId(0)).unwrap().reported.extend([silent]);
    memory.tables().folded.remove(&ShardId(2));
    let error = handle(&memory, &ping, "schedule-time").await.unwrap_err().to_string();
    assert!(error.contains("not invoked for 0 blocks, and 2 are overdue"), "{error}");
    assert_eq!(invoked(&ping).len(), 4);
}

#[tokio::test]
async fn a_second_event_asks_for_the_same_again() {
    let ping = Recorder::default();
    handle(&shards(), &ping, "schedule-time").await.unwrap();
    let once = invoked(&ping);
    handle(&shards(), &ping, "schedule-time").await.unwrap();
    assert_eq!(invoked(&ping), once);
}

#[tokio::test]
async fn a_failed_invocation_fails_the_handler_after_the_others_were_made() {
    let ping = Recorder { refused: Some(ShardId(0)), ..Recorder::default() };
    let error = handle(&shards(), &ping, "schedule-time").await.unwrap_err().to_string();
    assert!(error.contains("not invoked for 2 blocks, and 0 are overdue"), "{error}");
    assert_eq!(invoked(&ping).len(), 2);
}

#[tokio::test]
async fn an_empty_installation_expects_nothing() {
    let ping = Recorder::default();
    handle(&Memory::default(), &ping, "schedule").await.unwrap();
    assert!(invoked(&ping).is_empty());
}

#[tokio::test]
async fn summaries_out_of_reach_are_an_error() {
    let memory = shards();
    memory.fail_after(0);
    let ping = Recorder::default();
    assert!(handle(&memory, &ping, "schedule").await.is_err());
    assert!(invoked(&ping).is_empty());
}

#[tokio::test]
async fn marks_out_of_reach_are_an_error_after_the_invocations() {
    let memory = shards();
    memory.fail_after(1);
    let ping = Recorder::default();
    assert!(handle(&memory, &ping, "schedule-time").await.is_err());
    assert_eq!(invoked(&ping).len(), 4);
}

#[tokio::test]
async fn only_summaries_and_marks_are_read() {
    let memory = shards();
    memory.fail_after(2);
    handle(&memory, &Recorder::default(), "schedule").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_thousand_shards_in_two_regions_are_asked_at_once_within_bounds() {
    let ping = Recorder { latency: Duration::from_millis(4), ..Recorder::default() };
    handle(&a_thousand_shards(), &ping, "schedule-time").await.unwrap();
    assert_eq!(ping.invoked.lock().unwrap().len(), 2_000);
    assert_eq!(invoked(&ping).len(), 2_000);
    for (region, (_, most)) in &*ping.under_way.lock().unwrap() {
        assert_eq!(*most, 32, "{region}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_region_that_hangs_is_given_up_and_holds_up_no_other() {
    let ping = Recorder {
        hangs: Some(region("eu-west-1")),
        latency: Duration::from_millis(4),
        ..Recorder::default()
    };
    let begun = Instant::now();
    let error = handle(&a_thousand_shards(), &ping, "schedule-time").await.unwrap_err().to_string();
    let took = begun.elapsed();
    assert!(error.contains("not invoked for 1000 blocks"), "{error}");
    assert!(invoked(&ping).iter().all(|asked| asked.contains(" us-east-1 ")));
    let answered = ping.answered.lock().unwrap().unwrap();
    assert!(answered < begun + TIMES.call, "the other region had to wait");
    // Its first calls were waited for, and no others made.
    assert!(took >= TIMES.call && took < TIMES.all, "{took:?}");
    assert_eq!(ping.under_way.lock().unwrap()[&region("eu-west-1")].0, 32);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_in_time_is_said_before_the_function_is_stopped() {
    let ping = Recorder { latency: TIMES.call / 2, ..Recorder::default() };
    let begun = Instant::now();
    let error = handle(&a_thousand_shards(), &ping, "schedule-time").await.unwrap_err().to_string();
    let took = begun.elapsed();
    assert!(took >= TIMES.all && took < TIMES.all * 3 / 2, "{took:?}");
    let asked = invoked(&ping).len();
    assert!(asked > 0);
    assert!(error.contains(&format!("not invoked for {} blocks", 2_000 - asked)), "{error}");
    const { assert!(Times::DEPLOYED.all.as_secs() <= 25, "the function is stopped after 30 s") };
}
