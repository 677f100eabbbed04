//! The frame that every answer passes: time limit, security headers, CORS, and what is no route.

use axum::Router;
use http::{Method, StatusCode, Uri};
use shared::http_frame::{TIME_LIMIT, in_time, secured};
use shared::problem::Problem;

use crate::cors::CorsOrigin;
use crate::failure::Failure;

/// Of every answer. Nothing may be loaded, run, framed or sent; the pages' style sheets are known by their hashes,
/// so that no host or prefix has to be named and no injected style applies.
const POLICY: &str = "default-src 'none'; style-src 'sha256-5SkVZOXyKbKdag96NC7gnNc4b9U+uKuaDXMkZ5gWk+w=' \
    'sha256-z4hilmUKMoVejx3TfCOKwq7EbbzOkB09XZOvDvk29nQ='; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// These routes in the frame.
pub(crate) fn around(routes: Router, cors: Option<CorsOrigin>) -> Router {
    let routes = routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed);
    let routes = in_time(routes, TIME_LIMIT);
    let routes = match cors {
        Some(origin) => routes.layer(origin.layer()),
        None => routes,
    };
    secured(routes, POLICY)
}

async fn not_found(uri: Uri) -> Failure {
    let path: String = uri.path().chars().take(80).collect();
    // A path may hold anything: an e-mail address, or the token of somebody who beats with GET.
    let secret = path.contains('@') || path.contains("%40") || path.starts_with("/beats/");
    let shown = if secret { "this path" } else { path.as_str() };
    let detail = format!(
        "nothing is at {shown}; there are /, /signals, /incidents, /api/monitor, /api/results, /purchases, \
         /purchases/trends, /imports, /metrics and /healthz, and /docs says what they take"
    );
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

    use super::*;

    #[test]
    fn the_policy_knows_the_style_sheet() {
        for style in [crate::status::STYLE, crate::docs::STYLE] {
            let hash = STANDARD.encode(Sha256::digest(style));
            assert!(
                POLICY.contains(&format!("'sha256-{hash}'")),
                "the style sheet changed: its hash is {hash}"
            );
        }
    }
}
