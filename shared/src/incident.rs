//! Incidents: when a monitor left `up`, why, seen from where, and when it was back.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::monitor::{MonitorId, Region};
use crate::schedule::Slot;
use crate::signal::Reason;
use crate::state::State;
use crate::text::{Invalid, as_text};

/// Names an incident for good: the slot it was opened in and its monitor, `2026-11-21T14:25:00Z#s0-7f3k2a`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IncidentId {
    /// When it was opened.
    pub opened_at: Slot,
    /// Of which monitor.
    pub monitor: MonitorId,
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.opened_at, self.monitor)
    }
}

impl FromStr for IncidentId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.split_once('#')
            .and_then(|(slot, monitor)| {
                Some(Self { opened_at: slot.parse().ok()?, monitor: monitor.parse().ok()? })
            })
            .ok_or_else(|| Invalid::new("an incident such as 2026-11-21T14:25:00Z#s0-7f3k2a", text))
    }
}

as_text!(IncidentId);

/// A time in which a monitor was not up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Of which monitor.
    pub monitor: MonitorId,
    /// Whose the monitor was: its incidents stay when it goes.
    #[serde(default, skip_serializing_if = "AccountId::is_home")]
    pub account: AccountId,
    /// The slot whose fold opened it.
    pub opened_at: Slot,
    /// The first slot that failed.
    pub began_at: Slot,
    /// Degraded or down: how it is, or how it last was.
    pub state: State,
    /// The slot in which it was first found to be down rather than degraded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_at: Option<Slot>,
    /// Why, as the most regions saw it when it was opened or became worse.
    pub reason: Reason,
    /// The status code seen with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The regions that saw it.
    pub regions: Vec<Region>,
    /// Whether the monitor changed too often for one incident after the other.
    #[serde(default)]
    pub flapping: bool,
    /// When it ended, and how; `None` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
}

impl Incident {
    /// Its id.
    pub fn id(&self) -> IncidentId {
        IncidentId { opened_at: self.opened_at, monitor: self.monitor.clone() }
    }
}

/// The end of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// The slot whose fold closed it.
    pub at: Slot,
    /// How it ended.
    pub by: ClosedBy,
}

/// How an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    /// The monitor was up again.
    Recovery,
    /// Somebody said so.
    Hand,
    /// The monitor was paused.
    Paused,
    /// The monitor was deleted.
    Deleted,
}

/// What somebody adds to an incident. Adding it again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IncidentUpdate))]
pub struct Update {
    /// Of which incident.
    pub incident: IncidentId,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::openapi::Instant))]
    pub at: Timestamp,
    /// What.
    pub action: Action,
    /// In words, at most [`MAX_NOTE_CHARS`] characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Most updates of an incident; the last is kept for closing it.
pub const MAX_UPDATES: usize = 200;

/// Longest note of an update, in characters.
pub const MAX_NOTE_CHARS: usize = 500;

/// What an update does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IncidentAction))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Somebody looks after it.
    Acknowledge,
    /// Words alone.
    Note,
    /// It ends, whatever the checks say.
    Close,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_is_named_by_its_slot_and_monitor() {
        let id: IncidentId = "2026-11-21T14:25:00Z#s0-7f3k2a".parse().unwrap();
        assert_eq!(id.to_string(), "2026-11-21T14:25:00Z#s0-7f3k2a");
        for bad in ["", "2026-11-21T14:25:00Z", "x#s0-7f3k2a", "2026-11-21T14:25:00Z#s0"] {
            assert!(bad.parse::<IncidentId>().is_err(), "{bad}");
        }
    }
}
