//! The handler over the stores in memory, with every sample event of the schedule.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings are broken has failed")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use anyhow::ensure;
use aws_sdk_lambda::config::BehaviorVersion;
use jiff::Timestamp;
use scheduler::{InvokePing, PingFunction, Scheduled, Scheduler};
use shared::monitor::{Interval, Monitor, MonitorId, Region, ShardId};
use shared::schedule::{PingRequest, Slot};
use tests::memory::Memory;

/// Records invocations; refuses those of one shard.
#[derive(Debug, Clone, Default)]
struct Recorder {
    invoked: Arc<Mutex<Vec<(Region, PingRequest)>>>,
    refused: Option<ShardId>,
}

impl InvokePing for Recorder {
    async fn invoke(&self, region: &Region, request: &PingRequest) -> anyhow::Result<()> {
        ensure!(self.refused != Some(request.shard), "told to fail");
        self.invoked.lock().unwrap().push((region.clone(), request.clone()));
        Ok(())
    }
}

fn monitor(shard: u16, suffix: &str, regions: &[&str]) -> Monitor {
    Monitor {
        id: MonitorId::new(ShardId(shard), suffix).unwrap(),
        name: suffix.parse().unwrap(),
        url: "https://shop.example/".parse().unwrap(),
        interval_minutes: Interval::default(),
        public: true,
        regions: regions.iter().map(|region| region.parse().unwrap()).collect(),
        version: 1,
    }
}

/// Three shards in one region, one of them in a second one too.
fn shards() -> Memory {
    let memory = Memory::default();
    memory.add_monitors([
        monitor(0, "aaaaaa", &["us-east-1"]),
        monitor(0, "bbbbbb", &["us-east-1", "eu-west-1"]),
        monitor(1, "aaaaaa", &["us-east-1"]),
        monitor(2, "aaaaaa", &["us-east-1"]),
    ]);
    memory
}

fn now() -> Timestamp {
    "2026-11-21T14:27:31Z".parse().unwrap()
}

type Counts = Vec<(String, u64)>;

async fn handle(memory: &Memory, ping: &Recorder, event: &str) -> (anyhow::Result<()>, Counts) {
    let scheduler = Scheduler { shards: memory.clone(), ping: ping.clone() };
    let event: Scheduled = serde_json::from_value(tests::event(event)).unwrap();
    let counted = RefCell::new(Counts::new());
    let count = |slot: Slot, counts: &[(&str, u64)]| {
        assert_eq!(slot, event.slot(now()).unwrap());
        counted.borrow_mut().extend(counts.iter().map(|(name, n)| ((*name).to_owned(), *n)));
    };
    let result = scheduler.handle(&event, now(), count).await;
    (result, counted.into_inner())
}

fn counts(expected: u64) -> Counts {
    vec![("BlocksExpected".to_owned(), expected), ("BlocksWritten".to_owned(), 0)]
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
    assert_eq!(counted, counts(4));
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
    assert!(counted.is_empty() && invoked(&ping).is_empty());
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
    assert_eq!(result.unwrap_err().to_string(), "2 of 4 invocations failed");
    assert_eq!(counted, counts(4));
    assert_eq!(invoked(&ping).len(), 2);
}

#[tokio::test]
async fn an_empty_installation_expects_nothing_and_says_so() {
    let ping = Recorder::default();
    let (result, counted) = handle(&Memory::default(), &ping, "schedule").await;
    result.unwrap();
    assert_eq!(counted, counts(0));
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
async fn another_region_is_refused_before_anything_is_sent() {
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(aws_sdk_lambda::config::Region::new("us-east-1"))
        .build();
    let ping = PingFunction {
        client: aws_sdk_lambda::Client::from_conf(config),
        function: "ping".to_owned(),
        region: "us-east-1".parse().unwrap(),
    };
    let request = PingRequest { shard: ShardId(0), slot: "2026-11-21T14:25:00Z".parse().unwrap() };
    let error = ping.invoke(&"eu-west-1".parse().unwrap(), &request).await.unwrap_err();
    assert_eq!(error.to_string(), "ping runs in us-east-1 only: monitors cannot be checked from eu-west-1");
}
