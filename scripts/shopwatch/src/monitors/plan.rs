//! From what a file wants and what is stored to the changes of each shard: a pure function.

use std::collections::{BTreeMap, HashMap, HashSet};

use rand::Rng;
use shared::monitor::{Monitor, MonitorId, MonitorName, Region, SHARD_LIMIT, ShardId, ShardSummary};
use shared::schedule::Slot;
use shared::store::{Broken, ShardChange};

use super::dependencies::parents_of;
use super::difference::changes;
use super::stored::{by_name, own};
use super::{Difference, StoredShard, Wanted};
use crate::yaml::Problems;

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// One change for each shard that changes, by shard.
    pub changes: Vec<ShardChange>,
    /// What becomes of each monitor of the file, in the file's order.
    pub outcomes: Vec<Outcome>,
    /// Monitors that are stored and that the file does not name.
    pub unnamed: Vec<Monitor>,
    /// Monitors that are stored and cannot be read: left as they are.
    pub broken: Vec<Broken>,
}

/// What becomes of one monitor of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The monitor as it is afterwards.
    pub monitor: Monitor,
    /// How it differs from what was stored.
    pub difference: Difference,
}

/// Why there is no plan.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// More shards than ids: 65,536 × 96 monitors.
    #[error("there is no room for another shard: expected at most 65536 shards")]
    NoRoom,
    /// Monitors depend on none, or on themselves.
    #[error("{0}")]
    Dependencies(Problems),
}

/// Plans the way from `stored` to `wanted`, whose names are unique. Monitors that exist keep their id and shard; new
/// ones go to the first shard with room. Nothing is deleted, and a shard that holds a broken monitor is not changed:
/// its summary cannot be known. `home` is the stack's own region; `renewed` has the names of those monitors whose
/// credentials are other ones than before; shards are opened `now`.
///
/// # Errors
/// When no shard has room and there is no id left for another, or when monitors depend on what they cannot.
pub fn plan(
    wanted: &[Wanted],
    stored: &[StoredShard],
    home: &Region,
    renewed: &HashSet<MonitorName>,
    now: Slot,
    rng: &mut impl Rng,
) -> Result<Plan, PlanError> {
    let mut shards = Shards::of(stored);
    let known = by_name(stored);
    let mut ids: HashMap<&MonitorName, MonitorId> =
        known.iter().map(|(name, monitor)| (*name, monitor.id.clone())).collect();
    for wanted in wanted {
        if !known.contains_key(&wanted.name) {
            ids.insert(&wanted.name, shards.new_id(rng)?);
        }
    }
    let parents = parents_of(wanted, stored, &ids).map_err(PlanError::Dependencies)?;
    let mut outcomes = Vec::with_capacity(wanted.len());
    for (wanted, parents) in wanted.iter().zip(parents) {
        // Every name of the file got an id above.
        let Some(id) = ids.get(&wanted.name) else { continue };
        let outcome = match known.get(&wanted.name) {
            Some(stored) => shards.updated(stored, wanted, parents, home, renewed.contains(&wanted.name)),
            None => {
                let monitor = wanted.monitor(id.clone(), home, parents, 1);
                shards.put(&monitor);
                Outcome { monitor, difference: Difference::Created }
            }
        };
        outcomes.push(outcome);
    }
    let named: HashSet<&MonitorId> = outcomes.iter().map(|outcome| &outcome.monitor.id).collect();
    let unnamed = own(stored).filter(|monitor| !named.contains(&monitor.id)).cloned().collect();
    let broken = stored.iter().flat_map(|shard| shard.broken.iter().cloned()).collect();
    Ok(Plan { changes: shards.changes(now), outcomes, unnamed, broken })
}

/// The shards as they will be.
struct Shards(BTreeMap<ShardId, Shard>);

