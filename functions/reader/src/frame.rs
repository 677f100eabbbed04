//! The frame that every answer passes: time limit, security headers, CORS, and what is no route.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use shared::problem::Problem;

use crate::cors::CorsOrigin;
use crate::failure::Failure;

/// Longest request: the function is stopped after 20 s, and the answer should be ours.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(18);

/// On every answer. Nothing may be loaded, run, framed or sent; the page's one style sheet is known by its hash,
/// so that no host or prefix has to be named and no injected style applies.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'sha256-5SkVZOXyKbKdag96NC7gnNc4b9U+uKuaDXMkZ5gWk+w='; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// These routes in the frame.
pub(crate) fn around(routes: Router, cors: Option<CorsOrigin>, time_limit: Duration) -> Router {
    let routes = routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(move |request, next| in_time(time_limit, request, next)));
    let routes = match cors {
        Some(origin) => routes.layer(origin.layer()),
        None => routes,
    };
    routes.layer(middleware::map_response(secured))
}

async fn in_time(limit: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::TimedOut.into_response(),
    }
}

async fn secured(mut response: Response) -> Response {
    response.headers_mut().extend(SECURITY_HEADERS);
    response
}

async fn not_found(uri: Uri) -> Failure {
    let path: String = uri.path().chars().take(80).collect();
    // A path may hold anything, an e-mail address too.
    let shown = if path.contains('@') || path.contains("%40") { "this path" } else { path.as_str() };
    let detail = format!("nothing is at {shown}; there are /, /signals, /purchases and /healthz");
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail).into()
}

async fn method_not_allowed(method: Method) -> Failure {
    let method: String = method.as_str().chars().take(20).collect();
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("this can be read (GET, HEAD), not {method}"),
    )
    .into()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};
    use tower::ServiceExt as _;

    use super::*;

    #[test]
    fn the_policy_knows_the_style_sheet() {
        let hash = STANDARD.encode(Sha256::digest(crate::status::STYLE));
        let [(_, policy), ..] = SECURITY_HEADERS;
        let policy = policy.to_str().unwrap();
        assert!(policy.contains(&format!("'sha256-{hash}'")), "the style sheet changed: its hash is {hash}");
    }

    #[tokio::test]
    async fn what_hangs_is_answered_in_time() {
        let routes = Router::new().route("/", axum::routing::get(std::future::pending::<()>));
        let router = around(routes, None, Duration::from_millis(5));
        let response = router.oneshot(Request::new(axum::body::Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["x-frame-options"], "DENY");
    }
}
