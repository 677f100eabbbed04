//! Incidents for people: newest first, with what was said to those that are open.

use std::collections::HashMap;
use std::io::{self, Write};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{Timestamp, ToSpan as _};
use shared::account::AccountId;
use shared::incident::{Action, ClosedBy, Incident, Update};
use shared::monitor::{Monitor, MonitorId, MonitorName, Region};
use shared::schedule::Slot;
use shared::store::{ReadIncidents, ReadUpdates};

use crate::table::Table;

/// Most incidents that are listed.
const MOST: usize = 500;

/// Calls of the table at once.
const AT_ONCE: usize = 16;

/// Longest note that is shown, in characters.
const NOTE_CHARS: usize = 60;

/// An incident, and what was said to it; of one that has ended nothing is read.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The incident.
    pub incident: Incident,
    /// Oldest first.
    pub updates: Vec<Update>,
}

/// The incidents of the last days, newest first, at most 500; of one monitor, or of all of the installation's own.
///
/// # Errors
/// When a table does not answer.
pub async fn listed(
    incidents: &impl ReadIncidents,
    updates: &impl ReadUpdates,
    monitor: Option<&Monitor>,
    days: u16,
    now: Timestamp,
) -> anyhow::Result<Vec<Listed>> {
    let from = Slot::containing(now.checked_sub((i64::from(days) * 24).hours())?);
    let found = match monitor {
        None => incidents.incidents(&AccountId::default(), from..=Slot::containing(now), MOST).await?,
        Some(monitor) => {
            let mut found = incidents.incidents_of(&monitor.id, MOST).await?;
            found.retain(|incident| incident.opened_at >= from);
            found
        }
    };
    let listed = found.into_iter().map(|incident| async {
        let updates =
            if incident.closed.is_none() { updates.updates(&incident.id()).await? } else { Vec::new() };
        Ok(Listed { incident, updates })
    });
    stream::iter(listed).buffered(AT_ONCE).try_collect().await
}

/// Prints the incidents; `names` has the monitors' names.
///
/// # Errors
/// When `out` cannot be written.
pub fn list(
    incidents: &[Listed],
    names: &HashMap<MonitorId, MonitorName>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut table = Table::new(["ID", "MONITOR", "STATE", "REASON", "REGIONS", "ENDED", "NOTE"]);
    for Listed { incident, updates } in incidents {
        let regions: Vec<&str> = incident.regions.iter().map(Region::as_str).collect();
        let flapping = if incident.flapping { " (flapping)" } else { "" };
        let status = incident.status.map(|status| format!(" {status}")).unwrap_or_default();
        table.row([
            incident.id().to_string(),
            names.get(&incident.monitor).map_or_else(|| "(deleted)".to_owned(), MonitorName::to_string),
            format!("{}{flapping}", incident.state),
            format!("{}{status}", incident.reason),
            regions.join(","),
            ended(incident),
            said(updates),
        ]);
    }
    table.print(out)?;
    if incidents.len() == MOST {
        writeln!(out, "the newest {MOST}: there may be more")?;
    }
    Ok(())
}

fn ended(incident: &Incident) -> String {
    match incident.closed {
        None => "open".to_owned(),
        Some(closed) => {
            let minutes = closed.at.minutes() - incident.began_at.minutes();
            let by = match closed.by {
                ClosedBy::Recovery => "",
                ClosedBy::Hand => ", by hand",
                ClosedBy::Paused => ", paused",
                ClosedBy::Deleted => ", deleted",
            };
            format!("after {minutes} min{by}")
        }
    }
}

/// The last thing that was said, with its words.
fn said(updates: &[Update]) -> String {
    let Some(last) = updates.last() else { return String::new() };
    let is = |action| updates.iter().any(|update| update.action == action);
    let what = if is(Action::Close) {
        "closing"
    } else if is(Action::Acknowledge) {
        "acknowledged"
    } else {
        "noted"
    };
    let note: String = last.note.chars().take(NOTE_CHARS).collect();
    if note.is_empty() { what.to_owned() } else { format!("{what}: {note}") }
}
