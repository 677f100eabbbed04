//! Why a request has no answer, and the problem document (RFC 9457) that says so.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use jiff::SignedDuration;

use crate::problem::{MEDIA_TYPE, Problem};
use crate::session::Scope;
use crate::store::StoreError;

/// Why a request has no answer.
#[derive(Debug)]
pub enum Failure {
    /// The request is wrong; the document says how.
    Problem(Problem),
    /// No API key, or none that holds: missing, malformed, unknown and expired keys look alike.
    Unauthorized,
    /// The session or key holds, but not for this.
    MissingScope(Scope),
    /// A cookie would change something, and whoever sent it does not show that they know it: another site's page.
    Forged,
    /// Too many attempts; more are let through after at most this long.
    TooMany(SignedDuration),
    /// A table is out of reach, or holds what it must not.
    Store(StoreError),
    /// Nothing was answered within the time of a request.
    TimedOut,
    /// An answer that cannot be written down; for the log, why.
    Internal(String),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    /// The request is wrong: 400.
    pub fn bad_request(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::Problem(Problem::bad_request(kind, detail))
    }

    /// The document that says so; what is wrong inside goes to the log alone.
    pub fn problem(self) -> Problem {
        match self {
            Self::Problem(problem) => problem,
            Self::Unauthorized => Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "this needs a header such as Authorization: Bearer shopwatch_... with a session or an API key that holds",
            ),
            Self::MissingScope(scope) => Problem::new(
                StatusCode::FORBIDDEN,
                "scope_missing",
                format!("this session or key does not have the scope {scope}"),
            ),
            Self::Forged => Problem::new(
                StatusCode::FORBIDDEN,
                "csrf_token",
                "with a cookie this needs the header X-CSRF-Token, as it was given at sign-in",
            ),
            Self::TooMany(_) => Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                "too many attempts; try again later",
            ),
            Self::Store(StoreError::Conflict(what)) => {
                let detail =
                    format!("{what} was changed by somebody else at the same moment; read it and try again");
                Problem::new(StatusCode::CONFLICT, "changed", detail)
            }
            Self::Store(error) => {
                tracing::error!(%error, "a store failed");
                unavailable("a table is out of reach; try again later")
            }
            Self::TimedOut => {
                tracing::error!("a request took too long");
                unavailable("the answer took too long; try again later, or ask for less")
            }
            Self::Internal(error) => {
                tracing::error!(error, "an answer cannot be written");
                let detail = "the answer cannot be written";
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
            }
        }
    }
}

/// Says nothing of the inside: that is in the log.
fn unavailable(detail: &'static str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let wait = if let Self::TooMany(wait) = self { Some(wait.as_secs()) } else { None };
        let problem = self.problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [(CONTENT_TYPE, MEDIA_TYPE), (CACHE_CONTROL, "no-store")];
        // Text and numbers always serialise.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, headers, body).into_response();
        // RFC 9110, 11.6.1: each of them says how to get in.
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = wait {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
