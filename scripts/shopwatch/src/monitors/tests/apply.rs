//! Files applied to a store in memory, alone and against others.

use ::tests::memory::Memory;
use shared::monitor::{Monitor, MonitorId, ShardId, ShardSummary};
use shared::store::{Broken, ReadMonitors, ReadShards, ShardChange, StoreError, Stored, WriteMonitors};

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
    let first = apply(&memory, &memory, &file, &region(), &mut rand::rng()).await.unwrap();
    insta::assert_snapshot!(printed(&first), @"
    + created    ID  Shop
    + created    ID  Checkout  (private: not on the status page)
    done: 2 created, 0 changed, 0 unchanged
    ");
    let tables = memory.tables().monitors.clone();
    assert!(tables.values().all(|monitor| monitor.regions == [region()]));

    let second = apply(&memory, &memory, &file, &region(), &mut rand::rng()).await.unwrap();
    insta::assert_snapshot!(printed(&second), @"
    = unchanged  ID  Shop
    = unchanged  ID  Checkout  (private: not on the status page)
    done: 0 created, 0 changed, 2 unchanged
    ");
    assert_eq!(memory.tables().monitors, tables);
    assert_eq!(memory.tables().shards[&ShardId(0)].version, 1);

    file.remove(0);
    file[0] = Wanted {
        check: check("https://shop.example/checkout"),
        interval_minutes: 5.try_into().unwrap(),
        ..wanted("Checkout")
    };
    let third = apply(&memory, &memory, &file, &region(), &mut rand::rng()).await.unwrap();
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
    async fn monitors(&self, shard: ShardId) -> shared::store::Result<Stored<Monitor>> {
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
    let applied = apply(&store, &store.memory, &many(100), &region(), &mut rand::rng()).await.unwrap();
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
    let error = apply(&store, &store.memory, &many(100), &region(), &mut rand::rng()).await.unwrap_err();
    insta::assert_snapshot!(format!("{error:#}"), @"96 monitors were written before; apply again to go on: shard was changed by somebody else");
    assert_eq!(store.memory.tables().monitors.len(), 96);
}

/// A store whose changes let everybody else go first: two who apply at once plan from the same state.
#[derive(Clone, Default)]
struct Polite(Memory);

impl ReadShards for Polite {
    async fn shards(&self) -> shared::store::Result<Vec<ShardSummary>> {
        self.0.shards().await
    }
}

impl ReadMonitors for Polite {
    async fn monitors(&self, shard: ShardId) -> shared::store::Result<Stored<Monitor>> {
        self.0.monitors(shard).await
    }
}

impl WriteMonitors for Polite {
    async fn change(&self, change: &ShardChange) -> shared::store::Result<()> {
        tokio::task::yield_now().await;
        self.0.change(change).await
    }
}

#[tokio::test]
async fn two_who_open_the_same_shard_at_once_lose_nothing() {
    let store = Polite::default();
    let (a, b) = (many(150), [many(100), vec![wanted("Another")]].concat());
    let (region, mut one, mut other) = (region(), rand::rng(), rand::rng());
    let (first, second) = tokio::join!(
        apply(&store, &store.0, &a, &region, &mut one),
        apply(&store, &store.0, &b, &region, &mut other)
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    let created =
        |applied: &Applied| applied.outcomes.iter().filter(|o| o.difference == Difference::Created).count();
    assert!(created(&first) > 0 && created(&second) > 0, "the later one found what the other had made");
    assert_eq!(created(&first) + created(&second), 151);
    let tables = store.0.tables();
    assert_eq!(tables.monitors.len(), 151);
    assert_eq!(tables.monitors.values().map(|m| &m.name).collect::<HashSet<_>>().len(), 151);
    let counts: Vec<usize> = tables.shards.values().map(|shard| shard.count).collect();
    assert_eq!(counts, [96, 55], "nobody opened a shard that was not needed");
}

#[tokio::test]
async fn the_list_is_a_table() {
    let memory = Memory::default();
    memory.add_monitors([Monitor {
        interval_minutes: 5.try_into().unwrap(),
        regions: vec![region(), "eu-west-1".parse().unwrap()],
        ..::tests::example::monitor("s0-7f3k2a")
    }]);
    memory.tables().broken.push(Broken { id: "s0-bbbbbb".into(), why: "no \u{1b}[2J url".into() });
    let mut out = Vec::new();
    list(&stored(&memory).await.unwrap(), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"
    ID         NAME  KIND  TARGET                INTERVAL  REGIONS              PUBLIC  PAUSED
    s0-7f3k2a  Shop  http  http://shop.example/  5 min     us-east-1,eu-west-1  no      no
    cannot be read, left as they are and not checked:
      s0-bbbbbb  no �[2J url
    ");
}

#[tokio::test]
async fn what_is_refused_is_told_and_the_rest_is_done() {
    let memory = Memory::default();
    memory.add_monitors([::tests::example::monitor("s0-7f3k2a")]);
    memory.tables().broken.push(Broken { id: "s0-bbbbbb".into(), why: "no url".into() });
    let applied =
        apply(&memory, &memory, &[wanted("Shop"), wanted("New")], &region(), &mut rand::rng()).await.unwrap();
    assert!(applied.is_incomplete());
    insta::assert_snapshot!(printed(&applied), @"
    ! refused    ID  Shop: shard s0 holds s0-bbbbbb, which cannot be read  (private: not on the status page)
    + created    ID  New
    done: 1 created, 0 changed, 0 unchanged, 1 refused
    cannot be read, left as they are and not checked:
      ID  no url
    ");
    assert_eq!(memory.tables().shards[&ShardId(1)].count, 1);
}
