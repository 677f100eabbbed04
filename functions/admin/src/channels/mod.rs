//! `/api/channel`: where alerts go.
//!
//! - `create`, `change`: new ones, other ones; `stored` writes a channel and its target so that none is without the other;
//! - `asked`: what requests say.

mod asked;
mod change;
mod create;
mod stored;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{post, put};
use axum::{Json, Router};
use http::StatusCode;
use http::header::{CACHE_CONTROL, ETAG};
use shared::channel::{Channel, ChannelId, ChannelShown, MAX_MONITORS};
use shared::http_frame::Failure;
use shared::monitor::MonitorId;
use shared::openapi;
use shared::store::{ReadChannels, ReadMonitor, WriteChannels, WriteTargets};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{OpenApi, PartialSchema as _};

use crate::auth::Gate;
use crate::auth::caller::{Caller, not_found};
use crate::body::MAX_BYTES;
use crate::monitors::etag;

/// Every route that changes channels.
#[derive(Debug, OpenApi)]
#[openapi(paths(create::create, change::replace, change::patch, change::remove))]
pub(crate) struct Described;

/// What is read and written of channels, and read of monitors.
pub trait Registry: ReadMonitor + ReadChannels + WriteChannels + Send + Sync + 'static {}
impl<T: ReadMonitor + ReadChannels + WriteChannels + Send + Sync + 'static> Registry for T {}

/// What these endpoints need.
#[derive(Debug)]
pub(crate) struct Channels<G, M, K> {
    pub(crate) gate: G,
    pub(crate) registry: M,
    /// Written, and never read.
    pub(crate) targets: K,
}

/// The channels as handlers are given them.
type Wired<G, M, K> = State<Arc<Channels<G, M, K>>>;

pub(crate) fn routes<G, M, K>(channels: Channels<G, M, K>) -> Router
where
    G: Gate,
    M: Registry,
    K: WriteTargets + Send + Sync + 'static,
{
    let one =
        put(change::replace::<G, M, K>).patch(change::patch::<G, M, K>).delete(change::remove::<G, M, K>);
    Router::new()
        .route("/api/channel", post(create::create::<G, M, K>))
        .route("/api/channel/{id}", one)
        .layer(DefaultBodyLimit::max(MAX_BYTES))
        .with_state(Arc::new(channels))
}

/// The channel that a path names, for the API's description.
enum Place {}

impl utoipa::IntoParams for Place {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![openapi::path("id", ChannelId::schema(), "The channel.", "c-7f3k2a9d0c1b2e4f")]
    }
}

/// The id in a path.
///
/// # Errors
/// 404 where it is none.
fn id_of(id: Result<Path<String>, PathRejection>) -> Result<ChannelId, Failure> {
    id.ok().and_then(|Path(id)| id.parse().ok()).ok_or_else(|| not_found("channel"))
}

/// The channel as an answer.
fn answer(status: StatusCode, channel: Channel) -> Response {
    let headers = [(ETAG, etag(channel.version)), (CACHE_CONTROL, "no-store".to_owned())];
    (status, headers, Json(ChannelShown::from(channel))).into_response()
}

impl<G: Gate, M: Registry, K: Sync> Channels<G, M, K> {
    /// The caller's channel of this id.
    ///
    /// # Errors
    /// 404 for one of another account as for none.
    async fn own(&self, caller: &Caller, id: &ChannelId) -> Result<Channel, Failure> {
        let found = self.registry.channel(id).await?;
        found.filter(|found| found.account == caller.session.account).ok_or_else(|| not_found("channel"))
    }

    /// Refuses monitors that are not the caller's. What was right once is no reason to refuse another change.
    async fn check_monitors(
        &self,
        caller: &Caller,
        monitors: &BTreeSet<MonitorId>,
        before: &BTreeSet<MonitorId>,
    ) -> Result<(), Failure> {
        if monitors.len() > MAX_MONITORS {
            let rule = format!("monitors: expected at most {MAX_MONITORS}, or none for all of them");
            return Err(Failure::bad_request("monitors", rule));
        }
        for monitor in monitors.difference(before) {
            let found = self.registry.monitor(monitor).await?;
            if found.is_none_or(|found| found.account != caller.session.account) {
                return Err(Failure::bad_request(
                    "monitors",
                    format!("monitors: there is no monitor {monitor}"),
                ));
            }
        }
        Ok(())
    }
}
