//! `POST /api/monitor/{id}/beat-token`: what a heartbeat's target calls with, shown once. Those made before go on holding,
//! until `DELETE /api/monitor/{id}/beat-tokens` revokes all of them.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Serialize;
use shared::beat::MAX_BEAT_TOKENS;
use shared::http_frame::Failure;
use shared::monitor::{Check, MonitorId};
use shared::openapi::{Changer, NoMonitor, Ours, PathId};
use shared::session::{Scope, Token};
use shared::store::{ReadMonitor as _, WriteBeatTokens as _};
use utoipa::ToSchema;

use super::wanted::id_of;
use super::{Desk, Parts, Wired};
use crate::auth::caller::{conflict, not_found};
use crate::auth::{Asked as Who, Gate};

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
    description = "It is shown once; those made before go on holding. At most 10 of one monitor. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(PathId),
    responses(
        (status = 201, description = "Made; it is shown now and never again.", body = Made),
        Changer,
        NoMonitor,
        (status = 409, description = "`kind`: it is no heartbeat. `too_many`: it has 10 already; revoke them first."),
        Ours,
    ),
)]
pub(super) async fn create<D: Parts>(
    State(desk): Wired<D>,
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
    // Two at the same moment may make one more: this keeps them few, and is no promise.
    if desk.beats.beat_tokens(&id).await? >= MAX_BEAT_TOKENS {
        return Err(conflict(
            "too_many",
            format!("a monitor has at most {MAX_BEAT_TOKENS} tokens: revoke them"),
        ));
    }
    let token = Token::random().map_err(|error| Failure::Internal(error.to_string()))?;
    desk.gate.note(&caller.entry("monitor.beat_token", &id, [])).await?;
    desk.beats.put_beat_token(&token.hash(), &id).await?;
    let made = Made { path: format!("/beats/{}", token.expose()), token: token.expose().to_owned() };
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(made)).into_response())
}

#[utoipa::path(
    delete,
    path = "/api/monitor/{id}/beat-tokens",
    operation_id = "revoke_beat_tokens",
    tag = "Beats",
    summary = "Revoke a heartbeat's tokens",
    description = "All of them; none of them beats any more. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(PathId),
    responses(
        (status = 204, description = "It has none now."),
        Changer,
        NoMonitor,
        Ours,
    ),
)]
pub(super) async fn revoke<D: Parts>(
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
    desk.gate.note(&caller.entry("monitor.beat_tokens.revoke", &id, [])).await?;
    desk.beats.delete_beat_tokens(&id).await?;
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response())
}

impl<D: Parts> Desk<D> {
    /// Deletes what this monitor was called with and by, now that it is gone or no heartbeat any more. What is left beats
    /// for nobody.
    pub(super) async fn forget_beats(&self, id: &MonitorId) {
        let deleted = async {
            self.beats.delete_beat_tokens(id).await?;
            self.beats.delete_beat(id).await
        };
        if let Err(error) = deleted.await {
            tracing::error!(monitor = %id, %error, "tokens are left that beat for nobody");
        }
    }
}
