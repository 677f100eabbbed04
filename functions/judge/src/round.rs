//! What the folds of one invocation share: the shards' summaries, and configuration that is read once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shared::block::{Block, GRACE_SECONDS};
use shared::maintenance::Window;
use shared::monitor::{Monitor, Region, ShardId, ShardSummary};
use shared::schedule::Slot;
use shared::store::{ReadMaintenance, ReadMonitors, ReadShards, Result, Stored};
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// How much longer than [`GRACE_SECONDS`] a slot is waited for, in seconds: a block that was stamped in time may be put
/// a moment later.
const MARGIN_SECONDS: i64 = 10;

/// How long an invocation goes on catching up. The next block goes on with what is left.
const MAX_ROUND: Duration = Duration::from_secs(30);

/// What the folds of one invocation share.
#[derive(Debug)]
pub(crate) struct Round {
    /// When.
    pub(crate) now: Timestamp,
    started: Instant,
    shards: BTreeMap<ShardId, ShardSummary>,
    /// Of every shard; those of a parent are read once for all its children.
    monitors: BTreeMap<ShardId, OnceCell<Stored<Monitor>>>,
    windows: OnceCell<Vec<Window>>,
}

impl Round {
    pub(crate) async fn begin(
        store: &impl ReadShards,
        touched: &BTreeSet<ShardId>,
        now: Timestamp,
    ) -> Result<Self> {
        let started = Instant::now();
        let shards: BTreeMap<ShardId, ShardSummary> =
            store.shards().await?.into_iter().map(|summary| (summary.shard, summary)).collect();
        let monitors = touched.iter().chain(shards.keys()).map(|shard| (*shard, OnceCell::new())).collect();
        Ok(Self { now, started, shards, monitors, windows: OnceCell::new() })
    }

    /// The shards to fold: those touched, and those that waited for them.
    pub(crate) fn woken(&self, touched: &BTreeSet<ShardId>) -> BTreeSet<ShardId> {
        let waits = |summary: &&ShardSummary| summary.parents.iter().any(|parent| touched.contains(parent));
        let waiting = self.shards.values().filter(waits).map(|summary| summary.shard);
        waiting.chain(touched.iter().copied()).collect()
    }

    /// Whether the time is up that an invocation may take for catching up.
    pub(crate) fn is_over(&self) -> bool {
        self.started.elapsed() >= MAX_ROUND
    }

    /// The shards that parents of the shard's monitors live in, itself left out.
    pub(crate) fn parents(&self, shard: ShardId) -> &[ShardId] {
        self.shards.get(&shard).map_or(&[], |summary| &summary.parents)
    }

    /// Regions that a shard's blocks are expected from.
    pub(crate) fn regions(&self, shard: ShardId) -> &[Region] {
        self.shards.get(&shard).map_or(&[], |summary| &summary.regions)
    }

    /// Whether nothing is to be waited for any more in this slot.
    pub(crate) fn grace_is_over(&self, slot: Slot) -> bool {
        self.now.duration_since(slot.start()) >= SignedDuration::from_secs(GRACE_SECONDS + MARGIN_SECONDS)
    }

    /// How many of these slots are closed, from the first one on: every block has come that is expected, or the grace
    /// is over. The slots end with that of now.
    pub(crate) fn closed(
        &self,
        shard: ShardId,
        slots: RangeInclusive<Slot>,
        blocks: &BTreeMap<Slot, Vec<Block>>,
    ) -> i64 {
        let shards: Vec<ShardId> = [shard].iter().chain(self.parents(shard)).copied().collect();
        let complete = |slot: Slot| {
            let there = blocks.get(&slot).map_or(&[][..], Vec::as_slice);
            shards.iter().all(|shard| {
                let has = |region: &Region| there.iter().any(|block| block.is_of(*shard, region));
                self.regions(*shard).iter().all(has)
            })
        };
        let all = slots.start().minutes()..=slots.end().minutes();
        let open =
            all.clone().map(Slot::of_minutes).find(|slot| !self.grace_is_over(*slot) && !complete(*slot));
        open.map_or(all.end() + 1, Slot::minutes) - all.start()
    }

    /// The configuration of a shard's monitors.
    pub(crate) async fn monitors(
        &self,
        store: &impl ReadMonitors,
        shard: ShardId,
    ) -> Result<Option<&Stored<Monitor>>> {
        match self.monitors.get(&shard) {
            Some(cell) => cell.get_or_try_init(|| store.monitors(shard)).await.map(Some),
            None => Ok(None),
        }
    }

    /// The maintenance windows.
    pub(crate) async fn windows(&self, store: &impl ReadMaintenance) -> Result<&[Window]> {
        let read = async || {
            let windows = store.windows().await?;
            for broken in &windows.broken {
                tracing::warn!(
                    window = broken.id,
                    why = broken.why,
                    "a maintenance window is not valid: left out"
                );
            }
            Ok(windows.values)
        };
        self.windows.get_or_try_init(read).await.map(Vec::as_slice)
    }
}
