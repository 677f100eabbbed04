//! `GET /openapi.json`: what the whole API takes and answers (OpenAPI 3.1), that of `admin` too. Made of the code by a test,
//! which fails where it is not up to date (`tests/tests/openapi`).

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Uri};
use shared::openapi::BadQuery;

use crate::answer;
use crate::failure::Failure;
use crate::params::Params;

/// The document.
pub(crate) const DOCUMENT: &str = include_str!("openapi.json");

pub(crate) fn routes() -> Router {
    Router::new().route("/openapi.json", get(openapi_json))
}

#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "Upkeep",
    summary = "This description, for programs",
    description = "OpenAPI 3.1.",
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of a copy.")),
    responses(
        (status = 200, description = "The document.", body = Object, content_type = "application/json",
            headers(("ETag" = String, description = "Names this answer, for `If-None-Match`."))),
        (status = 304, description = "The copy that `If-None-Match` names still holds."),
        BadQuery,
    ),
)]
pub(crate) async fn openapi_json(uri: Uri, headers: HeaderMap) -> Result<Response, Failure> {
    Params::of(&uri, &[])?;
    Ok(answer::public(&headers, answer::JSON, DOCUMENT.as_bytes().to_vec()))
}
