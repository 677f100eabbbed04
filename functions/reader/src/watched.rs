//! What is watched and what was found: monitors by shard, and the signals in blocks by monitor.

use std::collections::{BTreeSet, HashMap};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use shared::account::AccountId;
use shared::block::Block;
use shared::monitor::{Monitor, MonitorId, Region, ShardId, ShardSummary};
use shared::schedule::Slot;
use shared::session::Session;
use shared::signal::Signal;
use shared::store::{Broken, ReadMonitors, ReadShards, ReadSignals, Result, StoreError, Stored};

/// Shards that are read at once. A day of a full shard is about 3 MB as text and 20 MB as signals.
pub(crate) const SHARDS_AT_ONCE: usize = 4;

/// The monitors of the account that `wanted` lets through, by shard; shards without any are left out. So are monitors
/// that are not, or no longer, valid: nobody knows whether they are public.
pub(crate) async fn monitors<M: ReadShards + ReadMonitors>(
    store: &M,
    account: &AccountId,
    wanted: impl Fn(&Monitor) -> bool,
) -> Result<Vec<(ShardId, Vec<Monitor>)>> {
    let shards = store.shards().await?;
    let shards = shards.into_iter().filter(|summary| may_hold(summary, account)).map(|summary| summary.shard);
    of_shards(store, shards.collect(), wanted).await
}

/// Whether the shard may hold monitors of this account: those of guests share none with the installation's own.
pub(crate) fn may_hold(summary: &ShardSummary, account: &AccountId) -> bool {
    summary.count > 0 && summary.is_of_guests() != account.is_home()
}

/// The same of these shards.
pub(crate) async fn of_shards<M: ReadMonitors>(
    store: &M,
    shards: BTreeSet<ShardId>,
    wanted: impl Fn(&Monitor) -> bool,
) -> Result<Vec<(ShardId, Vec<Monitor>)>> {
    let found: Vec<(ShardId, Stored<Monitor>)> = stream::iter(shards)
        .map(|shard| async move { Ok((shard, store.monitors(shard).await?)) })
        .buffered(SHARDS_AT_ONCE)
        .try_collect()
        .await?;
    warn_of_broken("monitors", found.iter().flat_map(|(_, stored)| &stored.broken));
    let of_shard = |(shard, stored): (ShardId, Stored<Monitor>)| {
        let monitors: Vec<Monitor> = stored.values.into_iter().filter(|monitor| wanted(monitor)).collect();
        (shard, monitors)
    };
    Ok(found.into_iter().map(of_shard).filter(|(_, monitors)| !monitors.is_empty()).collect())
}

/// Whether somebody without a key sees this monitor: of accounts other than the installation's own nobody else does.
pub(crate) fn is_for_anybody(monitor: &Monitor) -> bool {
    monitor.public && monitor.account.is_home()
}

/// Whether the holder of this session, or somebody without one, sees this monitor.
pub(crate) fn is_for(session: Option<&Session>, monitor: &Monitor) -> bool {
    session.map_or_else(|| is_for_anybody(monitor), |session| monitor.account == session.account)
}

/// A stored text that cannot be read must not hide the others: it is said in the log, and left out.
pub(crate) fn readable<T>(read: Result<Option<T>>) -> Result<Option<T>> {
    match read {
        Err(error @ StoreError::Broken(_)) => {
            tracing::error!(%error, "left out of an answer");
            Ok(None)
        }
        read => read,
    }
}

/// Says once in the log what was left out, by id alone: what is wrong with it may quote a secret.
pub(crate) fn warn_of_broken<'a>(what: &'static str, broken: impl Iterator<Item = &'a Broken>) {
    let ids: Vec<&str> = broken.map(|broken| broken.id.as_str()).collect();
    if !ids.is_empty() {
        let first = ids.iter().take(10).copied().collect::<Vec<_>>().join(" ");
        tracing::warn!(what, count = ids.len(), first, "left out what is not valid");
    }
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
    /// Seen from where.
    pub(crate) region: &'a Region,
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
            let (slot, region, written_at) = (block.slot, &block.region, block.written_at);
            found.entry(&signal.monitor).or_default().push(Found { slot, region, written_at, signal });
        }
    }
    found
}
