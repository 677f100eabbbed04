//! `GET /api/results/{id}/…`: what was found of one monitor of the caller's account, for sessions and keys with the scope
//! `read`.
//!
//! - `checks`: one by one, newest first, a page at a time (`look_back`);
//! - `latest`: the newest of each region;
//! - `summary`: uptime, counts and times of the last day to 90 days (`periods`), from history and from what history does
//!   not have yet (`fresh`).

mod checks;
mod fresh;
mod latest;
mod look_back;
mod percentiles;
mod periods;
mod summary;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use shared::block::Block;
use shared::http_frame::access;
use shared::monitor::{Monitor, Region};
use shared::out_of_turn::Told;
use shared::schedule::Slot;
use shared::session::{Scope, Session};
use shared::signal::Signal;
use shared::store::{
    ReadChecks, ReadHistory, ReadMaintenance, ReadMonitor, ReadSessions, ReadSignals, Recorded,
};
use utoipa::OpenApi;

pub(crate) use self::fresh::count;
pub(crate) use self::latest::minutes_back;
use crate::Clock;
use crate::failure::Failure;
use crate::hidden;

/// The description of these routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(checks::checks_of, latest::latest_of, summary::summary_of))]
pub(crate) struct Described;

#[derive(Debug)]
struct Deps<M, S, H, K> {
    monitors: M,
    signals: S,
    history: H,
    sessions: K,
    clock: Clock,
}

pub(crate) fn routes<M, S, H, K>(monitors: M, signals: S, history: H, sessions: K, clock: Clock) -> Router
where
    M: ReadMonitor + ReadMaintenance + Send + Sync + 'static,
    S: ReadSignals + ReadChecks + Send + Sync + 'static,
    H: ReadHistory + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { monitors, signals, history, sessions, clock };
    Router::new()
        .route("/api/results/{id}/checks", get(checks::checks_of::<M, S, H, K>))
        .route("/api/results/{id}/latest", get(latest::latest_of::<M, S, H, K>))
        .route("/api/results/{id}/summary", get(summary::summary_of::<M, S, H, K>))
        .with_state(Arc::new(deps))
}

impl<M, S, H, K: ReadSessions> Deps<M, S, H, K> {
    /// Who asks, if they may read, and when that is.
    async fn reader(&self, headers: &HeaderMap) -> Result<(Session, Timestamp), Failure> {
        let now = (self.clock)();
        let session = access::require(&self.sessions, &Method::GET, headers, Scope::Read, now).await?;
        Ok((session, now))
    }
}

/// One check of a monitor.
#[derive(Debug, Clone, Copy)]
struct Seen<'a> {
    slot: Slot,
    region: &'a Region,
    at: Timestamp,
    signal: &'a Signal,
    out_of_turn: bool,
}

impl<'a> Seen<'a> {
    fn of(block: &'a Block, monitor: &Monitor, out_of_turn: bool) -> Option<Self> {
        let signal = block.signal(&monitor.id).filter(|_| hidden::shows(monitor, block.slot))?;
        Some(Self { slot: block.slot, region: &block.region, at: block.written_at, signal, out_of_turn })
    }

    /// Every check of this monitor that is shown, in no order.
    fn all(recorded: &'a Recorded, monitor: &'a Monitor) -> impl Iterator<Item = Self> {
        let in_turn = recorded.blocks.iter().filter_map(|block| Self::of(block, monitor, false));
        in_turn.chain(recorded.checks.iter().filter_map(|check| Self::of(check, monitor, true)))
    }

    fn told(&self, monitor: &Monitor) -> Told {
        Told::of(monitor, self.signal, self.region, self.at, self.out_of_turn)
    }
}
