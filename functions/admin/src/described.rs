//! The description of every route of this function (OpenAPI 3.1). Nothing calls it where requests are answered.

use shared::openapi::{BadQuery, finished};
use utoipa::openapi::path::PathItem;
use utoipa::{IntoResponses as _, OpenApi};

use crate::{auth, channels, monitors};

/// The routes beside those of people and monitors.
#[derive(Debug, OpenApi)]
#[openapi(
    info(title = "Shopwatch", description = "", version = "1"),
    paths(
        crate::beats::beat,
        crate::incidents::add,
        crate::maintenance::replace,
        crate::maintenance::remove,
    )
)]
struct Described;

/// What this function answers.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = Described::openapi();
    api.merge(auth::Described::openapi());
    api.merge(channels::Described::openapi());
    api.merge(monitors::Described::openapi());
    for item in api.paths.paths.values_mut() {
        refuse_parameters(item);
    }
    finished(api)
}

/// Every operation refuses parameters that it does not know ([`crate::frame`]), whether it says so itself or not.
fn refuse_parameters(item: &mut PathItem) {
    let PathItem { get, put, post, delete, patch, .. } = item;
    for operation in [get, put, post, delete, patch].into_iter().flatten() {
        for (status, refusal) in BadQuery::responses() {
            operation.responses.responses.entry(status).or_insert(refusal);
        }
    }
}
