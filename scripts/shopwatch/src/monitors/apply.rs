//! Brings the stored monitors to what a file wants.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use rand::Rng;
use shared::monitor::{Monitor, MonitorId, MonitorName, Region};
use shared::schedule::Slot;
use shared::store::{
    Broken, ReadCredentials, ReadMonitors, ReadShards, StoreError, WriteCredentials, WriteMonitors,
};

use super::plan::plan;
use super::{Difference, Outcome, Plan, Wanted, credentials, stored};

/// Attempts to apply a file while somebody else changes monitors too.
const ATTEMPTS: u32 = 6;

/// Pause after the first conflict; each further one is a pause longer.
const PAUSE: Duration = Duration::from_millis(100);

/// What `apply` did.
#[derive(Debug, Clone)]
pub struct Applied {
    /// What became of each monitor of the file, in the file's order.
    pub outcomes: Vec<Outcome>,
    /// Monitors that exist and that the file does not name.
    pub unnamed: Vec<Monitor>,
    /// Monitors that exist and cannot be read.
    pub broken: Vec<Broken>,
}

impl Applied {
    /// Whether something that the file wants was refused.
    pub fn is_incomplete(&self) -> bool {
        self.outcomes.iter().any(|outcome| matches!(outcome.difference, Difference::Refused(_)))
    }
}

/// Creates and changes monitors until the store holds what is wanted. When somebody else changes a shard
/// meanwhile, it is read and planned again.
///
/// # Errors
/// When a table does not answer, when monitors depend on what they cannot, when there is no room, or when others keep
/// changing the same shards. What was written until then stays: applying again goes on from there.
pub async fn apply(
    store: &(impl ReadShards + ReadMonitors + WriteMonitors),
    secrets: &(impl ReadCredentials + WriteCredentials),
    wanted: &[Wanted],
    home: &Region,
    rng: &mut impl Rng,
) -> anyhow::Result<Applied> {
    let mut done = HashMap::new();
    // Credentials that were stored, and whose monitor must still follow: what is stored tells no longer.
    let mut owed = HashSet::new();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let shards = stored(store).await?;
        let mut renewed = credentials::renewed(secrets, wanted, &shards).await?;
        renewed.extend(owed.iter().cloned());
        let plan = plan(wanted, &shards, home, &renewed, Slot::containing(Timestamp::now()), rng)?;
        match write(store, secrets, wanted, &plan, &renewed, &mut owed, &mut done).await {
            Ok(()) => return Ok(applied(plan, &done)),
            Err(StoreError::Conflict(_)) if attempt < ATTEMPTS => {
                tokio::time::sleep(PAUSE * attempt + PAUSE.mul_f64(rng.random())).await;
            }
            Err(error) => {
                let context = format!("{} monitors were written before; apply again to go on", done.len());
                return Err(error).context(context);
            }
        }
    }
}

/// Applies the changes of a plan, one shard after the other in ascending order: two commands at once then meet at
/// the first shard, and the later one plans again.
async fn write(
    store: &impl WriteMonitors,
    secrets: &impl WriteCredentials,
    wanted: &[Wanted],
    plan: &Plan,
    renewed: &HashSet<MonitorName>,
    owed: &mut HashSet<MonitorName>,
    done: &mut HashMap<MonitorId, Difference>,
) -> Result<(), StoreError> {
    for change in &plan.changes {
        let is_here = |id: &MonitorId| id.shard() == change.summary.shard;
        let here: Vec<&Outcome> =
            plan.outcomes.iter().filter(|outcome| is_here(&outcome.monitor.id)).collect();
        owed.extend(
            here.iter().map(|outcome| &outcome.monitor.name).filter(|name| renewed.contains(*name)).cloned(),
        );
        credentials::put(secrets, wanted, &plan.outcomes, renewed, is_here).await?;
        store.change(change).await?;
        for outcome in here {
            owed.remove(&outcome.monitor.name);
            if outcome.difference != Difference::Unchanged {
                done.insert(outcome.monitor.id.clone(), outcome.difference.clone());
            }
        }
    }
    Ok(())
}

/// What was done, over all attempts: what an earlier one wrote, the last one found unchanged.
fn applied(plan: Plan, done: &HashMap<MonitorId, Difference>) -> Applied {
    let mut outcomes = plan.outcomes;
    for outcome in &mut outcomes {
        if let Some(difference) = done.get(&outcome.monitor.id) {
            outcome.difference = difference.clone();
        }
    }
    Applied { outcomes, unnamed: plan.unnamed, broken: plan.broken }
}
