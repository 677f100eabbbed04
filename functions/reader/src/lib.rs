//! HTTP, everything that only reads: the status page, signals, incidents, purchases and their trends, imports.
//!
//! Each endpoint is a file of its own, generic over the store traits it needs and no others: `status`,
//! `signals`, `incidents`, `purchases`, `trends`, `imports`, `healthz`. This file puts them together and into the
//! frame (`frame`) that every answer passes.

mod accept;
mod answer;
mod bars;
pub mod config;
pub mod cors;
mod csv;
mod cursor;
mod frame;
mod healthz;
mod imports;
mod incidents;
mod link;
mod minutes;
mod purchases;
mod range;
mod signals;
mod standing;
mod status;
mod trends;
mod walk;
mod watched;
mod words;
mod worked_on;

#[cfg(test)]
mod over_http;

use axum::Router;
use shared::http_frame::{failure, params};
use shared::store::{
    ListImports, ReadHistory, ReadIncidents, ReadMaintenance, ReadMonitors, ReadPurchases, ReadSessions,
    ReadShards, ReadSignals, ReadStates, ReadTrends,
};

pub use shared::http_frame::{Clock, event};

use crate::cors::CorsOrigin;

/// All that the endpoints need.
#[derive(Debug, Clone)]
pub struct Deps<M, S, I, H, P, L, K> {
    /// The monitors, their shards and maintenance windows.
    pub monitors: M,
    /// What their checks found.
    pub signals: S,
    /// What `judge` made of it.
    pub incidents: I,
    /// What is left of it when it has expired, and what was sold in each hour and day.
    pub history: H,
    /// What the shop sold.
    pub purchases: P,
    /// Which uploaded objects that came from.
    pub ledger: L,
    /// API keys.
    pub sessions: K,
    /// Whether anybody may read trends.
    pub public_trends: bool,
    /// Whose pages may read the answers; `None`: no other site's.
    pub cors: Option<CorsOrigin>,
    /// The status page's title.
    pub page_title: String,
    /// What the time is.
    pub clock: Clock,
}

/// Every route, to be built once at start: an invocation costs no more than its answer.
pub fn router<M, S, I, H, P, L, K>(deps: Deps<M, S, I, H, P, L, K>) -> Router
where
    M: ReadShards + ReadMonitors + ReadMaintenance + Clone + Send + Sync + 'static,
    S: ReadSignals + Clone + Send + Sync + 'static,
    I: ReadStates + ReadIncidents + Clone + Send + Sync + 'static,
    H: ReadHistory + ReadTrends + Clone + Send + Sync + 'static,
    P: ReadPurchases + Send + Sync + 'static,
    L: ListImports + Send + Sync + 'static,
    K: ReadSessions + Clone + Send + Sync + 'static,
{
    let Deps {
        monitors,
        signals,
        incidents,
        history,
        purchases,
        ledger,
        sessions,
        public_trends,
        cors,
        page_title,
        clock,
    } = deps;
    let (m, s, i, h) = (monitors.clone(), signals.clone(), incidents.clone(), history.clone());
    let routes = Router::new()
        .merge(status::routes(m, s, i, h, clock, page_title))
        .merge(signals::routes(monitors.clone(), signals, sessions.clone(), clock))
        .merge(incidents::routes(monitors, incidents, sessions.clone(), clock))
        .merge(purchases::routes(purchases, sessions.clone(), clock))
        .merge(trends::routes(history, sessions.clone(), public_trends, clock))
        .merge(imports::routes(ledger, sessions, clock))
        .merge(healthz::routes());
    frame::around(routes, cors)
}
