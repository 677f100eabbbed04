//! `GET /api/auth/me`: who asks, and what with.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::CACHE_CONTROL;
use jiff::Timestamp;
use serde::Serialize;
use shared::account::{AccountId, Role};
use shared::http_frame::Failure;
use shared::session::{Kind, Scope};

use super::caller::{Asked, Caller};
use super::people::Person;
use super::{Accounts, Audits, Auth, Sessions};

/// Who asks.
#[derive(Debug, Serialize)]
struct Me {
    /// None of a key that the operator's command has made.
    user: Option<Person>,
    account: AccountId,
    role: Role,
    kind: Kind,
    /// What it opens now.
    scopes: Vec<Scope>,
    expires_at: Option<Timestamp>,
}

pub(super) async fn me<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
) -> Result<Response, Failure> {
    let Caller { session, now, .. } = Caller::of(&auth, asked).await?;
    let user = auth.accounts.user(&session.account, &session.user).await?;
    let scopes = Scope::ALL.map(|(scope, _)| scope).into_iter().filter(|scope| session.allows(*scope, now));
    let me = Me {
        user: user.as_ref().map(Person::of),
        scopes: scopes.collect(),
        account: session.account,
        role: session.role,
        kind: session.kind,
        expires_at: session.valid_until,
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(me)).into_response())
}
