//! `POST /api/auth/login`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use shared::account::Email;
use shared::http_frame::Failure;
use shared::openapi::{BadBody, Ours};
use shared::problem::Problem;
use utoipa::ToSchema;

use super::caller::{Asked, entry_of};
use super::{Accounts, Audits, Auth, Sessions, limits, people};
use crate::{body, password};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "ada@shop.example", "password": "correct horse battery"}))]
struct LogIn {
    email: Email,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Whether the session is to be a cookie, for a page.
    #[serde(default)]
    cookie: bool,
}

#[utoipa::path(
    post,
    path = "/api/auth/login",
    operation_id = "log_in",
    tag = "Signing in",
    summary = "Sign in",
    description = "The answer is a session: a bearer token, or with `\"cookie\": true` a cookie and the CSRF token that \
                   belongs to it. In 15 minutes 15 attempts with one address from one place are let through.",
    request_body = LogIn,
    responses(
        (status = 200, description = "Signed in.", body = people::SignedIn,
            headers(("Set-Cookie" = String, description = "The session, where `cookie` is `true`."))),
        BadBody,
        (status = 401, description = "`credentials`: the wrong password or an unknown address, alike.",
            headers(("WWW-Authenticate" = String, description = "RFC 6750."))),
        (status = 409, description = "`changed`: this person was changed at the same moment: sign in again."),
        limits::TooMany,
        Ours,
    ),
)]
pub(super) async fn login<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let LogIn { email, password, cookie } = body::json(body)?;
    if cookie {
        asked.may_set_cookie()?;
    }
    limits::attempt(&auth.sessions, &email, asked.source.as_deref(), auth.now()).await?;
    let user = auth.accounts.user_of(&email).await?;
    let is_right = password::is_right(&password, user.as_ref().map(|user| &user.password))?;
    let Some(user) = user.filter(|_| is_right) else {
        let detail = "nobody signs in with this address and password";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "credentials", detail).into());
    };
    let entry = entry_of(&user, asked.source, "user.login", BTreeMap::new(), auth.now());
    auth.audit.put_entry(&entry).await?;
    people::let_in(&auth, &user, cookie, StatusCode::OK).await
}
