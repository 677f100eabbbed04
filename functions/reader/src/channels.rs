//! `GET /api/channel`, `GET /api/channel/{id}`: where alerts of the caller's account go, without what lets anybody deliver
//! there.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::extract::State as Shared;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use axum::routing::get;
use http::header::ETAG;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde::Serialize;
use shared::channel::{ChannelId, ChannelShown};
use shared::http_frame::access;
use shared::openapi::{self, BadQuery, Caller, Ours};
use shared::problem::Problem;
use shared::session::Scope;
use shared::store::{ReadChannels, ReadSessions, Stored};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{PartialSchema as _, ToSchema};

use crate::Clock;
use crate::answer;
use crate::failure::Failure;
use crate::params::Params;
use crate::watched::warn_of_broken;

#[derive(Debug)]
struct Deps<M, K> {
    channels: M,
    sessions: K,
    clock: Clock,
}

pub(crate) fn routes<M, K>(channels: M, sessions: K, clock: Clock) -> Router
where
    M: ReadChannels + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    Router::new()
        .route("/api/channel", get(channels_of::<M, K>))
        .route("/api/channel/{id}", get(channel_of::<M, K>))
        .with_state(Arc::new(Deps { channels, sessions, clock }))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Channels)]
struct Answer {
    channels: Vec<ChannelShown>,
}

#[utoipa::path(
    get,
    path = "/api/channel",
    operation_id = "list_channels",
    tag = "Channels",
    summary = "The account's channels",
    description = "All of them, by id: where alerts go, without what lets anybody deliver there. Scope `read`.",
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("read"))),
    responses((status = 200, description = "The channels.", body = Answer), BadQuery, Caller, Ours),
)]
async fn channels_of<M: ReadChannels, K: ReadSessions>(
    Shared(deps): Shared<Arc<Deps<M, K>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let now = (deps.clock)();
    let session = access::require(&deps.sessions, &Method::GET, &headers, Scope::Read, now).await?;
    Params::of(&uri, &[])?;
    let Stored { values, broken } = deps.channels.channels().await?;
    warn_of_broken("channels", broken.iter());
    let own = values.into_iter().filter(|channel| channel.account == session.account);
    let answer = Answer { channels: own.map(ChannelShown::from).collect() };
    Ok(answer::private(answer::JSON, answer::json(&answer)?))
}

/// The channel that a path names, for the API's description.
enum Place {}

impl utoipa::IntoParams for Place {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![openapi::path("id", ChannelId::schema(), "The channel.", "c-7f3k2a9d0c1b2e4f")]
    }
}

#[utoipa::path(
    get,
    path = "/api/channel/{id}",
    operation_id = "get_channel",
    tag = "Channels",
    summary = "One channel",
    description = "Without what lets anybody deliver there. Scope `read`.",
    params(Place),
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("read"))),
    responses(
        (status = 200, description = "The channel.", body = ChannelShown,
            headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        BadQuery,
        Caller,
        (status = 404, description = "`not_found`: no such channel, or another account's: they look alike."),
        Ours,
    ),
)]
async fn channel_of<M: ReadChannels, K: ReadSessions>(
    Shared(deps): Shared<Arc<Deps<M, K>>>,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let now = (deps.clock)();
    let session = access::require(&deps.sessions, &Method::GET, &headers, Scope::Read, now).await?;
    Params::of(&uri, &[])?;
    let id: Option<ChannelId> = id.ok().and_then(|Path(id)| id.parse().ok());
    let found = match id {
        Some(id) => deps.channels.channel(&id).await?,
        None => None,
    };
    let channel = found
        .filter(|found| found.account == session.account)
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such channel"))?;
    let etag = HeaderValue::try_from(format!("\"{}\"", channel.version));
    let mut response = answer::private(answer::JSON, answer::json(&ChannelShown::from(channel))?);
    if let Ok(etag) = etag {
        response.headers_mut().insert(ETAG, etag);
    }
    Ok(response)
}
