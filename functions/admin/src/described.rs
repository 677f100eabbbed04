//! The description of every route of this function (OpenAPI 3.1). Nothing calls it where requests are answered.

use shared::openapi::finished;
use utoipa::OpenApi;

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
    finished(api)
}
