//! HTTP, everything that changes something; for now the one route that a heartbeat's target calls.
//!
//! Each endpoint is a file of its own, generic over the store traits it needs and no others: `beats`. This file puts
//! them together and into the frame (`frame`) that every answer passes.

mod beats;
pub mod config;
mod frame;

#[cfg(test)]
mod over_http;

use axum::Router;
use shared::http_frame::Clock;
use shared::store::WriteBeats;

/// All that the endpoints need.
#[derive(Debug, Clone)]
pub struct Deps<B> {
    /// What targets that call us have said.
    pub beats: B,
    /// What the time is.
    pub clock: Clock,
}

/// Every route, to be built once at start: an invocation costs no more than its answer.
pub fn router<B: WriteBeats + Send + Sync + 'static>(deps: Deps<B>) -> Router {
    frame::around(beats::routes(deps.beats, deps.clock))
}
