//! Why a request has no answer, and the problem document (RFC 9457) that says so.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

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
    /// The API key holds, but not for this.
    MissingScope(Scope),
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

    fn problem(self) -> Problem {
        match self {
            Self::Problem(problem) => problem,
            Self::Unauthorized => Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "this needs a header such as Authorization: Bearer shopwatch_... with an API key that holds",
            ),
            Self::MissingScope(scope) => Problem::new(
                StatusCode::FORBIDDEN,
                "scope_missing",
                format!("this API key does not have the scope {scope}"),
            ),
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
        let challenge = matches!(self, Self::Unauthorized);
        let problem = self.problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [(CONTENT_TYPE, MEDIA_TYPE), (CACHE_CONTROL, "no-store")];
        // Text and numbers always serialise.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, headers, body).into_response();
        if challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
