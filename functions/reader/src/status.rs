//! `GET /`: the public status page. Private monitors are not on it, whoever asks.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Uri};
use shared::block::Block;
use shared::monitor::Monitor;
use shared::schedule::Slot;
use shared::store::{ReadMonitors, ReadShards, ReadSignals};

use crate::Clock;
use crate::answer;
use crate::bars::{Hour, MINUTES, State};
use crate::failure::Failure;
use crate::params::Params;
use crate::watched;

/// Monitors on the page at most: about 2 MB, while an answer of Lambda may have 6.
const MAX_SHOWN: usize = 500;

/// The page's style sheet, inside the page: it needs no second request and no address.
pub(crate) const STYLE: &str = include_str!("../templates/status.css");

#[derive(Debug)]
struct Deps<M, S> {
    monitors: M,
    signals: S,
    clock: Clock,
    title: String,
}

pub(crate) fn routes<M, S>(monitors: M, signals: S, clock: Clock, title: String) -> Router
where
    M: ReadShards + ReadMonitors + Send + Sync + 'static,
    S: ReadSignals + Send + Sync + 'static,
{
    let deps = Deps { monitors, signals, clock, title };
    Router::new().route("/", get(page::<M, S>)).with_state(Arc::new(deps))
}

/// One monitor as the page shows it.
#[derive(Debug)]
struct Card {
    monitor: Monitor,
    hour: Hour,
}

impl Card {
    fn uptime(&self) -> String {
        match self.hour.uptime {
            Some(share) => format!("{:.2} % uptime in the last hour", share * 100.0),
            None => "No data in the last hour".to_owned(),
        }
    }
}

#[derive(Debug, Template)]
#[template(path = "status.html")]
struct Page<'a> {
    title: &'a str,
    style: &'static str,
    cards: &'a [Card],
    summary: String,
    left_out: usize,
    until: Slot,
    /// What the page's links begin with; see [`crate::event::FOLDER`].
    folder: &'a str,
}

async fn page<M, S>(
    Shared(deps): Shared<Arc<Deps<M, S>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ReadShards + ReadMonitors,
    S: ReadSignals,
{
    Params::of(&uri, &[])?;
    let now = Slot::containing((deps.clock)());
    let mut cards = cards(&deps.monitors, &deps.signals, now).await?;
    cards.sort_by(|a, b| (&a.monitor.name, &a.monitor.id).cmp(&(&b.monitor.name, &b.monitor.id)));
    let summary = summary(&cards);
    let left_out = cards.len().saturating_sub(MAX_SHOWN);
    cards.truncate(MAX_SHOWN);
    let folder =
        headers.get(crate::event::FOLDER).and_then(|folder| folder.to_str().ok()).unwrap_or_default();
    let page =
        Page { title: &deps.title, style: STYLE, cards: &cards, summary, left_out, until: now, folder };
    let html = page.render().map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(answer::public(&headers, answer::HTML, html.into_bytes()))
}

async fn cards<M, S>(monitors: &M, signals: &S, now: Slot) -> Result<Vec<Card>, Failure>
where
    M: ReadShards + ReadMonitors,
    S: ReadSignals,
{
    // An hour, and one minute more: the running minute may not have been recorded yet.
    let first = now.plus(-MINUTES);
    let shards = watched::monitors(monitors, |monitor| monitor.public).await?;
    let shards = shards.into_iter().map(|(shard, monitors)| (shard, first, monitors));
    let cards = watched::each_shard(signals, shards.collect(), now, |monitors, blocks| {
        cards_of_shard(monitors, blocks, now)
    });
    Ok(cards.await?.into_iter().flatten().collect())
}

fn cards_of_shard(monitors: Vec<Monitor>, blocks: &[Block], now: Slot) -> Vec<Card> {
    let recorded = blocks.iter().any(|block| block.slot == now);
    let last = if recorded { now } else { now.plus(-1) };
    let found = watched::by_monitor(blocks);
    let card = |monitor: Monitor| {
        let found = found.get(&monitor.id).map_or(&[][..], Vec::as_slice);
        Card { hour: Hour::of(&monitor, found, last), monitor }
    };
    monitors.into_iter().map(card).collect()
}

/// One line above all: how many monitors are in which state, the worst first.
fn summary(cards: &[Card]) -> String {
    if !cards.iter().any(|card| card.hour.any) {
        return "No signals yet".to_owned();
    }
    let count = |state: State| cards.iter().filter(|card| card.hour.state == state).count();
    let counts = [State::Down, State::Degraded, State::Unknown, State::Up].map(|state| (count(state), state));
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {state}"))
        .collect();
    parts.join(", ")
}
