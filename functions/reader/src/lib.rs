//! HTTP, everything that only reads: the status page, signals, incidents, monitors and their results, purchases and their
//! trends, imports, metrics.
//!
//! Each endpoint is a file of its own, generic over the store traits it needs and no others: `status`,
//! `signals`, `incidents`, `channels`, `monitors`, `monitor`, `results`, `purchases`, `trends`, `imports`, `metrics`, `healthz`. This
//! file puts them together and into the
//! frame (`frame`) that every answer passes.

mod accept;
mod answer;
mod bars;
mod bookmark;
mod channels;
pub mod config;
pub mod cors;
mod csv;
mod cursor;
mod described;
mod docs;
mod frame;
mod healthz;
mod hidden;
mod imports;
mod incident;
mod incidents;
mod judged;
mod link;
mod listed;
mod maintenance;
mod metrics;
mod minutes;
mod monitor;
mod monitors;
mod openapi_json;
mod own;
mod purchases;
mod range;
mod results;
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
    ListImports, ListMonitors, ListStates, ReadChannels, ReadChecks, ReadHistory, ReadIncidents,
    ReadMaintenance, ReadMonitor, ReadMonitors, ReadPurchases, ReadSessions, ReadShards, ReadSignals,
    ReadStates, ReadTrends, ReadUpdates,
};

pub use described::openapi;
pub use shared::http_frame::{Clock, event};

use shared::monitor::Region;

use crate::cors::CorsOrigin;

/// All that the endpoints need.
#[derive(Debug, Clone)]
pub struct Deps<M, S, I, H, P, L, K> {
    /// The monitors, their shards, maintenance windows and channels.
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
    /// The stack's own region.
    pub region: Region,
    /// What the time is.
    pub clock: Clock,
}

/// Every route, to be built once at start: an invocation costs no more than its answer.
pub fn router<M, S, I, H, P, L, K>(deps: Deps<M, S, I, H, P, L, K>) -> Router
where
    M: ReadShards + ReadMonitors + ReadMonitor + ListMonitors + ReadMaintenance + ReadUpdates + ReadChannels,
    M: Clone + Send + Sync + 'static,
    S: ReadSignals + ReadChecks + Clone + Send + Sync + 'static,
    I: ReadStates + ListStates + ReadIncidents + Clone + Send + Sync + 'static,
    H: ReadHistory + ReadTrends + Clone + Send + Sync + 'static,
    P: ReadPurchases + Send + Sync + 'static,
    L: ListImports + Clone + Send + Sync + 'static,
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
        region,
        clock,
    } = deps;
    let (m, s, i, h, l, k) = (&monitors, &signals, &incidents, &history, &ledger, &sessions);
    let routes = Router::new()
        .merge(status::routes(m.clone(), s.clone(), i.clone(), h.clone(), clock, page_title))
        .merge(signals::routes(m.clone(), s.clone(), k.clone(), clock))
        .merge(incidents::routes(m.clone(), i.clone(), k.clone(), clock))
        .merge(incident::routes(m.clone(), i.clone(), k.clone(), clock))
        .merge(maintenance::routes(m.clone(), k.clone(), clock))
        .merge(channels::routes(m.clone(), k.clone(), clock))
        .merge(monitors::routes(region, m.clone(), i.clone(), k.clone(), clock))
        .merge(monitor::routes(m.clone(), i.clone(), k.clone(), clock))
        .merge(results::routes(m.clone(), s.clone(), h.clone(), k.clone(), clock))
        .merge(metrics::routes((m.clone(), s.clone()), (i.clone(), h.clone()), (l.clone(), k.clone()), clock))
        .merge(purchases::routes(purchases, sessions.clone(), clock))
        .merge(trends::routes(history, sessions.clone(), public_trends, clock))
        .merge(imports::routes(ledger, sessions, clock))
        .merge(openapi_json::routes())
        .merge(docs::routes())
        .merge(healthz::routes());
    frame::around(routes, cors)
}
