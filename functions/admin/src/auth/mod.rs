//! `/api/auth`: people, and what lets them in.
//!
//! - `signup`, `login`, `logout`, `password`, `me`: what a person does for themselves;
//! - `users`, `invitations`: what owners do for others; `keys`: API keys;
//! - `audit`: who changed what.

mod audit;
pub(crate) mod caller;
mod described;
mod gate;
mod invitations;
mod keys;
pub(crate) mod limits;
mod login;
mod logout;
mod me;
mod password_change;
mod people;
mod signup;
mod users;

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, patch, post};
use jiff::Timestamp;
use shared::http_frame::Clock;
use shared::store::{
    CountAttempts, ReadAccounts, ReadAudit, ReadSessions, WriteAccounts, WriteAudit, WriteSessions,
};

use crate::body::MAX_BYTES;

pub(crate) use caller::Asked;
pub(crate) use described::Described;
pub(crate) use gate::Gate;

/// Who may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// Whoever has an invitation.
    Invitation,
    /// Anybody, into an account of their own; whoever has an invitation into that one.
    Open,
    /// Nobody.
    Closed,
}

impl FromStr for SignUp {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "invitation" => Ok(Self::Invitation),
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            _ => Err(format!("expected invitation, open or closed, got {text:?}")),
        }
    }
}

/// All that is read and written of accounts.
pub trait Accounts: ReadAccounts + WriteAccounts + Send + Sync + 'static {}
impl<T: ReadAccounts + WriteAccounts + Send + Sync + 'static> Accounts for T {}

/// All that is read and written of sessions.
pub trait Sessions: ReadSessions + WriteSessions + CountAttempts + Send + Sync + 'static {}
impl<T: ReadSessions + WriteSessions + CountAttempts + Send + Sync + 'static> Sessions for T {}

/// All that is read and written of the audit.
pub trait Audits: ReadAudit + WriteAudit + Send + Sync + 'static {}
impl<T: ReadAudit + WriteAudit + Send + Sync + 'static> Audits for T {}

/// What these endpoints need.
#[derive(Debug)]
pub(crate) struct Auth<A, S, U> {
    pub(crate) accounts: A,
    pub(crate) sessions: S,
    pub(crate) audit: U,
    pub(crate) sign_up: SignUp,
    pub(crate) clock: Clock,
}

impl<A, S, U> Auth<A, S, U> {
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

pub(crate) fn routes<A: Accounts, S: Sessions, U: Audits>(auth: Arc<Auth<A, S, U>>) -> Router {
    let routes = Router::new()
        .route("/signup", post(signup::signup::<A, S, U>))
        .route("/login", post(login::login::<A, S, U>))
        .route("/logout", post(logout::logout::<A, S, U>))
        .route("/logout/everywhere", post(logout::everywhere::<A, S, U>))
        .route("/me", get(me::me::<A, S, U>))
        .route("/password", post(password_change::change::<A, S, U>))
        .route("/keys", get(keys::list::<A, S, U>).post(keys::create::<A, S, U>))
        .route("/keys/{id}", delete(keys::revoke::<A, S, U>))
        .route("/invitations", get(invitations::list::<A, S, U>).post(invitations::create::<A, S, U>))
        .route(
            "/invitations/{id}",
            get(invitations::look::<A, S, U>).delete(invitations::withdraw::<A, S, U>),
        )
        .route("/users", get(users::list::<A, S, U>))
        .route("/users/{id}", patch(users::change::<A, S, U>).delete(users::remove::<A, S, U>))
        .route("/audit", get(audit::list::<A, S, U>));
    Router::new().nest("/api/auth", routes).layer(DefaultBodyLimit::max(MAX_BYTES)).with_state(auth)
}
