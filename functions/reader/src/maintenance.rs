//! `GET /api/maintenance`: the maintenance windows, by id. They are the installation's own: other accounts have none.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Method, Uri};
use serde::Serialize;
use shared::http_frame::access;
use shared::maintenance::Window;
use shared::openapi::{BadQuery, Caller, Ours};
use shared::session::Scope;
use shared::store::{ReadMaintenance, ReadSessions, Stored};
use utoipa::ToSchema;

use crate::Clock;
use crate::answer;
use crate::failure::Failure;
use crate::params::Params;
use crate::watched::warn_of_broken;

#[derive(Debug)]
struct Deps<M, K> {
    monitors: M,
    sessions: K,
    clock: Clock,
}

pub(crate) fn routes<M, K>(monitors: M, sessions: K, clock: Clock) -> Router
where
    M: ReadMaintenance + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { monitors, sessions, clock };
    Router::new().route("/api/maintenance", get(windows_of::<M, K>)).with_state(Arc::new(deps))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MaintenanceWindows)]
struct Answer {
    windows: Vec<Window>,
}

#[utoipa::path(
    get,
    path = "/api/maintenance",
    operation_id = "list_maintenance_windows",
    tag = "Maintenance",
    summary = "The maintenance windows",
    description = "They are the account `home`'s: other accounts have none. Scope `read`.",
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("read"))),
    responses((status = 200, description = "The windows.", body = Answer), BadQuery, Caller, Ours),
)]
async fn windows_of<M, K>(
    Shared(deps): Shared<Arc<Deps<M, K>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ReadMaintenance,
    K: ReadSessions,
{
    let now = (deps.clock)();
    let session = access::require(&deps.sessions, &Method::GET, &headers, Scope::Read, now).await?;
    Params::of(&uri, &[])?;
    let mut windows = Vec::new();
    if session.account.is_home() {
        let Stored { values, broken } = deps.monitors.windows().await?;
        warn_of_broken("maintenance windows", broken.iter());
        windows = values;
    }
    Ok(answer::private(answer::JSON, answer::json(&Answer { windows })?))
}
