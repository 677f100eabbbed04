//! `/api/monitor`: everything that changes monitors, and what is asked of them out of turn.
//!
//! - `create`, `change`, `bulk`: new ones, other ones, many at once; `shard` changes a shard as a whole, `parents` sees to
//!   what they depend on, `wanted` to what requests say;
//! - `check`: looks at one now; `beat_token`: what a heartbeat's target calls with, and its end;
//! - `cleanup`: hides what was recorded long ago.

mod beat_token;
mod bulk;
mod change;
mod check;
mod cleanup;
mod create;
mod described;
mod parents;
mod shard;
mod wanted;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{delete, post, put};
use shared::monitor::Region;
use shared::store::{
    ListMonitors, ReadMonitor, ReadMonitors, ReadShards, WriteBeatTokens, WriteCredentials, WriteMonitors,
};

use crate::auth::Gate;
use crate::body::MAX_BYTES;
use crate::pings::Pings;

pub(crate) use described::Described;
pub(crate) use wanted::{IfMatch, etag};

/// Longest body with many monitors, in bytes; Lambda takes 6 MB.
const MAX_BULK_BYTES: usize = 4 * 1_024 * 1_024;

/// All that is read and written of monitors.
pub trait Monitors:
    ReadShards + ReadMonitors + ReadMonitor + ListMonitors + WriteMonitors + Send + Sync + 'static
{
}
impl<T: ReadShards + ReadMonitors + ReadMonitor + ListMonitors + WriteMonitors + Send + Sync + 'static>
    Monitors for T
{
}

/// What is written of monitors' secrets, and never read.
pub trait Secrets: WriteCredentials + Send + Sync + 'static {}
impl<T: WriteCredentials + Send + Sync + 'static> Secrets for T {}

/// The parts that these endpoints are made of.
pub(crate) trait Parts: Send + Sync + 'static {
    /// Lets people and programs in.
    type Gate: Gate;
    /// What is watched.
    type Monitors: Monitors;
    /// What targets let us in with.
    type Secrets: Secrets;
    /// What targets that call us beat with.
    type Beats: WriteBeatTokens + Send + Sync + 'static;
    /// Who looks at targets.
    type Pings: Pings;
}

impl<G, M, K, B, P> Parts for (G, M, K, B, P)
where
    G: Gate,
    M: Monitors,
    K: Secrets,
    B: WriteBeatTokens + Send + Sync + 'static,
    P: Pings,
{
    type Gate = G;
    type Monitors = M;
    type Secrets = K;
    type Beats = B;
    type Pings = P;
}

/// What these endpoints need.
#[derive(Debug)]
pub(crate) struct Desk<D: Parts> {
    pub(crate) gate: D::Gate,
    pub(crate) monitors: D::Monitors,
    pub(crate) secrets: D::Secrets,
    pub(crate) beats: D::Beats,
    pub(crate) pings: D::Pings,
    /// Where `ping` is: the first is the stack's own.
    pub(crate) regions: Vec<Region>,
}

/// The desk as handlers are given it.
type Wired<D> = State<Arc<Desk<D>>>;

impl<D: Parts> Desk<D> {
    /// Where a monitor is checked from unless somebody says otherwise.
    fn home(&self) -> &Region {
        // There is one, by how the configuration is read.
        &self.regions[0]
    }
}

pub(crate) fn routes<D: Parts>(desk: Desk<D>) -> Router {
    let many = post(bulk::bulk::<D>).layer(DefaultBodyLimit::max(MAX_BULK_BYTES));
    let one = put(change::replace::<D>).patch(change::patch::<D>).delete(change::remove::<D>);
    Router::new()
        .route("/api/monitor", post(create::create::<D>))
        .route("/api/monitor/test", post(check::test::<D>))
        .route("/api/monitor/{id}", one)
        .route("/api/monitor/{id}/pause", post(change::pause::<D>))
        .route("/api/monitor/{id}/resume", post(change::resume::<D>))
        .route("/api/monitor/{id}/check", post(check::check::<D>))
        .route("/api/monitor/{id}/beat-token", post(beat_token::create::<D>))
        .route("/api/monitor/{id}/beat-tokens", delete(beat_token::revoke::<D>))
        .route("/api/results/{id}/cleanup", delete(cleanup::hide::<D>))
        .layer(DefaultBodyLimit::max(MAX_BYTES))
        .route("/api/monitor/bulk", many)
        .with_state(Arc::new(desk))
}
