//! `GET /metrics`: how the monitors of the caller's account fare, for Prometheus; for keys with the scope `metrics`.
//!
//! Nothing is counted up here, so everything is a gauge: what is so at this moment, or what has been so since midnight or
//! the first of the month in UTC. A monitor's state is one sample, of the state that it is in, with the state as a label
//! and 1 as its value: six samples for each, five of them 0, would say no more.

mod exposition;
mod shard;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, HeaderValue, Method, Uri};
use shared::history::Checks;
use shared::http_frame::access;
use shared::import::{Import, ImportState};
use shared::monitor::{Monitor, ShardId};
use shared::openapi::{BadQuery, Caller, Ours};
use shared::schedule::Slot;
use shared::session::{Scope, Session};
use shared::store::{
    ListImports, ListMonitors, ListStates, ReadHistory, ReadMaintenance, ReadSessions, ReadSignals,
};

use self::exposition::{Exposition, MEDIA_TYPE};
use self::shard::{Newest, OfShard};
use crate::Clock;
use crate::answer;
use crate::failure::Failure;
use crate::judged::Judged;
use crate::params::Params;
use crate::watched::SHARDS_AT_ONCE;

/// Monitors in one answer at most, the first by id.
const MAX_MONITORS: u16 = 2_000;

/// Bytes in one answer at most; Lambda's own limit is 6 MB.
const MAX_BYTES: usize = 5_000_000;

/// Imports of the month that are counted at most, the newest.
const MAX_IMPORTS: usize = 1_000;

#[derive(Debug)]
struct Deps<M, S, I, H, L, K> {
    monitors: M,
    signals: S,
    incidents: I,
    history: H,
    ledger: L,
    sessions: K,
    clock: Clock,
}

type Wired<M, S, I, H, L, K> = Shared<Arc<Deps<M, S, I, H, L, K>>>;

pub(crate) fn routes<M, S, I, H, L, K>(
    (monitors, signals): (M, S),
    (incidents, history): (I, H),
    (ledger, sessions): (L, K),
    clock: Clock,
) -> Router
where
    M: ListMonitors + ReadMaintenance + Send + Sync + 'static,
    S: ReadSignals + Send + Sync + 'static,
    I: ListStates + Send + Sync + 'static,
    H: ReadHistory + Send + Sync + 'static,
    L: ListImports + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { monitors, signals, incidents, history, ledger, sessions, clock };
    Router::new().route("/metrics", get(metrics::<M, S, I, H, L, K>)).with_state(Arc::new(deps))
}

