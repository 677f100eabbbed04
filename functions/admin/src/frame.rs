//! The frame that every answer passes: time limit, security headers, parameters that nobody asked for, and what is no
//! route.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::{Method, StatusCode};
use shared::http_frame::{Failure, Params, TIME_LIMIT, in_time, secured};
use shared::problem::Problem;

/// Of every answer: it has nothing to load, run or send.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How the paths of routes begin that take parameters, and look at them themselves. The others take none.
const WITH_PARAMETERS: [&str; 3] = ["/beats/", "/api/auth/audit", "/api/results/"];

/// These routes in the frame.
pub(crate) fn around(routes: Router) -> Router {
    let routes = routes.route_layer(from_fn(known_parameters));
    let routes = routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed);
    secured(in_time(routes, TIME_LIMIT), POLICY)
}

async fn known_parameters(request: Request, next: Next) -> Result<Response, Failure> {
    if !WITH_PARAMETERS.iter().any(|start| request.uri().path().starts_with(start)) {
        Params::of(request.uri(), &[])?;
    }
    Ok(next.run(request).await)
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
