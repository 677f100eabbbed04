//! `GET /api/monitor/{id}`: one monitor of the caller's account, with how it fares.
//!
//! Its `ETag` is its version, for whoever means to change it (`If-Match`). It says nothing of how the monitor fares, so no
//! copy is ever said to hold still.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use http::header::ETAG;
use http::{HeaderMap, HeaderValue, Method, Uri};
use shared::http_frame::access;
use shared::openapi::{BadQuery, Caller, MonitorFaring, NoMonitor, Ours, PathId};
use shared::schedule::Slot;
use shared::session::Scope;
use shared::store::{ListStates, ReadMaintenance, ReadMonitor, ReadSessions};

use crate::Clock;
use crate::answer;
use crate::failure::Failure;
use crate::judged::Judged;
use crate::own::{self, Id};
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
    M: ReadMonitor + ReadMaintenance + Send + Sync + 'static,
    I: ListStates + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { monitors, incidents, sessions, clock };
    Router::new().route("/api/monitor/{id}", get(monitor_of::<M, I, K>)).with_state(Arc::new(deps))
}

#[utoipa::path(
    get,
    path = "/api/monitor/{id}",
    operation_id = "get_monitor",
    tag = "Monitors",
    summary = "One monitor",
    description = "As it is configured, without credentials, and how it fares. Scope `read`.",
    params(PathId),
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("read"))),
    responses(
        (status = 200, description = "The monitor.", body = MonitorFaring,
            headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        BadQuery,
        Caller,
        NoMonitor,
        Ours,
    ),
)]
async fn monitor_of<M, I, K>(
    Shared(deps): Shared<Arc<Deps<M, I, K>>>,
    id: Id,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ReadMonitor + ReadMaintenance,
    I: ListStates,
    K: ReadSessions,
{
    let now = (deps.clock)();
    let session = access::require(&deps.sessions, &Method::GET, &headers, Scope::Read, now).await?;
    Params::of(&uri, &[])?;
    let monitor = own::monitor(&deps.monitors, &session.account, id).await?;
    let asked = std::slice::from_ref(&monitor);
    let judged = Judged::read(&deps.monitors, &deps.incidents, asked, Slot::containing(now)).await?;
    let mut response = answer::private(answer::JSON, answer::json(&judged.told(&monitor)?)?);
    if let Ok(etag) = HeaderValue::try_from(format!("\"{}\"", monitor.version)) {
        response.headers_mut().insert(ETAG, etag);
    }
    Ok(response)
}
