//! `GET /`: the public status page, of the installation's own account. Private monitors are not on it, whoever asks.

mod card;
mod incidents;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use futures_util::{StreamExt as _, TryStreamExt as _, stream, try_join};
use http::{HeaderMap, Uri};
use shared::account::AccountId;
use shared::incident::IncidentId;
use shared::monitor::{Monitor, MonitorId, ShardId};
use shared::openapi::{BadQuery, Ours};
use shared::schedule::Slot;
use shared::state::State;
use shared::store::{
    ReadHistory, ReadIncidents, ReadMaintenance, ReadMonitors, ReadShards, ReadSignals, ReadStates,
};

use crate::Clock;
use crate::answer;
use crate::failure::Failure;
use crate::minutes::MINUTES;
use crate::params::Params;
use crate::watched::{self, SHARDS_AT_ONCE};
use crate::worked_on::WorkedOn;

use self::card::{Card, Shard};
use self::incidents::{Incidents, Names, Shown};

/// Monitors on the page at most: about 2 MB, while an answer of Lambda may have 6.
const MAX_SHOWN: usize = 500;

/// The page's style sheet, inside the page: it needs no second request and no address.
pub(crate) const STYLE: &str = include_str!("../templates/status.css");

#[derive(Debug)]
struct Deps<M, S, I, H> {
    monitors: M,
    signals: S,
    incidents: I,
    history: H,
    clock: Clock,
    title: String,
}

pub(crate) fn routes<M, S, I, H>(
    monitors: M,
    signals: S,
    incidents: I,
    history: H,
    clock: Clock,
    title: String,
) -> Router
where
    M: ReadShards + ReadMonitors + ReadMaintenance + Send + Sync + 'static,
    S: ReadSignals + Send + Sync + 'static,
    I: ReadStates + ReadIncidents + Send + Sync + 'static,
    H: ReadHistory + Send + Sync + 'static,
{
    let deps = Deps { monitors, signals, incidents, history, clock, title };
    Router::new().route("/", get(page::<M, S, I, H>)).with_state(Arc::new(deps))
}

#[derive(Debug, Template)]
#[template(path = "status.html")]
struct Page<'a> {
    title: &'a str,
    style: &'static str,
    cards: &'a [Card],
    incidents: &'a Incidents,
    summary: String,
    left_out: usize,
    until: Slot,
    /// What the page's links begin with; see [`crate::event::FOLDER`].
    folder: &'a str,
}

#[utoipa::path(
    get,
    path = "/",
    operation_id = "status_page",
    tag = "Status",
    summary = "The status page",
    description = "The public monitors of the account `home`, whoever asks.",
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of a copy.")),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html", headers(("ETag" = String, description = "Names this answer, for `If-None-Match`."))),
        (status = 304, description = "The copy that `If-None-Match` names still holds."),
        BadQuery,
        Ours,
    ),
)]
async fn page<M, S, I, H>(
    Shared(deps): Shared<Arc<Deps<M, S, I, H>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ReadShards + ReadMonitors + ReadMaintenance,
    S: ReadSignals,
    I: ReadStates + ReadIncidents,
    H: ReadHistory,
{
    Params::of(&uri, &[])?;
    let now = Slot::containing((deps.clock)());
    let shards = watched::monitors(&deps.monitors, &AccountId::default(), watched::is_for_anybody).await?;
    let names = names(&shards);
    let mut seen = deps.shards(shards, now).await?;
    let summary = summary(&seen);
    let open: BTreeSet<IncidentId> =
        seen.iter_mut().flat_map(|shard| std::mem::take(&mut shard.open)).collect();
    let incidents = incidents::read(&deps.incidents, &names, open, now).await?;
    let mut cards: Vec<Card> = seen.into_iter().flat_map(|shard| shard.cards).collect();
    cards.sort_by(|a, b| (&a.monitor.name, &a.monitor.id).cmp(&(&b.monitor.name, &b.monitor.id)));
    let folder =
        headers.get(crate::event::FOLDER).and_then(|folder| folder.to_str().ok()).unwrap_or_default();
    let page = Page {
        title: &deps.title,
        style: STYLE,
        left_out: names.len().saturating_sub(cards.len()),
        cards: &cards,
        incidents: &incidents,
        summary,
        until: now,
        folder,
    };
    let html = page.render().map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(answer::public(&headers, answer::HTML, html.into_bytes()))
}

impl<M, S, I, H> Deps<M, S, I, H>
where
    M: ReadMaintenance,
    S: ReadSignals,
    I: ReadStates,
    H: ReadHistory,
{
    /// What the page shows of each of these shards.
    async fn shards(&self, shards: Vec<(ShardId, Vec<Monitor>)>, now: Slot) -> Result<Vec<Shard>, Failure> {
        // An hour, and one minute more: the running minute may not have been recorded yet.
        let first = now.plus(-MINUTES);
        if shards.is_empty() {
            return Ok(Vec::new());
        };
        let windows = self.monitors.windows().await?;
        watched::warn_of_broken("maintenance windows", windows.broken.iter());
        let slots = (-MINUTES..=0).map(|minutes| now.plus(minutes));
        let (worked_on, shown) = (&WorkedOn::of(windows.values, slots), &shown(&shards));
        stream::iter(shards)
            .map(|(shard, monitors)| async move {
                let is_shown = monitors.iter().any(|monitor| shown.contains(&monitor.id));
                let summary = async {
                    if is_shown { watched::readable(self.history.summary(shard).await) } else { Ok(None) }
                };
                let state = async { watched::readable(self.incidents.state(shard).await) };
                let (blocks, state, summary) =
                    try_join!(self.signals.blocks(shard, first..=now), state, summary)?;
                Ok(Shard::of(monitors, &blocks, state, summary, worked_on, shown, now))
            })
            .buffered(SHARDS_AT_ONCE)
            .try_collect()
            .await
    }
}

/// The monitors that the page has room for: the first by name.
fn shown(shards: &[(ShardId, Vec<Monitor>)]) -> HashSet<MonitorId> {
    let mut all: Vec<&Monitor> = shards.iter().flat_map(|(_, monitors)| monitors).collect();
    all.sort_by_key(|monitor| (&monitor.name, &monitor.id));
    all.into_iter().take(MAX_SHOWN).map(|monitor| monitor.id.clone()).collect()
}

fn names(shards: &[(ShardId, Vec<Monitor>)]) -> Names {
    let all = shards.iter().flat_map(|(_, monitors)| monitors);
    let shown =
        |monitor: &Monitor| Shown { name: monitor.name.to_string(), hidden_before: monitor.hidden_before };
    all.map(|monitor| (monitor.id.clone(), shown(monitor))).collect()
}

/// One line above all: how many monitors are in which state, the worst first.
fn summary(shards: &[Shard]) -> String {
    let states: Vec<State> = shards.iter().flat_map(|shard| shard.states.iter().copied()).collect();
    let nothing_known = states.iter().all(|state| *state == State::Unknown);
    if nothing_known && !shards.iter().any(|shard| shard.any) {
        return "No signals yet".to_owned();
    }
    let worst_first =
        [State::Down, State::Degraded, State::Unknown, State::Maintenance, State::Paused, State::Up];
    let count = |state: State| states.iter().filter(|other| **other == state).count();
    let counts = worst_first.map(|state| (count(state), state));
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {state}"))
        .collect();
    parts.join(", ")
}
