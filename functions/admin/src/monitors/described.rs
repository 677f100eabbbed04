//! The description of what changes monitors.

use utoipa::OpenApi;

/// Every route that changes monitors, or looks at them out of turn.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    super::create::create,
    super::change::replace,
    super::change::patch,
    super::change::remove,
    super::change::pause,
    super::change::resume,
    super::check::check,
    super::check::test,
    super::bulk::bulk,
    super::beat_token::create,
    super::beat_token::revoke,
    super::cleanup::hide,
))]
pub(crate) struct Described;
