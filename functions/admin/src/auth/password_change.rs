//! `POST /api/auth/password`: another password, with the one there is.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use secrecy::SecretString;
use serde::Deserialize;
use shared::account::User;
use shared::http_frame::Failure;
use shared::openapi::{BadBody, Ours, Person};
use shared::problem::Problem;
use shared::store::{AccountChange, UserChange};
use utoipa::ToSchema;

use super::caller::{Asked, Caller, not_found};
use super::{Accounts, Audits, Auth, Sessions, limits, logout, users};
use crate::{body, password};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current": "correct horse battery", "new": "another horse battery"}))]
struct PasswordChange {
    #[schema(value_type = String, format = Password)]
    current: SecretString,
    #[schema(schema_with = password::described)]
    new: SecretString,
}

/// Ends every other session of the person: whoever has one may have it by the former password.
#[utoipa::path(
    post,
    path = "/api/auth/password",
    operation_id = "change_password",
    tag = "Signing in",
    summary = "Change the password",
    description = "With the one there is. Every other session of the person ends. Takes a person who has signed in.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    request_body = PasswordChange,
    responses(
        (status = 204, description = "Changed; every other session has ended."),
        BadBody,
        Person,
        (status = 403, description = "`credentials`: `current` is not the password there is. `forbidden`: an API key. \
            `csrf_token`: a cookie without the right `X-CSRF-Token`."),
        (status = 404, description = "`not_found`: this person has left at the same moment."),
        (status = 409, description = "`changed`: this person was changed at the same moment."),
        limits::TooMany,
        Ours,
    ),
)]
pub(super) async fn change<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let source = asked.source.clone();
    let caller = Caller::person(&auth, asked).await?;
    let PasswordChange { current, new } = body::json(body)?;
    let (session, now) = (&caller.session, caller.now);
    let user = auth.accounts.user(&session.account, &session.user).await?;
    let user = user.ok_or_else(|| not_found("user"))?;
    limits::change(&auth.sessions, &user.id, source.as_deref(), now).await?;
    if !password::is_right(&current, Some(&user.password))? {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "credentials",
            "current is not the password there is",
        )
        .into());
    }
    let hash = password::hashed(password::checked(&new)?)?;
    auth.audit.put_entry(&caller.entry("user.password", &user.id, [])).await?;
    // Before, so that a failure here leaves a password to try again with; and after, for those made meanwhile.
    logout::end_sessions(&auth.sessions, &session.user, Some(&session.hash)).await?;
    let changed = User { password: hash, version: user.version.saturating_add(1), ..user };
    let summary = users::summary_after(&auth.accounts, &changed.account, |_| {}).await?;
    let user = UserChange::Changes(changed);
    auth.accounts.change_account(&AccountChange { summary, user }).await?;
    logout::end_sessions(&auth.sessions, &session.user, Some(&session.hash)).await?;
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response())
}
