//! `POST /api/auth/logout`, and `/api/auth/logout/everywhere`: it holds at once.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, SET_COOKIE};
use shared::account::UserId;
use shared::http_frame::Failure;
use shared::openapi::{Ours, Person};
use shared::session::{Kind, Session, TokenHash};

use super::caller::{Asked, Caller};
use super::{Accounts, Audits, Auth, Sessions, people};

#[utoipa::path(
    post,
    path = "/api/auth/logout",
    operation_id = "log_out",
    tag = "Signing in",
    summary = "Sign out",
    description = "Ends this session: it holds at once. Takes a person who has signed in.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    responses(
        (status = 204, description = "Signed out.",
            headers(("Set-Cookie" = String, description = "Takes a session's cookie away."))),
        Person,
        Ours,
    ),
)]
pub(super) async fn logout<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
) -> Result<Response, Failure> {
    let caller = Caller::person(&auth, asked).await?;
    let hash = &caller.session.hash;
    auth.audit.put_entry(&caller.entry("user.logout", hash.id(), [])).await?;
    auth.sessions.revoke(hash).await?;
    left(&caller.session)
}

#[utoipa::path(
    post,
    path = "/api/auth/logout/everywhere",
    operation_id = "log_out_everywhere",
    tag = "Signing in",
    summary = "Sign out everywhere",
    description = "Ends every session of the person; API keys go on. Takes a person who has signed in.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    responses(
        (status = 204, description = "Signed out.",
            headers(("Set-Cookie" = String, description = "Takes a session's cookie away."))),
        Person,
        Ours,
    ),
)]
pub(super) async fn everywhere<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
) -> Result<Response, Failure> {
    let caller = Caller::person(&auth, asked).await?;
    let user = &caller.session.user;
    auth.audit.put_entry(&caller.entry("user.logout_everywhere", user, [])).await?;
    end_sessions(&auth.sessions, user, None).await?;
    // The index may not know it yet.
    auth.sessions.revoke(&caller.session.hash).await?;
    left(&caller.session)
}

/// Ends the sessions of a person but this one; keys go on.
pub(super) async fn end_sessions<S: Sessions>(
    sessions: &S,
    user: &UserId,
    but: Option<&TokenHash>,
) -> Result<(), Failure> {
    for session in sessions.sessions(user).await? {
        if session.kind != Kind::Key && Some(&session.hash) != but {
            sessions.revoke(&session.hash).await?;
        }
    }
    Ok(())
}

fn left(session: &Session) -> Result<Response, Failure> {
    let mut response = (StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response();
    if session.kind == Kind::Cookie {
        response.headers_mut().insert(SET_COOKIE, people::cookie("", 0)?);
    }
    Ok(response)
}
