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
use shared::problem::Problem;

use super::caller::{Asked, entry_of};
use super::{Accounts, Audits, Auth, Sessions, limits, people};
use crate::{body, password};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    email: Email,
    password: SecretString,
    /// Whether the session is to be a cookie, for a page.
    #[serde(default)]
    cookie: bool,
}

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
