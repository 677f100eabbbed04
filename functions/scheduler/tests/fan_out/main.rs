//! The handler over the stores in memory, with every sample event of the schedule.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod service;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::ensure;
use jiff::Timestamp;
use scheduler::{InvokePing, Scheduled, Scheduler, Times};
use serde_json::{Value, json};
use shared::monitor::{Monitor, Region, ShardId, ShardSummary};
use shared::schedule::{PingRequest, Slot};
use tests::memory::Memory;
use tokio::time::{Instant, sleep};

/// Short, so that tests need not wait.
const TIMES: Times = Times { call: Duration::from_secs(1), all: Duration::from_millis(2_500) };

/// Records invocations; refuses those of one shard, and never answers those of one region.
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
        ensure!(self.refused != Some(request.shard), "told to fail");
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

/// Three shards in one region, one of them in a second one too.
fn shards() -> Memory {
    let memory = Memory::default();
    memory.add_monitors([
        monitor("s0-aaaaaa", &["us-east-1"]),
        monitor("s0-bbbbbb", &["us-east-1", "eu-west-1"]),
        monitor("s1-aaaaaa", &["us-east-1"]),
        monitor("s2-aaaaaa", &["us-east-1"]),
    ]);
    memory
}

/// As many shards as one invocation must manage, each in two regions.
fn a_thousand_shards() -> Memory {
    let memory = Memory::default();
    let regions = vec![region("eu-west-1"), region("us-east-1")];
    let summary = |n| ShardSummary { regions: regions.clone(), ..ShardSummary::of(ShardId(n), &[], 1) };
    memory.tables().shards = (0..1_000).map(|n| (ShardId(n), summary(n))).collect();
    memory
}

fn now() -> Timestamp {
    "2026-11-21T14:27:31Z".parse().unwrap()
}

/// Metrics, and what stands beside them.
type Counts = (Vec<(String, u64)>, Vec<(String, Value)>);

