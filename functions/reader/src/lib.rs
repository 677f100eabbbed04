//! HTTP, everything that only reads: the status page, signals, purchases.
//!
//! Each endpoint is a file of its own, generic over the store traits it needs and no others: `status`,
//! `signals`, `purchases`, `healthz`. This file puts them together and into the frame (`frame`) that every
//! answer passes.

mod access;
mod answer;
mod bars;
pub mod config;
pub mod cors;
mod cursor;
pub mod event;
mod failure;
mod frame;
mod healthz;
mod params;
mod purchases;
mod range;
mod signals;
mod status;
mod walk;
mod watched;

#[cfg(test)]
mod over_http;

use axum::Router;
use jiff::Timestamp;
use shared::store::{ReadMonitors, ReadPurchases, ReadSessions, ReadShards, ReadSignals};

use crate::cors::CorsOrigin;

/// What the time is; tests stop it.
pub type Clock = fn() -> Timestamp;

/// All that the endpoints need.
#[derive(Debug, Clone)]
pub struct Deps<M, S, P, K> {
    /// The monitors and their shards.
    pub monitors: M,
    /// What their checks found.
    pub signals: S,
    /// What the shop sold.
    pub purchases: P,
    /// API keys.
    pub sessions: K,
    /// Whose pages may read the answers; `None`: no other site's.
    pub cors: Option<CorsOrigin>,
    /// The status page's title.
    pub page_title: String,
    /// What the time is.
    pub clock: Clock,
}

/// Every route, to be built once at start: an invocation costs no more than its answer.
pub fn router<M, S, P, K>(deps: Deps<M, S, P, K>) -> Router
where
    M: ReadShards + ReadMonitors + Clone + Send + Sync + 'static,
    S: ReadSignals + Clone + Send + Sync + 'static,
    P: ReadPurchases + Send + Sync + 'static,
    K: ReadSessions + Clone + Send + Sync + 'static,
{
    let clock = deps.clock;
    let routes = Router::new()
        .merge(status::routes(deps.monitors.clone(), deps.signals.clone(), clock, deps.page_title))
        .merge(signals::routes(deps.monitors, deps.signals, deps.sessions.clone(), clock))
        .merge(purchases::routes(deps.purchases, deps.sessions, clock))
        .merge(healthz::routes());
    frame::around(routes, deps.cors, frame::TIME_LIMIT)
}
