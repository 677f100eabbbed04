//! `PUT|PATCH|DELETE /api/monitor/{id}`, and its pause: changes of one monitor, of the version that is meant.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use shared::credentials::CredentialsId;
use shared::http_frame::Failure;
use shared::monitor::{Asked, AskedCredentials, Check, Monitor, MonitorId, Region, flat};
use shared::openapi::{
    BadBody, Changer, MonitorPatch, MonitorRequest, MonitorShown, NoMonitor, Ours, PathId,
};
use shared::revision::Revision;
use shared::session::Scope;
use shared::store::{ReadMonitor as _, WriteCredentials as _};

use super::parents::Parents;
use super::shard::Edited;
use super::wanted::{IfMatch, answer, asked, id_of, merge, own, refused, settle};
use super::{Desk, Parts, Wired};
use crate::auth::caller::{Caller, conflict, not_found};
use crate::auth::{Asked as Who, Gate};
use crate::body::{self, Object};

type Id = Result<Path<String>, PathRejection>;
type Body = Result<Bytes, BytesRejection>;

/// `PUT`: the monitor as the body says, and defaults where it is silent.
#[utoipa::path(
    put,
    path = "/api/monitor/{id}",
    operation_id = "replace_monitor",
    tag = "Monitors",
    summary = "Replace a monitor",
    description = "The monitor as the body says, and defaults where it is silent; credentials that are not named stay, while scheme, host \
                   and port do. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(PathId, ("If-Match" = Option<String>, Header, description = "Which version is meant: its ETag. Any, where it is left out.", example = "\"3\"")),
    request_body = MonitorRequest,
    responses(
        (status = 200, description = "As it is now.", body = MonitorShown, headers(("ETag" = String, description = "Its version."))),
        BadBody,
        Changer,
        NoMonitor,
        (status = 409, description = "`changed`: somebody else changed its shard at the same moment, several times over. `unreadable`: its shard holds a \
            monitor that cannot be read."),
        (status = 412, description = "`changed`: it is another version by now than `If-Match` names."),
        Ours,
    ),
)]
pub(super) async fn replace<D: Parts>(
    State(desk): Wired<D>,
    who: Who,
    headers: HeaderMap,
    id: Id,
    body: Body,
) -> Result<Response, Failure> {
    let caller = desk.gate.caller(who, Scope::Write).await?;
    let id = id_of(id)?;
    let Object(fields) = body::json(body)?;
    let wanted = |_: &Monitor| Ok(fields.clone());
    let monitor = desk.change(&caller, &id, &IfMatch::of(&headers), wanted).await?;
    answer(StatusCode::OK, &monitor)
}

/// The monitor's fields with what a patch says.
fn patched(monitor: &Monitor, patch: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    let mut fields = flat(monitor).map_err(|error| Failure::Internal(error.to_string()))?;
    let mut patch = patch.clone();
    // Nobody reads them, so nothing can be merged into them; and `null` says that there shall be none.
    let credentials = patch.remove("credentials");
    merge(&mut fields, &patch);
    fields.extend(credentials.map(|credentials| ("credentials".to_owned(), credentials)));
    Ok(fields)
}

