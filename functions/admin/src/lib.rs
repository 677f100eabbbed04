//! HTTP, everything that changes something: who gets in (`auth`), and the beats of targets that call us (`beats`).
//!
//! Each endpoint is a file of its own, generic over the store traits it needs and no others. This file puts them
//! together and into the frame (`frame`) that every answer passes; bodies are read in `body`.

pub mod auth;
mod beats;
mod body;
pub mod config;
mod frame;
mod password;

#[cfg(test)]
mod over_http;

use axum::Router;
use shared::http_frame::Clock;
use shared::store::WriteBeats;

use crate::auth::{Accounts, Audits, Auth, Sessions, SignUp};

/// All that the endpoints need.
#[derive(Debug, Clone)]
pub struct Deps<B, A, S, U> {
    /// What targets that call us have said.
    pub beats: B,
    /// Who signs in.
    pub accounts: A,
    /// What they hold.
    pub sessions: S,
    /// What they did.
    pub audit: U,
    /// Who may sign up.
    pub sign_up: SignUp,
    /// What the time is.
    pub clock: Clock,
}

/// Every route, to be built once at start: an invocation costs no more than its answer.
pub fn router<B, A, S, U>(deps: Deps<B, A, S, U>) -> Router
where
    B: WriteBeats + Send + Sync + 'static,
    A: Accounts,
    S: Sessions,
    U: Audits,
{
    let Deps { beats, accounts, sessions, audit, sign_up, clock } = deps;
    let auth = Auth { accounts, sessions, audit, sign_up, clock };
    frame::around(beats::routes(beats, clock).merge(auth::routes(auth)))
}