#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "Status",
    summary = "Metrics for Prometheus",
    description = "Text format 0.0.4; all are gauges. The first 2,000 monitors of the account by id. Scope `metrics`.",
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("metrics"))),
    responses(
        (status = 200, description = "The metrics.", body = String, content_type = "text/plain",
            example = "shopwatch_monitor_state{id=\"s0-7f3k2a\",name=\"Shop\",state=\"up\"} 1\n"),
        BadQuery,
        Caller,
        Ours,
    ),
)]
async fn metrics<M, S, I, H, L, K>(
    Shared(deps): Wired<M, S, I, H, L, K>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ListMonitors + ReadMaintenance,
    S: ReadSignals,
    I: ListStates,
    H: ReadHistory,
    L: ListImports,
    K: ReadSessions,
{
    let now = (deps.clock)();
    let session = access::require(&deps.sessions, &Method::GET, &headers, Scope::Metrics, now).await?;
    Params::of(&uri, &[])?;
    let now = Slot::containing(now);
    // One more tells whether there are more.
    let mut monitors = deps.monitors.monitors_of(&session.account, None, MAX_MONITORS + 1).await?;
    let more = monitors.len() > usize::from(MAX_MONITORS);
    monitors.truncate(MAX_MONITORS.into());
    let judged = Judged::read(&deps.monitors, &deps.incidents, &monitors, now).await?;
    let shards = deps.shards(monitors, now).await?;
    let imports = deps.imports(&session, now).await?;

    let mut text = Exposition::default();
    write_states(&mut text, &shards, &judged, more);
    write_newest(&mut text, &shards);
    write_checks(&mut text, &shards);
    if let Some(imports) = imports {
        write_imports(&mut text, &imports);
    }
    if text.bytes() > MAX_BYTES {
        let got = text.bytes();
        let detail = format!("these metrics have {got} bytes; an answer has at most {MAX_BYTES}");
        return Err(Failure::bad_request("answer_too_large", detail));
    }
    Ok(answer::private(HeaderValue::from_static(MEDIA_TYPE), text.body()))
}

impl<M, S: ReadSignals, I, H: ReadHistory, L: ListImports, K> Deps<M, S, I, H, L, K> {
    /// What the shards of these monitors say of them, a few shards at once.
    async fn shards(&self, monitors: Vec<Monitor>, now: Slot) -> Result<Vec<OfShard>, Failure> {
        let mut by_shard: BTreeMap<ShardId, Vec<Monitor>> = BTreeMap::new();
        for monitor in monitors {
            by_shard.entry(monitor.id.shard()).or_default().push(monitor);
        }
        let read = stream::iter(by_shard)
            .map(|(shard, of_it)| shard::read(&self.signals, &self.history, shard, of_it, now))
            .buffered(SHARDS_AT_ONCE)
            .try_collect();
        Ok(read.await?)
    }

    /// The month's imports, for the account whose shop it is.
    async fn imports(&self, session: &Session, now: Slot) -> Result<Option<Vec<Import>>, Failure> {
        if !session.account.is_home() {
            return Ok(None);
        }
        let month = now.date().first_of_month();
        Ok(Some(self.ledger.imports(month, None, MAX_IMPORTS).await?))
    }
}

fn write_states(text: &mut Exposition, shards: &[OfShard], judged: &Judged, more: bool) {
    let help = "How each monitor fares: 1 for the state that it is in.";
    let mut gauge = text.gauge("shopwatch_monitor_state", help);
    for (monitor, _) in shards.iter().flat_map(|of_shard| &of_shard.monitors) {
        let (id, name) = (monitor.id.to_string(), monitor.name.to_string());
        let state = judged.of(monitor).state.to_string();
        gauge.sample(&[("id", &id), ("name", &name), ("state", &state)], 1);
    }
    let help = "Whether there are more monitors than these metrics are of: 1 if so.";
    text.gauge("shopwatch_more_monitors", help).sample(&[], u8::from(more));
}

fn write_newest(text: &mut Exposition, shards: &[OfShard]) {
    let mut write = |name, help, value: fn(&Newest) -> Option<String>| {
        let mut gauge = text.gauge(name, help);
        for (monitor, newest) in shards.iter().flat_map(|of_shard| &of_shard.monitors) {
            let (id, name) = (monitor.id.to_string(), monitor.name.to_string());
            for of_region in newest {
                if let Some(value) = value(of_region) {
                    let region = of_region.region.as_str();
                    gauge.sample(&[("id", &id), ("name", &name), ("region", region)], value);
                }
            }
        }
    };
    write(
        "shopwatch_check_duration_seconds",
        "How long the newest check of each monitor took in each region, whatever it found.",
        |newest| newest.total_ms.map(|ms| format!("{}.{:03}", ms / 1_000, ms % 1_000)),
    );
    write(
        "shopwatch_certificate_days",
        "Days that the certificate of each monitor still held at its newest check in each region.",
        |newest| newest.certificate_days.map(|days| days.to_string()),
    );
}

fn write_checks(text: &mut Exposition, shards: &[OfShard]) {
    let mut all = Checks::default();
    for of_shard in shards {
        shard::add(&mut all, of_shard.checks);
    }
    let help = "Checks since midnight in UTC by what they found; blocked ones are unknown.";
    let mut gauge = text.gauge("shopwatch_checks_today", help);
    let Checks { up, degraded, down, unknown } = all;
    for (outcome, count) in [("up", up), ("degraded", degraded), ("down", down), ("unknown", unknown)] {
        gauge.sample(&[("outcome", outcome)], count);
    }
}

fn write_imports(text: &mut Exposition, imports: &[Import]) {
    let help = "Imports that began this month in UTC, by how far they are or how they ended.";
    let mut gauge = text.gauge("shopwatch_imports", help);
    for (state, name) in [
        (ImportState::Running, "running"),
        (ImportState::Loaded, "loaded"),
        (ImportState::LoadedWithRejects, "loaded_with_rejects"),
        (ImportState::Refused, "refused"),
        (ImportState::Failed, "failed"),
    ] {
        let count = imports.iter().filter(|import| import.state == state).count();
        gauge.sample(&[("state", name)], count);
    }
}