async fn handle(memory: &Memory, ping: &Recorder, event: &str) -> (anyhow::Result<()>, Counts) {
    let scheduler = Scheduler { shards: memory.clone(), ping: ping.clone(), times: TIMES };
    let event: Scheduled = serde_json::from_value(tests::event(event)).unwrap();
    let counted = RefCell::new(Counts::default());
    let count = |slot: Slot, counts: &[(&str, u64)], beside: &[(&str, Value)]| {
        assert_eq!(slot, event.slot(now()).unwrap());
        let mut counted = counted.borrow_mut();
        counted.0.extend(counts.iter().map(|(name, n)| ((*name).to_owned(), *n)));
        counted.1.extend(beside.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    };
    let result = scheduler.handle(&event, now(), count).await;
    (result, counted.into_inner())
}

fn counts(expected: u64, by_region: Value) -> Counts {
    let metrics = [("BlocksExpected".to_owned(), expected), ("BlocksWritten".to_owned(), 0)];
    (metrics.into(), vec![("BlocksExpectedByRegion".to_owned(), by_region)])
}

/// Which shard was asked for, in which region and slot.
fn invoked(ping: &Recorder) -> BTreeSet<String> {
    let invoked = ping.invoked.lock().unwrap();
    invoked.iter().map(|(region, asked)| format!("{} {region} {}", asked.shard, asked.slot)).collect()
}

#[tokio::test]
async fn ping_is_invoked_once_per_shard_and_region() {
    let ping = Recorder::default();
    let (result, counted) = handle(&shards(), &ping, "schedule-time").await;
    result.unwrap();
    assert_eq!(counted, counts(4, json!({"eu-west-1": 1, "us-east-1": 3})));
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
    handle(&shards(), &ping, "schedule").await.0.unwrap();
    assert!(invoked(&ping).contains("s1 us-east-1 2026-11-21T14:27:00Z"));

    let ping = Recorder::default();
    let (result, counted) = handle(&shards(), &ping, "schedule-unreadable").await;
    let error = format!("{:#}", result.unwrap_err());
    assert!(error.contains("yesterday"), "{error}");
    assert!(counted == Counts::default() && invoked(&ping).is_empty());
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
async fn a_second_event_asks_for_the_same_again() {
    let ping = Recorder::default();
    handle(&shards(), &ping, "schedule-time").await.0.unwrap();
    let once = invoked(&ping);
    handle(&shards(), &ping, "schedule-time").await.0.unwrap();
    assert_eq!(invoked(&ping), once);
}

#[tokio::test]
async fn a_failed_invocation_fails_the_handler_after_the_others_were_made() {
    let ping = Recorder { refused: Some(ShardId(0)), ..Recorder::default() };
    let (result, counted) = handle(&shards(), &ping, "schedule-time").await;
    // The only shard of the other region is refused as well: that region is gone as far as anybody can tell.
    assert_eq!(result.unwrap_err().to_string(), "1 of 4 invocations failed");
    assert_eq!(counted, counts(4, json!({"eu-west-1": 1, "us-east-1": 3})));
    assert_eq!(invoked(&ping).len(), 2);
}

#[tokio::test]
async fn an_empty_installation_expects_nothing_and_says_so() {
    let ping = Recorder::default();
    let (result, counted) = handle(&Memory::default(), &ping, "schedule").await;
    result.unwrap();
    assert_eq!(counted, counts(0, json!({})));
    assert!(invoked(&ping).is_empty());
}

#[tokio::test]
async fn summaries_out_of_reach_are_an_error() {
    let memory = shards();
    memory.fail_after(0);
    let ping = Recorder::default();
    assert!(handle(&memory, &ping, "schedule").await.0.is_err());
    assert!(invoked(&ping).is_empty());
}

#[tokio::test]
async fn only_the_summaries_are_read() {
    let memory = shards();
    memory.fail_after(1);
    handle(&memory, &Recorder::default(), "schedule").await.0.unwrap();
}

#[tokio::test]
async fn a_thousand_shards_in_two_regions_are_asked_at_once_within_bounds() {
    let ping = Recorder { latency: Duration::from_millis(4), ..Recorder::default() };
    let (result, counted) = handle(&a_thousand_shards(), &ping, "schedule-time").await;
    result.unwrap();
    assert_eq!(counted, counts(2_000, json!({"eu-west-1": 1_000, "us-east-1": 1_000})));
    assert_eq!(ping.invoked.lock().unwrap().len(), 2_000);
    assert_eq!(invoked(&ping).len(), 2_000);
    for (region, (_, most)) in &*ping.under_way.lock().unwrap() {
        assert_eq!(*most, 32, "{region}");
    }
}

#[tokio::test]
async fn a_region_that_hangs_is_given_up_and_holds_up_no_other() {
    let ping = Recorder {
        hangs: Some(region("eu-west-1")),
        latency: Duration::from_millis(4),
        ..Recorder::default()
    };
    let begun = Instant::now();
    let (result, _) = handle(&a_thousand_shards(), &ping, "schedule-time").await;
    let took = begun.elapsed();
    // The event is not tried again: the healthy region's checks would be made twice.
    result.unwrap();
    assert!(invoked(&ping).iter().all(|asked| asked.contains(" us-east-1 ")));
    let answered = ping.answered.lock().unwrap().unwrap();
    assert!(answered < begun + TIMES.call, "the other region had to wait");
    // Its first calls were waited for, and no others made.
    assert!(took >= TIMES.call && took < TIMES.all, "{took:?}");
    assert_eq!(ping.under_way.lock().unwrap()[&region("eu-west-1")].0, 32);
}

#[tokio::test]
async fn what_cannot_be_asked_in_time_is_said_before_the_function_is_stopped() {
    let ping = Recorder { latency: TIMES.call / 2, ..Recorder::default() };
    let begun = Instant::now();
    let (result, _) = handle(&a_thousand_shards(), &ping, "schedule-time").await;
    let took = begun.elapsed();
    assert!(took >= TIMES.all && took < TIMES.all * 3 / 2, "{took:?}");
    let asked = invoked(&ping).len();
    assert!(asked > 0);
    assert_eq!(result.unwrap_err().to_string(), format!("{} of 2000 invocations failed", 2_000 - asked));
    const { assert!(Times::DEPLOYED.all.as_secs() <= 25, "the function is stopped after 30 s") };
}
