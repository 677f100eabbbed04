//! `/api/auth/keys`: what programs use, as the person who made them and no more.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use shared::http_frame::Failure;
use shared::openapi::{BadBody, Ours, Person, whole};
use shared::session::{KeyName, Kind, Scope, Session, Token};
use utoipa::ToSchema;
use utoipa::openapi::Object;

use super::caller::{Asked, Caller, conflict, not_found};
use super::{Accounts, Audits, Auth, Sessions};
use crate::body;

/// Most keys of one person.
const MAX_KEYS: usize = 100;

/// Most days that a key can be given.
const MAX_DAYS: u16 = 3_650;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "ci", "scopes": ["read", "write"], "expires_days": 90}))]
struct NewKey {
    name: KeyName,
    /// None that its owner may not.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// No end if not given.
    #[serde(default)]
    #[schema(schema_with = days)]
    expires_days: Option<u16>,
}

fn days() -> Object {
    whole(1..=MAX_DAYS).description(Some("Days that it holds; no end if not given.")).build()
}

/// A key, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey, example = json!({
    "id": "5f70bf18a086",
    "name": "ci",
    "scopes": ["read", "write"],
    "created_at": "2026-11-21T14:25:00Z",
    "expires_at": "2027-02-19T14:25:00Z",
}))]
struct Shown {
    id: String,
    /// Shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    name: String,
    scopes: Vec<Scope>,
    #[schema(value_type = shared::openapi::Instant)]
    created_at: Timestamp,
    #[schema(value_type = Option<shared::openapi::Instant>)]
    expires_at: Option<Timestamp>,
}

impl Shown {
    fn of(key: &Session, token: Option<&Token>) -> Self {
        Self {
            id: key.hash.id().to_owned(),
            token: token.map(|token| token.expose().to_owned()),
            name: key.name.clone(),
            scopes: key.scopes.clone(),
            created_at: key.created_at,
            expires_at: key.valid_until,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeys)]
struct Keys {
    keys: Vec<Shown>,
}

#[utoipa::path(
    get,
    path = "/api/auth/keys",
    operation_id = "list_keys",
    tag = "API keys",
    summary = "One's own API keys",
    description = "Those that have expired too, until they are gone. Takes a person who has signed in.",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, description = "One's own keys.", body = Keys), Person, Ours),
)]
pub(super) async fn list<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
) -> Result<Response, Failure> {
    let caller = Caller::person(&auth, asked).await?;
    let keys = keys_of(&auth.sessions, &caller).await?.iter().map(|key| Shown::of(key, None)).collect();
    Ok(([(CACHE_CONTROL, "no-store")], Json(Keys { keys })).into_response())
}

#[utoipa::path(
    post,
    path = "/api/auth/keys",
    operation_id = "create_key",
    tag = "API keys",
    summary = "Make an API key",
    description = "Its token is shown once. At most 100 of one person. Takes a person who has signed in.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    request_body = NewKey,
    responses(
        (status = 201, description = "Made; `token` is shown now and never again.", body = Shown),
        BadBody,
        Person,
        (status = 403, description = "`scope_missing`: who asks may not what the key is to open. `forbidden`: an API key. \
            `csrf_token`: a cookie without the right `X-CSRF-Token`."),
        (status = 409, description = "`too_many`: there are 100 already. `changed`: the person was changed at the same \
            moment."),
        Ours,
    ),
)]
pub(super) async fn create<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let caller = Caller::person(&auth, asked).await?;
    let NewKey { name, mut scopes, expires_days } = body::json(body)?;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Failure::bad_request("scopes", "scopes must name one at least"));
    }
    // A key of somebody who may not would open nothing, and one whose owner may later would open more than was meant.
    if let Some(scope) = scopes.iter().find(|scope| !caller.session.allows(**scope, caller.now)) {
        return Err(Failure::MissingScope(*scope));
    }
    if expires_days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
        return Err(Failure::bad_request("expires_days", format!("expires_days must be 1 to {MAX_DAYS}")));
    }
    if keys_of(&auth.sessions, &caller).await?.len() >= MAX_KEYS {
        return Err(conflict("too_many", format!("a person has at most {MAX_KEYS} keys")));
    }
    let internal = |error: &dyn std::fmt::Display| Failure::Internal(error.to_string());
    let token = Token::random().map_err(|error| internal(&error))?;
    let ends = expires_days.map(|days| caller.now.checked_add((i64::from(days) * 24).hours())).transpose();
    let key = Session {
        hash: token.hash(),
        kind: Kind::Key,
        name: name.to_string(),
        user: caller.session.user.clone(),
        account: caller.session.account.clone(),
        role: caller.session.role,
        scopes,
        created_at: caller.now,
        valid_until: ends.map_err(|error| internal(&error))?,
        idle_until: None,
    };
    let named = key.scopes.iter().map(Scope::to_string).collect::<Vec<_>>().join(",");
    auth.audit.put_entry(&caller.entry("key.create", key.hash.id(), [("scopes", named)])).await?;
    auth.sessions.put_session(&key).await?;
    // Whoever has changed the person meanwhile has not seen this key.
    let there = auth.accounts.user(&key.account, &key.user).await?;
    if there.is_none_or(|there| there.role != key.role) {
        auth.sessions.revoke(&key.hash).await?;
        return Err(conflict("changed", "you were changed at the same moment: no key was made"));
    }
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(Shown::of(&key, Some(&token))))
        .into_response())
}

#[utoipa::path(
    delete,
    path = "/api/auth/keys/{id}",
    operation_id = "revoke_key",
    tag = "API keys",
    summary = "Revoke an API key",
    description = "It holds no more at once. Takes a person who has signed in.",
    params(("id" = String, Path, description = "The key's id.", pattern = "^[0-9a-f]{12}$", example = "5f70bf18a086")),
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    responses(
        (status = 204, description = "Revoked."),
        Person,
        (status = 404, description = "`not_found`: no such key of one's own."),
        Ours,
    ),
)]
pub(super) async fn revoke<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let caller = Caller::person(&auth, asked).await?;
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let keys = keys_of(&auth.sessions, &caller).await?;
    let key = keys.iter().find(|key| key.hash.id() == id).ok_or_else(|| not_found("key"))?;
    auth.audit.put_entry(&caller.entry("key.revoke", id, [])).await?;
    auth.sessions.revoke(&key.hash).await?;
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response())
}

/// The keys of whoever asks, those that have expired too: they are to be seen until they are gone.
async fn keys_of<S: Sessions>(sessions: &S, caller: &Caller) -> Result<Vec<Session>, Failure> {
    let mut keys = sessions.sessions(&caller.session.user).await?;
    keys.retain(|key| key.kind == Kind::Key);
    Ok(keys)
}
