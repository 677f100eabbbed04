//! Brings the stored monitors to what a file wants, and says what was done.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

use anyhow::Context as _;
use rand::Rng;
use shared::monitor::{Monitor, MonitorId, Region};
use shared::store::{ReadMonitors, ReadShards, StoreError, WriteMonitors};

use super::plan::{Difference, Outcome, StoredShard, plan};
use super::{Plan, Wanted};
use crate::table::Table;

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
}

/// Every shard with its monitors.
///
/// # Errors
/// When the table does not answer.
pub async fn stored(store: &(impl ReadShards + ReadMonitors)) -> Result<Vec<StoredShard>, StoreError> {
    let mut shards = Vec::new();
    for summary in store.shards().await? {
        let monitors = store.monitors(summary.shard).await?;
        shards.push(StoredShard { summary, monitors });
    }
    Ok(shards)
}

/// Creates and changes monitors until the store holds what is wanted. When somebody else changes a shard
/// meanwhile, it is read and planned again.
///
/// # Errors
/// When the table does not answer, when there is no room, or when others keep changing the same shards. What was
/// written until then stays: applying again goes on from there.
pub async fn apply(
    store: &(impl ReadShards + ReadMonitors + WriteMonitors),
    wanted: &[Wanted],
    region: &Region,
    rng: &mut impl Rng,
) -> anyhow::Result<Applied> {
    let mut done = HashMap::new();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let plan = plan(wanted, &stored(store).await?, region, rng)?;
        match write(store, &plan, &mut done).await {
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
    plan: &Plan,
    done: &mut HashMap<MonitorId, Difference>,
) -> Result<(), StoreError> {
    for change in &plan.changes {
        store.change(change).await?;
        for outcome in &plan.outcomes {
            let here = outcome.monitor.id.shard() == change.summary.shard;
            if here && outcome.difference != Difference::Unchanged {
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
    Applied { outcomes, unnamed: plan.unnamed }
}

/// Prints a line for each monitor of the file, then a summary.
///
/// # Errors
/// When `out` cannot be written.
pub fn report(applied: &Applied, out: &mut impl Write) -> io::Result<()> {
    let (mut created, mut changed) = (0, 0);
    for Outcome { monitor, difference } in &applied.outcomes {
        let (verb, what) = match difference {
            Difference::Created => ("+ created  ", None),
            Difference::Changed(what) => ("~ changed  ", Some(what)),
            Difference::Unchanged => ("= unchanged", None),
        };
        created += usize::from(*difference == Difference::Created);
        changed += usize::from(what.is_some());
        write!(out, "{verb}  {}  {}", monitor.id, monitor.name)?;
        if let Some(what) = what {
            write!(out, ": {what}")?;
        }
        let note = if monitor.public { "" } else { "  (private: not on the status page)" };
        writeln!(out, "{note}")?;
    }
    let total = applied.outcomes.len();
    let unchanged = total - created - changed;
    writeln!(out, "done: {created} created, {changed} changed, {unchanged} unchanged")?;
    if !applied.unnamed.is_empty() {
        writeln!(out, "not in the file, left as they are:")?;
        for monitor in &applied.unnamed {
            writeln!(out, "  {}  {}", monitor.id, monitor.name)?;
        }
    }
    Ok(())
}

/// Prints every monitor.
///
/// # Errors
/// When `out` cannot be written.
pub fn list(shards: &[StoredShard], out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new(["ID", "NAME", "URL", "INTERVAL", "PUBLIC"]);
    for monitor in shards.iter().flat_map(|shard| &shard.monitors) {
        table.row([
            monitor.id.to_string(),
            monitor.name.to_string(),
            monitor.url.to_string(),
            format!("{} min", monitor.interval_minutes.minutes()),
            if monitor.public { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table.print(out)
}
