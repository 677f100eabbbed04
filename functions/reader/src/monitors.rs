//! `GET /api/monitor?limit=100&cursor`: the monitors of the caller's account in the order of their ids, each with how it
//! fares.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Method, Uri};
use serde::Serialize;
use serde_json::value::RawValue;
use shared::http_frame::access;
use shared::monitor::{Monitor, MonitorId, Region};
use shared::openapi::{self, BadQuery, Caller, MonitorFaring, Ours};
use shared::schedule::Slot;
use shared::session::Scope;
use shared::store::{ListMonitors, ListStates, ReadMaintenance, ReadSessions};
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::Clock;
use crate::answer;
use crate::bookmark;
use crate::failure::Failure;
use crate::judged::Judged;
use crate::link;
use crate::listed;
use crate::params::Params;

/// Monitors per page, unless the request says otherwise, and at most.
const MAX_LIMIT: u16 = 100;

/// Bytes of a page behind which no monitor begins: one has 400 KB at most in the table, and Lambda's limit is 6 MB.
const FULL_BYTES: usize = 4_000_000;

const PARAMETERS: [&str; 2] = ["limit", "cursor"];

#[derive(Debug)]
struct Deps<M, I, K> {
    home: Region,
    monitors: M,
    incidents: I,
    sessions: K,
    clock: Clock,
}

pub(crate) fn routes<M, I, K>(home: Region, monitors: M, incidents: I, sessions: K, clock: Clock) -> Router
where
    M: ListMonitors + ReadMaintenance + Send + Sync + 'static,
    I: ListStates + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { home, monitors, incidents, sessions, clock };
    Router::new().route("/api/monitor", get(monitors_of::<M, I, K>)).with_state(Arc::new(deps))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Monitors)]
struct Page {
    #[schema(value_type = Vec<MonitorFaring>)]
    monitors: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
    /// Where a monitor is checked from that names no regions.
    #[schema(value_type = Region)]
    home_region: String,
}

/// The parameters, for the API's description.
enum Query {}

impl utoipa::IntoParams for Query {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            openapi::number("limit", 1..=MAX_LIMIT, Some(MAX_LIMIT), "Monitors of a page at most."),
            openapi::text(
                "cursor",
                "eyJ2IjoxfQ",
                "Where to go on: `next_cursor` of the page before, with the same other parameters.",
            ),
        ]
    }
}

#[utoipa::path(
    get,
    path = "/api/monitor",
    operation_id = "list_monitors",
    tag = "Monitors",
    summary = "The account's monitors",
    description = "In the order of their ids as text, each with how it fares. Scope `read`.",
    params(Query),
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("read"))),
    responses((status = 200, description = "A page.", body = Page, headers(("Link" = String, description = "The next page, if there is one (RFC 8288): `<?…&cursor=…>; rel=\"next\"`."))), BadQuery, Caller, Ours),
)]
async fn monitors_of<M, I, K>(
    Shared(deps): Shared<Arc<Deps<M, I, K>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ListMonitors + ReadMaintenance,
    I: ListStates,
    K: ReadSessions,
{
    let now = (deps.clock)();
    let session = access::require(&deps.sessions, &Method::GET, &headers, Scope::Read, now).await?;
    let params = Params::of(&uri, &PARAMETERS)?;
    let limit = params.number("limit", 1..=MAX_LIMIT)?.unwrap_or(MAX_LIMIT);
    let list = bookmark::list([Some("/api/monitor"), Some(&session.account.to_string())]);
    let after: Option<MonitorId> = bookmark::of(&params, &list)?;

    // One more tells whether there is a next page.
    let found = listed::monitors(&deps.monitors, &session.account, after.as_ref(), limit + 1).await?;
    let shown = found.get(..usize::from(limit)).unwrap_or(&found);
    let judged = Judged::read(&deps.monitors, &deps.incidents, shown, Slot::containing(now)).await?;
    let monitors = written(shown, &judged)?;
    let last = shown.get(..monitors.len()).and_then(<[Monitor]>::last);
    let last = last.filter(|_| monitors.len() < found.len());
    let next_cursor = last.map(|last| bookmark::text(list, &last.id));
    let page = Page { monitors, next_cursor, home_region: deps.home.to_string() };
    let link = page.next_cursor.as_ref().and_then(|cursor| link::next(&params, &PARAMETERS, cursor));
    Ok(answer::linked(answer::private(answer::JSON, answer::json(&page)?), link))
}

/// The first of these monitors, as many as an answer has room for; one at least.
fn written(monitors: &[Monitor], judged: &Judged) -> Result<Vec<Box<RawValue>>, Failure> {
    let mut written = Vec::with_capacity(monitors.len());
    let mut bytes = 0;
    for monitor in monitors {
        if bytes > FULL_BYTES {
            break;
        }
        let text = serde_json::value::to_raw_value(&judged.told(monitor)?);
        let text = text.map_err(|error| Failure::Internal(error.to_string()))?;
        bytes += text.get().len();
        written.push(text);
    }
    Ok(written)
}
