//! From what a file wants and what is stored to the changes of each shard: a pure function.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use rand::Rng;
use shared::monitor::{Monitor, MonitorId, MonitorName, Region, SHARD_LIMIT, ShardId, ShardSummary};
use shared::store::ShardChange;

use super::Wanted;

/// A shard as it is stored.
#[derive(Debug, Clone)]
pub struct StoredShard {
    /// Its summary, read before its monitors: a change in between makes the summary's version stale.
    pub summary: ShardSummary,
    /// Its monitors.
    pub monitors: Vec<Monitor>,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// One change for each shard that changes, by shard.
    pub changes: Vec<ShardChange>,
    /// What becomes of each monitor of the file, in the file's order.
    pub outcomes: Vec<Outcome>,
    /// Monitors that are stored and that the file does not name.
    pub unnamed: Vec<Monitor>,
}

/// What becomes of one monitor of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The monitor as it is afterwards.
    pub monitor: Monitor,
    /// How it differs from what was stored.
    pub difference: Difference,
}

/// How a monitor of the file differs from what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It was not there.
    Created,
    /// It was otherwise: what has changed, for people.
    Changed(String),
    /// It is as the file wants it.
    Unchanged,
}

/// More shards than ids: 65,536 × 96 monitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no room for another shard: expected at most 65536 shards")]
pub struct PlanError;

/// Plans the way from `stored` to `wanted`, whose names are unique. Monitors that exist keep their id, shard and
/// regions; new ones are checked from `region` and go to the first shard with room. Nothing is deleted.
///
/// # Errors
/// When no shard has room and there is no id left for another.
pub fn plan(
    wanted: &[Wanted],
    stored: &[StoredShard],
    region: &Region,
    rng: &mut impl Rng,
) -> Result<Plan, PlanError> {
    let mut shards = Shards::of(stored);
    let mut known: HashMap<&MonitorName, &Monitor> = HashMap::new();
    for monitor in stored.iter().flat_map(|shard| &shard.monitors) {
        // Should a name be stored twice, the one with the lower id is meant; the other is `unnamed`.
        let kept = known.entry(&monitor.name).or_insert(monitor);
        if monitor.id < kept.id {
            *kept = monitor;
        }
    }
    let mut outcomes = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let (monitor, difference) = match known.get(&wanted.name) {
            Some(stored) => updated(stored, wanted),
            None => (created(wanted, shards.new_id(rng)?, region), Difference::Created),
        };
        if difference != Difference::Unchanged {
            shards.put(&monitor);
        }
        outcomes.push(Outcome { monitor, difference });
    }
    let named: HashSet<&MonitorId> = outcomes.iter().map(|outcome| &outcome.monitor.id).collect();
    let unnamed = stored
        .iter()
        .flat_map(|shard| &shard.monitors)
        .filter(|monitor| !named.contains(&monitor.id))
        .cloned()
        .collect();
    Ok(Plan { changes: shards.changes(), outcomes, unnamed })
}

fn created(wanted: &Wanted, id: MonitorId, region: &Region) -> Monitor {
    Monitor {
        id,
        name: wanted.name.clone(),
        url: wanted.url.clone(),
        interval_minutes: wanted.interval_minutes,
        public: wanted.public,
        regions: vec![region.clone()],
        version: 1,
    }
}

fn updated(stored: &Monitor, wanted: &Wanted) -> (Monitor, Difference) {
    let mut changes = Vec::new();
    let mut change = |field: &str, before: &dyn fmt::Display, after: &dyn fmt::Display| {
        changes.push(format!("{field} {before} → {after}"));
    };
    if stored.url != wanted.url {
        change("url", &stored.url, &wanted.url);
    }
    if stored.interval_minutes != wanted.interval_minutes {
        change("interval_minutes", &stored.interval_minutes.minutes(), &wanted.interval_minutes.minutes());
    }
    if stored.public != wanted.public {
        change("public", &stored.public, &wanted.public);
    }
    if changes.is_empty() {
        return (stored.clone(), Difference::Unchanged);
    }
    let monitor = Monitor {
        url: wanted.url.clone(),
        interval_minutes: wanted.interval_minutes,
        public: wanted.public,
        version: stored.version + 1,
        ..stored.clone()
    };
    (monitor, Difference::Changed(changes.join(", ")))
}

/// The shards as they will be.
struct Shards(BTreeMap<ShardId, Shard>);

#[derive(Default)]
struct Shard {
    /// Of the stored summary; 0 for a new shard.
    version: u64,
    monitors: BTreeMap<MonitorId, Monitor>,
    put: Vec<MonitorId>,
}

impl Shards {
    fn of(stored: &[StoredShard]) -> Self {
        let shard = |stored: &StoredShard| Shard {
            version: stored.summary.version,
            monitors: stored.monitors.iter().map(|monitor| (monitor.id.clone(), monitor.clone())).collect(),
            put: Vec::new(),
        };
        Self(stored.iter().map(|stored| (stored.summary.shard, shard(stored))).collect())
    }

    /// An id that nobody has, in the first shard with room; opens a shard when all are full.
    fn new_id(&mut self, rng: &mut impl Rng) -> Result<MonitorId, PlanError> {
        let with_room = self.0.iter().find(|(_, shard)| shard.monitors.len() < SHARD_LIMIT);
        let shard = match with_room {
            Some((id, _)) => *id,
            None => (0..=u16::MAX).map(ShardId).find(|id| !self.0.contains_key(id)).ok_or(PlanError)?,
        };
        let monitors = &self.0.entry(shard).or_default().monitors;
        // At most 95 of 36^6 ids are taken: the first draw is nearly always the last.
        loop {
            let id = MonitorId::random(shard, rng);
            if !monitors.contains_key(&id) {
                return Ok(id);
            }
        }
    }

    fn put(&mut self, monitor: &Monitor) {
        let shard = self.0.entry(monitor.id.shard()).or_default();
        shard.put.push(monitor.id.clone());
        shard.monitors.insert(monitor.id.clone(), monitor.clone());
    }

    fn changes(self) -> Vec<ShardChange> {
        let changed = self.0.into_iter().filter(|(_, shard)| !shard.put.is_empty());
        changed
            .map(|(id, shard)| {
                let monitors: Vec<Monitor> = shard.monitors.values().cloned().collect();
                ShardChange {
                    put: shard.put.iter().filter_map(|id| shard.monitors.get(id).cloned()).collect(),
                    summary: ShardSummary::of(id, &monitors, shard.version + 1),
                }
            })
            .collect()
    }
}