/// `PATCH`: the monitor with what the body says (RFC 7396): what is not named stays, `null` is the default.
#[utoipa::path(
    patch,
    path = "/api/monitor/{id}",
    operation_id = "change_monitor",
    tag = "Monitors",
    summary = "Change a monitor",
    description = "What is not named stays, and `null` is the default (RFC 7396). Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(PathId, ("If-Match" = Option<String>, Header, description = "Which version is meant: its ETag. Any, where it is left out.", example = "\"3\"")),
    request_body = MonitorPatch,
    responses(
        (status = 200, description = "As it is now.", body = MonitorShown, headers(("ETag" = String, description = "Its version."))),
        BadBody,
        Changer,
        NoMonitor,
        (status = 409, description = "`changed`: somebody else changed its shard at the same moment, several times over. `unreadable`: its shard holds a \
            monitor that cannot be read."),
        (status = 412, description = "`changed`: it is another version by now than `If-Match` names."),
        Ours,
    ),
)]
pub(super) async fn patch<D: Parts>(
    State(desk): Wired<D>,
    who: Who,
    headers: HeaderMap,
    id: Id,
    body: Body,
) -> Result<Response, Failure> {
    let caller = desk.gate.caller(who, Scope::Write).await?;
    let id = id_of(id)?;
    let Object(patch) = body::json(body)?;
    let wanted = |monitor: &Monitor| patched(monitor, &patch);
    let monitor = desk.change(&caller, &id, &IfMatch::of(&headers), wanted).await?;
    answer(StatusCode::OK, &monitor)
}

/// `DELETE`: the monitor, its credentials and tokens. What was recorded of it goes by itself.
#[utoipa::path(
    delete,
    path = "/api/monitor/{id}",
    operation_id = "delete_monitor",
    tag = "Monitors",
    summary = "Delete a monitor",
    description = "With its credentials and its tokens to beat with. What was recorded of it goes by itself. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(PathId, ("If-Match" = Option<String>, Header, description = "Which version is meant: its ETag. Any, where it is left out.", example = "\"3\"")),
    responses(
        (status = 204, description = "Deleted."),
        Changer,
        NoMonitor,
        (status = 409, description = "`changed`: somebody else changed its shard at the same moment, several times over. `unreadable`: its shard holds a \
            monitor that cannot be read."),
        (status = 412, description = "`changed`: it is another version by now than `If-Match` names."),
        Ours,
    ),
)]
pub(super) async fn remove<D: Parts>(
    State(desk): Wired<D>,
    who: Who,
    headers: HeaderMap,
    id: Id,
) -> Result<Response, Failure> {
    let caller = desk.gate.caller(who, Scope::Write).await?;
    let id = id_of(id)?;
    let wanted = IfMatch::of(&headers);
    let gone = desk
        .edit(&caller, id.shard(), "monitor.delete", |monitors| {
            wanted.allows(own(monitors, &id, &caller)?)?;
            Ok(Edited::of(monitors.remove(&id)))
        })
        .await?;
    desk.forget(gone.as_slice()).await;
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response())
}

/// `POST /api/monitor/{id}/pause`: no checks, no incident.
#[utoipa::path(
    post,
    path = "/api/monitor/{id}/pause",
    operation_id = "pause_monitor",
    tag = "Monitors",
    summary = "Pause a monitor",
    description = "No checks, no incident. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(PathId),
    responses(
        (status = 200, description = "As it is now.", body = MonitorShown, headers(("ETag" = String, description = "Its version."))),
        Changer,
        NoMonitor,
        (status = 409, description = "`changed`: somebody else changed its shard at the same moment, several times over. `unreadable`: its shard holds a \
            monitor that cannot be read."),
        Ours,
    ),
)]
pub(super) async fn pause<D: Parts>(State(desk): Wired<D>, who: Who, id: Id) -> Result<Response, Failure> {
    desk.rest(who, id, true).await
}

/// `POST /api/monitor/{id}/resume`: checks again.
#[utoipa::path(
    post,
    path = "/api/monitor/{id}/resume",
    operation_id = "resume_monitor",
    tag = "Monitors",
    summary = "Resume a monitor",
    description = "Checks again. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(PathId),
    responses(
        (status = 200, description = "As it is now.", body = MonitorShown, headers(("ETag" = String, description = "Its version."))),
        Changer,
        NoMonitor,
        (status = 409, description = "`changed`: somebody else changed its shard at the same moment, several times over. `unreadable`: its shard holds a \
            monitor that cannot be read."),
        Ours,
    ),
)]
pub(super) async fn resume<D: Parts>(State(desk): Wired<D>, who: Who, id: Id) -> Result<Response, Failure> {
    desk.rest(who, id, false).await
}

