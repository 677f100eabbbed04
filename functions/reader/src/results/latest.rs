//! `GET /api/results/{id}/latest`: the newest check of each region.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use http::{HeaderMap, Uri};
use serde::Serialize;
use shared::monitor::{Monitor, Region};
use shared::openapi::{BadQuery, Caller, NoMonitor, Ours, PathId};
use shared::out_of_turn::Told;
use shared::schedule::Slot;
use shared::store::{ReadChecks, ReadMonitor, ReadSessions};

use super::{Deps, Seen};
use crate::answer;
use crate::failure::Failure;
use crate::hidden;
use crate::own::{self, Id};
use crate::params::Params;

/// Furthest look back, in minutes: a day.
const MAX_MINUTES: i64 = 1_440;

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LatestChecks)]
struct Latest {
    checks: Vec<Told>,
}

/// How far back the newest check of a monitor may lie, in minutes: two intervals, as one may have been missed, and the
/// running minute; at most a day.
pub(crate) fn minutes_back(monitor: &Monitor) -> i64 {
    (2 * i64::from(monitor.interval_minutes.minutes()) + 1).min(MAX_MINUTES)
}

#[utoipa::path(
    get,
    path = "/api/results/{id}/latest",
    operation_id = "latest_checks",
    tag = "Results",
    summary = "The newest check of each region",
    description = "Looks back two intervals and a minute, at most a day. Scope `read`.",
    params(PathId),
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("read"))),
    responses((status = 200, description = "The checks.", body = Latest), BadQuery, Caller, NoMonitor, Ours),
)]
pub(super) async fn latest_of<M, S, H, K>(
    Shared(deps): Shared<Arc<Deps<M, S, H, K>>>,
    id: Id,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ReadMonitor,
    S: ReadChecks,
    K: ReadSessions,
{
    let (session, now) = deps.reader(&headers).await?;
    Params::of(&uri, &[])?;
    let monitor = own::monitor(&deps.monitors, &session.account, id).await?;
    let now = Slot::containing(now);
    let first = hidden::shown_from(&monitor, now.plus(-minutes_back(&monitor)));
    if first > now {
        return written(Vec::new());
    }
    let recorded = deps.signals.recorded(monitor.id.shard(), first..=now).await?;
    let mut newest: BTreeMap<&Region, Seen<'_>> = BTreeMap::new();
    for seen in Seen::all(&recorded, &monitor) {
        let there = newest.entry(seen.region).or_insert(seen);
        if (seen.at, seen.slot) > (there.at, there.slot) {
            *there = seen;
        }
    }
    written(newest.values().map(|seen| seen.told(&monitor)).collect())
}

fn written(checks: Vec<Told>) -> Result<Response, Failure> {
    Ok(answer::private(answer::JSON, answer::json(&Latest { checks })?))
}
