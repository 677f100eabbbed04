//! The invocation: which shards the event touches, what is put aside, what is counted.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use shared::block::Block;
use shared::monitor::{Region, ShardId};
use shared::schedule::Slot;
use shared::store::{
    ReadIncidents, ReadMaintenance, ReadMonitors, ReadShards, ReadSignals, ReadStates, ReadUpdates,
    StoreError, WriteJudgement,
};
use tracing::error;

use crate::event::{Found, StreamEvent};
use crate::park::{Park, Poison};
use crate::round::Round;

/// Shards that are folded at once.
const MAX_CONCURRENT: usize = 8;

/// What an invocation works with.
#[derive(Debug, Clone)]
pub struct Judge<M, S, I, P> {
    /// Monitors, maintenance windows, and what people add to incidents.
    pub monitors: M,
    /// Blocks; read as they are after every write that is over.
    pub signals: S,
    /// States and incidents.
    pub incidents: I,
    /// Takes records that cannot be read.
    pub parked: P,
}

/// Blocks of a slot and region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Blocks {
    /// One of each shard that was folded and is checked from there.
    pub expected: u64,
    /// Those that were there in time.
    pub written: u64,
}

/// The blocks of each slot and region, of the slots that were folded.
#[derive(Debug, Default)]
pub struct Counts(BTreeMap<Slot, BTreeMap<Region, Blocks>>);

impl Counts {
    /// Counts a slot of a shard: the blocks that are there of those expected.
    pub(crate) fn add(&mut self, slot: Slot, shard: ShardId, expected: &[Region], there: &[&Block]) {
        for region in expected {
            let has = there.iter().any(|block| block.is_of(shard, region));
            self.of(slot, region.clone()).expected += 1;
            self.of(slot, region.clone()).written += u64::from(has);
        }
    }

    fn of(&mut self, slot: Slot, region: Region) -> &mut Blocks {
        self.0.entry(slot).or_default().entry(region).or_default()
    }

    fn merge(&mut self, other: Self) {
        for (slot, regions) in other.0 {
            for (region, blocks) in regions {
                let counted = self.of(slot, region);
                counted.expected += blocks.expected;
                counted.written += blocks.written;
            }
        }
    }
}

impl<M, S, I, P> Judge<M, S, I, P>
where
    M: ReadShards + ReadMonitors + ReadMaintenance + ReadUpdates,
    S: ReadSignals,
    I: ReadStates + ReadIncidents + WriteJudgement,
    P: Park,
{
    /// Folds the shards that the event touches, and those that waited for them. `count` takes, once for each slot that
    /// was folded and had any block, how many blocks of each region were expected and came in time: for the log alone.
    ///
    /// # Errors
    /// When a record could not be put aside or a shard could not be folded, after everything else is done: the stream
    /// hands the event over again, and what is done already changes nothing then.
    pub async fn handle(
        &self,
        event: StreamEvent,
        now: Timestamp,
        count: impl Fn(Slot, &BTreeMap<Region, Blocks>),
    ) -> anyhow::Result<()> {
        let (mut touched, mut poison) = (BTreeSet::new(), Vec::new());
        for found in event.found() {
            match found {
                Found::Block(block) => drop(touched.insert(block.shard)),
                Found::Poison(found) => poison.push(found),
                Found::Other => {}
            }
        }
        let not_parked = self.park(&poison).await;
        let (counts, not_folded) = self.fold_touched(&touched, now).await?;
        for (slot, regions) in
            counts.0.iter().filter(|(_, regions)| regions.values().any(|blocks| blocks.written > 0))
        {
            count(*slot, regions);
        }
        ensure!(
            not_parked + not_folded == 0,
            "{not_parked} records were not put aside, {not_folded} shards not folded"
        );
        Ok(())
    }

    /// Puts records aside; answers how many could not be.
    async fn park(&self, poison: &[Poison]) -> usize {
        let parking = poison.iter().map(async |poison| {
            error!(
                pk = poison.pk,
                sk = poison.sk,
                reason = poison.reason,
                "a record cannot be read: put aside"
            );
            self.parked.park(poison).await.inspect_err(|cause| error!("{cause:#}")).is_err()
        });
        stream::iter(parking)
            .buffer_unordered(MAX_CONCURRENT)
            .filter(|failed| std::future::ready(*failed))
            .count()
            .await
    }

    /// Folds these shards and those that waited for them; answers how many could not be.
    async fn fold_touched(
        &self,
        touched: &BTreeSet<ShardId>,
        now: Timestamp,
    ) -> anyhow::Result<(Counts, usize)> {
        let (mut counts, mut failed) = (Counts::default(), 0);
        if touched.is_empty() {
            return Ok((counts, failed));
        }
        let round =
            Round::begin(&self.monitors, touched, now).await.context("reading the shards' summaries")?;
        let folding = round.woken(touched).into_iter().map(async |shard| {
            let mut counts = Counts::default();
            let folded = self.fold(&round, shard, &mut counts).await;
            let folded = folded.inspect_err(|cause| error!(%shard, %cause, "a shard was not folded"));
            // What cannot be read today cannot be read in a minute: it must not hold up the other shards. Its mark
            // stands still, so that the dead man's switch has somebody come to look.
            (counts, matches!(folded, Err(StoreError::Conflict(_) | StoreError::Unavailable { .. })))
        });
        let mut folding = stream::iter(folding).buffer_unordered(MAX_CONCURRENT);
        while let Some((of_shard, not_folded)) = folding.next().await {
            counts.merge(of_shard);
            failed += usize::from(not_folded);
        }
        Ok((counts, failed))
    }
}
