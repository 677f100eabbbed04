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
use shared::openapi::{Nobody, Ours};
use shared::session::{Kind, Scope};
use utoipa::ToSchema;

use super::caller::{Asked, Caller};
use super::people::Person;
use super::{Accounts, Audits, Auth, Sessions};

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user": {
        "id": "u-7f3k2a9d0c1b2e4f",
        "account": "home",
        "email": "ada@shop.example",
        "role": "editor",
        "created_at": "2026-11-21T14:25:00Z",
    },
    "account": "home",
    "role": "editor",
    "kind": "bearer",
    "scopes": ["read", "write", "purchases", "metrics"],
    "expires_at": "2026-12-21T14:25:00Z",
}))]
struct Me {
    /// None of a key that the operator's command has made.
    user: Option<Person>,
    account: AccountId,
    role: Role,
    kind: Kind,
    /// What it opens now.
    scopes: Vec<Scope>,
    #[schema(value_type = Option<shared::openapi::Instant>)]
    expires_at: Option<Timestamp>,
}

#[utoipa::path(
    get,
    path = "/api/auth/me",
    operation_id = "me",
    tag = "Signing in",
    summary = "Who asks",
    description = "Who that is, what with, and what it opens now. Takes any session or key.",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, description = "Who asks.", body = Me), Nobody, Ours),
)]
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
