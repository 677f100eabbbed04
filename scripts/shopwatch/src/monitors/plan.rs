//! From what a file wants and what is there to what is to be done: a pure function.

use std::collections::{HashMap, HashSet};

use shared::monitor::{Monitor, MonitorId, MonitorName, ShardId};

use super::dependencies::{levels, parents_of};
use super::difference::changes;
use super::{Difference, Installation, MAX_MONITORS, There, Wanted};
use crate::yaml::Problems;

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What becomes of each monitor of the file, in the file's order.
    pub steps: Vec<Step>,
    /// Monitors that are there and that the file does not name.
    pub unnamed: Vec<Monitor>,
    /// Whether these go.
    pub prune: bool,
}

/// What becomes of one monitor of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The monitor as it will be, of the version that is there. One that is created, and a parent that is, has an id of
    /// the plan's own.
    pub monitor: Monitor,
    /// How it differs from what is there.
    pub difference: Difference,
    /// What it depends on comes before it, and has a lower level.
    pub level: usize,
}

impl Plan {
    /// Whether anything is to be asked of the installation.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Monitors that something is asked of the installation for.
    pub fn len(&self) -> usize {
        let asked = self.steps.iter().filter(|step| step.difference != Difference::Unchanged).count();
        asked + self.removed().len()
    }

    /// The monitors that go.
    pub fn removed(&self) -> &[Monitor] {
        if self.prune { &self.unnamed } else { &[] }
    }
}

/// Plans the way from what is there to `wanted`, whose names are unique. Monitors that exist keep their id; with `prune`
/// those that the file does not name go.
///
/// # Errors
/// When monitors depend on what they cannot: on none, on themselves, on one that goes.
pub fn plan(wanted: &[Wanted], there: &Installation, prune: bool) -> Result<Plan, Problems> {
    let known = there.by_name();
    let mut ids: HashMap<&MonitorName, MonitorId> =
        known.iter().map(|(name, there)| (*name, there.monitor.id.clone())).collect();
    let new = wanted.iter().filter(|wanted| !known.contains_key(&wanted.name));
    ids.extend(new.enumerate().filter_map(|(number, wanted)| Some((&wanted.name, of_plan(number)?))));
    let named: HashSet<MonitorId> =
        wanted.iter().filter_map(|wanted| ids.get(&wanted.name).cloned()).collect();
    let is_named = |monitor: &&Monitor| named.contains(&monitor.id);
    let monitors = || there.monitors.iter().map(|there| &there.monitor);
    let stay: Vec<&Monitor> = monitors().filter(|monitor| !prune || is_named(monitor)).collect();
    if prune {
        let going = known.iter().filter(|(_, there)| !named.contains(&there.monitor.id));
        for name in going.map(|(name, _)| *name).collect::<Vec<_>>() {
            ids.remove(name);
        }
    }
    let parents = parents_of(wanted, &stay, &ids)?;
    let levels = levels(wanted, &stay, &ids, &parents);
    let names: HashMap<&MonitorId, &MonitorName> = monitors()
        .map(|monitor| (&monitor.id, &monitor.name))
        .chain(ids.iter().map(|(name, id)| (id, *name)))
        .collect();
    let steps = wanted.iter().zip(parents).filter_map(|(wanted, parents)| {
        let id = ids.get(&wanted.name)?;
        let (version, before) =
            known.get(&wanted.name).map_or((0, None), |there| (there.monitor.version, Some(*there)));
        let monitor = wanted.monitor(id.clone(), &there.home, parents, version);
        let difference =
            before.map_or(Difference::Created, |there| difference(there, wanted, &monitor, &names));
        let level = levels.get(id).copied().unwrap_or_default();
        Some(Step { monitor, difference, level })
    });
    let steps = steps.collect();
    let unnamed = monitors().filter(|monitor| !is_named(monitor)).cloned().collect();
    Ok(Plan { steps, unnamed, prune })
}

fn difference(
    there: &There,
    wanted: &Wanted,
    monitor: &Monitor,
    names: &HashMap<&MonitorId, &MonitorName>,
) -> Difference {
    let mut changes = changes(&there.monitor, monitor, |id| names.get(id).copied());
    match (&wanted.credentials, there.has_credentials) {
        (Some(_), false) | (None, true) => changes.push("credentials".to_owned()),
        (Some(_), true) if changes.is_empty() => return Difference::Compared,
        (Some(_), true) | (None, false) => {}
    }
    if changes.is_empty() { Difference::Unchanged } else { Difference::Changed(changes.join(", ")) }
}

/// An id for a new monitor until the installation gives it one. It is of the last shard, in which there is nobody: that
/// one is opened when all others are full, and there is no room for so many.
fn of_plan(number: usize) -> Option<MonitorId> {
    let number = u32::try_from(number).ok().filter(|_| number < MAX_MONITORS)?;
    MonitorId::new(ShardId(u16::MAX), &format!("{number:06}")).ok()
}

/// Whether an id is a plan's own.
pub(super) fn is_of_plan(id: &MonitorId) -> bool {
    id.shard() == ShardId(u16::MAX)
}
