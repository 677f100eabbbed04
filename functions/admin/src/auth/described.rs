//! The description of `/api/auth`.

use utoipa::OpenApi;

/// Every route of people and what lets them in.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    super::signup::signup,
    super::login::login,
    super::logout::logout,
    super::logout::everywhere,
    super::me::me,
    super::password_change::change,
    super::keys::list,
    super::keys::create,
    super::keys::revoke,
    super::invitations::list,
    super::invitations::create,
    super::invitations::look,
    super::invitations::withdraw,
    super::users::list,
    super::users::change,
    super::users::remove,
    super::audit::list,
))]
pub(crate) struct Described;
