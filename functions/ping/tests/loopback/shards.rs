//! Several shards in one request: one round, and a block of each.

use std::time::Duration;

use ping::{Keyring, Ping, References, Stores};
use shared::monitor::{Monitor, ShardId};
use shared::schedule::{MAX_PINGED_SHARDS, PingRequest};
use shared::signal::Reason;
use shared::store::{ReadMonitors, Result, StoreError, Stored};
use tests::example::monitor_of;
use tests::memory::Memory;
use tokio::time::{Instant, timeout};

use crate::handler::{NOW, blocks, handle, holding, monitor, paper, request};
use crate::paper::Host;
use crate::{LIMITS, down};

fn two_shards() -> Memory {
    let elsewhere =
        Monitor { regions: vec!["us-east-1".parse().unwrap()], ..monitor_of("s1-aaaaaa", "http://1.1.1.2/") };
    holding([monitor("aaaaaa", "http://1.1.1.1/", 1, "us-east-1"), elsewhere])
}

/// Shard, monitor and status of every signal there is.
fn found(memory: &Memory) -> Vec<(u16, String, Option<u16>)> {
    let of_block = |block: &shared::block::Block| {
        let found =
            block.signals.iter().map(|signal| (block.shard.0, signal.monitor.to_string(), signal.status));
        found.collect::<Vec<_>>()
    };
    blocks(memory).iter().flat_map(of_block).collect()
}

#[tokio::test]
async fn each_shard_has_its_block_and_each_monitor_is_checked_once() {
    let (memory, paper) = (two_shards(), paper());
    handle(&memory, &paper, &request("ping-shards"), NOW).await.unwrap();
    let wanted = [(0, "s0-aaaaaa".to_owned(), Some(200)), (1, "s1-aaaaaa".to_owned(), Some(404))];
    assert_eq!(found(&memory), wanted);
    let stamps: Vec<_> =
        blocks(&memory).iter().map(|block| (block.slot.to_string(), block.written_at)).collect();
    assert_eq!(stamps[0], ("2026-11-21T14:25:00Z".to_owned(), NOW.parse().unwrap()));
    assert_eq!(stamps[0], stamps[1]);
    let dialled: Vec<_> = paper.dialled().iter().map(ToString::to_string).collect();
    assert_eq!(dialled.iter().filter(|address| address.starts_with("1.1.1.1:")).count(), 1, "{dialled:?}");
}

#[tokio::test(start_paused = true)]
async fn the_targets_of_all_shards_are_waited_for_at_once() {
    let memory = two_shards();
    let mute = ["1.1.1.1", "1.1.1.2"].into_iter().fold(paper(), |paper, ip| paper.host(ip, Host::Mute));
    let begun = Instant::now();
    handle(&memory, &mute, &request("ping-shards"), NOW).await.unwrap();
    let took = begun.elapsed();
    assert!(took >= LIMITS.total && took < LIMITS.total * 3 / 2, "one wait: {took:?}");
    let timed_out = |block: &shared::block::Block| block.signals[0].outcome == down(Reason::Timeout);
    assert!(blocks(&memory).len() == 2 && blocks(&memory).iter().all(timed_out), "{:?}", blocks(&memory));
}

/// A table of which one shard's monitors cannot be read, or not in any time.
struct Without {
    memory: Memory,
    shard: ShardId,
    hangs: bool,
}

impl ReadMonitors for Without {
    async fn monitors(&self, shard: ShardId) -> Result<Stored<Monitor>> {
        match (shard == self.shard, self.hangs) {
            (true, true) => std::future::pending().await,
            (true, false) => {
                Err(StoreError::Unavailable { action: "reading", cause: "told to fail".to_owned() })
            }
            (false, _) => self.memory.monitors(shard).await,
        }
    }
}

/// What the invocation fails with when the first of the two shards cannot be read.
async fn without_the_first(memory: &Memory, hangs: bool) -> String {
    let ping = Ping {
        stores: Stores {
            monitors: Without { memory: memory.clone(), shard: ShardId(0), hangs },
            latest: Without { memory: memory.clone(), shard: ShardId(0), hangs },
            states: memory.clone(),
            beats: memory.clone(),
            keyring: Keyring::new(memory.clone()),
            signals: memory.clone(),
        },
        checker: paper().checker(false, LIMITS),
        references: References::default(),
        region: "us-east-1".parse().unwrap(),
    };
    ping.handle(&request("ping-shards"), || NOW.parse().unwrap()).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_shard_that_cannot_be_read_stops_no_other_and_fails_the_invocation() {
    let memory = two_shards();
    let error = without_the_first(&memory, false).await;
    assert!(error.contains("shard s0") && error.contains("told to fail"), "{error}");
    assert_eq!(found(&memory), [(1, "s1-aaaaaa".to_owned(), Some(404))]);
    // Lambda invokes again, and by then it can be read: what is there stays as it is.
    handle(&memory, &paper(), &request("ping-shards"), NOW).await.unwrap();
    assert_eq!(found(&memory).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_shard_whose_table_hangs_stops_no_other() {
    let (memory, begun) = (two_shards(), Instant::now());
    // The slot would be long over.
    let error = timeout(Duration::from_secs(60), without_the_first(&memory, true)).await.unwrap();
    assert!(error.contains("shard s0") && error.contains("no answer in time"), "{error}");
    assert_eq!(found(&memory), [(1, "s1-aaaaaa".to_owned(), Some(404))]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn too_many_shards_are_refused() {
    let shards = |count| (0..count).map(ShardId).collect::<Vec<_>>();
    let slot = request("ping").slot;
    let most = u16::try_from(MAX_PINGED_SHARDS).unwrap();
    let memory = two_shards();
    let request = PingRequest { shards: shards(most + 1), slot };
    assert!(handle(&memory, &paper(), &request, NOW).await.is_err());
    assert!(blocks(&memory).is_empty());
    handle(&memory, &paper(), &PingRequest { shards: shards(most), slot }, NOW).await.unwrap();
    assert_eq!(blocks(&memory).len(), MAX_PINGED_SHARDS);
}
