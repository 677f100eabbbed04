//! HTTP, everything that only reads: the status page, signals, incidents, purchases.
//!
//! Each endpoint is a file of its own, generic over the store traits it needs and no others: `status`,
//! `signals`, `incidents`, `purchases`, `healthz`. This file puts them together and into the frame (`frame`) that
//! every answer passes.

mod access;
mod answer;
mod bars;
pub mod config;
pub mod cors;
mod cursor;
mod frame;
mod healthz;
mod incidents;
mod minutes;
mod purchases;
mod range;
mod signals;
mod standing;
mod status;
mod walk;
mod watched;
mod words;
mod worked_on;

#[cfg(test)]
mod over_http;

use axum::Router;
use shared::http_frame::{failure, params};
use shared::store::{
    ReadHistory, ReadIncidents, ReadMaintenance, ReadMonitors, ReadPurchases, ReadSessions, ReadShards,
    ReadSignals, ReadStates,
};

pub use shared::http_frame::{Clock, event};

use crate::cors::CorsOrigin;

/// All that the endpoints need.
#[derive(Debug, Clone)]
pub struct Deps<M, S, I, H, P, K> {
    /// The monitors, their shards and maintenance windows.
    pub monitors: M,
    /// What their checks found.
    pub signals: S,
    /// What `judge` made of it.
    pub incidents: I,
    /// What is left of it when it has expired.
    pub history: H,
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
pub fn router<M, S, I, H, P, K>(deps: Deps<M, S, I, H, P, K>) -> Router
where
    M: ReadShards + ReadMonitors + ReadMaintenance + Clone + Send + Sync + 'static,
    S: ReadSignals + Clone + Send + Sync + 'static,
    I: ReadStates + ReadIncidents + Clone + Send + Sync + 'static,
    H: ReadHistory + Send + Sync + 'static,
    P: ReadPurchases + Send + Sync + 'static,
    K: ReadSessions + Clone + Send + Sync + 'static,
{
    let Deps { monitors, signals, incidents, history, purchases, sessions, cors, page_title, clock } = deps;
    let (m, s, i) = (monitors.clone(), signals.clone(), incidents.clone());
    let routes = Router::new()
        .merge(status::routes(m, s, i, history, clock, page_title))
        .merge(signals::routes(monitors.clone(), signals, sessions.clone(), clock))
        .merge(incidents::routes(monitors, incidents, sessions.clone(), clock))
        .merge(purchases::routes(purchases, sessions, clock))
        .merge(healthz::routes());
    frame::around(routes, cors)
}
