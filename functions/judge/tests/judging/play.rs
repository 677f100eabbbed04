//! Plays blocks to the handler: what each slot of each monitor is, one letter a slot.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anyhow::ensure;
use jiff::{Timestamp, ToSpan as _};
use judge::{Blocks, Judge, Park, Poison, StreamEvent};
use serde_json::{Value, json};
use shared::block::Block;
use shared::incident::Incident;
use shared::monitor::{Monitor, MonitorId, Region, ShardId};
use shared::schedule::Slot;
use shared::signal::{Outcome, Phases, Reason, Signal};
use shared::state::{MonitorState, ShardState, State};
use shared::store::{Mark, WriteSignals as _};
use tests::memory::Memory;
pub(crate) use tests::stream::record;

/// Records what is put aside.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parked {
    pub(crate) poison: Arc<Mutex<Vec<Poison>>>,
    pub(crate) out_of_reach: Arc<Mutex<bool>>,
}

impl Park for Parked {
    async fn park(&self, poison: &Poison) -> anyhow::Result<()> {
        ensure!(!*self.out_of_reach.lock().unwrap(), "told to fail");
        self.poison.lock().unwrap().push(poison.clone());
        Ok(())
    }
}

/// An installation: its tables, and the function over them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shop {
    pub(crate) memory: Memory,
    pub(crate) parked: Parked,
    pub(crate) counted: Arc<Mutex<BTreeMap<Slot, BTreeMap<Region, Blocks>>>>,
}

/// The slot that plays begin in. Far ahead: the stores forget what is eight days old.
pub(crate) fn slot(n: i64) -> Slot {
    "2090-06-01T00:00:00Z".parse::<Slot>().unwrap().plus(n)
}

/// A monitor of one region, every minute, that needs two slots for each verdict.
pub(crate) fn monitor(id: &str) -> Monitor {
    tests::example::monitor(id)
}

pub(crate) fn regions(names: &[&str]) -> Vec<Region> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// The outcome that a letter stands for; nothing for `.`: the monitor is not in the block.
pub(crate) fn outcome(letter: char) -> Option<Outcome> {
    match letter {
        'u' => Some(Outcome::Up),
        'g' => Some(Outcome::Degraded(Reason::Slow)),
        'd' => Some(Outcome::Down(Reason::Timeout)),
        's' => Some(Outcome::Down(Reason::Status)),
        '?' => Some(Outcome::Unknown(Reason::Network)),
        'b' => Some(Outcome::Blocked),
        _ => None,
    }
}

/// A block of these monitors and letters, written so many seconds after its slot began.
pub(crate) fn block(
    shard: u16,
    slot: Slot,
    region: &str,
    seconds: i64,
    letters: &[(MonitorId, char)],
) -> Block {
    let signal = |(id, letter): &(MonitorId, char)| {
        let outcome = outcome(*letter)?;
        let status = (outcome == Outcome::Down(Reason::Status)).then_some(503);
        let phases = Phases::default();
        Some(Signal {
            monitor: id.clone(),
            outcome,
            status,
            phases,
            certificate_days: None,
            metrics: Vec::new(),
        })
    };
    let written_at = slot.start() + seconds.seconds();
    let signals = letters.iter().filter_map(signal).collect();
    Block { shard: ShardId(shard), slot, region: region.parse().unwrap(), written_at, signals }
}

/// A record that cannot be read.
pub(crate) fn poison() -> Value {
    let keys = json!({"pk": {"S": "BLOCK#s0#2090-06-01"}, "sk": {"S": "00:00#us-east-1"}});
    json!({"eventID": "2", "eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": keys}})
}

impl Shop {
    pub(crate) fn of(monitors: impl IntoIterator<Item = Monitor>) -> Self {
        let shop = Self::default();
        shop.memory.add_monitors(monitors);
        shop
    }

