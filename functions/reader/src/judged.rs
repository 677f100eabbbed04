//! How monitors fare by what `judge` made of their signals, without a look at the signals themselves: what lists of many
//! monitors show. The status page looks closer, at the newest minute (see `standing`).

use std::collections::{BTreeSet, HashMap};
use std::iter;

use futures_util::try_join;
use serde_json::{Map, Value};
use shared::monitor::{Monitor, ShardId, shown};
use shared::schedule::Slot;
use shared::state::{ShardState, State};
use shared::store::{ListStates, ReadMaintenance, Result, Stored};

use crate::failure::Failure;
use crate::hidden;
use crate::watched;
use crate::worked_on::WorkedOn;

/// How a monitor fares, and since when that is known to be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fares {
    /// Its state, for people who look.
    pub(crate) state: State,
    /// Of what `judge` made of it.
    pub(crate) since: Option<Slot>,
}

/// What is known of the monitors of some shards.
#[derive(Debug)]
pub(crate) struct Judged {
    shards: HashMap<ShardId, ShardState>,
    worked_on: WorkedOn,
    now: Slot,
}

impl Judged {
    /// Reads what is known of these monitors: the states of their shards and the maintenance windows.
    pub(crate) async fn read<M: ReadMaintenance, I: ListStates>(
        windows: &M,
        states: &I,
        monitors: &[Monitor],
        now: Slot,
    ) -> Result<Self> {
        if monitors.is_empty() {
            return Ok(Self { shards: HashMap::new(), worked_on: WorkedOn::default(), now });
        };
        let shards: BTreeSet<ShardId> = monitors.iter().map(|monitor| monitor.id.shard()).collect();
        let (shards, Stored { values, broken }) = try_join!(states.states(&shards), windows.windows())?;
        watched::warn_of_broken("maintenance windows", broken.iter());
        let worked_on = WorkedOn::of(values, iter::once(now));
        Ok(Self { shards, worked_on, now })
    }

    /// How this monitor, one of those asked about, fares: what rests or is worked on has no other state.
    pub(crate) fn of(&self, monitor: &Monitor) -> Fares {
        if monitor.paused {
            return Fares { state: State::Paused, since: None };
        }
        if self.worked_on.covers(monitor, self.now) {
            return Fares { state: State::Maintenance, since: None };
        }
        let judged = self.shards.get(&monitor.id.shard()).and_then(|shard| shard.monitors.get(&monitor.id));
        match judged.filter(|judged| judged.state != State::Unknown) {
            Some(judged) => {
                Fares { state: judged.state, since: Some(hidden::shown_from(monitor, judged.since)) }
            }
            None => Fares { state: State::Unknown, since: None },
        }
    }

    /// The monitor as answers tell it, with how it fares.
    pub(crate) fn told(&self, monitor: &Monitor) -> std::result::Result<Map<String, Value>, Failure> {
        let mut told = shown(monitor).map_err(|error| Failure::Internal(error.to_string()))?;
        let Fares { state, since } = self.of(monitor);
        told.insert("state".to_owned(), state.to_string().into());
        told.insert("since".to_owned(), since.map(|since| since.to_string()).into());
        Ok(told)
    }
}
