//! `GET /incidents?days=30`: the incidents that were opened in the last days, newest first.
//!
//! Anybody sees those of public monitors; an API key with the scope `read` shows those of private and of deleted
//! ones too.

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
use shared::monitor::{MonitorId, MonitorName, Region};
use shared::schedule::Slot;
use shared::session::Scope;
use shared::signal::Reason;
use shared::state::State;
use shared::store::{ReadIncidents, ReadMonitors, ReadSessions, ReadShards};

use crate::Clock;
use crate::answer;
use crate::failure::Failure;
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
    let with_key = headers.contains_key(AUTHORIZATION);
    if with_key {
        access::require(&deps.sessions, &Method::GET, &headers, Scope::Read, now).await?;
    }
    let params = Params::of(&uri, &["days"])?;
    let days = params.number("days", 1..=MAX_DAYS)?.unwrap_or(DEFAULT_DAYS);

    let shards = watched::monitors(&deps.monitors, |monitor| monitor.public || with_key).await?;
    let monitors = shards.into_iter().flat_map(|(_, monitors)| monitors);
    let names: HashMap<MonitorId, MonitorName> = monitors.map(|monitor| (monitor.id, monitor.name)).collect();
    let now = Slot::containing(now);
    let opened = now.plus(-1_440 * i64::from(days))..=now;
    let read = deps.incidents.incidents(opened, MAX_READ).await?;
    let seen: Vec<&Incident> =
        read.iter().filter(|incident| with_key || names.contains_key(&incident.monitor)).collect();

    let answer = Answer {
        incidents: seen.iter().take(MAX_ANSWERED).map(|incident| entry(incident, &names)).collect(),
        more: seen.len() > MAX_ANSWERED || read.len() >= MAX_READ,
    };
    let body = answer::json(&answer)?;
    Ok(if with_key {
        answer::private(answer::JSON, body)
    } else {
        answer::public(&headers, answer::JSON, body)
    })
}

fn entry<'a>(incident: &'a Incident, names: &'a HashMap<MonitorId, MonitorName>) -> Entry<'a> {
    Entry {
        id: incident.id(),
        monitor: &incident.monitor,
        name: names.get(&incident.monitor),
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
