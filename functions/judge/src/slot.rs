//! One slot of a shard: the verdicts over its monitors and their parents, their states, their incidents.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shared::block::Block;
use shared::incident::{ClosedBy, IncidentId};
use shared::maintenance::Window;
use shared::monitor::{Monitor, MonitorId, ShardId};
use shared::schedule::{Slot, is_due};
use shared::state::{MonitorState, ShardState, State, Streaks};
use shared::store::{MAX_FOLDED_INCIDENTS, Stored};
use shared::verdict::{Verdict, verdict};

use crate::machine::advance;
use crate::trouble::{Change, Trouble, close, settle};

/// Minutes that an unconfirmed verdict of a parent keeps its children's incidents back.
const LOOKS_DOWN_MINUTES: i64 = 15;

/// What a slot does to incidents; at most [`MAX_FOLDED_INCIDENTS`] of them.
pub type Changes = BTreeMap<IncidentId, Vec<Change>>;

/// When somebody closed an open incident, of those that somebody did.
pub type Closings = BTreeMap<IncidentId, Timestamp>;

/// The configuration that a shard is judged by.
#[derive(Debug)]
pub struct Watched<'a> {
    shard: ShardId,
    /// The shard's monitors, and their parents in other shards.
    monitors: Vec<&'a Monitor>,
    ids: BTreeSet<&'a MonitorId>,
    /// Ids of monitors whose configuration cannot be read: nothing about them changes.
    broken: BTreeSet<&'a str>,
    windows: &'a [Window],
}

impl<'a> Watched<'a> {
    /// What is watched in this shard; `parents` holds the shards that parents of its monitors live in.
    pub fn new(
        shard: ShardId,
        own: &'a Stored<Monitor>,
        parents: &[&'a Stored<Monitor>],
        windows: &'a [Window],
    ) -> Self {
        let needed: BTreeSet<&MonitorId> =
            own.values.iter().flat_map(|monitor| &monitor.depends_on).collect();
        let foreign = parents.iter().flat_map(|stored| &stored.values);
        let foreign = foreign.filter(|monitor| monitor.id.shard() != shard && needed.contains(&monitor.id));
        let monitors: Vec<&Monitor> = own.values.iter().chain(foreign).collect();
        let ids = monitors.iter().map(|monitor| &monitor.id).collect();
        let broken = parents.iter().flat_map(|stored| &stored.broken).chain(&own.broken);
        let broken = broken.map(|broken| broken.id.as_str()).collect();
        Self { shard, monitors, ids, broken, windows }
    }

    /// Folds one slot into the state; slots come in order, each once. Of the blocks, those of this slot that came in
    /// time.
    pub fn fold(
        &self,
        state: &mut ShardState,
        slot: Slot,
        blocks: &[&Block],
        closings: &Closings,
    ) -> Changes {
        let mut changes = Changes::new();
        let mut troubles = BTreeMap::new();
        for &monitor in &self.monitors {
            if monitor.paused {
                self.rest(state, &monitor.id, slot, &mut changes);
            } else {
                let verdict = is_due(monitor, slot).then(|| verdict(monitor, blocks));
                let bad = matches!(verdict, Some(Verdict::Degraded(_) | Verdict::Down(_)));
                troubles.insert(&monitor.id, (take(state, monitor, slot, verdict.as_ref()), bad));
            }
        }
        // Every parent has been looked at by now, whatever the order of the ids.
        let down: BTreeSet<&MonitorId> =
            self.monitors.iter().map(|monitor| &monitor.id).filter(|id| is_down(state, id, slot)).collect();
        for monitor in self.monitors.iter().filter(|monitor| monitor.id.shard() == self.shard) {
            let (Some(entry), Some((Some(before), bad))) =
                (state.monitors.get_mut(&monitor.id), troubles.get(&monitor.id))
            else {
                continue;
            };
            let id = entry.incident.map(|opened_at| incident(&monitor.id, opened_at));
            // What was said before a slot began is known when it is folded, live and in a replay alike.
            let by_hand =
                id.as_ref().and_then(|id| closings.get(id)).is_some_and(|closed| *closed <= slot.start());
            // Of a monitor that is about to recover, or was not looked at, nothing new is known to open one for.
            let suppressed = || {
                !bad || monitor.keep_warm
                    || monitor.depends_on.iter().any(|parent| down.contains(parent))
                    || self.windows.iter().any(|window| window.covers(monitor, slot))
            };
            let made = settle(monitor, entry, *before, slot, by_hand, suppressed);
            if !made.is_empty() {
                changes.insert(id.unwrap_or_else(|| incident(&monitor.id, slot)), made);
            }
        }
        self.forget(state, slot, &mut changes);
        changes
    }

    /// A paused monitor: nobody looks, so nothing is known.
    fn rest(&self, state: &mut ShardState, id: &MonitorId, slot: Slot, changes: &mut Changes) {
        let Some(entry) = state.monitors.get_mut(id) else { return };
        let open = entry.incident;
        let made = close(entry, slot, ClosedBy::Paused);
        if let Some(opened_at) = open {
            changes.insert(incident(id, opened_at), made);
        }
        if entry.state != State::Unknown || entry.streaks != Streaks::default() {
            *entry = MonitorState::unknown(slot);
        }
    }

    /// Drops what is remembered of monitors that are gone. Of those with an open incident only as many as can be
    /// written in one go: the next slot drops the others.
    fn forget(&self, state: &mut ShardState, slot: Slot, changes: &mut Changes) {
        let gone =
            |id: &&MonitorId| !self.ids.contains(*id) && !self.broken.contains(id.to_string().as_str());
        let gone: Vec<MonitorId> = state.monitors.keys().filter(gone).cloned().collect();
        for id in gone {
            let Some(entry) = state.monitors.get_mut(&id) else { continue };
            if let Some(opened_at) = entry.incident {
                if changes.len() == MAX_FOLDED_INCIDENTS {
                    continue;
                }
                changes.insert(incident(&id, opened_at), close(entry, slot, ClosedBy::Deleted));
            }
            state.monitors.remove(&id);
        }
    }
}

/// Takes in the verdict over a monitor; answers its trouble before, or nothing while nothing is known of it.
fn take(state: &mut ShardState, monitor: &Monitor, slot: Slot, verdict: Option<&Verdict>) -> Option<Trouble> {
    if !state.monitors.contains_key(&monitor.id) {
        if matches!(verdict, None | Some(Verdict::Unknown)) {
            return None;
        }
        state.monitors.insert(monitor.id.clone(), MonitorState::unknown(slot));
    }
    let entry = state.monitors.get_mut(&monitor.id)?;
    let before = Trouble::of(entry);
    advance(entry, monitor, slot, verdict);
    Some(before)
}

/// Whether the monitor is down, or has looked like it for a quarter of an hour at most: what depends on it opens no
/// incident. A verdict that is never confirmed must not keep a child silent until the parent's next check.
fn is_down(state: &ShardState, id: &MonitorId, slot: Slot) -> bool {
    state.monitors.get(id).is_some_and(|entry| {
        let looks_down =
            || entry.streaks.down.is_some_and(|run| slot.minutes() - run.from.minutes() < LOOKS_DOWN_MINUTES);
        entry.state == State::Down || looks_down()
    })
}

fn incident(monitor: &MonitorId, opened_at: Slot) -> IncidentId {
    IncidentId { opened_at, monitor: monitor.clone() }
}
