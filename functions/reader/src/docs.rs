//! `GET /docs`: what `/openapi.json` says, for people. Made once, of the document, without scripts or anything to load.

mod operations;
mod types;

use std::sync::OnceLock;

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Uri};
use serde_json::Value;
use shared::openapi::{BadQuery, Ours};

use self::operations::{Group, groups};
use self::types::{Described, described};
use crate::answer;
use crate::failure::Failure;
use crate::openapi_json::DOCUMENT;
use crate::params::Params;

/// The page's style sheet, inside the page.
pub(crate) const STYLE: &str = include_str!("../templates/docs.css");

#[derive(Debug, Template)]
#[template(path = "docs.html")]
struct Page<'a> {
    style: &'static str,
    title: &'a str,
    about: &'a str,
    groups: Vec<Group<'a>>,
    types: Vec<Described<'a>>,
}

pub(crate) fn routes() -> Router {
    Router::new().route("/docs", get(docs))
}

#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "docs",
    tag = "Upkeep",
    summary = "This description, for people",
    description = "A page without scripts.",
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of a copy.")),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html",
            headers(("ETag" = String, description = "Names this answer, for `If-None-Match`."))),
        (status = 304, description = "The copy that `If-None-Match` names still holds."),
        BadQuery,
        Ours,
    ),
)]
pub(crate) async fn docs(uri: Uri, headers: HeaderMap) -> Result<Response, Failure> {
    static PAGE: OnceLock<Result<String, String>> = OnceLock::new();
    Params::of(&uri, &[])?;
    match PAGE.get_or_init(|| page(DOCUMENT)) {
        Ok(page) => Ok(answer::public(&headers, answer::HTML, page.clone().into_bytes())),
        Err(error) => Err(Failure::Internal(error.clone())),
    }
}

/// The page of this document.
fn page(document: &str) -> Result<String, String> {
    let document: Value = serde_json::from_str(document).map_err(|error| error.to_string())?;
    let info = |name: &str| document["info"][name].as_str().unwrap_or_default();
    let page = Page {
        style: STYLE,
        title: info("title"),
        about: info("description"),
        groups: groups(&document),
        types: described(&document),
    };
    page.render().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
