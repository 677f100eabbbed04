//! `POST /api/channel`: a new channel.

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use shared::channel::{Channel, ChannelId, ChannelShown, MAX_CHANNELS};
use shared::http_frame::Failure;
use shared::openapi::{BadBody, Changer, Ours};
use shared::revision::Revision;
use shared::session::Scope;
use shared::store::WriteTargets;

use super::asked::{Asked, Wanted};
use super::{Channels, Registry, Wired, answer};
use crate::auth::caller::{Caller, conflict};
use crate::auth::{Asked as Who, Gate};
use crate::body;
use crate::room::{Room, There};

/// Most channels.
const ROOM: Room = Room { what: "channels", own: MAX_CHANNELS, guests: MAX_CHANNELS, guest: 5 };

#[utoipa::path(
    post,
    path = "/api/channel",
    operation_id = "create_channel",
    tag = "Channels",
    summary = "Say where alerts go",
    description = "A webhook and Slack need a `url`, e-mail some `addresses`: what these are, no answer says again. At most \
                   100 in an installation, 5 of a guest. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    request_body = Asked,
    responses(
        (status = 201, description = "Made.", body = ChannelShown, headers(
            ("ETag" = String, description = "Its version."),
            ("Location" = String, description = "Its address."),
        )),
        BadBody,
        Changer,
        (status = 409, description = "`too_many`: there are 100 already, of a guest 5."),
        Ours,
    ),
)]
pub(super) async fn create<G: Gate, M: Registry, K: WriteTargets + Send + Sync + 'static>(
    State(channels): Wired<G, M, K>,
    who: Who,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let caller = channels.gate.caller(who, Scope::Write).await?;
    let wanted = body::json::<Asked>(body)?.wanted(None)?;
    let channel = channels.make(&caller, wanted).await?;
    let location = HeaderValue::try_from(format!("/api/channel/{}", channel.id));
    let mut response = answer(StatusCode::CREATED, channel);
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

impl<G: Gate, M: Registry, K: WriteTargets + Sync> Channels<G, M, K> {
    async fn make(&self, caller: &Caller, wanted: Wanted) -> Result<Channel, Failure> {
        let Wanted { name, kind, monitors, on, paused, target } = wanted;
        let target = target.ok_or_else(|| Failure::Internal("a new channel leads nowhere".to_owned()))?;
        self.check_monitors(caller, &monitors, &BTreeSet::new()).await?;
        let there = self.registry.channels().await?;
        let account = &caller.session.account;
        let guests = there.values.iter().filter(|channel| !channel.account.is_home()).count();
        let guest = there.values.iter().filter(|channel| channel.account == *account).count();
        // Whose one is that cannot be read nobody knows.
        let own = there.values.len() - guests + there.broken.len();
        ROOM.has(account, There { own, guests, guest }, 1)?;
        let channel = Channel {
            id: ChannelId::random(&mut rand::rng()),
            account: caller.session.account.clone(),
            name,
            kind,
            target: target.shown(),
            has_secret: target.has_secret(),
            monitors,
            on,
            paused,
            revision: Revision::random(&mut rand::rng()),
            version: 1,
        };
        self.gate.note(&caller.entry("channel.create", &channel.id, [])).await?;
        if self.store(&channel, Some(&target)).await? {
            return Ok(channel);
        }
        // One of 2^82 ids was there.
        Err(conflict("changed", "its id was taken at the same moment: try again"))
    }
}
