//! `POST /api/monitor/{id}/beat-token`: what a heartbeat's target calls with, shown once. Those made before go on holding.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Serialize;
use shared::http_frame::Failure;
use shared::monitor::Check;
use shared::openapi::{Changer, NoMonitor, Ours, PathId};
use shared::session::{Scope, Token};
use shared::store::WriteBeatTokens;
use utoipa::ToSchema;

use super::wanted::id_of;
use super::{Monitors, Secrets, Wired};
use crate::auth::caller::{conflict, not_found};
use crate::auth::{Asked as Who, Gate};
use crate::pings::Pings;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BeatToken, example = json!({
    "token": "shopwatch_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA",
    "path": "/beats/shopwatch_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA",
}))]
struct Made {
    token: String,
    /// Where the target is to call, below the API's own address.
    path: String,
}

#[utoipa::path(
    post,
    path = "/api/monitor/{id}/beat-token",
    operation_id = "create_beat_token",
    tag = "Beats",
    summary = "Make a token for a heartbeat's beats",
    description = "It is shown once; those made before go on holding. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(PathId),
    responses(
        (status = 201, description = "Made; it is shown now and never again.", body = Made),
        Changer,
        NoMonitor,
        (status = 409, description = "`kind`: it is no heartbeat."),
        Ours,
    ),
)]
pub(super) async fn create<
    G: Gate,
    M: Monitors,
    K: Secrets,
    B: WriteBeatTokens + Send + Sync + 'static,
    P: Pings,
>(
    State(desk): Wired<G, M, K, B, P>,
    who: Who,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let caller = desk.gate.caller(who, Scope::Write).await?;
    let id = id_of(id)?;
    let found = desk.monitors.monitor(&id).await?.filter(|found| found.account == caller.session.account);
    let monitor = found.ok_or_else(|| not_found("monitor"))?;
    if !matches!(monitor.check, Check::Heartbeat(_)) {
        let kind = monitor.check.kind();
        return Err(conflict(
            "kind",
            format!("only a heartbeat is called; this is of kind {kind}, checked by us"),
        ));
    }
    let token = Token::random().map_err(|error| Failure::Internal(error.to_string()))?;
    desk.gate.note(&caller.entry("monitor.beat_token", &id, [])).await?;
    desk.beats.put_beat_token(&token.hash(), &id).await?;
    let made = Made { path: format!("/beats/{}", token.expose()), token: token.expose().to_owned() };
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(made)).into_response())
}
