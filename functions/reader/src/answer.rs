//! Answers: which may be kept, by whom, for how long, and how a client asks whether its copy still holds.

use std::fmt::{Display, Write as _};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// The media type of JSON.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The media type of a page.
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Public answers are kept for 10 s: the newest signal is shown within two minutes also from a cache.
const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=10");

const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// An answer that anybody may see and keep for a moment. 304 without a body when the client's copy still holds.
pub(crate) fn public(request: &HeaderMap, media_type: HeaderValue, body: Vec<u8>) -> Response {
    let etag = etag_of(&body);
    let mut response = if holds(request, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, media_type);
        response
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, PUBLIC);
    // The same address answers more to whoever has a key.
    headers.insert(VARY, HeaderValue::from(AUTHORIZATION));
    if let Ok(etag) = HeaderValue::try_from(etag) {
        headers.insert(ETAG, etag);
    }
    response
}

/// An answer that is for the holder of an API key alone.
pub(crate) fn private(media_type: HeaderValue, body: Vec<u8>) -> Response {
    let headers =
        [(CONTENT_TYPE, media_type), (CACHE_CONTROL, PRIVATE), (VARY, HeaderValue::from(AUTHORIZATION))];
    (headers, body).into_response()
}

/// The answer, to whose address other formats belong too (see `accept`).
pub(crate) fn negotiated(mut response: Response) -> Response {
    response.headers_mut().insert(VARY, HeaderValue::from_static("authorization, accept"));
    response
}

/// The answer with a link to the next page, if there is one.
pub(crate) fn linked(mut response: Response, next: Option<HeaderValue>) -> Response {
    if let Some(next) = next {
        response.headers_mut().insert(LINK, next);
    }
    response
}

/// A number of JSON, digit by digit: no floating point number on the way.
pub(crate) fn exact(number: impl Display) -> Result<Box<RawValue>, Failure> {
    // Digits with at most one point are always JSON.
    RawValue::from_string(number.to_string()).map_err(|error| Failure::Internal(error.to_string()))
}

/// A body of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|error| Failure::Internal(error.to_string()))
}

/// The first 128 bits of the body's SHA-256.
fn etag_of(body: &[u8]) -> String {
    let mut etag = String::from("\"");
    for byte in Sha256::digest(body).iter().take(16) {
        // Writing to a string cannot fail.
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    etag
}

/// Whether `If-None-Match` names this answer: compared weakly, as RFC 9110 (13.1.2) asks.
fn holds(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}