impl<D: Parts> Desk<D> {
    /// Makes a monitor what `wanted` makes of it.
    async fn change(
        &self,
        caller: &Caller,
        id: &MonitorId,
        version: &IfMatch,
        wanted: impl Fn(&Monitor) -> Result<Map<String, Value>, Failure> + Send + Sync,
    ) -> Result<Monitor, Failure> {
        let there = self.monitors.monitor(id).await?.filter(|there| there.account == caller.session.account);
        let there = there.ok_or_else(|| not_found("monitor"))?;
        let regions = self.regions_of(&there);
        let first = asked(wanted(&there)?, &regions)?;
        let parents = first.depends_on().to_vec();
        let same = self.same(&there, &first).await?;
        let revision = Revision::random(&mut rand::rng());
        Parents::of(&self.monitors, &caller.session.account).check(Some(&there), &parents).await?;
        let (monitor, old) = self
            .edit(caller, id.shard(), "monitor.change", |monitors| {
                let there = own(monitors, id, caller)?;
                version.allows(there)?;
                let asked = asked(wanted(there)?, &regions)?;
                if asked.depends_on() != parents {
                    return Err(conflict(
                        "changed",
                        "it was changed at the same moment: read it and try again",
                    ));
                }
                let mut changed = asked.monitor(there.id.clone(), self.home()).map_err(refused)?;
                changed.account = there.account.clone();
                changed.hidden_before = there.hidden_before;
                changed.version = there.version;
                let keys = settle(&asked, &mut changed, Some(there), same.as_ref(), &revision)?;
                *there = changed;
                Ok(Edited { value: (there.clone(), keys.old), credentials: keys.new.into_iter().collect() })
            })
            .await?;
        self.delete_credentials(old).await;
        if calls_us(&there) && !calls_us(&monitor) {
            self.forget_beats(id).await;
        }
        // As it is stored: its version follows the one before.
        Ok(self.monitors.monitor(id).await?.unwrap_or(monitor))
    }

    /// Where `ping` is, and where this monitor is checked from already: what was right once is no reason to refuse another
    /// change.
    fn regions_of(&self, there: &Monitor) -> Vec<Region> {
        self.regions.iter().chain(&there.regions).cloned().collect()
    }

    /// The credentials that are there, if they are what is asked for.
    async fn same(&self, there: &Monitor, asked: &Asked) -> Result<Option<CredentialsId>, Failure> {
        match (&asked.credentials, CredentialsId::of(there)) {
            (AskedCredentials::New(credentials), Some(id)) => {
                let is_same = self.secrets.are_credentials(&id, credentials).await?;
                Ok(is_same.then_some(id))
            }
            _ => Ok(None),
        }
    }

    async fn rest(&self, who: Who, id: Id, paused: bool) -> Result<Response, Failure> {
        let caller = self.gate.caller(who, Scope::Write).await?;
        let id = id_of(id)?;
        let action = if paused { "monitor.pause" } else { "monitor.resume" };
        self.edit(&caller, id.shard(), action, |monitors| {
            own(monitors, &id, &caller)?.paused = paused;
            Ok(Edited::of(()))
        })
        .await?;
        let monitor = self.monitors.monitor(&id).await?.ok_or_else(|| not_found("monitor"))?;
        answer(StatusCode::OK, &monitor)
    }

    /// Deletes what belongs to monitors that are gone, all that can be: what is left is read by nobody.
    pub(super) async fn forget(&self, gone: &[Monitor]) {
        self.delete_credentials(gone.iter().filter_map(CredentialsId::of)).await;
        for monitor in gone.iter().filter(|gone| calls_us(gone)) {
            self.forget_beats(&monitor.id).await;
        }
    }
}

/// Whether its target calls us.
fn calls_us(monitor: &Monitor) -> bool {
    matches!(monitor.check, Check::Heartbeat(_))
}
