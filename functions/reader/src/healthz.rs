//! `GET /healthz`: the function runs. Touches no table: a monitor of the monitor must not fail with a table.

use axum::Router;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::failure::Failure;
use crate::params::Params;

pub(crate) fn routes() -> Router {
    Router::new().route("/healthz", get(healthz))
}

async fn healthz(uri: http::Uri) -> Result<([(http::HeaderName, &'static str); 2], &'static str), Failure> {
    Params::of(&uri, &[])?;
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    Ok((headers, r#"{"status":"ok"}"#))
}
