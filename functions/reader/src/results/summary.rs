//! `GET /api/results/{id}/summary`: how the last 24 hours, 7, 30 and 90 days of one monitor were.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use futures_util::{StreamExt as _, TryStreamExt as _, stream, try_join};
use http::{HeaderMap, Uri};
use jiff::civil::Date;
use serde::Serialize;
use shared::history::Hour;
use shared::monitor::{Monitor, MonitorId};
use shared::openapi::{BadQuery, Caller, NoMonitor, Ours, PathId};
use shared::schedule::Slot;
use shared::store::{ReadHistory, ReadMaintenance, ReadMonitor, ReadSessions, ReadSignals};

use super::Deps;
use super::fresh::Fresh;
use super::periods::{DAYS, History, PERIODS, Told};
use crate::answer;
use crate::failure::Failure;
use crate::hidden::{DAY, begin_of};
use crate::own::{self, Id};
use crate::params::Params;
use crate::watched;
use crate::worked_on::WorkedOn;

/// Days whose hours are read at once: no more are ever read.
const DAYS_AT_ONCE: usize = 3;

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "monitor": "s0-7f3k2a",
    "periods": [{
        "period": "24h",
        "from": "2026-11-20T15:00:00Z",
        "uptime": 0.9993,
        "seconds": {"up": 84_000, "degraded": 0, "down": 60, "unknown": 0, "maintenance": 0},
        "checks": {"up": 1_400, "degraded": 0, "down": 1, "unknown": 0},
        "percentiles": {"p50_ms": 120, "p90_ms": 200, "p95_ms": 260, "p99_ms": 700},
        "percentiles_are": "estimated",
    }],
}))]
struct Summary<'a> {
    #[schema(value_type = MonitorId)]
    monitor: &'a MonitorId,
    periods: Vec<Told>,
}

#[utoipa::path(
    get,
    path = "/api/results/{id}/summary",
    operation_id = "summary",
    tag = "Results",
    summary = "How the last 24 hours, 7, 30 and 90 days were",
    description = "Uptime counts degraded as up, unknown and maintenance not at all. Scope `read`.",
    params(PathId),
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("read"))),
    responses((status = 200, description = "The periods.", body = Summary), BadQuery, Caller, NoMonitor, Ours),
)]
pub(super) async fn summary_of<M, S, H, K>(
    Shared(deps): Shared<Arc<Deps<M, S, H, K>>>,
    id: Id,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ReadMonitor + ReadMaintenance,
    S: ReadSignals,
    H: ReadHistory,
    K: ReadSessions,
{
    let (session, now) = deps.reader(&headers).await?;
    Params::of(&uri, &[])?;
    let monitor = own::monitor(&deps.monitors, &session.account, id).await?;
    let now = Slot::containing(now);
    let history = deps.history(&monitor, now).await?;
    let fresh = deps.fresh(&monitor, &history, now).await?;
    let periods = PERIODS.into_iter().map(|period| history.period(&monitor, &fresh, now, period)).collect();
    let summary = Summary { monitor: &monitor.id, periods };
    Ok(answer::private(answer::JSON, answer::json(&summary)?))
}

impl<M: ReadMaintenance, S: ReadSignals, H: ReadHistory, K> Deps<M, S, H, K> {
    /// The days of 90, and the hours of those that are not taken as a whole.
    async fn history(&self, monitor: &Monitor, now: Slot) -> Result<History, Failure> {
        let shard = monitor.id.shard();
        let today = begin_of(DAY, now);
        let first = today.plus(DAY - DAY * DAYS);
        let hidden_in = monitor.hidden_before.filter(|before| (first..=now).contains(before));
        let by_hours: BTreeSet<Date> =
            [Some(today.plus(-DAY)), Some(today), hidden_in].into_iter().flatten().map(Slot::date).collect();
        let hours = stream::iter(by_hours)
            .map(|date| self.history.hours(shard, date))
            .buffered(DAYS_AT_ONCE)
            .try_collect::<Vec<Vec<Hour>>>();
        let (days, hours) = try_join!(self.history.days(shard, first.date()..=today.date()), hours)?;
        Ok(History::of(monitor, days, hours.into_iter().flatten().collect(), now))
    }

    /// What history does not have.
    async fn fresh(&self, monitor: &Monitor, history: &History, now: Slot) -> Result<Fresh, Failure> {
        let Some((first, last)) = history.lags(monitor, now) else {
            return Ok(Fresh::default());
        };
        let blocks = self.signals.blocks(monitor.id.shard(), first..=last);
        let (blocks, mut windows) = try_join!(blocks, self.monitors.windows())?;
        watched::warn_of_broken("maintenance windows", windows.broken.iter());
        // A window is asked for every minute: of those of others there may be hundreds.
        windows.values.retain(|window| window.monitors.is_empty() || window.monitors.contains(&monitor.id));
        let slots = (first.minutes()..=last.minutes()).map(Slot::of_minutes);
        let worked_on = WorkedOn::of(windows.values, slots);
        Ok(Fresh::of(monitor, history.knows(), &blocks, (first, last), &worked_on))
    }
}
