//! What the status page says of incidents: the open ones, and those of the last week. Only of the monitors that are
//! on it.

use std::collections::{BTreeSet, HashMap};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use shared::account::AccountId;
use shared::incident::{ClosedBy, Incident, IncidentId};
use shared::monitor::MonitorId;
use shared::schedule::Slot;
use shared::state::State;
use shared::store::{ReadIncidents, Result};

use crate::words;

/// Incidents of either sort that the page shows at most.
const MAX_SHOWN: usize = 50;

/// How far back the page looks, in minutes: a week.
const MINUTES: i64 = 7 * 1_440;

/// Incidents that are read at most: those of monitors that are not public are among them.
const MAX_READ: usize = 500;

/// Incidents that are looked up at once.
const AT_ONCE: usize = 8;

/// The monitors on the page.
pub(super) type Names = HashMap<MonitorId, Shown>;

/// What their incidents need of one of them.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) name: String,
    /// What was opened before is shown to nobody.
    pub(super) hidden_before: Option<Slot>,
}

/// Whether the incident is of a monitor on the page, and not hidden.
fn is_shown(names: &Names, id: &IncidentId) -> bool {
    let shown = names.get(&id.monitor);
    shown.is_some_and(|shown| shown.hidden_before.is_none_or(|before| id.opened_at >= before))
}

/// What the page shows of incidents, newest first.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    pub(super) open: Vec<Line>,
    /// Open ones that are not shown.
    pub(super) open_left_out: usize,
    pub(super) past: Vec<Line>,
    /// Whether there are more of the last week.
    pub(super) past_left_out: bool,
}

/// One incident in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The monitor's name.
    pub(super) name: String,
    /// Degraded or down.
    pub(super) state: State,
    /// When, why, seen from where.
    pub(super) words: String,
}

/// Reads what the page shows. `open` are the open incidents that `judge` knows of these monitors: they may have been
/// opened longer ago than a week.
pub(super) async fn read<I: ReadIncidents>(
    store: &I,
    names: &Names,
    mut open: BTreeSet<IncidentId>,
    now: Slot,
) -> Result<Incidents> {
    let read = store.incidents(&AccountId::default(), now.plus(-MINUTES)..=now, MAX_READ).await?;
    let all_read = read.len() < MAX_READ;
    let mut recent: HashMap<IncidentId, Incident> = read
        .into_iter()
        .filter(|incident| is_shown(names, &incident.id()))
        .map(|incident| (incident.id(), incident))
        .collect();
    open.extend(recent.values().filter(|incident| incident.closed.is_none()).map(Incident::id));
    // One may have been closed since `judge`'s state was read.
    open.retain(|id| recent.get(id).is_none_or(|incident| incident.closed.is_none()) && is_shown(names, id));

    let shown: Vec<(IncidentId, Option<Incident>)> =
        open.iter().rev().take(MAX_SHOWN).map(|id| (id.clone(), recent.remove(id))).collect();
    let found: Vec<Option<Incident>> = stream::iter(shown)
        .map(|(id, known)| async move {
            match known {
                Some(incident) => Ok(Some(incident)),
                None => store.incident(&id).await,
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let found = found.into_iter().flatten().filter(|incident| incident.closed.is_none());

    let mut past: Vec<Incident> = recent.into_values().filter(|incident| incident.closed.is_some()).collect();
    past.sort_by_key(|incident| std::cmp::Reverse(incident.id()));
    Ok(Incidents {
        open: found.filter_map(|incident| line(&incident, names, now)).collect(),
        open_left_out: open.len().saturating_sub(MAX_SHOWN),
        past_left_out: past.len() > MAX_SHOWN || !all_read,
        past: past.iter().take(MAX_SHOWN).filter_map(|incident| line(incident, names, now)).collect(),
    })
}

/// The incident in words, if its monitor is on the page.
fn line(incident: &Incident, names: &Names, now: Slot) -> Option<Line> {
    let name = names.get(&incident.monitor)?.name.clone();
    let began = words::time(incident.began_at, now);
    let when = match incident.closed {
        None => format!("since {began}"),
        Some(closed) => {
            let lasted = words::minutes(closed.at.minutes() - incident.began_at.minutes());
            format!("{began} to {}, {lasted}", words::time(closed.at, now))
        }
    };
    let regions: Vec<&str> = incident.regions.iter().map(|region| region.as_str()).collect();
    let mut words = format!("{when}: {}", words::why(incident.reason, incident.status));
    if !regions.is_empty() {
        words.push_str(&format!("; seen from {}", regions.join(", ")));
    }
    if incident.flapping {
        words.push_str("; flapping");
    }
    words.push_str(match incident.closed.map(|closed| closed.by) {
        None | Some(ClosedBy::Recovery) => "",
        Some(ClosedBy::Hand) => "; closed by hand",
        Some(ClosedBy::Paused) => "; closed because it was paused",
        Some(ClosedBy::Deleted) => "; closed because it was deleted",
    });
    Some(Line { name, state: incident.state, words })
}
