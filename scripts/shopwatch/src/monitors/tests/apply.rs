//! Files applied to a store in memory, alone and against others.

use std::collections::HashSet;

use ::tests::memory::Memory;
use shared::monitor::{Monitor, MonitorId, ShardId, ShardSummary};
use shared::store::{ReadMonitors, ReadShards, ShardChange, StoreError, WriteMonitors};

use super::*;

fn printed(applied: &Applied) -> String {
    let mut out = Vec::new();
    report(applied, &mut out).unwrap();
    // Ids are random.
    let text = String::from_utf8(out).unwrap();
    let words = text.split(' ').map(|word| if word.parse::<MonitorId>().is_ok() { "ID" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn applying_says_what_it_does_and_twice_does_nothing() {
    let memory = Memory::default();
    let mut file = vec![wanted("Shop"), Wanted { public: false, ..wanted("Checkout") }];
    let first = apply(&memory, &file, &region(), &mut rand::rng()).await.unwrap();
    insta::assert_snapshot!(printed(&first), @"
    + created    ID  Shop
    + created    ID  Checkout  (private: not on the status page)
    done: 2 created, 0 changed, 0 unchanged
    ");
    let tables = memory.tables().monitors.clone();
    assert!(tables.values().all(|monitor| monitor.regions == [region()]));

    let second = apply(&memory, &file, &region(), &mut rand::rng()).await.unwrap();
    insta::assert_snapshot!(printed(&second), @"
    = unchanged  ID  Shop
    = unchanged  ID  Checkout  (private: not on the status page)
    done: 0 created, 0 changed, 2 unchanged
    ");
    assert_eq!(memory.tables().monitors, tables);
    assert_eq!(memory.tables().shards[&ShardId(0)].version, 1);

    file.remove(0);
    file[0] = Wanted {
        url: "https://shop.example/checkout".parse().unwrap(),
        interval_minutes: 5.try_into().unwrap(),
        ..wanted("Checkout")
    };
    let third = apply(&memory, &file, &region(), &mut rand::rng()).await.unwrap();
    insta::assert_snapshot!(printed(&third), @"
    ~ changed    ID  Checkout: url https://shop.example/ → https://shop.example/checkout, interval_minutes 1 → 5, public false → true
    done: 0 created, 1 changed, 0 unchanged
    not in the file, left as they are:
      ID  Shop
    ");
    assert_eq!(memory.tables().monitors.len(), 2);
}

/// A store whose first changes meet somebody else's.
struct Contended {
    memory: Memory,
    conflicts: std::sync::atomic::AtomicU32,
    /// Which shard is contended.
    shard: ShardId,
}

impl Contended {
    fn new(conflicts: u32, shard: u16) -> Self {
        Self { memory: Memory::default(), conflicts: conflicts.into(), shard: ShardId(shard) }
    }
}

impl ReadShards for Contended {
    async fn shards(&self) -> shared::store::Result<Vec<ShardSummary>> {
        self.memory.shards().await
    }
}

impl ReadMonitors for Contended {
    async fn monitors(&self, shard: ShardId) -> shared::store::Result<Vec<Monitor>> {
        self.memory.monitors(shard).await
    }
}

impl WriteMonitors for Contended {
    async fn change(&self, change: &ShardChange) -> shared::store::Result<()> {
        use std::sync::atomic::Ordering::SeqCst;
        let take = |left: u32| left.checked_sub(1);
        if change.summary.shard == self.shard && self.conflicts.fetch_update(SeqCst, SeqCst, take).is_ok() {
            return Err(StoreError::Conflict("shard".to_owned()));
        }
        self.memory.change(change).await
    }
}

#[tokio::test]
async fn a_conflict_is_read_and_planned_again() {
    let store = Contended::new(2, 1);
    let applied = apply(&store, &many(100), &region(), &mut rand::rng()).await.unwrap();
    assert!(
        applied.outcomes.iter().all(|outcome| outcome.difference == Difference::Created),
        "told as first done"
    );
    assert_eq!(store.memory.tables().monitors.len(), 100);
    assert_eq!(store.memory.tables().shards[&ShardId(0)].version, 1, "what was written is not written again");
}

#[tokio::test]
async fn endless_conflict_ends_with_what_was_done() {
    let store = Contended::new(u32::MAX, 1);
    let error = apply(&store, &many(100), &region(), &mut rand::rng()).await.unwrap_err();
    insta::assert_snapshot!(format!("{error:#}"), @"96 monitors were written before; apply again to go on: shard was changed by somebody else");
    assert_eq!(store.memory.tables().monitors.len(), 96);
}

#[tokio::test]
async fn two_operators_at_once_lose_nothing() {
    let memory = Memory::default();
    let (a, b) = (many(150), [many(150), vec![wanted("Another")]].concat());
    let (region, mut one, mut other) = (region(), rand::rng(), rand::rng());
    let (first, second) =
        tokio::join!(apply(&memory, &a, &region, &mut one), apply(&memory, &b, &region, &mut other));
    first.unwrap();
    second.unwrap();
    let tables = memory.tables();
    assert_eq!(tables.monitors.len(), 151);
    assert_eq!(tables.monitors.values().map(|m| &m.name).collect::<HashSet<_>>().len(), 151);
}

#[tokio::test]
async fn the_list_is_a_table() {
    let memory = Memory::default();
    memory.add_monitors([Monitor {
        id: "s0-7f3k2a".parse().unwrap(),
        name: "Shop".parse().unwrap(),
        url: "https://shop.example/".parse().unwrap(),
        interval_minutes: 5.try_into().unwrap(),
        public: false,
        regions: vec![region()],
        version: 1,
    }]);
    let mut out = Vec::new();
    list(&stored(&memory).await.unwrap(), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"
    ID         NAME  URL                    INTERVAL  PUBLIC
    s0-7f3k2a  Shop  https://shop.example/  5 min     no
    ");
}
