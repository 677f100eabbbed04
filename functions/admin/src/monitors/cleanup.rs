//! `DELETE /api/results/{id}/cleanup?days=90`: hides what was recorded of a monitor before. A mark on the monitor that every
//! reader honours: blocks are shared by a shard, and never rewritten.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{StatusCode, Uri};
use shared::http_frame::{Failure, Params};
use shared::openapi::{self, BadQuery, Changer, MonitorShown, NoMonitor, Ours, PathId};
use shared::schedule::Slot;
use shared::session::Scope;
use shared::store::ReadMonitor as _;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::shard::Edited;
use super::wanted::{answer, id_of, own};
use super::{Parts, Wired};
use crate::auth::caller::not_found;
use crate::auth::{Asked as Who, Gate};

/// Days that are kept, unless the request says otherwise.
const DEFAULT_DAYS: u16 = 90;

/// Most days: longer than anything but days of history is kept.
const MAX_DAYS: u16 = 3_650;

/// The parameter, for the API's description.
enum Query {}

impl utoipa::IntoParams for Query {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let days = "Days that are kept, back from now; 0 hides everything.";
        vec![openapi::number("days", 0..=MAX_DAYS, Some(DEFAULT_DAYS), days)]
    }
}

#[utoipa::path(
    delete,
    path = "/api/results/{id}/cleanup",
    operation_id = "hide_results",
    tag = "Results",
    summary = "Hide old results",
    description = "What was recorded before is shown to nobody any more, and stays hidden. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(PathId, Query),
    responses(
        (status = 200, description = "The monitor as it is now.", body = MonitorShown, headers(("ETag" = String, description = "Its version."))),
        BadQuery,
        Changer,
        NoMonitor,
        (status = 409, description = "`changed`: somebody else changed its shard at the same moment, several times over. `unreadable`: its shard holds a \
            monitor that cannot be read."),
        Ours,
    ),
)]
pub(super) async fn hide<D: Parts>(
    State(desk): Wired<D>,
    who: Who,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Failure> {
    let caller = desk.gate.caller(who, Scope::Write).await?;
    let id = id_of(id)?;
    let days = Params::of(&uri, &["days"])?.number("days", 0..=MAX_DAYS)?.unwrap_or(DEFAULT_DAYS);
    let before = Slot::containing(caller.now).plus(-1_440 * i64::from(days));
    desk.edit(&caller, id.shard(), "results.hide", |monitors| {
        let monitor = own(monitors, &id, &caller)?;
        // What is hidden stays hidden.
        monitor.hidden_before = Some(monitor.hidden_before.map_or(before, |there| there.max(before)));
        Ok(Edited::of(()))
    })
    .await?;
    let monitor = desk.monitors.monitor(&id).await?.ok_or_else(|| not_found("monitor"))?;
    answer(StatusCode::OK, &monitor)
}
