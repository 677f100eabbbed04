//! `POST /api/auth/signup`: somebody who was invited; where anybody may come, somebody with an account of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use shared::account::{AccountId, Email, Invitation, MAX_USERS, Role, User, UserId};
use shared::http_frame::Failure;
use shared::openapi::{BadBody, Ours};
use shared::session::{Token, TokenHash};
use shared::store::{AccountChange, ReadAccounts, StoreError, UserChange};
use utoipa::ToSchema;

use super::caller::{Asked, conflict, entry_of, forbidden};
use super::{Accounts, Audits, Auth, Sessions, SignUp, limits, people, users};
use crate::{body, password};

/// Why somebody does not come in.
const NO_INVITATION: &str = "this invitation does not hold, was used, or is for another address";

/// How often it is tried to make somebody one of an account that others change at the same moment.
const ATTEMPTS: u32 = 4;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignUp, example = json!({
    "invitation": "shopwatch_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA",
    "email": "ada@shop.example",
    "password": "correct horse battery",
}))]
struct NewUser {
    /// Needed unless anybody may sign up.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    invitation: Option<SecretString>,
    email: Email,
    #[schema(schema_with = password::described)]
    password: SecretString,
    /// Whether the session is to be a cookie, for a page.
    #[serde(default)]
    cookie: bool,
}

#[utoipa::path(
    post,
    path = "/api/auth/signup",
    operation_id = "sign_up",
    tag = "Signing in",
    summary = "Sign up",
    description = "With an invitation; where anybody may sign up, without one into an account of one's own. The answer is a \
                   session.",
    request_body = NewUser,
    responses(
        (status = 201, description = "Signed up, and in.", body = people::SignedIn,
            headers(("Set-Cookie" = String, description = "The session, where `cookie` is `true`."))),
        BadBody,
        (status = 403, description = "`forbidden`: nobody can sign up here, or the invitation does not hold, was used, or \
            is for another address."),
        (status = 409, description = "`email`: somebody signs in with this address already. `account_full`: the account \
            has no room. `changed`: somebody else changed it at the same moment."),
        limits::TooMany,
        Ours,
    ),
)]
pub(super) async fn signup<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let NewUser { invitation, email, password, cookie } = body::json(body)?;
    if cookie {
        asked.may_set_cookie()?;
    }
    if auth.sign_up == SignUp::Closed {
        return Err(forbidden("nobody can sign up here"));
    }
    let (password, now) = (password::checked(&password)?, auth.now());
    limits::attempt(&auth.sessions, &email, asked.source.as_deref(), now).await?;
    let invitation = match &invitation {
        Some(token) => Some(accepted(&auth.accounts, token, &email, now).await?),
        None if auth.sign_up == SignUp::Open => {
            limits::guest(&auth.sessions, now).await?;
            None
        }
        None => return Err(Failure::bad_request("invitation", "invitation: signing up here takes one")),
    };
    // Nobody becomes an owner of the installation by coming first.
    let (account, role) = match &invitation {
        Some(invitation) => (invitation.account.clone(), invitation.role),
        None => (AccountId::random(&mut rand::rng()), Role::Owner),
    };
    let user = User {
        id: UserId::random(&mut rand::rng()),
        account,
        email,
        role,
        password: password::hashed(password)?,
        created_at: now,
        version: 1,
    };
    let by = invitation.as_ref().map_or_else(|| "nobody".to_owned(), |by| by.invited_by.to_string());
    let detail = [("role", user.role.to_string()), ("invited_by", by)];
    let detail = BTreeMap::from(detail.map(|(name, text)| (name.to_owned(), text)));
    auth.audit.put_entry(&entry_of(&user, asked.source, "user.signup", detail, now)).await?;
    enter(&auth.accounts, &user, invitation).await?;
    people::let_in(&auth, &user, cookie, StatusCode::CREATED).await
}

/// The invitation with this token, if it holds and is for this address.
pub(super) async fn accepted(
    accounts: &impl ReadAccounts,
    token: &SecretString,
    email: &Email,
    now: Timestamp,
) -> Result<Invitation, Failure> {
    let invitation = invitation_of(accounts, token.expose_secret(), now).await?;
    let invitation =
        invitation.filter(|invitation| invitation.email.as_ref().is_none_or(|invited| invited == email));
    // An invitation is as good as its inviter: not beyond the time that they are an owner.
    let invitation = match invitation {
        Some(invitation) if invitation.invited_by != UserId::operator() => {
            let inviter = accounts.user(&invitation.account, &invitation.invited_by).await?;
            inviter.filter(|inviter| inviter.role == Role::Owner).map(|_| invitation)
        }
        other => other,
    };
    invitation.ok_or_else(|| forbidden(NO_INVITATION))
}

/// The invitation with this token, if it holds.
pub(super) async fn invitation_of(
    accounts: &impl ReadAccounts,
    token: &str,
    now: Timestamp,
) -> Result<Option<Invitation>, StoreError> {
    let token: Option<Token> = token.parse().ok();
    let hash = token.as_ref().map_or_else(TokenHash::nobodys, Token::hash);
    let invitation = accounts.invitation(&hash).await?;
    Ok(invitation.filter(|invitation| token.is_some() && now < invitation.valid_until))
}

/// Makes the person one of the account's.
async fn enter<A: Accounts>(
    accounts: &A,
    user: &User,
    invitation: Option<Invitation>,
) -> Result<(), Failure> {
    let mut attempts = 1..=ATTEMPTS;
    loop {
        let summary = users::summary_after(accounts, &user.account, |users| users.push(user.clone())).await?;
        if summary.users > MAX_USERS {
            return Err(conflict("account_full", format!("an account has at most {MAX_USERS} people")));
        }
        let change = AccountChange { summary, user: UserChange::SignsUp(user.clone(), invitation.clone()) };
        let is_last = attempts.next() == Some(ATTEMPTS);
        match accounts.change_account(&change).await {
            Err(StoreError::Conflict(_)) if accounts.user_of(&user.email).await?.is_some() => {
                return Err(conflict("email", "somebody signs in with this address already"));
            }
            // Somebody else has come, or left, at the same moment; or has used the invitation.
            Err(StoreError::Conflict(_)) if !is_last => {
                if let Some(used) = &invitation
                    && accounts.invitation(&used.hash).await?.is_none()
                {
                    return Err(forbidden(NO_INVITATION));
                }
            }
            done => return Ok(done?),
        }
    }
}
