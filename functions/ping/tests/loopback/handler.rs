//! The handler over the stores in memory, with every sample event of `ping`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ping::{Event, Keyring, Ping, References, Stores};
use serde_json::json;
use shared::beat::{Beat, BeatState};
use shared::block::Block;
use shared::monitor::{Interval, Monitor, ShardId};
use shared::schedule::{PingRequest, Slot, phase};
use shared::signal::{Outcome, Reason};
use shared::store::{Broken, ReadBeats, ReadCredentials, ReadStates};
use tests::example::monitor_of;
use tests::logged::Logged;
use tests::memory::Memory;
use tracing::Level;

use crate::paper::Paper;
use crate::server::status;
use crate::{LIMITS, down};

/// In the slot of the event `ping`, one minute late.
pub(crate) const NOW: &str = "2026-11-21T14:26:10Z";

pub(crate) fn monitor(suffix: &str, url: &str, interval: u32, region: &str) -> Monitor {
    Monitor {
        interval_minutes: Interval::try_from(interval).unwrap(),
        regions: vec![region.parse().unwrap()],
        ..monitor_of(&format!("s0-{suffix}"), url)
    }
}

pub(crate) fn of_kind(suffix: &str, check: serde_json::Value) -> Monitor {
    Monitor {
        check: serde_json::from_value(check).unwrap(),
        ..monitor(suffix, "http://1.1.1.1/", 1, "us-east-1")
    }
}

pub(crate) fn heartbeat(suffix: &str) -> Monitor {
    of_kind(suffix, json!({"kind": "heartbeat"}))
}

/// A monitor whose target asks for credentials.
pub(crate) fn secret(suffix: &str) -> Monitor {
    of_kind(suffix, json!({"kind": "http", "url": "http://1.1.1.1/", "credentials": true}))
}

pub(crate) fn paper() -> Paper {
    Paper::default()
        .answer("1.1.1.1", &status(200))
        .answer("1.1.1.2", &status(404))
        .name("shop.example", &[&["1.1.1.1"]])
}

fn monitors() -> [Monitor; 4] {
    [
        monitor("aaaaaa", "http://1.1.1.1/", 1, "us-east-1"),
        monitor("bbbbbb", "http://1.1.1.2/", 1, "us-east-1"),
        monitor("cccccc", "http://169.254.169.254/", 1, "us-east-1"),
        monitor("dddddd", "http://1.1.1.1/elsewhere", 1, "eu-west-1"),
    ]
}

pub(crate) fn holding(monitors: impl IntoIterator<Item = Monitor>) -> Memory {
    let memory = Memory::default();
    memory.add_monitors(monitors);
    memory
}

pub(crate) fn shop() -> Memory {
    holding(monitors())
}

pub(crate) fn request(event: &str) -> PingRequest {
    match serde_json::from_value(tests::event(event)).unwrap() {
        Event::Slot(request) => request,
        Event::OutOfTurn(request) => panic!("{request:?}"),
    }
}

pub(crate) type Handler<T, B, K> = Ping<Memory, T, B, K, Memory, Paper, Paper>;

pub(crate) fn ping_with<T, B, K: ReadCredentials>(
    memory: &Memory,
    paper: &Paper,
    states: T,
    beats: B,
    secrets: K,
) -> Handler<T, B, K> {
    Ping {
        stores: Stores {
            monitors: memory.clone(),
            latest: memory.clone(),
            states,
            beats,
            keyring: Keyring::new(secrets),
            signals: memory.clone(),
        },
        checker: paper.checker(false, LIMITS),
        references: References::default(),
        region: "us-east-1".parse().unwrap(),
    }
}

pub(crate) fn ping(memory: &Memory, paper: &Paper) -> Handler<Memory, Memory, Memory> {
    ping_with(memory, paper, memory.clone(), memory.clone(), memory.clone())
}

pub(crate) async fn handle(
    memory: &Memory,
    paper: &Paper,
    request: &PingRequest,
    now: &str,
) -> anyhow::Result<()> {
    let now: Timestamp = now.parse().unwrap();
    ping(memory, paper).handle(request, || now).await
}

/// Handles the event `ping` and answers what its block says of each monitor.
pub(crate) async fn outcomes<T: ReadStates, B: ReadBeats, K: ReadCredentials>(
    memory: &Memory,
    ping: &Handler<T, B, K>,
) -> Vec<(String, Outcome)> {
    memory.tables().blocks.clear();
    ping.handle(&request("ping"), || NOW.parse().unwrap()).await.unwrap();
    let [block] = &blocks(memory)[..] else { panic!("one block") };
    block.signals.iter().map(|signal| (signal.monitor.suffix().to_owned(), signal.outcome)).collect()
}

