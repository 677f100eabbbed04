//! The handler over the stores in memory, with every sample event of `ping`.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::Timestamp;
use ping::Ping;
use shared::block::Block;
use shared::monitor::{Interval, Monitor, MonitorId, ShardId};
use shared::schedule::{PingRequest, Slot, phase};
use shared::signal::{Outcome, Reason};
use tests::memory::Memory;

use crate::paper::Paper;
use crate::server::status;
use crate::{LIMITS, down};

/// In the slot of the event `ping`, one minute late.
const NOW: &str = "2026-11-21T14:26:10Z";

fn monitor(suffix: &str, url: &str, interval: u32, region: &str) -> Monitor {
    Monitor {
        id: MonitorId::new(ShardId(0), suffix).unwrap(),
        name: suffix.parse().unwrap(),
        url: url.parse().unwrap(),
        interval_minutes: Interval::try_from(interval).unwrap(),
        public: true,
        regions: vec![region.parse().unwrap()],
        version: 1,
    }
}

fn paper() -> Paper {
    Paper::default().answer("1.1.1.1", &status(200)).answer("1.1.1.2", &status(404))
}

fn monitors() -> [Monitor; 4] {
    [
        monitor("aaaaaa", "http://1.1.1.1/", 1, "us-east-1"),
        monitor("bbbbbb", "http://1.1.1.2/", 1, "us-east-1"),
        monitor("cccccc", "http://169.254.169.254/", 1, "us-east-1"),
        monitor("dddddd", "http://1.1.1.1/elsewhere", 1, "eu-west-1"),
    ]
}

fn shop() -> Memory {
    let memory = Memory::default();
    memory.add_monitors(monitors());
    memory
}

fn request(event: &str) -> PingRequest {
    serde_json::from_value(tests::event(event)).unwrap()
}

/// Handles the event at this time; answers how it ended and how many blocks were counted as written.
async fn handle(
    memory: &Memory,
    paper: &Paper,
    request: &PingRequest,
    now: &str,
) -> (anyhow::Result<()>, u64) {
    let ping = Ping {
        monitors: memory.clone(),
        signals: memory.clone(),
        checker: paper.checker(false, LIMITS),
        region: "us-east-1".parse().unwrap(),
    };
    let now: Timestamp = now.parse().unwrap();
    let written = RefCell::new(0);
    let count = |slot: Slot, counts: &[(&str, u64)]| {
        assert_eq!(slot, request.slot);
        for (name, n) in counts {
            assert_eq!(*name, "BlocksWritten");
            *written.borrow_mut() += n;
        }
    };
    let result = ping.handle(request, || now, count).await;
    (result, written.into_inner())
}

fn blocks(memory: &Memory) -> Vec<Block> {
    memory.tables().blocks.values().cloned().collect()
}

#[tokio::test]
async fn what_is_due_here_is_in_the_block() {
    let memory = shop();
    let (result, written) = handle(&memory, &paper(), &request("ping"), NOW).await;
    result.unwrap();
    assert_eq!(written, 1);
    let [block] = &blocks(&memory)[..] else { panic!("one block") };
    assert_eq!(block.slot.to_string(), "2026-11-21T14:25:00Z");
    assert_eq!((block.shard, block.region.as_str()), (ShardId(0), "us-east-1"));
    assert_eq!(block.written_at.to_string(), NOW);
    let seen: Vec<(&str, Outcome, Option<u16>)> =
        block.signals.iter().map(|signal| (signal.monitor.suffix(), signal.outcome, signal.status)).collect();
    assert_eq!(
        seen,
        [
            ("aaaaaa", Outcome::Up, Some(200)),
            ("bbbbbb", down(Reason::Status), Some(404)),
            ("cccccc", Outcome::Blocked, None),
        ]
    );
    assert!(block.signals[0].phases.total_ms.is_some());
}

#[tokio::test]
async fn a_second_delivery_changes_nothing() {
    let memory = shop();
    handle(&memory, &paper(), &request("ping"), NOW).await.0.unwrap();
    let first = blocks(&memory);
    // Everything is down by now.
    let (result, written) =
        handle(&memory, &Paper::default(), &request("ping"), "2026-11-21T14:26:40Z").await;
    result.unwrap();
    assert_eq!((written, blocks(&memory)), (0, first));
}

#[tokio::test]
async fn a_block_is_written_where_nothing_was_due() {
    let memory = shop();
    let (result, written) = handle(&memory, &paper(), &request("ping-empty-shard"), NOW).await;
    result.unwrap();
    assert_eq!(written, 1);
    let [block] = &blocks(&memory)[..] else { panic!("one block") };
    assert_eq!((block.shard, block.signals.len()), (ShardId(9), 0));
}

#[tokio::test]
async fn a_monitor_is_checked_in_its_own_slots_only() {
    let (memory, paper) = (Memory::default(), paper());
    let hourly = monitor("aaaaaa", "http://1.1.1.1/", 60, "us-east-1");
    memory.add_monitors([hourly.clone()]);
    let slot = request("ping").slot;
    let due_in = (i64::from(phase(&hourly.id, 60)) - slot.minutes()).rem_euclid(60);
    for minutes in 0..60 {
        let request = PingRequest { shard: ShardId(0), slot: slot.plus(minutes) };
        handle(&memory, &paper, &request, &request.slot.to_string()).await.0.unwrap();
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
        let (result, written) = handle(&memory, &paper, &request(event), now).await;
        result.unwrap();
        assert_eq!((written, blocks(&memory), paper.dialled()), (0, vec![], vec![]), "{event} at {now}");
    }
    // Clocks differ a little.
    let memory = shop();
    assert_eq!(handle(&memory, &paper(), &request("ping"), "2026-11-21T14:24:30Z").await.1, 1);
}

#[tokio::test]
async fn a_table_out_of_reach_is_an_error_and_counts_nothing() {
    for calls in [0, 1] {
        let memory = shop();
        memory.fail_after(calls);
        let (result, written) = handle(&memory, &paper(), &request("ping"), NOW).await;
        assert!(result.is_err());
        assert_eq!((written, blocks(&memory)), (0, vec![]));
    }
}

#[tokio::test]
async fn every_sample_event_is_replayed_here() {
    let unreadable = serde_json::from_value::<PingRequest>(tests::event("ping-unreadable"));
    assert!(unreadable.unwrap_err().to_string().contains("shard zero"));
    let names = std::fs::read_dir(tests::root().join("events")).unwrap();
    let names: BTreeSet<String> = names
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("ping"))
        .collect();
    let replayed = [
        "ping.json",
        "ping-empty-shard.json",
        "ping-old-slot.json",
        "ping-future-slot.json",
        "ping-unreadable.json",
    ];
    assert_eq!(names, replayed.map(str::to_owned).into());
}
