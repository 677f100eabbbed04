//! What is said of people, and what they are given when they come in.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use shared::account::{AccountId, Email, Role, User, UserId};
use shared::http_frame::{Failure, access::SESSION_COOKIE};
use shared::session::{IDLE_HOURS, Kind, SESSION_HOURS, Scope, Session, Token};
use utoipa::ToSchema;

use super::{Accounts, Audits, Auth, Sessions};

/// A person, as people see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "u-7f3k2a9d0c1b2e4f",
    "account": "home",
    "email": "ada@shop.example",
    "role": "editor",
    "created_at": "2026-11-21T14:25:00Z",
}))]
pub(super) struct Person {
    #[schema(value_type = UserId)]
    id: String,
    account: AccountId,
    #[schema(value_type = Email)]
    email: String,
    role: Role,
    #[schema(value_type = shared::openapi::Instant)]
    created_at: Timestamp,
}

impl Person {
    pub(super) fn of(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            account: user.account.clone(),
            email: user.email.as_str().to_owned(),
            role: user.role,
            created_at: user.created_at,
        }
    }
}

/// What somebody is given who has signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "token": "shopwatch_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA",
    "expires_at": "2026-12-21T14:25:00Z",
    "user": {
        "id": "u-7f3k2a9d0c1b2e4f",
        "account": "home",
        "email": "ada@shop.example",
        "role": "editor",
        "created_at": "2026-11-21T14:25:00Z",
    },
}))]
pub(super) struct SignedIn {
    /// The token; of a cookie it is in the cookie alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// What has to be sent along as `X-CSRF-Token` with what a cookie changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
    #[schema(value_type = shared::openapi::Instant)]
    expires_at: Timestamp,
    user: Person,
}

/// Lets a person in: with a cookie, or with a bearer token.
pub(super) async fn let_in<A: Accounts, S: Sessions, U: Audits>(
    auth: &Auth<A, S, U>,
    user: &User,
    by_cookie: bool,
    status: StatusCode,
) -> Result<Response, Failure> {
    let now = auth.now();
    let internal = |error: &dyn std::fmt::Display| Failure::Internal(error.to_string());
    let token = Token::random().map_err(|error| internal(&error))?;
    let after = |hours: i64| now.checked_add(hours.hours()).map_err(|error| internal(&error));
    let expires_at = after(SESSION_HOURS)?;
    let session = Session {
        hash: token.hash(),
        kind: if by_cookie { Kind::Cookie } else { Kind::Bearer },
        name: String::new(),
        user: user.id.clone(),
        account: user.account.clone(),
        role: user.role,
        scopes: Scope::ALL.map(|(scope, _)| scope).to_vec(),
        created_at: now,
        valid_until: Some(expires_at),
        idle_until: if by_cookie { Some(after(IDLE_HOURS)?) } else { None },
    };
    auth.sessions.put_session(&session).await?;
    // Whoever has changed the person meanwhile has not seen this session.
    let there = auth.accounts.user(&user.account, &user.id).await?;
    if there.is_none_or(|there| there.version != user.version) {
        auth.sessions.revoke(&session.hash).await?;
        return Err(super::caller::conflict(
            "changed",
            "this person was changed at the same moment: sign in again",
        ));
    }
    let signed_in = SignedIn {
        token: (!by_cookie).then(|| token.expose().to_owned()),
        csrf_token: by_cookie.then(|| token.csrf()),
        expires_at,
        user: Person::of(user),
    };
    let mut response = (status, [(CACHE_CONTROL, "no-store")], Json(signed_in)).into_response();
    if by_cookie {
        response.headers_mut().insert(SET_COOKIE, cookie(token.expose(), SESSION_HOURS * 3_600)?);
    }
    Ok(response)
}

/// The header that sets the session's cookie, for so many seconds; 0 takes it away.
pub(super) fn cookie(value: &str, seconds: i64) -> Result<HeaderValue, Failure> {
    let text = format!("{SESSION_COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax");
    HeaderValue::from_str(&text).map_err(|error| Failure::Internal(error.to_string()))
}
