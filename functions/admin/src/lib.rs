//! HTTP, everything that changes something: who gets in (`auth`), what is watched (`monitors`, with `pings`, which asks for
//! checks; `incidents`, `maintenance`), where alerts go (`channels`), and the beats of targets that call us (`beats`).
//!
//! Each endpoint is a file of its own, generic over the store traits it needs and no others. This file puts them
//! together and into the frame (`frame`) that every answer passes; bodies are read in `body`.

pub mod auth;
mod beats;
mod body;
pub mod channels;
pub mod config;
mod described;
mod frame;
mod incidents;
mod maintenance;
pub mod monitors;
mod password;
pub mod pings;
mod room;

#[cfg(test)]
mod over_http;

use std::sync::Arc;

use axum::Router;
use shared::http_frame::Clock;
use shared::monitor::Region;
use shared::store::{
    ReadIncidents, ReadMaintenance, ReadUpdates, WriteBeatTokens, WriteBeats, WriteMaintenance, WriteTargets,
    WriteUpdates,
};

use crate::auth::{Accounts, Audits, Auth, Sessions, SignUp};
use crate::channels::{Channels, Registry};
use crate::incidents::Log;
use crate::maintenance::Calendar;
use crate::monitors::{Desk, Monitors, Secrets};
use crate::pings::Pings;

pub use described::openapi;

/// All that the endpoints need.
#[derive(Debug, Clone)]
pub struct Deps<B, A, S, U, M, I, K, P> {
    /// What targets that call us have said.
    pub beats: B,
    /// Who signs in.
    pub accounts: A,
    /// What they hold.
    pub sessions: S,
    /// What they did.
    pub audit: U,
    /// What is watched.
    pub monitors: M,
    /// What went wrong.
    pub incidents: I,
    /// What targets let us in with, and where alerts go.
    pub secrets: K,
    /// Who looks at targets.
    pub pings: P,
    /// Where `ping` is, the stack's own region first.
    pub regions: Vec<Region>,
    /// Who may sign up.
    pub sign_up: SignUp,
    /// What the time is.
    pub clock: Clock,
}

/// Every route, to be built once at start: an invocation costs no more than its answer.
pub fn router<B, A, S, U, M, I, K, P>(deps: Deps<B, A, S, U, M, I, K, P>) -> Router
where
    B: WriteBeats + WriteBeatTokens + Clone + Send + Sync + 'static,
    A: Accounts,
    S: Sessions,
    U: Audits,
    M: Monitors + Registry + ReadMaintenance + WriteMaintenance + ReadUpdates + WriteUpdates + Clone,
    I: ReadIncidents + Send + Sync + 'static,
    K: Secrets + WriteTargets + Clone,
    P: Pings,
{
    let Deps {
        beats,
        accounts,
        sessions,
        audit,
        monitors,
        incidents,
        secrets,
        pings,
        regions,
        sign_up,
        clock,
    } = deps;
    let auth = Arc::new(Auth { accounts, sessions, audit, sign_up, clock });
    let log = Log { gate: Arc::clone(&auth), monitors: monitors.clone(), incidents };
    let calendar = Calendar { gate: Arc::clone(&auth), monitors: monitors.clone() };
    let channels = Channels { gate: Arc::clone(&auth), registry: monitors.clone(), targets: secrets.clone() };
    let beating = beats::routes(beats.clone(), monitors.clone(), clock);
    let desk: Desk<(_, _, _, _, _)> =
        Desk { gate: Arc::clone(&auth), monitors, secrets, beats, pings, regions };
    let routes = beating
        .merge(auth::routes(auth))
        .merge(monitors::routes(desk))
        .merge(incidents::routes(log))
        .merge(maintenance::routes(calendar))
        .merge(channels::routes(channels));
    frame::around(routes)
}
