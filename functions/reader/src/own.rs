//! The monitor that an address names, if it is the caller's.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use http::StatusCode;
use shared::account::AccountId;
use shared::monitor::{Monitor, MonitorId};
use shared::problem::Problem;
use shared::store::ReadMonitor;

use crate::failure::Failure;

/// What stands where an address names a monitor.
pub(crate) type Id = Result<Path<String>, PathRejection>;

/// The account's monitor of this id.
///
/// # Errors
/// 404, and the same one, for a text that is no id, for none and for one of another account.
pub(crate) async fn monitor<M: ReadMonitor>(
    store: &M,
    account: &AccountId,
    id: Id,
) -> Result<Monitor, Failure> {
    let id: Option<MonitorId> = id.ok().and_then(|Path(id)| id.parse().ok());
    let found = match id {
        Some(id) => store.monitor(&id).await?,
        None => None,
    };
    found
        .filter(|found| found.account == *account)
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such monitor").into())
}
