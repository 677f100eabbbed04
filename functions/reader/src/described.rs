//! The description of every route of this function (OpenAPI 3.1). Nothing calls it where requests are answered: the whole
//! document, with the routes of `admin`, is `openapi.json` (see [`crate::openapi_json`]).

use shared::openapi::finished;
use utoipa::OpenApi;

/// What is said of the API as a whole.
const ABOUT: &str = "What Shopwatch watches and what the shop sells, over HTTP. Bodies and answers are JSON where nothing \
    else is said, times are in UTC. An operation with a scope takes a session or an API key that has it; a cookie that \
    changes something takes the header `X-CSRF-Token` too. Errors are problem documents (RFC 9457), whose `type` is for \
    programs. What can be read (GET) answers HEAD too; another method of a path that is there gets 405 \
    (`method_not_allowed`), a path that is not there 404 (`not_found`).";

#[derive(Debug, OpenApi)]
#[openapi(
    info(title = "Shopwatch", description = ABOUT, version = "1"),
    servers((url = ".", description = "Where this document is.")),
    paths(
        crate::status::page,
        crate::signals::signals_of,
        crate::incidents::incidents_of,
        crate::incident::incident_of,
        crate::maintenance::windows_of,
        crate::channels::channels_of,
        crate::channels::channel_of,
        crate::monitors::monitors_of,
        crate::monitor::monitor_of,
        crate::metrics::metrics,
        crate::purchases::purchases_of,
        crate::trends::trends_of,
        crate::imports::imports_of,
        crate::imports::import_of,
        crate::healthz::healthz,
        crate::openapi_json::openapi_json,
        crate::docs::docs,
    )
)]
struct Described;

/// What this function answers.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = Described::openapi();
    api.merge(crate::results::Described::openapi());
    finished(api)
}