#[derive(Default)]
struct Shard {
    /// Of the stored summary; 0 for a new shard.
    version: u64,
    /// When it was opened; nothing for a new shard.
    since: Option<Slot>,
    /// How many monitors it has then: the taken ids of those that are not put yet too.
    count: usize,
    taken: HashSet<MonitorId>,
    monitors: BTreeMap<MonitorId, Monitor>,
    /// The id of a monitor that cannot be read.
    broken: Option<String>,
    put: Vec<MonitorId>,
}

impl Shards {
    fn of(stored: &[StoredShard]) -> Self {
        let shard = |stored: &StoredShard| Shard {
            version: stored.summary.version,
            since: Some(stored.summary.since),
            count: stored.monitors.len(),
            taken: stored.monitors.iter().map(|monitor| monitor.id.clone()).collect(),
            monitors: stored.monitors.iter().map(|monitor| (monitor.id.clone(), monitor.clone())).collect(),
            broken: stored.broken.first().map(|broken| broken.id.clone()),
            put: Vec::new(),
        };
        Self(stored.iter().map(|stored| (stored.summary.shard, shard(stored))).collect())
    }

    /// An id that nobody has, in the first shard with room; opens a shard when all are full.
    fn new_id(&mut self, rng: &mut impl Rng) -> Result<MonitorId, PlanError> {
        let with_room = self.0.iter().find(|(_, shard)| shard.count < SHARD_LIMIT && shard.broken.is_none());
        let id = match with_room {
            Some((id, _)) => *id,
            None => {
                (0..=u16::MAX).map(ShardId).find(|id| !self.0.contains_key(id)).ok_or(PlanError::NoRoom)?
            }
        };
        let shard = self.0.entry(id).or_default();
        shard.count += 1;
        // At most 95 of 36^6 ids are taken: the first draw is nearly always the last.
        loop {
            let id = MonitorId::random(id, rng);
            if shard.taken.insert(id.clone()) {
                return Ok(id);
            }
        }
    }

    /// Makes a stored monitor what the file wants, if it is not.
    fn updated(
        &mut self,
        stored: &Monitor,
        wanted: &Wanted,
        parents: Vec<MonitorId>,
        home: &Region,
        renewed: bool,
    ) -> Outcome {
        // No file says whose it is, nor what was hidden of it.
        let same = Monitor {
            account: stored.account.clone(),
            hidden_before: stored.hidden_before,
            ..wanted.monitor(stored.id.clone(), home, parents, stored.version)
        };
        let mut changes = changes(stored, &same);
        if renewed && !changes.iter().any(|change| change == "credentials") {
            changes.push("credentials".to_owned());
        }
        if changes.is_empty() {
            return Outcome { monitor: same, difference: Difference::Unchanged };
        }
        let shard = stored.id.shard();
        if let Some(broken) = self.0.get(&shard).and_then(|shard| shard.broken.as_ref()) {
            let why = format!("shard {shard} holds {broken}, which cannot be read");
            return Outcome { monitor: stored.clone(), difference: Difference::Refused(why) };
        }
        let monitor = Monitor { version: stored.version + 1, ..same };
        self.put(&monitor);
        Outcome { monitor, difference: Difference::Changed(changes.join(", ")) }
    }

    fn put(&mut self, monitor: &Monitor) {
        let shard = self.0.entry(monitor.id.shard()).or_default();
        shard.put.push(monitor.id.clone());
        shard.monitors.insert(monitor.id.clone(), monitor.clone());
    }

    fn changes(self, now: Slot) -> Vec<ShardChange> {
        let changed = self.0.into_iter().filter(|(_, shard)| !shard.put.is_empty());
        changed
            .map(|(id, shard)| {
                let monitors: Vec<Monitor> = shard.monitors.values().cloned().collect();
                ShardChange {
                    put: shard.put.iter().filter_map(|id| shard.monitors.get(id).cloned()).collect(),
                    delete: Vec::new(),
                    summary: ShardSummary::of(id, &monitors, shard.version + 1, shard.since.unwrap_or(now)),
                }
            })
            .collect()
    }
}
