//! What is watched and what was found: monitors by shard, and the signals in blocks by monitor.

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use shared::block::Block;
use shared::monitor::{Monitor, MonitorId, ShardId};
use shared::schedule::Slot;
use shared::signal::Signal;
use shared::store::{ReadMonitors, ReadShards, ReadSignals, Result};

/// Shards that are read at once. A day of a full shard is about 3 MB as text and 20 MB as signals.
const SHARDS_AT_ONCE: usize = 4;

/// The monitors that `wanted` lets through, by shard; shards without any are left out.
pub(crate) async fn monitors<M: ReadShards + ReadMonitors>(
    store: &M,
    wanted: impl Fn(&Monitor) -> bool,
) -> Result<Vec<(ShardId, Vec<Monitor>)>> {
    let shards = store.shards().await?;
    let mut found: Vec<(ShardId, Vec<Monitor>)> =
        stream::iter(shards.into_iter().filter(|summary| summary.count > 0))
            .map(|summary| async move {
                let monitors = store.monitors(summary.shard).await?;
                Ok((summary.shard, monitors))
            })
            .buffered(SHARDS_AT_ONCE)
            .try_collect()
            .await?;
    for (_, monitors) in &mut found {
        monitors.retain(&wanted);
    }
    found.retain(|(_, monitors)| !monitors.is_empty());
    Ok(found)
}

/// Reads the blocks of each shard from its first slot to the last, and makes something of each shard's.
pub(crate) async fn each_shard<S: ReadSignals, T>(
    store: &S,
    shards: Vec<(ShardId, Slot, Vec<Monitor>)>,
    last: Slot,
    make: impl Fn(Vec<Monitor>, &[Block]) -> T,
) -> Result<Vec<T>> {
    let make = &make;
    stream::iter(shards)
        .map(|(shard, first, monitors)| async move {
            let blocks = store.blocks(shard, first..=last).await?;
            Ok(make(monitors, &blocks))
        })
        .buffered(SHARDS_AT_ONCE)
        .try_collect()
        .await
}

/// One signal and where it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    /// Of which minute.
    pub(crate) slot: Slot,
    /// When it was recorded.
    pub(crate) written_at: Timestamp,
    /// What the check found.
    pub(crate) signal: &'a Signal,
}

/// The signals of each monitor, in the order of the blocks.
pub(crate) fn by_monitor(blocks: &[Block]) -> HashMap<&MonitorId, Vec<Found<'_>>> {
    let mut found: HashMap<&MonitorId, Vec<Found<'_>>> = HashMap::new();
    for block in blocks {
        for signal in &block.signals {
            let (slot, written_at) = (block.slot, block.written_at);
            found.entry(&signal.monitor).or_default().push(Found { slot, written_at, signal });
        }
    }
    found
}
