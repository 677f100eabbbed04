//! `PUT|DELETE /api/maintenance/{id}`: maintenance windows. They are the installation's own: other accounts have none.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::put;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Deserialize;
use shared::http_frame::Failure;
use shared::maintenance::{MAX_WINDOWS, When, Window, WindowId};
use shared::monitor::{MonitorId, MonitorName};
use shared::openapi::{self, BadBody, Changer, Ours};
use shared::session::Scope;
use shared::store::{ReadMaintenance, ReadMonitor, WriteMaintenance};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{Array, ArrayBuilder, Ref};
use utoipa::{PartialSchema as _, ToSchema};

use crate::auth::caller::{Caller, conflict, forbidden, not_found};
use crate::auth::{Asked as Who, Gate};
use crate::body::{self, MAX_BYTES};

/// Most monitors of a window: of more, it is for all of them.
const MAX_MONITORS: usize = 500;

/// What these endpoints need.
#[derive(Debug)]
pub(crate) struct Calendar<G, M> {
    pub(crate) gate: G,
    pub(crate) monitors: M,
}

pub(crate) fn routes<G, M>(calendar: Calendar<G, M>) -> Router
where
    G: Gate,
    M: ReadMonitor + ReadMaintenance + WriteMaintenance + Send + Sync + 'static,
{
    Router::new()
        .route("/api/maintenance/{id}", put(replace::<G, M>).delete(remove::<G, M>))
        .layer(DefaultBodyLimit::max(MAX_BYTES))
        .with_state(Arc::new(calendar))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MaintenanceRequest, example = json!({
    "name": "Backup",
    "monitors": ["s0-7f3k2a"],
    "when": {"weekly": {"days": ["sun"], "from": "03:00:00", "minutes": 60, "time_zone": "Europe/Berlin"}},
}))]
struct Asked {
    name: MonitorName,
    /// None, or an empty list: all of them.
    #[serde(default)]
    #[schema(schema_with = ids)]
    monitors: Vec<MonitorId>,
    when: When,
}

fn ids() -> Array {
    let ids =
        ArrayBuilder::new().items(Ref::from_schema_name(MonitorId::name())).max_items(Some(MAX_MONITORS));
    ids.description(Some("Whose; none, or an empty list: all of them.")).build()
}

/// The window that a path names, for the API's description.
enum Place {}

impl utoipa::IntoParams for Place {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![openapi::path("id", WindowId::schema(), "The window; its maker chooses.", "night")]
    }
}

/// Who may change windows.
async fn caller<G: Gate>(gate: &G, who: Who) -> Result<Caller, Failure> {
    let caller = gate.caller(who, Scope::Write).await?;
    if !caller.session.account.is_home() {
        return Err(forbidden("maintenance windows are the installation's own"));
    }
    Ok(caller)
}

#[utoipa::path(
    put,
    path = "/api/maintenance/{id}",
    operation_id = "put_maintenance_window",
    tag = "Maintenance",
    summary = "Make or replace a maintenance window",
    description = "A time in which checks go on and open no incident. At most 500, of the account `home` alone. Scope `write`.",
    params(Place),
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    request_body = Asked,
    responses(
        (status = 200, description = "Replaced.", body = Window),
        (status = 201, description = "Made.", body = Window),
        BadBody,
        Changer,
        (status = 403, description = "`scope_missing`, `csrf_token`; `forbidden`: the windows are the account `home`'s."),
        (status = 404, description = "`not_found`: there can be no window of such an id."),
        (status = 409, description = "`too_many`: there are 500 already."),
        Ours,
    ),
)]
async fn replace<G, M>(
    State(calendar): State<Arc<Calendar<G, M>>>,
    who: Who,
    id: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure>
where
    G: Gate,
    M: ReadMonitor + ReadMaintenance + WriteMaintenance,
{
    let caller = caller(&calendar.gate, who).await?;
    let id: WindowId = id
        .ok()
        .and_then(|Path(id)| id.parse().ok())
        .ok_or_else(|| not_found("maintenance window; an id is 1 to 40 lower-case letters, digits or -"))?;
    let Asked { name, mut monitors, when } = body::json(body)?;
    monitors.sort();
    monitors.dedup();
    if monitors.len() > MAX_MONITORS {
        let rule = format!("monitors: expected at most {MAX_MONITORS}, or none for all of them");
        return Err(Failure::bad_request("monitors", rule));
    }
    for monitor in &monitors {
        let found = calendar.monitors.monitor(monitor).await?;
        if found.is_none_or(|found| found.account != caller.session.account) {
            return Err(Failure::bad_request("monitors", format!("monitors: there is no monitor {monitor}")));
        }
    }
    let window = Window { id, name, monitors, when }.validated();
    let window = window.map_err(|rule| Failure::bad_request("when", format!("when: {rule}")))?;
    let there = calendar.monitors.windows().await?;
    let is_new = !there.values.iter().any(|there| there.id == window.id);
    if is_new && there.values.len() + there.broken.len() >= MAX_WINDOWS {
        return Err(conflict("too_many", format!("an installation has at most {MAX_WINDOWS} windows")));
    }
    calendar.gate.note(&caller.entry("maintenance.put", &window.id, [])).await?;
    calendar.monitors.put_window(&window).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(CACHE_CONTROL, "no-store")], Json(window)).into_response())
}

#[utoipa::path(
    delete,
    path = "/api/maintenance/{id}",
    operation_id = "delete_maintenance_window",
    tag = "Maintenance",
    summary = "Delete a maintenance window",
    description = "Scope `write`, in the account `home`.",
    params(Place),
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    responses(
        (status = 204, description = "Deleted."),
        Changer,
        (status = 403, description = "`scope_missing`, `csrf_token`; `forbidden`: the windows are the account `home`'s."),
        (status = 404, description = "`not_found`: no such window."),
        Ours,
    ),
)]
async fn remove<G, M>(
    State(calendar): State<Arc<Calendar<G, M>>>,
    who: Who,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure>
where
    G: Gate,
    M: ReadMonitor + ReadMaintenance + WriteMaintenance,
{
    let caller = caller(&calendar.gate, who).await?;
    let id: Option<WindowId> = id.ok().and_then(|Path(id)| id.parse().ok());
    let id = id.ok_or_else(|| not_found("maintenance window"))?;
    let there = calendar.monitors.windows().await?;
    // One that cannot be read can be deleted.
    let broken = there.broken.iter().any(|broken| broken.id == id.to_string());
    if !broken && !there.values.iter().any(|there| there.id == id) {
        return Err(not_found("maintenance window"));
    }
    calendar.gate.note(&caller.entry("maintenance.delete", &id, [])).await?;
    calendar.monitors.delete_window(&id).await?;
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response())
}
