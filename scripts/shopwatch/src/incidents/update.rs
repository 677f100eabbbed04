//! What people add to an incident: `judge` reads it with the next slot it folds.

use anyhow::{anyhow, bail};
use jiff::Timestamp;
use shared::incident::{Action, Incident, IncidentId, MAX_NOTE_CHARS, Update};
use shared::store::{ReadIncidents, WriteUpdates};

/// Adds to an incident that is open, and answers it.
///
/// # Errors
/// When there is no such incident, when it has ended, when the note is none, or when a table does not answer.
pub async fn update(
    incidents: &impl ReadIncidents,
    updates: &impl WriteUpdates,
    id: &IncidentId,
    action: Action,
    note: &str,
    now: Timestamp,
) -> anyhow::Result<Incident> {
    if note.chars().count() > MAX_NOTE_CHARS || note.chars().any(char::is_control) {
        bail!("expected a note of at most {MAX_NOTE_CHARS} characters, no control characters");
    }
    let incident = incidents
        .incident(id)
        .await?
        .ok_or_else(|| anyhow!("no incident has the id {id}: see `shopwatch incidents list`"))?;
    if let Some(closed) = incident.closed {
        bail!("incident {id} has ended at {}", closed.at);
    }
    updates.add_update(&Update { incident: id.clone(), at: now, action, note: note.to_owned() }).await?;
    Ok(incident)
}
