//! `GET /healthz`: the function runs. Touches no table: a monitor of the monitor must not fail with a table.

use axum::Router;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use shared::openapi::BadQuery;

use crate::failure::Failure;
use crate::params::Params;

pub(crate) fn routes() -> Router {
    Router::new().route("/healthz", get(healthz))
}

/// That the function runs, for the API's description.
#[derive(Debug, utoipa::ToSchema)]
#[schema(example = json!({"status": "ok"}))]
#[expect(dead_code, reason = "the answer is a constant text")]
struct Health {
    status: String,
}

#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "Status",
    summary = "Whether the function runs",
    description = "Touches no table.",
    responses((status = 200, description = "It runs.", body = Health), BadQuery),
)]
async fn healthz(uri: http::Uri) -> Result<([(http::HeaderName, &'static str); 2], &'static str), Failure> {
    Params::of(&uri, &[])?;
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    Ok((headers, r#"{"status":"ok"}"#))
}