    /// Hands records over, as the stream does.
    pub(crate) async fn tell(&self, records: Vec<Value>, now: Timestamp) -> anyhow::Result<()> {
        let memory = || self.memory.clone();
        let (monitors, signals, incidents) = (memory(), memory(), memory());
        let judge = Judge { monitors, signals, incidents, parked: self.parked.clone() };
        let event: StreamEvent = serde_json::from_value(json!({"Records": records}))?;
        let count = |slot: Slot, regions: &BTreeMap<Region, Blocks>| {
            let mut counted = self.counted.lock().unwrap();
            for (region, blocks) in regions {
                let counted = counted.entry(slot).or_default().entry(region.clone()).or_default();
                counted.expected += blocks.expected;
                counted.written += blocks.written;
            }
        };
        judge.handle(event, now, count).await
    }

    /// Puts a block.
    pub(crate) async fn put(&self, block: &Block) {
        assert!(self.memory.put_block(block).await.unwrap());
    }

    /// Puts a block and tells of it, five seconds after its slot began.
    pub(crate) async fn report(&self, block: &Block) {
        self.put(block).await;
        self.tell(vec![record(block)], block.slot.start() + 5.seconds()).await.unwrap();
    }

    /// Plays these monitors' letters in `us-east-1`, slot by slot from this one on; the blocks of the shards with lower
    /// numbers come first.
    pub(crate) async fn play_from(&self, first: i64, scripts: &[(&str, &str)]) {
        let mut shards: BTreeMap<u16, Vec<(MonitorId, Vec<char>)>> = BTreeMap::new();
        for (id, letters) in scripts {
            let id: MonitorId = id.parse().unwrap();
            shards.entry(id.shard().0).or_default().push((id, letters.chars().collect()));
        }
        let slots = scripts.iter().map(|(_, letters)| letters.chars().count()).max().unwrap_or(0);
        for n in 0..slots {
            for (shard, monitors) in &shards {
                let letter =
                    |(id, letters): &(MonitorId, Vec<char>)| (id.clone(), *letters.get(n).unwrap_or(&'.'));
                let letters: Vec<_> = monitors.iter().map(letter).collect();
                self.report(&block(*shard, slot(first + n as i64), "us-east-1", 3, &letters)).await;
            }
        }
    }

    /// Plays from the first slot on. Three slots of `up` go before: the very first slot is waited for longer.
    pub(crate) async fn play(&self, scripts: &[(&str, &str)]) {
        let before: Vec<_> = scripts.iter().map(|(id, _)| (*id, "uuu")).collect();
        self.play_from(-3, &before).await;
        self.play_from(0, scripts).await;
    }

    pub(crate) fn incidents(&self) -> Vec<Incident> {
        self.memory.tables().incidents.values().cloned().collect()
    }

    /// The one incident that there is.
    pub(crate) fn incident(&self) -> Incident {
        let incidents = self.incidents();
        assert_eq!(incidents.len(), 1, "{incidents:#?}");
        incidents[0].clone()
    }

    pub(crate) fn entry(&self, id: &str) -> MonitorState {
        let id: MonitorId = id.parse().unwrap();
        self.memory.tables().states[&id.shard()].monitors[&id].clone()
    }

    pub(crate) fn state(&self, id: &str) -> State {
        self.entry(id).state
    }

    /// Everything that `judge` writes.
    pub(crate) fn written(&self) -> (BTreeMap<ShardId, Mark>, BTreeMap<ShardId, ShardState>, Vec<Incident>) {
        let tables = self.memory.tables();
        (tables.folded.clone(), tables.states.clone(), tables.incidents.values().cloned().collect())
    }

    /// Forgets everything that `judge` has written, and folds all blocks anew.
    pub(crate) async fn replay(&self, now: Timestamp) {
        let blocks: BTreeMap<ShardId, Block> = {
            let mut tables = self.memory.tables();
            tables.folded.clear();
            tables.states.clear();
            tables.incidents.clear();
            tables.blocks.values().map(|block| (block.shard, block.clone())).collect()
        };
        self.tell(blocks.values().map(record).collect(), now).await.unwrap();
    }
}
