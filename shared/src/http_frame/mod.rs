//! The frame of functions that answer over HTTP: events that become requests ([`event`]), who asks
//! ([`access`]), parameters ([`params`]),
//! failures as problem documents ([`failure`]), a time limit, and headers that every answer has.

pub mod access;
pub mod event;
pub mod failure;
pub mod params;

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

pub use failure::Failure;
pub use params::Params;

/// What the time is; tests stop it.
pub type Clock = fn() -> Timestamp;

/// Longest request: the functions are stopped after 20 s, and the answer should be ours.
pub const TIME_LIMIT: Duration = Duration::from_secs(18);

/// On every answer, beside a policy of what it may load, run and send.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 4] = [
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// These routes, answered within the limit.
pub fn in_time(routes: Router, limit: Duration) -> Router {
    routes.layer(middleware::from_fn(move |request: Request, next: Next| async move {
        match tokio::time::timeout(limit, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Failure::TimedOut.into_response(),
        }
    }))
}

/// These routes, with the security headers and this content security policy on every answer.
pub fn secured(routes: Router, policy: &'static str) -> Router {
    routes.layer(middleware::map_response(move |mut response: Response| async move {
        let headers = response.headers_mut();
        headers.extend(SECURITY_HEADERS);
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        response
    }))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn what_hangs_is_answered_in_time() {
        let routes = Router::new().route("/", axum::routing::get(std::future::pending::<()>));
        let router = secured(in_time(routes, Duration::from_millis(5)), "default-src 'none'");
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["x-frame-options"], "DENY");
        assert_eq!(response.headers()["content-security-policy"], "default-src 'none'");
    }
}
