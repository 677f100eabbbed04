//! A shard changes as a whole: it is read, changed, and written if nobody has changed it meanwhile; if somebody has, all
//! of it again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use http::StatusCode;
use shared::credentials::{Credentials, CredentialsId};
use shared::http_frame::Failure;
use shared::monitor::{Monitor, MonitorId, ShardId, ShardSummary};
use shared::problem::Problem;
use shared::schedule::Slot;
use shared::store::{
    ReadMonitors as _, ReadShards as _, ShardChange, StoreError, WriteCredentials as _, WriteMonitors as _,
};

use super::{Desk, Parts};
use crate::auth::Gate;
use crate::auth::caller::Caller;

/// Attempts at one change while others change the same shard.
const ATTEMPTS: u32 = 6;

/// Pause after the first conflict; each further one is a pause longer.
const PAUSE: Duration = Duration::from_millis(60);

/// What [`Failure`]s are called that tell of a shard with a monitor that cannot be read.
pub(super) const UNREADABLE: &str = "unreadable";

/// The monitors of a shard, by id.
pub(super) type OfShard = BTreeMap<MonitorId, Monitor>;

/// What has been made of a shard.
pub(super) struct Edited<T> {
    pub(super) value: T,
    /// Credentials that have to be there before the monitors are.
    pub(super) credentials: Vec<(CredentialsId, Credentials)>,
}

impl<T> Edited<T> {
    pub(super) fn of(value: T) -> Self {
        Self { value, credentials: Vec::new() }
    }
}

impl<D: Parts> Desk<D> {
    /// Changes the monitors of a shard by `edit`, which may be called several times; versions are seen to here. `action`
    /// is what the audit calls it. Credentials that were stored for a change that is refused are deleted again.
    pub(super) async fn edit<T: Send>(
        &self,
        caller: &Caller,
        shard: ShardId,
        action: &str,
        edit: impl Fn(&mut OfShard) -> Result<Edited<T>, Failure> + Send + Sync,
    ) -> Result<T, Failure> {
        let mut written = BTreeSet::new();
        let done = self.attempts(caller, shard, action, edit, &mut written).await;
        self.delete_credentials(written).await;
        done
    }

    /// `written` are then the credentials that were stored and that no monitor names.
    async fn attempts<T: Send>(
        &self,
        caller: &Caller,
        shard: ShardId,
        action: &str,
        edit: impl Fn(&mut OfShard) -> Result<Edited<T>, Failure> + Send + Sync,
        written: &mut BTreeSet<CredentialsId>,
    ) -> Result<T, Failure> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            // Before its monitors: a change in between makes the summary's version stale.
            let summary = self.monitors.shards().await?.into_iter().find(|there| there.shard == shard);
            let stored = self.monitors.monitors(shard).await?;
            if let Some(broken) = stored.broken.first() {
                let detail = format!("shard {shard} holds {}, which cannot be read", broken.id);
                return Err(Problem::new(StatusCode::CONFLICT, UNREADABLE, detail).into());
            }
            let before: OfShard = stored.values.into_iter().map(|m| (m.id.clone(), m)).collect();
            let mut after = before.clone();
            let edited = edit(&mut after)?;
            let Some(change) = difference(shard, summary, &before, after, Slot::containing(caller.now))
            else {
                return Ok(edited.value);
            };
            self.gate.note(&caller.entry(action, shard, [("monitors", ids(&change))])).await?;
            // A check must never go without what it needs.
            for (id, credentials) in &edited.credentials {
                if written.insert(id.clone()) {
                    self.secrets.put_credentials(id, credentials).await?;
                }
            }
            let made = self.monitors.change(&change).await;
            if !matches!(made, Err(StoreError::Conflict(_))) {
                // They are in use now. Or nobody knows: better credentials that nobody reads than a check without.
                for (id, _) in &edited.credentials {
                    written.remove(id);
                }
            }
            match made {
                Ok(()) => return Ok(edited.value),
                Err(StoreError::Conflict(_)) if attempt < ATTEMPTS => {
                    tokio::time::sleep(PAUSE * attempt + PAUSE.mul_f64(rand::random())).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Deletes credentials that no monitor names. Those that cannot be are left, and said in the log: nobody reads them.
    pub(super) async fn delete_credentials(
        &self,
        ids: impl IntoIterator<Item = CredentialsId, IntoIter: Send> + Send,
    ) {
        for id in ids {
            if let Err(error) = self.secrets.delete_credentials(&id).await {
                tracing::error!(monitor = %id.monitor, %error, "credentials are left that nobody reads");
            }
        }
    }
}

/// The change from these monitors to those; nothing where they are the same.
fn difference(
    shard: ShardId,
    summary: Option<ShardSummary>,
    before: &OfShard,
    mut after: OfShard,
    now: Slot,
) -> Option<ShardChange> {
    let mut put = Vec::new();
    for (id, monitor) in &mut after {
        let there = before.get(id);
        if there == Some(monitor) {
            continue;
        }
        monitor.version = there.map_or(1, |there| there.version.saturating_add(1));
        put.push(monitor.clone());
    }
    let gone = before.iter().filter(|(id, _)| !after.contains_key(*id));
    let delete: Vec<(MonitorId, u64)> = gone.map(|(id, there)| (id.clone(), there.version)).collect();
    if put.is_empty() && delete.is_empty() {
        return None;
    }
    let all: Vec<Monitor> = after.into_values().collect();
    let (version, since) = summary.map_or((0, now), |there| (there.version, there.since));
    Some(ShardChange {
        put,
        delete,
        summary: ShardSummary::of(shard, &all, version.saturating_add(1), since),
    })
}

fn ids(change: &ShardChange) -> String {
    let put = change.put.iter().map(|monitor| &monitor.id);
    let ids = put.chain(change.delete.iter().map(|(id, _)| id)).map(MonitorId::to_string);
    ids.collect::<Vec<_>>().join(" ")
}
