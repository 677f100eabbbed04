//! `PUT|PATCH|DELETE /api/channel/{id}`: changes of one channel, of the version that is meant.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use shared::channel::{Channel, ChannelId, ChannelShown};
use shared::http_frame::Failure;
use shared::openapi::{BadBody, Changer, Ours};
use shared::revision::Revision;
use shared::session::Scope;
use shared::store::{StoreError, WriteTargets};

use super::asked::{Asked, Patch, Wanted};
use super::{Channels, Place, Registry, Wired, answer, id_of};
use crate::auth::caller::{Caller, conflict};
use crate::auth::{Asked as Who, Gate};
use crate::body;
use crate::monitors::IfMatch;

/// Attempts at one change while others change the same channel.
const ATTEMPTS: u32 = 4;

type Id = Result<Path<String>, PathRejection>;
type Body = Result<Bytes, BytesRejection>;

#[utoipa::path(
    put,
    path = "/api/channel/{id}",
    operation_id = "replace_channel",
    tag = "Channels",
    summary = "Replace a channel",
    description = "The channel as the body says, and defaults where it is silent; where it leads stays while that is not \
                   named and the kind is the same. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(Place, ("If-Match" = Option<String>, Header, description = "Which version is meant: its ETag. Any, where it is left out.", example = "\"3\"")),
    request_body = Asked,
    responses(
        (status = 200, description = "As it is now.", body = ChannelShown, headers(("ETag" = String, description = "Its version."))),
        BadBody,
        Changer,
        (status = 404, description = "`not_found`: no such channel, or another account's: they look alike."),
        (status = 409, description = "`changed`: somebody else changed it at the same moment, several times over."),
        (status = 412, description = "`changed`: it is another version by now than `If-Match` names."),
        Ours,
    ),
)]
pub(super) async fn replace<G: Gate, M: Registry, K: WriteTargets + Send + Sync + 'static>(
    State(channels): Wired<G, M, K>,
    who: Who,
    headers: HeaderMap,
    id: Id,
    body: Body,
) -> Result<Response, Failure> {
    let caller = channels.gate.caller(who, Scope::Write).await?;
    let id = id_of(id)?;
    let asked: Asked = body::json(body)?;
    let wanted = |there: &Channel| asked.wanted(Some(there));
    let channel = channels.change(&caller, &id, &IfMatch::of(&headers), wanted).await?;
    Ok(answer(StatusCode::OK, channel))
}

#[utoipa::path(
    patch,
    path = "/api/channel/{id}",
    operation_id = "change_channel",
    tag = "Channels",
    summary = "Change a channel",
    description = "What is not named stays, and `null` is the default (RFC 7396). Another kind needs to be told where it \
                   leads. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(Place, ("If-Match" = Option<String>, Header, description = "Which version is meant: its ETag. Any, where it is left out.", example = "\"3\"")),
    request_body = Patch,
    responses(
        (status = 200, description = "As it is now.", body = ChannelShown, headers(("ETag" = String, description = "Its version."))),
        BadBody,
        Changer,
        (status = 404, description = "`not_found`: no such channel, or another account's: they look alike."),
        (status = 409, description = "`changed`: somebody else changed it at the same moment, several times over."),
        (status = 412, description = "`changed`: it is another version by now than `If-Match` names."),
        Ours,
    ),
)]
pub(super) async fn patch<G: Gate, M: Registry, K: WriteTargets + Send + Sync + 'static>(
    State(channels): Wired<G, M, K>,
    who: Who,
    headers: HeaderMap,
    id: Id,
    body: Body,
) -> Result<Response, Failure> {
    let caller = channels.gate.caller(who, Scope::Write).await?;
    let id = id_of(id)?;
    let patch: Patch = body::json(body)?;
    let wanted = |there: &Channel| patch.wanted(there);
    let channel = channels.change(&caller, &id, &IfMatch::of(&headers), wanted).await?;
    Ok(answer(StatusCode::OK, channel))
}

#[utoipa::path(
    delete,
    path = "/api/channel/{id}",
    operation_id = "delete_channel",
    tag = "Channels",
    summary = "Delete a channel",
    description = "With where it leads. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    params(Place, ("If-Match" = Option<String>, Header, description = "Which version is meant: its ETag. Any, where it is left out.", example = "\"3\"")),
    responses(
        (status = 204, description = "Deleted."),
        Changer,
        (status = 404, description = "`not_found`: no such channel, or another account's: they look alike."),
        (status = 409, description = "`changed`: somebody else changed it at the same moment, several times over."),
        (status = 412, description = "`changed`: it is another version by now than `If-Match` names."),
        Ours,
    ),
)]
pub(super) async fn remove<G: Gate, M: Registry, K: WriteTargets + Send + Sync + 'static>(
    State(channels): Wired<G, M, K>,
    who: Who,
    headers: HeaderMap,
    id: Id,
) -> Result<Response, Failure> {
    let caller = channels.gate.caller(who, Scope::Write).await?;
    channels.delete(&caller, &id_of(id)?, &IfMatch::of(&headers)).await?;
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response())
}

fn changed_by_others() -> Failure {
    conflict("changed", "it was changed by somebody else at the same moment: read it and try again")
}

impl<G: Gate, M: Registry, K: WriteTargets + Sync> Channels<G, M, K> {
    /// Makes a channel what `wanted` makes of it, which may be called several times.
    async fn change(
        &self,
        caller: &Caller,
        id: &ChannelId,
        version: &IfMatch,
        wanted: impl Fn(&Channel) -> Result<Wanted, Failure> + Send + Sync,
    ) -> Result<Channel, Failure> {
        for _ in 0..ATTEMPTS {
            let there = self.own(caller, id).await?;
            version.allows_version(there.version)?;
            let Wanted { name, kind, monitors, on, paused, target } = wanted(&there)?;
            self.check_monitors(caller, &monitors, &there.monitors).await?;
            let mut channel = Channel { name, kind, monitors, on, paused, ..there.clone() };
            if let Some(target) = &target {
                channel.target = target.shown();
                channel.has_secret = target.has_secret();
                channel.revision = Revision::random(&mut rand::rng());
            }
            if channel == there {
                return Ok(there);
            }
            channel.version = there.version.saturating_add(1);
            self.gate.note(&caller.entry("channel.change", id, [])).await?;
            if self.store(&channel, target.as_ref()).await? {
                if target.is_some() {
                    self.forget(id, &there.revision).await;
                }
                return Ok(channel);
            }
        }
        Err(changed_by_others())
    }

    /// Deletes a channel, then its target.
    async fn delete(&self, caller: &Caller, id: &ChannelId, version: &IfMatch) -> Result<(), Failure> {
        for _ in 0..ATTEMPTS {
            let there = self.own(caller, id).await?;
            version.allows_version(there.version)?;
            self.gate.note(&caller.entry("channel.delete", id, [])).await?;
            match self.registry.delete_channel(id, there.version).await {
                Ok(()) => {}
                // Or the answer to our own deletion was lost: it is gone, as was asked for.
                Err(StoreError::Conflict(_)) if self.registry.channel(id).await?.is_none() => {}
                Err(StoreError::Conflict(_)) => continue,
                Err(error) => return Err(error.into()),
            }
            self.forget(id, &there.revision).await;
            return Ok(());
        }
        Err(changed_by_others())
    }
}
