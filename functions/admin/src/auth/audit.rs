//! `GET /api/auth/audit`: who changed what, for an account's owners; the newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::Uri;
use http::header::CACHE_CONTROL;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use shared::audit::AuditEntry;
use shared::http_frame::{Failure, Params};
use shared::openapi::{self, BadQuery, Ours, Owner};
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::caller::{Asked, Caller};
use super::{Accounts, Audits, Auth, Sessions};

/// Entries of an answer, unless it is asked for others, and at most.
const LIMITS: (u16, u16) = (100, 1_000);

/// Months that are looked through: entries live for 400 days.
const MONTHS: i32 = 15;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntries, example = json!({
    "entries": [{
        "account": "home",
        "at": "2026-11-21T14:25:00Z",
        "user": "u-7f3k2a9d0c1b2e4f",
        "session": "5f70bf18a086",
        "source": "192.0.2.1",
        "action": "key.create",
        "target": "6a2c1f0d9e8b",
        "detail": {"scopes": "read"},
    }],
    "next_before": null,
}))]
struct Entries {
    entries: Vec<AuditEntry>,
    /// What `before` has to be for those behind; none when these are the last.
    #[schema(value_type = Option<openapi::Instant>)]
    next_before: Option<Timestamp>,
}

/// The parameters, for the API's description.
enum Query {}

impl utoipa::IntoParams for Query {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let before = "Only what was done before this instant; everything where it is left out.";
        vec![
            openapi::text("before", "2026-11-21T14:25:00Z", before),
            openapi::number("limit", 1..=LIMITS.1, Some(LIMITS.0), "Entries of the answer at most."),
        ]
    }
}

#[utoipa::path(
    get,
    path = "/api/auth/audit",
    operation_id = "audit",
    tag = "People",
    summary = "Who changed what",
    description = "Newest first, of the last 400 days. Takes an owner who has signed in.",
    params(Query),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, description = "Entries of the audit.", body = Entries), BadQuery, Owner, Ours),
)]
pub(super) async fn list<A: Accounts, S: Sessions, U: Audits>(
    State(auth): State<Arc<Auth<A, S, U>>>,
    asked: Asked,
    uri: Uri,
) -> Result<Response, Failure> {
    let caller = Caller::owner(&auth, asked).await?;
    let params = Params::of(&uri, &["before", "limit"])?;
    let before: Option<Timestamp> = params.parsed("before", "an instant such as 2026-11-21T14:25:00Z")?;
    let limit = params.number("limit", 1..=LIMITS.1)?.unwrap_or(LIMITS.0);
    let newest = TimeZone::UTC.to_datetime(before.unwrap_or(caller.now)).date().first_of_month();
    let mut entries: Vec<AuditEntry> = Vec::new();
    for back in 0..MONTHS {
        let missing = limit.saturating_sub(u16::try_from(entries.len()).unwrap_or(u16::MAX));
        let Ok(month) = newest.checked_sub(back.months()) else { break };
        if missing == 0 {
            break;
        }
        entries.extend(auth.audit.entries(&caller.session.account, month, before, missing).await?);
    }
    let is_full = entries.len() >= usize::from(limit);
    let next_before = entries.last().map(|entry| entry.at).filter(|_| is_full);
    Ok(([(CACHE_CONTROL, "no-store")], Json(Entries { entries, next_before })).into_response())
}
