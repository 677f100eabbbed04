//! `POST /api/monitor/{id}/check`, a look at a monitor now; `POST /api/monitor/test`, one at a monitor that is not stored.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use jiff::SignedDuration;
use serde_json::json;
use serde_json::value::RawValue;
use shared::http_frame::Failure;
use shared::monitor::{AskedCredentials, Check, MonitorId, ShardId};
use shared::openapi::{BadBody, Changer, MonitorRequest, NoMonitor, Ours, PathId};
use shared::out_of_turn::Told;
use shared::problem::Problem;
use shared::revision::Revision;
use shared::session::Scope;
use shared::store::ReadMonitor as _;

use super::wanted::{asked, id_of, refused, settle};
use super::{Parts, Wired};
use crate::auth::caller::{Caller, not_found};
use crate::auth::limits::TooMany;
use crate::auth::{Asked as Who, Gate};
use crate::body::{self, Object};
use crate::pings::Pings;

/// The time in which checks out of turn count.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// Most checks out of turn of one account in that time: each may take ten seconds, and reaches out to wherever it is told.
const MOST: u16 = 30;

/// Most checks out of turn of all guests together in that time: at ten seconds each, two are under way at any moment.
const MOST_OF_GUESTS: u16 = 60;

/// Counts a check out of turn, and refuses one too many.
pub(super) async fn ration<G: Gate>(gate: &G, caller: &Caller) -> Result<(), Failure> {
    gate.ration(caller, "check", MOST, WINDOW).await?;
    if caller.session.account.is_home() {
        return Ok(());
    }
    gate.ration_of_guests(caller, "check", MOST_OF_GUESTS, WINDOW).await
}

#[utoipa::path(
    post,
    path = "/api/monitor/{id}/check",
    operation_id = "check_monitor",
    tag = "Monitors",
    summary = "Look at a monitor now",
    description = "Out of turn: it is recorded and shown, and counts for nothing. At most 30 checks and tests of one account in 5 minutes. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(PathId),
    responses(
        (status = 200, description = "What was found.", body = Told),
        Changer,
        NoMonitor,
        (status = 409, description = "`changed`: it was deleted at the same moment."),
        TooMany,
        Ours,
    ),
)]
pub(super) async fn check<D: Parts>(
    State(desk): Wired<D>,
    who: Who,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let caller = desk.gate.caller(who, Scope::Write).await?;
    let id = id_of(id)?;
    let found = desk.monitors.monitor(&id).await?;
    if found.is_none_or(|found| found.account != caller.session.account) {
        return Err(not_found("monitor"));
    }
    ration(&desk.gate, &caller).await?;
    desk.gate.note(&caller.entry("monitor.check", &id, [])).await?;
    told(desk.pings.ask(&json!({"check": {"monitors": [id]}})).await?)
}

#[utoipa::path(
    post,
    path = "/api/monitor/test",
    operation_id = "test_monitor",
    tag = "Monitors",
    summary = "Try a monitor",
    description = "A look at a monitor that is not stored, with its credentials; nothing is recorded. At most 30 checks and tests of one \
                   account in 5 minutes. A heartbeat cannot be tried. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    request_body = MonitorRequest,
    responses(
        (status = 200, description = "What was found.", body = Told),
        BadBody,
        Changer,
        TooMany,
        Ours,
    ),
)]
pub(super) async fn test<D: Parts>(
    State(desk): Wired<D>,
    who: Who,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let caller = desk.gate.caller(who, Scope::Write).await?;
    let Object(fields) = body::json(body)?;
    let asked = asked(fields, &desk.regions)?;
    let nobody =
        MonitorId::new(ShardId(0), "000000").map_err(|error| Failure::Internal(error.to_string()))?;
    let mut monitor = asked.monitor(nobody, desk.home()).map_err(refused)?;
    // Whose it would be decides what may be reached.
    monitor.account = caller.session.account.clone();
    settle(&asked, &mut monitor, None, None, &Revision::first())?;
    if let Check::Heartbeat(_) = monitor.check {
        return Err(Failure::bad_request("monitor", "kind: a heartbeat is not checked: its target calls"));
    }
    ration(&desk.gate, &caller).await?;
    desk.gate.note(&caller.entry("monitor.test", monitor.target(), [])).await?;
    let credentials = match &asked.credentials {
        AskedCredentials::New(credentials) => Some(credentials.exposed()),
        AskedCredentials::Kept | AskedCredentials::None => None,
    };
    told(desk.pings.ask(&json!({"test": {"monitor": monitor, "credentials": credentials}})).await?)
}

/// What was found, as `ping` tells it.
fn told(mut found: Vec<Box<RawValue>>) -> Result<Response, Failure> {
    match found.pop() {
        Some(told) => Ok(([(CACHE_CONTROL, "no-store")], Json(told)).into_response()),
        None => {
            Err(Problem::new(StatusCode::CONFLICT, "changed", "it was deleted at the same moment").into())
        }
    }
}
