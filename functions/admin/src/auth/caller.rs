//! Who asks, how and from where.

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use jiff::{Timestamp, ToSpan as _};
use lambda_http::request::RequestContext;
use shared::account::{Role, UserId};
use shared::audit::AuditEntry;
use shared::http_frame::{Failure, access};
use shared::problem::Problem;
use shared::session::{IDLE_HOURS, Kind, Session};

use super::{Accounts, Audits, Auth, Sessions};

/// A request, as far as it says who asks.
#[derive(Debug)]
pub(crate) struct Asked {
    method: Method,
    headers: HeaderMap,
    /// The address that it came from, as API Gateway saw it; what a header says is anybody's word.
    pub(super) source: Option<String>,
}

impl Asked {
    /// Refuses to set a cookie for a page of another site, which would have its visitor work in an account of its own
    /// choice: such a page cannot send this content type without being asked first (CORS).
    pub(super) fn may_set_cookie(&self) -> Result<(), Failure> {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
            return Ok(());
        }
        Err(Failure::bad_request("content_type", "for a cookie the body has to be sent as application/json"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let source = match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        };
        Ok(Self { method: parts.method.clone(), headers: parts.headers.clone(), source })
    }
}

/// Somebody whose session or key holds.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) session: Session,
    source: Option<String>,
    pub(crate) now: Timestamp,
}

impl Caller {
    /// Who asks, with a session or a key.
    pub(super) async fn of<A: Accounts, S: Sessions, U: Audits>(
        auth: &Auth<A, S, U>,
        asked: Asked,
    ) -> Result<Self, Failure> {
        let now = auth.now();
        let session = access::caller(&auth.sessions, &asked.method, &asked.headers, now).await?;
        let session = as_the_person_is(&auth.accounts, session).await?;
        kept_awake(&auth.sessions, &session, now).await?;
        Ok(Self { session, source: asked.source, now })
    }

    /// A person, who has signed in: a key is for programs, and changes nothing of who gets in.
    pub(super) async fn person<A: Accounts, S: Sessions, U: Audits>(
        auth: &Auth<A, S, U>,
        asked: Asked,
    ) -> Result<Self, Failure> {
        let caller = Self::of(auth, asked).await?;
        if caller.session.kind == Kind::Key {
            return Err(forbidden("an API key cannot do this: sign in"));
        }
        Ok(caller)
    }

    /// An owner who has signed in.
    pub(super) async fn owner<A: Accounts, S: Sessions, U: Audits>(
        auth: &Auth<A, S, U>,
        asked: Asked,
    ) -> Result<Self, Failure> {
        let caller = Self::person(auth, asked).await?;
        if caller.session.role < Role::Owner {
            return Err(forbidden(format!("this takes an owner; you are {}", caller.session.role)));
        }
        Ok(caller)
    }

    /// An entry of what this caller is about to do.
    pub(crate) fn entry<const N: usize>(
        &self,
        action: &str,
        target: impl ToString,
        detail: [(&str, String); N],
    ) -> AuditEntry {
        let session = &self.session;
        AuditEntry {
            account: session.account.clone(),
            at: self.now,
            user: session.user.clone(),
            session: Some(session.hash.id().to_owned()),
            source: self.source.clone(),
            action: action.to_owned(),
            target: target.to_string(),
            detail: detail.map(|(name, text)| (name.to_owned(), text)).into_iter().collect(),
        }
    }
}

/// An entry of what somebody does for themselves who is about to come in.
pub(super) fn entry_of(
    user: &shared::account::User,
    source: Option<String>,
    action: &str,
    detail: BTreeMap<String, String>,
    at: Timestamp,
) -> AuditEntry {
    let user_id: UserId = user.id.clone();
    AuditEntry {
        account: user.account.clone(),
        at,
        target: user_id.to_string(),
        user: user_id,
        session: None,
        source,
        action: action.to_owned(),
        detail,
    }
}

/// The session with its owner's role as it is now. The row may lag behind: it is found by an index, which does not know
/// at once of one that has just been made. Whoever has left comes no further.
async fn as_the_person_is<A: Accounts>(accounts: &A, session: Session) -> Result<Session, Failure> {
    if session.user == UserId::operator() {
        return Ok(session);
    }
    let user = accounts.user(&session.account, &session.user).await?.ok_or(Failure::Unauthorized)?;
    Ok(Session { role: user.role, ..session })
}

/// A cookie that is used lasts for another day; it is written once in half of that.
async fn kept_awake<S: Sessions>(sessions: &S, session: &Session, now: Timestamp) -> Result<(), Failure> {
    let Some(idle_until) = session.idle_until else { return Ok(()) };
    let (Ok(whole), Ok(half)) =
        (now.checked_add(IDLE_HOURS.hours()), now.checked_add((IDLE_HOURS / 2).hours()))
    else {
        return Ok(());
    };
    if idle_until < half {
        sessions.keep_awake(&session.hash, whole).await?;
    }
    Ok(())
}

/// 403, with what it would take.
pub(crate) fn forbidden(detail: impl Into<String>) -> Failure {
    Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).into()
}

/// 404: not here, or not yours.
pub(crate) fn not_found(what: &str) -> Failure {
    Problem::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}")).into()
}

/// 409, with what is in the way.
pub(crate) fn conflict(kind: &'static str, detail: impl Into<String>) -> Failure {
    Problem::new(StatusCode::CONFLICT, kind, detail).into()
}
