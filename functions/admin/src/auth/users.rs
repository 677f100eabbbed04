//! `/api/auth/users`: the people of an account, for its owners.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::{Deserialize, Serialize};
use shared::account::{AccountId, AccountSummary, Role, User, UserId};
use shared::http_frame::Failure;
use shared::openapi::{self, BadBody, Ours, Owner};
use shared::store::{AccountChange, ReadAccounts, UserChange};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{PartialSchema as _, ToSchema};

use super::caller::{Asked, Caller, conflict, not_found};
use super::people::Person;
use super::{Accounts, Audits, Auth, Sessions};
use crate::body;

#[derive(Debug, Serialize, ToSchema)]
struct People {
    users: Vec<Person>,
}

#[utoipa::path(
    get,
    path = "/api/auth/users",
    operation_id = "list_users",
    tag = "People",
    summary = "The people of the account",
    description = "Takes an owner who has signed in.",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, description = "The account's people.", body = People), Owner, Ours),
)]
pub(super) async fn list<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
) -> Result<Response, Failure> {
    let caller = Caller::owner(&auth, asked).await?;
    let users = auth.accounts.users(&caller.session.account).await?.iter().map(Person::of).collect();
    Ok(([(CACHE_CONTROL, "no-store")], Json(People { users })).into_response())
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "editor"}))]
struct NewRole {
    role: Role,
}

#[utoipa::path(
    patch,
    path = "/api/auth/users/{id}",
    operation_id = "change_role",
    tag = "People",
    summary = "Change somebody's role",
    description = "Their sessions and keys change with it. An account keeps an owner. Takes an owner who has signed in.",
    params(UserPath),
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    request_body = NewRole,
    responses(
        (status = 200, description = "The person as they are now.", body = Person),
        BadBody,
        Owner,
        (status = 404, description = "`not_found`: no such person in this account."),
        (status = 409, description = "`last_owner`: an account keeps an owner. `changed`: somebody else changed it at the \
            same moment."),
        Ours,
    ),
)]
pub(super) async fn change<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
    id: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let caller = Caller::owner(&auth, asked).await?;
    let NewRole { role } = body::json(body)?;
    let user = found(&auth.accounts, &caller.session.account, id).await?;
    let detail = [("from", user.role.to_string()), ("to", role.to_string())];
    auth.audit.put_entry(&caller.entry("user.role", &user.id, detail)).await?;
    let changed = User { role, version: user.version.saturating_add(1), ..user.clone() };
    if user.role != role {
        let replaced = |users: &mut Vec<User>| {
            users
                .iter_mut()
                .filter(|there| there.id == changed.id)
                .for_each(|there| *there = changed.clone());
        };
        let summary = summary_after(&auth.accounts, &user.account, replaced).await?;
        keeps_an_owner(&summary)?;
        let user = UserChange::Changes(changed.clone());
        auth.accounts.change_account(&AccountChange { summary, user }).await?;
    }
    // Also where the role was the same: an earlier attempt may have come no further than the person.
    for session in auth.sessions.sessions(&user.id).await? {
        if session.role != role {
            auth.sessions.change_role(&session.hash, role).await?;
        }
    }
    Ok(([(CACHE_CONTROL, "no-store")], Json(Person::of(&changed))).into_response())
}

#[utoipa::path(
    delete,
    path = "/api/auth/users/{id}",
    operation_id = "remove_user",
    tag = "People",
    summary = "Remove somebody",
    description = "With all their sessions and keys. An account keeps an owner. Takes an owner who has signed in.",
    params(UserPath),
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    responses(
        (status = 204, description = "Removed."),
        Owner,
        (status = 404, description = "`not_found`: no such person in this account."),
        (status = 409, description = "`last_owner`: an account keeps an owner. `changed`: somebody else changed it at the \
            same moment."),
        Ours,
    ),
)]
pub(super) async fn remove<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let caller = Caller::owner(&auth, asked).await?;
    let (account, id) = (&caller.session.account, id_of(id).ok_or_else(|| not_found("user"))?);
    let user = auth.accounts.user(account, &id).await?;
    if let Some(user) = &user {
        auth.audit.put_entry(&caller.entry("user.remove", &user.id, [])).await?;
        let leave = |users: &mut Vec<User>| users.retain(|there| there.id != user.id);
        let summary = summary_after(&auth.accounts, account, leave).await?;
        keeps_an_owner(&summary)?;
        auth.accounts
            .change_account(&AccountChange { summary, user: UserChange::Leaves(user.clone()) })
            .await?;
    }
    // Also of somebody who is not there any more: an earlier attempt may have come no further.
    let mut left = auth.sessions.sessions(&id).await?;
    left.retain(|session| session.account == *account);
    for session in &left {
        auth.sessions.revoke(&session.hash).await?;
    }
    if user.is_none() && left.is_empty() {
        return Err(not_found("user"));
    }
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response())
}

/// The person that a path names, for the API's description.
enum UserPath {}

impl utoipa::IntoParams for UserPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![openapi::path("id", UserId::schema(), "The person.", "u-7f3k2a9d0c1b2e4f")]
    }
}

fn id_of(id: Result<Path<String>, PathRejection>) -> Option<UserId> {
    id.ok().and_then(|Path(id)| id.parse().ok())
}

/// The person of this id, in this account; one of another is not here.
async fn found(
    accounts: &impl ReadAccounts,
    account: &AccountId,
    id: Result<Path<String>, PathRejection>,
) -> Result<User, Failure> {
    let user = match id_of(id) {
        Some(id) => accounts.user(account, &id).await?,
        None => None,
    };
    user.ok_or_else(|| not_found("user"))
}

/// The account's summary after this has happened to its people.
pub(super) async fn summary_after(
    accounts: &impl ReadAccounts,
    account: &AccountId,
    change: impl FnOnce(&mut Vec<User>),
) -> Result<AccountSummary, Failure> {
    // First the summary, whose version the change is conditioned on: people who come after that are a conflict.
    let version = accounts.account(account).await?.map_or(0, |summary| summary.version);
    let mut users = accounts.users(account).await?;
    change(&mut users);
    Ok(AccountSummary::of(account.clone(), &users, version.saturating_add(1)))
}

/// Without an owner nobody could ever be made one.
fn keeps_an_owner(summary: &AccountSummary) -> Result<(), Failure> {
    if summary.owners > 0 {
        return Ok(());
    }
    Err(conflict("last_owner", "an account keeps an owner: make somebody else one first"))
}
