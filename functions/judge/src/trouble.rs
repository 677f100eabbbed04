//! The incident of one monitor: when its trouble opens, changes and closes one.

use shared::incident::{Closed, ClosedBy, Incident};
use shared::monitor::Monitor;
use shared::schedule::Slot;
use shared::state::{MonitorState, State};
use shared::verdict::Why;

/// What a slot does to an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It begins.
    Opened(Incident),
    /// The monitor is down, no longer degraded.
    Worse {
        /// The first slot that was down.
        down_at: Slot,
        /// Why, seen from where.
        why: Option<Why>,
    },
    /// The monitor is degraded, no longer down.
    Better,
    /// The monitor changes too often for one incident after the other.
    Flapping,
    /// It ends.
    Closed(Closed),
}

/// How bad a monitor fares as far as an incident is concerned, and whether it flaps: what a slot may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// Down, degraded, or `None`: well, or nothing known. What flaps is degraded at least.
    severity: Option<State>,
    flapping: bool,
}

impl Trouble {
    /// The trouble that a monitor in this state is in.
    pub fn of(state: &MonitorState) -> Self {
        let severity = match state.state {
            State::Down | State::Degraded => Some(state.state),
            _ => state.flapping.then_some(State::Degraded),
        };
        Self { severity, flapping: state.flapping }
    }
}

/// What a slot does to the monitor's incident, if anything. The state has taken the slot in already and is told of the
/// incident here; `before` is its trouble before that, `by_hand` whether somebody has closed the incident, and
/// `suppressed` is asked when one would be opened.
pub fn settle(
    monitor: &Monitor,
    state: &mut MonitorState,
    before: Trouble,
    slot: Slot,
    by_hand: bool,
    suppressed: impl FnOnce() -> bool,
) -> Vec<Change> {
    let now = Trouble::of(state);
    let Some(severity) = now.severity else {
        state.closed_by_hand = false;
        return close(state, slot, if by_hand { ClosedBy::Hand } else { ClosedBy::Recovery });
    };
    if state.incident.is_none() {
        if state.closed_by_hand || suppressed() {
            return Vec::new();
        }
        let opened = opened(monitor, state, severity, slot).map(Change::Opened);
        state.incident = opened.is_some().then_some(slot);
        return opened.into_iter().collect();
    }
    if by_hand {
        state.closed_by_hand = true;
        return close(state, slot, ClosedBy::Hand);
    }
    let mut changes = Vec::new();
    if before.severity != now.severity {
        changes.push(match severity {
            State::Down => Change::Worse { down_at: state.since, why: state.why.clone() },
            _ => Change::Better,
        });
    }
    if now.flapping && !before.flapping {
        changes.push(Change::Flapping);
    }
    changes
}

/// Closes the monitor's incident, if one is open.
pub fn close(state: &mut MonitorState, slot: Slot, by: ClosedBy) -> Vec<Change> {
    state.incident.take().map(|_| Change::Closed(Closed { at: slot, by })).into_iter().collect()
}

fn opened(monitor: &Monitor, state: &MonitorState, severity: State, slot: Slot) -> Option<Incident> {
    let Why { reason, status, regions } = state.why.clone()?;
    // What flaps may never have been confirmed as anything but up.
    let confirmed = matches!(state.state, State::Down | State::Degraded);
    let began_at = if confirmed { state.since } else { *state.changes.first()? };
    Some(Incident {
        monitor: monitor.id.clone(),
        account: monitor.account.clone(),
        opened_at: slot,
        began_at,
        state: severity,
        down_at: (severity == State::Down).then_some(state.since),
        reason,
        status,
        regions,
        flapping: state.flapping,
        closed: None,
    })
}

/// The incident after these changes; `None` when they are of one that is not there.
pub fn applied(stored: Option<Incident>, changes: Vec<Change>) -> Option<Incident> {
    let mut incident = stored;
    for change in changes {
        if let Change::Opened(opened) = change {
            incident = Some(opened);
            continue;
        }
        let incident = incident.as_mut()?;
        match change {
            Change::Opened(_) => {}
            Change::Worse { down_at, why } => {
                incident.state = State::Down;
                incident.down_at.get_or_insert(down_at);
                if let Some(why) = why {
                    (incident.reason, incident.status) = (why.reason, why.status);
                    incident.regions = why.regions;
                }
            }
            Change::Better => incident.state = State::Degraded,
            Change::Flapping => incident.flapping = true,
            Change::Closed(closed) => incident.closed = Some(closed),
        }
    }
    incident
}
