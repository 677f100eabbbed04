//! Errors of the HTTP API as problem documents (RFC 9457).

use http::StatusCode;
use serde::Serialize;

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What a client is told when its request fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({"type": "scope_missing", "title": "Forbidden", "status": 403, "detail": "this session or key does not have the scope read"})))]
pub struct Problem {
    /// Names the kind of problem for programs, such as `limit_out_of_range`; stable.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status code's own words.
    pub title: &'static str,
    /// The HTTP status code.
    pub status: u16,
    /// For people: what was expected, what came, and where.
    pub detail: String,
}

impl Problem {
    /// A problem of this status; `kind` names it for programs.
    pub fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { kind, title, status: status.as_u16(), detail: detail.into() }
    }

    /// The request is wrong: 400.
    pub fn bad_request(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, kind, detail)
    }
}
