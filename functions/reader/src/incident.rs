//! `GET /api/incidents/{id}`: one incident of the caller's account, with what people have said to it.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Method, StatusCode, Uri};
use serde::Serialize;
use shared::http_frame::access;
use shared::incident::{Incident, IncidentId, Update};
use shared::openapi::{self, BadQuery, Caller, Ours};
use shared::problem::Problem;
use shared::session::Scope;
use shared::store::{ReadIncidents, ReadMonitor, ReadSessions, ReadUpdates};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{PartialSchema as _, ToSchema};

use crate::Clock;
use crate::answer;
use crate::failure::Failure;
use crate::incidents::{Entry, entry};
use crate::own::Id;
use crate::params::Params;

#[derive(Debug)]
struct Deps<M, I, K> {
    monitors: M,
    incidents: I,
    sessions: K,
    clock: Clock,
}

pub(crate) fn routes<M, I, K>(monitors: M, incidents: I, sessions: K, clock: Clock) -> Router
where
    M: ReadMonitor + ReadUpdates + Send + Sync + 'static,
    I: ReadIncidents + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { monitors, incidents, sessions, clock };
    Router::new().route("/api/incidents/{id}", get(incident_of::<M, I, K>)).with_state(Arc::new(deps))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentWithUpdates)]
struct Answer<'a> {
    #[serde(flatten)]
    #[schema(value_type = Entry)]
    incident: Entry<'a>,
    /// Oldest first.
    updates: Vec<Update>,
}

/// The path, for the API's description.
enum Place {}

impl utoipa::IntoParams for Place {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![openapi::path(
            "id",
            IncidentId::schema(),
            "The incident; # is written %23.",
            "2026-11-21T14:25:00Z#s0-7f3k2a",
        )]
    }
}

#[utoipa::path(
    get,
    path = "/api/incidents/{id}",
    operation_id = "get_incident",
    tag = "Incidents",
    summary = "One incident, with what people said to it",
    description = "Scope `read`.",
    params(Place),
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("read"))),
    responses(
        (status = 200, description = "The incident; what people added, oldest first.", body = Answer),
        BadQuery,
        Caller,
        (status = 404, description = "`not_found`: no such incident, or another account's: they look alike."),
        Ours,
    ),
)]
async fn incident_of<M, I, K>(
    Shared(deps): Shared<Arc<Deps<M, I, K>>>,
    id: Id,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ReadMonitor + ReadUpdates,
    I: ReadIncidents,
    K: ReadSessions,
{
    let now = (deps.clock)();
    let session = access::require(&deps.sessions, &Method::GET, &headers, Scope::Read, now).await?;
    Params::of(&uri, &[])?;
    let not_found = || Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such incident");
    let id: Option<IncidentId> = id.ok().and_then(|id| id.0.parse().ok());
    let found: Option<Incident> = match &id {
        Some(id) => deps.incidents.incident(id).await?,
        None => None,
    };
    let incident = found.ok_or_else(not_found)?;
    let monitor = deps.monitors.monitor(&incident.monitor).await?;
    let account = monitor.as_ref().map_or(&incident.account, |monitor| &monitor.account);
    let hidden = monitor.as_ref().and_then(|monitor| monitor.hidden_before);
    if *account != session.account || hidden.is_some_and(|before| incident.opened_at < before) {
        return Err(not_found().into());
    }
    let updates = deps.monitors.updates(&incident.id()).await?;
    let incident = entry(&incident, monitor.as_ref().map(|monitor| &monitor.name));
    Ok(answer::private(answer::JSON, answer::json(&Answer { incident, updates })?))
}
