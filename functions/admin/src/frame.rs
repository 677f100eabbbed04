//! The frame that every answer passes: time limit, security headers, and what is no route.

use axum::Router;
use http::{Method, StatusCode};
use shared::http_frame::{Failure, TIME_LIMIT, in_time, secured};
use shared::problem::Problem;

/// Of every answer: it has nothing to load, run or send.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// These routes in the frame.
pub(crate) fn around(routes: Router) -> Router {
    let routes = routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed);
    secured(in_time(routes, TIME_LIMIT), POLICY)
}

/// Never repeats the path: a token may be part of it.
async fn not_found() -> Failure {
    let detail = "nothing is here; there are POST /beats/{token}, /api/auth/… and what changes /api/monitor";
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail).into()
}

async fn method_not_allowed(method: Method) -> Failure {
    let method: String = method.as_str().chars().take(20).collect();
    let detail = format!("this does not take {method}");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).into()
}
