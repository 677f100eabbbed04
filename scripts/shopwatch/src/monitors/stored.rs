//! What the table holds.

use std::collections::HashMap;

use anyhow::anyhow;
use shared::monitor::{Monitor, MonitorName, ShardSummary};
use shared::store::{Broken, ReadMonitors, ReadShards, StoreError};

/// A shard as it is stored.
#[derive(Debug, Clone)]
pub struct StoredShard {
    /// Its summary, read before its monitors: a change in between makes the summary's version stale.
    pub summary: ShardSummary,
    /// Its monitors.
    pub monitors: Vec<Monitor>,
    /// Those of its monitors that cannot be read, as far as they can be.
    pub broken: Vec<Broken>,
}

/// Every shard with its monitors.
///
/// # Errors
/// When the table does not answer.
pub async fn stored(store: &(impl ReadShards + ReadMonitors)) -> Result<Vec<StoredShard>, StoreError> {
    let mut shards = Vec::new();
    for summary in store.shards().await? {
        let found = store.monitors(summary.shard).await?;
        shards.push(StoredShard { summary, monitors: found.values, broken: found.broken });
    }
    Ok(shards)
}

/// The shards that are not guests': theirs are nobody else's to see.
pub fn own(shards: Vec<StoredShard>) -> Vec<StoredShard> {
    shards.into_iter().filter(|shard| !shard.summary.is_of_guests()).collect()
}

/// The installation's own monitors by name: those of other accounts are nobody else's to name. Should a name be stored
/// twice, the monitor with the lower id is meant.
pub(crate) fn by_name(shards: &[StoredShard]) -> HashMap<&MonitorName, &Monitor> {
    let mut known: HashMap<&MonitorName, &Monitor> = HashMap::new();
    let all = shards.iter().flat_map(|shard| &shard.monitors);
    for monitor in all.filter(|monitor| monitor.account.is_home()) {
        let kept = known.entry(&monitor.name).or_insert(monitor);
        if monitor.id < kept.id {
            *kept = monitor;
        }
    }
    known
}

/// The monitor of this name.
///
/// # Errors
/// When there is none.
pub fn named<'a>(shards: &'a [StoredShard], name: &str) -> anyhow::Result<&'a Monitor> {
    let parsed: MonitorName = name.parse()?;
    let found = by_name(shards).remove(&parsed);
    found.ok_or_else(|| anyhow!("no monitor has the name {name:?}: see `shopwatch monitors list`"))
}
