//! `GET /incidents?days=30`: the incidents that were opened in the last days, newest first.
//!
//! Anybody sees those of the public monitors of the installation's own account; an API key with the scope `read` shows
//! those of all monitors of its account. Those of a deleted monitor are for keys of its account: nobody
//! knows any more whether it was public, or what of it was hidden.

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
use shared::openapi::{self, BadQuery, Caller, Ours};
use shared::schedule::Slot;
use shared::session::{Scope, Session};
use shared::signal::Reason;
use shared::state::State;
use shared::store::{ReadIncidents, ReadMonitors, ReadSessions};
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterIn};

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
    M: ReadMonitors + Send + Sync + 'static,
    I: ReadIncidents + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { monitors, incidents, sessions, clock };
    Router::new().route("/incidents", get(incidents_of::<M, I, K>)).with_state(Arc::new(deps))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Incidents)]
struct Answer<'a> {
    incidents: Vec<Entry<'a>>,
    /// Whether there are older ones in these days.
    more: bool,
}

/// One incident.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Incident, example = json!({
    "id": "2026-11-21T14:25:00Z#s0-7f3k2a",
    "monitor": "s0-7f3k2a",
    "name": "Shop",
    "state": "down",
    "reason": "status",
    "status": 503,
    "regions": ["us-east-1"],
    "opened_at": "2026-11-21T14:25:00Z",
    "began_at": "2026-11-21T14:24:00Z",
    "closed_at": null,
    "closed_by": null,
    "flapping": false,
}))]
pub(crate) struct Entry<'a> {
    id: IncidentId,
    #[schema(value_type = MonitorId)]
    monitor: &'a MonitorId,
    /// `None` when the monitor is gone.
    #[schema(value_type = Option<MonitorName>)]
    name: Option<&'a MonitorName>,
    state: State,
    reason: Reason,
    status: Option<u16>,
    #[schema(value_type = Vec<Region>)]
    regions: &'a [Region],
    opened_at: Slot,
    began_at: Slot,
    closed_at: Option<Slot>,
    closed_by: Option<ClosedBy>,
    flapping: bool,
}

/// The parameters, for the API's description.
enum Query {}

impl utoipa::IntoParams for Query {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![openapi::number("days", 1..=MAX_DAYS, Some(DEFAULT_DAYS), "What was opened in so many days.")]
    }
}

#[utoipa::path(
    get,
    path = "/incidents",
    operation_id = "list_incidents",
    tag = "Incidents",
    summary = "The incidents of the last days, newest first",
    description = "At most 500. Anybody sees those of the public monitors of the account `home`; a bearer with the scope \
                   `read` those of its account. A cookie counts for nothing here.",
    params(Query, ("If-None-Match" = Option<String>, Header, description = "The ETag of a copy.")),
    security((), ("bearer" = [])),
    extensions(("x-scope" = json!("read"))),
    responses((status = 200, description = "The incidents.", body = Answer, headers(("ETag" = String, description = "Names this answer, for `If-None-Match`."))), (status = 304, description = "The copy that `If-None-Match` names still holds."), BadQuery, Caller, Ours),
)]
async fn incidents_of<M, I, K>(
    Shared(deps): Shared<Arc<Deps<M, I, K>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ReadMonitors,
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

    let now = Slot::containing(now);
    let opened = now.plus(-1_440 * i64::from(days))..=now;
    let account = session.as_ref().map(|session| session.account.clone()).unwrap_or_default();
    let read = deps.incidents.incidents(&account, opened, MAX_READ).await?;
    // All monitors of the shards that are named: what is not among them is deleted.
    let shards = read.iter().map(|incident| incident.monitor.shard()).collect();
    let shards = watched::of_shards(&deps.monitors, shards, |_| true).await?;
    let monitors: HashMap<MonitorId, Monitor> =
        shards.into_iter().flat_map(|(_, of_shard)| of_shard).map(|one| (one.id.clone(), one)).collect();
    let seen: Vec<&Incident> =
        read.iter().filter(|incident| is_seen(incident, &monitors, session.as_ref())).collect();

    let name_of = |incident: &Incident| monitors.get(&incident.monitor).map(|monitor| &monitor.name);
    let answer = Answer {
        incidents: seen
            .iter()
            .take(MAX_ANSWERED)
            .map(|incident| entry(incident, name_of(incident)))
            .collect(),
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
        None => session.is_some_and(|session| session.account == incident.account),
    }
}

/// The incident of a monitor of this name; none of one that is gone.
pub(crate) fn entry<'a>(incident: &'a Incident, name: Option<&'a MonitorName>) -> Entry<'a> {
    Entry {
        id: incident.id(),
        monitor: &incident.monitor,
        name,
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
