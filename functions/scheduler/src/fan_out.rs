//! The fan-out: one invocation of `ping` per shard and region.

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use shared::schedule::{PingRequest, Slot};
use shared::store::ReadShards;
use tracing::{error, info};

use crate::event::Scheduled;
use crate::invoke::InvokePing;

/// Invocations under way at once.
const MAX_CONCURRENT: usize = 32;

/// What an invocation works with.
pub struct Scheduler<S, P> {
    /// The shards' summaries.
    pub shards: S,
    /// Reaches `ping`.
    pub ping: P,
}

impl<S: ReadShards, P: InvokePing> Scheduler<S, P> {
    /// Invokes `ping` for the event's slot, for every shard and region. `count` takes the metrics of the slot: how many
    /// blocks are to be expected, and a zero for those written, so that both series have a point each minute.
    ///
    /// # Errors
    /// When the event or the summaries cannot be read, or any invocation failed. The others have been made then;
    /// doing all again is harmless, because a block is put once.
    pub async fn handle(
        &self,
        event: &Scheduled,
        now: Timestamp,
        count: impl Fn(Slot, &[(&str, u64)]),
    ) -> anyhow::Result<()> {
        let slot = event.slot(now)?;
        let shards = self.shards.shards().await.context("reading the shards' summaries")?;
        let wanted: Vec<_> = shards
            .iter()
            .flat_map(|summary| summary.regions.iter().map(|region| (summary.shard, region)))
            .collect();
        // Before the invocations: a block that nobody could be asked for is missing all the same.
        count(slot, &[("BlocksExpected", u64::try_from(wanted.len())?), ("BlocksWritten", 0)]);
        let invocations = wanted.iter().map(async |&(shard, region)| {
            let invoked = self.ping.invoke(region, &PingRequest { shard, slot }).await;
            if let Err(cause) = &invoked {
                error!(%shard, %region, %slot, "ping was not invoked: {cause:#}");
            }
            invoked.is_ok()
        });
        let invoked = stream::iter(invocations)
            .buffer_unordered(MAX_CONCURRENT)
            .filter(|ok| std::future::ready(*ok))
            .count()
            .await;
        info!(%slot, shards = shards.len(), expected = wanted.len(), invoked, "asked for blocks");
        ensure!(invoked == wanted.len(), "{} of {} invocations failed", wanted.len() - invoked, wanted.len());
        Ok(())
    }
}
