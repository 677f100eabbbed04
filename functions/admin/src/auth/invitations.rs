//! `/api/auth/invitations`: owners ask others in.

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
use shared::account::{Email, Invitation, Role, UserId};
use shared::http_frame::Failure;
use shared::openapi::{BadBody, Ours, Owner, whole};
use shared::session::Token;
use utoipa::ToSchema;
use utoipa::openapi::Object;

use super::caller::{Asked, Caller, conflict, not_found};
use super::{Accounts, Audits, Auth, Sessions, signup};
use crate::body;

/// Most invitations of an account that hold at once.
const MAX_INVITATIONS: usize = 100;

/// Days that an invitation holds, unless it says otherwise, and at most.
const DAYS: (u16, u16) = (7, 90);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "viewer", "email": "ben@shop.example", "expires_days": 7}))]
struct NewInvitation {
    role: Role,
    /// For this address alone.
    #[serde(default)]
    email: Option<Email>,
    #[serde(default)]
    #[schema(schema_with = days)]
    expires_days: Option<u16>,
}

fn days() -> Object {
    whole(1..=DAYS.1).default(Some(DAYS.0.into())).description(Some("Days that it holds.")).build()
}

/// An invitation, as people see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation, example = json!({
    "id": "5f70bf18a086",
    "role": "viewer",
    "email": "ben@shop.example",
    "invited_by": "u-7f3k2a9d0c1b2e4f",
    "created_at": "2026-11-21T14:25:00Z",
    "expires_at": "2026-11-28T14:25:00Z",
}))]
struct Shown {
    id: String,
    /// Shown to who has made it, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    role: Role,
    email: Option<String>,
    invited_by: UserId,
    #[schema(value_type = shared::openapi::Instant)]
    created_at: Timestamp,
    #[schema(value_type = shared::openapi::Instant)]
    expires_at: Timestamp,
}

impl Shown {
    fn of(invitation: &Invitation, token: Option<&Token>) -> Self {
        Self {
            id: invitation.hash.id().to_owned(),
            token: token.map(|token| token.expose().to_owned()),
            role: invitation.role,
            email: invitation.email.as_ref().map(|email| email.as_str().to_owned()),
            invited_by: invitation.invited_by.clone(),
            created_at: invitation.created_at,
            expires_at: invitation.valid_until,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct Invitations {
    invitations: Vec<Shown>,
}

#[utoipa::path(
    get,
    path = "/api/auth/invitations",
    operation_id = "list_invitations",
    tag = "People",
    summary = "Invitations that hold",
    description = "Takes an owner who has signed in.",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, description = "The account's invitations.", body = Invitations), Owner, Ours),
)]
pub(super) async fn list<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
) -> Result<Response, Failure> {
    let caller = Caller::owner(&auth, asked).await?;
    let mut invitations = auth.accounts.invitations(&caller.session.account).await?;
    invitations.retain(|invitation| caller.now < invitation.valid_until);
    let invitations = invitations.iter().map(|invitation| Shown::of(invitation, None)).collect();
    Ok(([(CACHE_CONTROL, "no-store")], Json(Invitations { invitations })).into_response())
}

#[utoipa::path(
    post,
    path = "/api/auth/invitations",
    operation_id = "invite",
    tag = "People",
    summary = "Invite somebody",
    description = "Good for one person, for an address if it names one. Its token is shown once. At most 100 at once. Takes \
                   an owner who has signed in.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    request_body = NewInvitation,
    responses(
        (status = 201, description = "Made; `token` is shown now and never again.", body = Shown),
        BadBody,
        Owner,
        (status = 409, description = "`too_many`: there are 100 already."),
        Ours,
    ),
)]
pub(super) async fn create<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let caller = Caller::owner(&auth, asked).await?;
    let NewInvitation { role, email, expires_days } = body::json(body)?;
    let days = expires_days.unwrap_or(DAYS.0);
    if !(1..=DAYS.1).contains(&days) {
        return Err(Failure::bad_request(
            "expires_days",
            format!("expires_days must be 1 to {}; got {days}", DAYS.1),
        ));
    }
    let there = auth.accounts.invitations(&caller.session.account).await?;
    if there.iter().filter(|invitation| caller.now < invitation.valid_until).count() >= MAX_INVITATIONS {
        return Err(conflict(
            "too_many",
            format!("an account has at most {MAX_INVITATIONS} invitations at once"),
        ));
    }
    let internal = |error: &dyn std::fmt::Display| Failure::Internal(error.to_string());
    let token = Token::random().map_err(|error| internal(&error))?;
    let ends = caller.now.checked_add((i64::from(days) * 24).hours());
    let invitation = Invitation {
        hash: token.hash(),
        account: caller.session.account.clone(),
        role,
        email,
        invited_by: caller.session.user.clone(),
        created_at: caller.now,
        valid_until: ends.map_err(|error| internal(&error))?,
    };
    let entry = caller.entry("invitation.create", invitation.hash.id(), [("role", role.to_string())]);
    auth.audit.put_entry(&entry).await?;
    auth.accounts.put_invitation(&invitation).await?;
    let shown = Shown::of(&invitation, Some(&token));
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(shown)).into_response())
}

/// What an invitation is for, to whoever has its token.
#[utoipa::path(
    get,
    path = "/api/auth/invitations/{id}",
    operation_id = "look_at_invitation",
    tag = "People",
    summary = "What an invitation is for",
    description = "For whoever has its token, which stands in the path in place of the id.",
    params(("id" = String, Path, description = "The invitation's token.", example = "shopwatch_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA")),
    responses(
        (status = 200, description = "The invitation.", body = Shown),
        (status = 404, description = "`not_found`: no invitation with this token holds."),
        Ours,
    ),
)]
pub(super) async fn look<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let invitation = signup::invitation_of(&auth.accounts, &token, auth.now()).await?;
    let invitation = invitation.ok_or_else(|| not_found("invitation"))?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(Shown::of(&invitation, None))).into_response())
}

#[utoipa::path(
    delete,
    path = "/api/auth/invitations/{id}",
    operation_id = "withdraw_invitation",
    tag = "People",
    summary = "Withdraw an invitation",
    description = "Takes an owner who has signed in.",
    params(("id" = String, Path, description = "The invitation's id.", pattern = "^[0-9a-f]{12}$", example = "5f70bf18a086")),
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    responses(
        (status = 204, description = "Withdrawn."),
        Owner,
        (status = 404, description = "`not_found`: no such invitation of this account."),
        Ours,
    ),
)]
pub(super) async fn withdraw<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let caller = Caller::owner(&auth, asked).await?;
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let invitations = auth.accounts.invitations(&caller.session.account).await?;
    let found = invitations.iter().find(|invitation| invitation.hash.id() == id);
    let found = found.ok_or_else(|| not_found("invitation"))?;
    auth.audit.put_entry(&caller.entry("invitation.withdraw", id, [])).await?;
    auth.accounts.delete_invitation(found).await?;
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response())
}
