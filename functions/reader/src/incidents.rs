//! `GET /incidents?days=30`: the incidents that were opened in the last days, newest first.
//!
//! Anybody sees those of the public monitors of the installation's own account; an API key with the scope `read` shows
//! those of all monitors of its account. Whose a deleted monitor was nobody knows: its incidents are for keys of the
//! installation's own account.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Uri};
use serde::Serialize;
use shared::http_frame::access;
use shared::incident::{ClosedBy, Incident, IncidentId};
use shared::monitor::{Monitor, MonitorId, MonitorName, Region};
use shared::schedule::Slot;
use shared::session::{Scope, Session};
use shared::signal::Reason;
use shared::state::State;
use shared::store::{ReadIncidents, ReadMonitors, ReadSessions, ReadShards};

use crate::Clock;
use crate::answer;
use crate::failure::Failure;
use crate::hidden;
use crate::params::Params;
use crate::watched;

/// Days unless the request says otherwise.
const DEFAULT_DAYS: u16 = 30;

/// Days at most: what a store reads at once.
const MAX_DAYS: u16 = 400;

/// Incidents in one answer at most.
const MAX_ANSWERED: usize = 500;

/// Incidents that are read at most: those of monitors that the reader may not see are among them.
const MAX_READ: usize = 2_000;

#[derive(Debug)]
struct Deps<M, I, K> {
    monitors: M,
    incidents: I,
    sessions: K,
    clock: Clock,
}

pub(crate) fn routes<M, I, K>(monitors: M, incidents: I, sessions: K, clock: Clock) -> Router
where
    M: ReadShards + ReadMonitors + Send + Sync + 'static,
    I: ReadIncidents + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { monitors, incidents, sessions, clock };
    Router::new().route("/incidents", get(incidents_of::<M, I, K>)).with_state(Arc::new(deps))
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    incidents: Vec<Entry<'a>>,
    /// Whether there are older ones in these days.
    more: bool,
}

/// One incident.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    id: IncidentId,
    monitor: &'a MonitorId,
    /// `None` when the monitor is gone.
    name: Option<&'a MonitorName>,
    state: State,
    reason: Reason,
    status: Option<u16>,
    regions: &'a [Region],
    opened_at: Slot,
    began_at: Slot,
    closed_at: Option<Slot>,
    closed_by: Option<ClosedBy>,
    flapping: bool,
}

async fn incidents_of<M, I, K>(
    Shared(deps): Shared<Arc<Deps<M, I, K>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ReadShards + ReadMonitors,
    I: ReadIncidents,
    K: ReadSessions,
{
    let now = (deps.clock)();
    let session = if headers.contains_key(AUTHORIZATION) {
        Some(access::require(&deps.sessions, &Method::GET, &headers, Scope::Read, now).await?)
    } else {
        None
    };
    let params = Params::of(&uri, &["days"])?;
    let days = params.number("days", 1..=MAX_DAYS)?.unwrap_or(DEFAULT_DAYS);

    // All of them: what is not among them is deleted.
    let shards = watched::monitors(&deps.monitors, |_| true).await?;
    let monitors: HashMap<MonitorId, Monitor> =
        shards.into_iter().flat_map(|(_, of_shard)| of_shard).map(|one| (one.id.clone(), one)).collect();
    let now = Slot::containing(now);
    let opened = now.plus(-1_440 * i64::from(days))..=now;
    let read = deps.incidents.incidents(opened, MAX_READ).await?;
    let seen: Vec<&Incident> =
        read.iter().filter(|incident| is_seen(incident, &monitors, session.as_ref())).collect();

    let answer = Answer {
        incidents: seen.iter().take(MAX_ANSWERED).map(|incident| entry(incident, &monitors)).collect(),
        more: seen.len() > MAX_ANSWERED || read.len() >= MAX_READ,
    };
    let body = answer::json(&answer)?;
    Ok(if session.is_some() {
        answer::private(answer::JSON, body)
    } else {
        answer::public(&headers, answer::JSON, body)
    })
}

/// Whether the holder of this session, or somebody without one, sees the incident.
fn is_seen(incident: &Incident, monitors: &HashMap<MonitorId, Monitor>, session: Option<&Session>) -> bool {
    match monitors.get(&incident.monitor) {
        Some(monitor) => watched::is_for(session, monitor) && hidden::shows(monitor, incident.opened_at),
        None => session.is_some_and(|session| session.account.is_home()),
    }
}

fn entry<'a>(incident: &'a Incident, monitors: &'a HashMap<MonitorId, Monitor>) -> Entry<'a> {
    Entry {
        id: incident.id(),
        monitor: &incident.monitor,
        name: monitors.get(&incident.monitor).map(|monitor| &monitor.name),
        state: incident.state,
        reason: incident.reason,
        status: incident.status,
        regions: &incident.regions,
        opened_at: incident.opened_at,
        began_at: incident.began_at,
        closed_at: incident.closed.map(|closed| closed.at),
        closed_by: incident.closed.map(|closed| closed.by),
        flapping: incident.flapping,
    }
}
