//! `POST /api/auth/signup`: somebody who was invited.

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
use shared::account::{Email, Invitation, MAX_USERS, Role, User, UserId};
use shared::http_frame::Failure;
use shared::session::{Token, TokenHash};
use shared::store::{AccountChange, ReadAccounts, StoreError, UserChange};

use super::caller::{Asked, conflict, entry_of, forbidden};
use super::{Accounts, Audits, Auth, Sessions, SignUp, limits, people, users};
use crate::{body, password};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    invitation: SecretString,
    email: Email,
    password: SecretString,
    /// Whether the session is to be a cookie, for a page.
    #[serde(default)]
    cookie: bool,
}

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
    let invitation = accepted(&auth.accounts, &invitation, &email, now).await?;
    let user = User {
        id: UserId::random(&mut rand::rng()),
        account: invitation.account.clone(),
        email,
        role: invitation.role,
        password: password::hashed(password)?,
        created_at: now,
        version: 1,
    };
    let detail = [("role", user.role.to_string()), ("invited_by", invitation.invited_by.to_string())];
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
    invitation.ok_or_else(|| forbidden("this invitation does not hold, was used, or is for another address"))
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
async fn enter<A: Accounts>(accounts: &A, user: &User, invitation: Invitation) -> Result<(), Failure> {
    let summary = users::summary_after(accounts, &user.account, |users| users.push(user.clone())).await?;
    if summary.users > MAX_USERS {
        return Err(conflict("account_full", format!("an account has at most {MAX_USERS} people")));
    }
    let change = AccountChange { summary, user: UserChange::SignsUp(user.clone(), invitation) };
    match accounts.change_account(&change).await {
        Err(StoreError::Conflict(_)) if accounts.user_of(&user.email).await?.is_some() => {
            Err(conflict("email", "somebody signs in with this address already"))
        }
        done => Ok(done?),
    }
}