pub(crate) fn found(suffix: &str, outcome: Outcome) -> (String, Outcome) {
    (suffix.to_owned(), outcome)
}

pub(crate) fn blocks(memory: &Memory) -> Vec<Block> {
    memory.tables().blocks.values().cloned().collect()
}

#[tokio::test]
async fn a_block_holds_a_signal_of_each_monitor_that_is_due_here() {
    let (memory, paper) = (shop(), paper());
    handle(&memory, &paper, &request("ping"), NOW).await.unwrap();
    let [block] = &blocks(&memory)[..] else { panic!("one block") };
    assert_eq!((block.shard, block.slot), (ShardId(0), "2026-11-21T14:25:00Z".parse::<Slot>().unwrap()));
    assert_eq!((block.region.as_str(), block.written_at), ("us-east-1", NOW.parse().unwrap()));
    let found: Vec<_> = block
        .signals
        .iter()
        .map(|signal| (signal.monitor.to_string(), signal.outcome, signal.status))
        .collect();
    assert_eq!(
        found,
        [
            ("s0-aaaaaa".to_owned(), Outcome::Up, Some(200)),
            ("s0-bbbbbb".to_owned(), down(Reason::Status), Some(404)),
            ("s0-cccccc".to_owned(), Outcome::Blocked, None),
        ]
    );
    assert!(block.signals[0].phases.total_ms.is_some());
}

#[tokio::test]
async fn a_second_delivery_changes_nothing() {
    let (memory, paper) = (shop(), paper());
    memory.add_monitors([heartbeat("eeeeee")]);
    handle(&memory, &paper, &request("ping"), NOW).await.unwrap();
    let first = format!("{:?}", memory.tables());
    // Nothing is as it was, and the block says what it said.
    let gone = Paper::default();
    handle(&memory, &gone, &request("ping"), "2026-11-21T14:26:59Z").await.unwrap();
    assert!(!gone.dialled().is_empty());
    assert_eq!(format!("{:?}", memory.tables()), first);
}

#[tokio::test]
async fn a_block_is_written_even_when_nothing_was_due() {
    let memory = shop();
    handle(&memory, &paper(), &request("ping-empty-shard"), NOW).await.unwrap();
    let [block] = &blocks(&memory)[..] else { panic!("one block") };
    assert_eq!((block.shard, block.signals.len()), (ShardId(9), 0));
}

#[tokio::test]
async fn a_monitor_is_checked_in_its_own_slots_only() {
    let paper = paper();
    let hourly = monitor("aaaaaa", "http://1.1.1.1/", 60, "us-east-1");
    let paused = Monitor { paused: true, ..monitor("bbbbbb", "http://1.1.1.1/", 1, "us-east-1") };
    let memory = holding([hourly.clone(), paused]);
    let slot = request("ping").slot;
    let due_in = (i64::from(phase(&hourly.id, 60)) - slot.minutes()).rem_euclid(60);
    for minutes in 0..60 {
        let request = PingRequest { shards: vec![ShardId(0)], slot: slot.plus(minutes) };
        handle(&memory, &paper, &request, &request.slot.to_string()).await.unwrap();
    }
    let checked: Vec<i64> = blocks(&memory)
        .iter()
        .filter(|block| !block.signals.is_empty())
        .map(|block| block.slot.minutes() - slot.minutes())
        .collect();
    assert_eq!((blocks(&memory).len(), checked), (60, vec![due_in]));
}

#[tokio::test]
async fn a_slot_that_is_not_now_stays_a_gap() {
    for (event, now) in [
        ("ping-old-slot", NOW),
        ("ping-future-slot", NOW),
        ("ping", "2026-11-21T14:27:01Z"),
        ("ping", "2026-11-21T14:23:59Z"),
    ] {
        let (memory, paper) = (shop(), paper());
        handle(&memory, &paper, &request(event), now).await.unwrap();
        assert_eq!((blocks(&memory), paper.dialled()), (vec![], vec![]), "{event} at {now}");
    }
    // Clocks differ a little.
    let memory = shop();
    handle(&memory, &paper(), &request("ping"), "2026-11-21T14:24:30Z").await.unwrap();
    assert_eq!(blocks(&memory).len(), 1);
}

#[tokio::test]
async fn without_monitors_or_signals_the_invocation_fails() {
    // Monitors and states are read first, and the block is written last.
    for calls in [0, 2] {
        let memory = shop();
        memory.fail_after(calls);
        assert!(handle(&memory, &paper(), &request("ping"), NOW).await.is_err());
        assert_eq!(blocks(&memory), vec![]);
    }
}

#[tokio::test]
async fn every_kind_has_its_signal() {
    let memory = holding([
        monitor("aaaaaa", "http://1.1.1.1/", 1, "us-east-1"),
        of_kind("bbbbbb", json!({"kind": "tcp", "host": "shop.example", "port": 22})),
        of_kind("cccccc", json!({"kind": "tls", "host": "1.1.1.9"})),
        of_kind("dddddd", json!({"kind": "dns", "name": "shop.example", "expect": ["1.1.1.2"]})),
        heartbeat("eeeeee"),
        heartbeat("ffffff"),
        Monitor { regions: vec!["eu-west-1".parse().unwrap()], ..heartbeat("gggggg") },
    ]);
    let received_at = "2026-11-21T14:24:00Z".parse().unwrap();
    let beat = Beat {
        monitor: "s0-eeeeee".parse().unwrap(),
        received_at,
        state: BeatState::Up,
        duration_ms: Some(7),
    };
    memory.tables().beats.insert(beat.monitor.clone(), beat);
    let found = outcomes(&memory, &ping(&memory, &paper())).await;
    let expected = [
        ("aaaaaa", Outcome::Up),
        ("bbbbbb", Outcome::Up),
        ("cccccc", down(Reason::Refused)),
        ("dddddd", down(Reason::Answer)),
        ("eeeeee", Outcome::Up),
        ("ffffff", Outcome::Unknown(Reason::NoBeat)),
    ];
    assert_eq!(found, expected.map(|(suffix, outcome)| (suffix.to_owned(), outcome)));
    assert_eq!(blocks(&memory)[0].signals[4].phases.total_ms, Some(7));
}

#[tokio::test]
async fn a_broken_monitor_is_seen_as_such_and_stops_no_other() {
    let memory = shop();
    let broken = |id: &str| Broken { id: id.to_owned(), why: "hunter2".to_owned() };
    memory.tables().broken = ["s0-aaaabb", "s0-zzzzzz", "s0-nonsense"].map(broken).into();
    let unknown = Outcome::Unknown(Reason::Configuration);
    let expected = [
        ("aaaaaa", Outcome::Up),
        ("aaaabb", unknown),
        ("bbbbbb", down(Reason::Status)),
        ("cccccc", Outcome::Blocked),
        ("zzzzzz", unknown),
    ];
    let (logged, _guard) = Logged::here(Level::INFO);
    let outcomes = outcomes(&memory, &ping(&memory, &paper())).await;
    assert_eq!(outcomes, expected.map(|(suffix, outcome)| (suffix.to_owned(), outcome)));
    assert_eq!(logged.lines().len(), 1, "once for all of them");
    assert!(!logged.lines()[0].contains("hunter2"), "what is wrong may be a secret in the wrong place");
    assert!(logged.lines()[0].contains("s0-zzzzzz"));
}

#[tokio::test]
async fn a_round_in_which_nothing_is_wrong_with_us_logs_nothing() {
    let (memory, (logged, _guard)) = (shop(), Logged::here(Level::INFO));
    handle(&memory, &paper(), &request("ping"), NOW).await.unwrap();
    assert_eq!(logged.lines(), Vec::<String>::new());
    handle(&memory, &paper(), &request("ping-old-slot"), NOW).await.unwrap();
    assert_eq!(logged.lines().len(), 1);
}

#[tokio::test]
async fn every_sample_event_is_replayed_here() {
    assert!(serde_json::from_value::<Event>(tests::event("ping-unreadable")).is_err());
    let names = std::fs::read_dir(tests::root().join("events")).unwrap();
    let names: BTreeSet<String> = names
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("ping"))
        .collect();
    let replayed = [
        "ping.json",
        "ping-shards.json",
        "ping-empty-shard.json",
        "ping-old-slot.json",
        "ping-future-slot.json",
        "ping-unreadable.json",
        "ping-check.json",
        "ping-test.json",
    ];
    assert_eq!(names, replayed.map(str::to_owned).into());
}
