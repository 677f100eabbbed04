//! `GET /signals?limit=60&url=…`: the newest signals of each URL, oldest first.
//!
//! Anybody sees public monitors; an API key with the scope `read` shows private ones too. What a check found
//! out nothing in (blocked, unknown) is no record: unknown is not down.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};
use jiff::Timestamp;
use serde::Serialize;
use shared::block::Block;
use shared::monitor::{MAX_INTERVAL_MINUTES, Monitor, ShardId, TargetUrl};
use shared::schedule::Slot;
use shared::session::Scope;
use shared::store::{ReadMonitors, ReadSessions, ReadShards, ReadSignals};

use crate::Clock;
use crate::access;
use crate::answer;
use crate::failure::Failure;
use crate::params::Params;
use crate::watched;

/// Records per URL unless the request says otherwise.
const DEFAULT_LIMIT: u16 = 60;

/// Records per URL at most; of a monitor checked every minute, a day.
const MAX_LIMIT: u16 = 1_440;

/// Furthest look back, in minutes: a day.
const MAX_MINUTES: i64 = 1_440;

/// Records in one answer at most.
const MAX_RECORDS: usize = 20_000;

/// Bytes in one answer at most; Lambda's own limit is 6 MB.
const MAX_BYTES: usize = 5_000_000;

/// One record without its URL, in bytes at most:
/// `{"url":,"http_status":503,"available":false,"received":"2026-11-21T14:25:03.123456789Z"},`
const RECORD_BYTES: usize = 90;

#[derive(Debug)]
struct Deps<M, S, K> {
    monitors: M,
    signals: S,
    sessions: K,
    clock: Clock,
}

pub(crate) fn routes<M, S, K>(monitors: M, signals: S, sessions: K, clock: Clock) -> Router
where
    M: ReadShards + ReadMonitors + Send + Sync + 'static,
    S: ReadSignals + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { monitors, signals, sessions, clock };
    Router::new().route("/signals", get(signals_of::<M, S, K>)).with_state(Arc::new(deps))
}

/// The signals of one URL.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    url: &'a str,
    records: Vec<Record<'a>>,
}

/// One signal.
#[derive(Debug, Serialize)]
struct Record<'a> {
    url: &'a str,
    /// The last status code that was received; -1 when nothing answered.
    http_status: i32,
    available: bool,
    /// When it was recorded.
    received: Timestamp,
}

/// One signal before its URL is known by reference.
#[derive(Debug, Clone, Copy)]
struct Seen {
    slot: Slot,
    received: Timestamp,
    http_status: i32,
    available: bool,
}

async fn signals_of<M, S, K>(
    Shared(deps): Shared<Arc<Deps<M, S, K>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ReadShards + ReadMonitors,
    S: ReadSignals,
    K: ReadSessions,
{
    let now = (deps.clock)();
    let with_key = headers.contains_key(AUTHORIZATION);
    if with_key {
        access::require(&deps.sessions, &headers, Scope::Read, now).await?;
    }
    let params = Params::of(&uri, &["limit", "url"])?;
    let limit = params.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let url: Option<TargetUrl> =
        params.parsed("url", "a monitor's whole URL such as https://shop.example/")?;

    let wanted =
        |monitor: &Monitor| (monitor.public || with_key) && url.as_ref().is_none_or(|u| *u == monitor.url);
    let shards = watched::monitors(&deps.monitors, wanted).await?;
    refuse_too_large(&shards, limit)?;
    let by_url = read(&deps.signals, shards, Slot::containing(now), limit).await?;

    let body = answer::json(&entries(&by_url, limit))?;
    if body.len() > MAX_BYTES {
        return Err(too_large(format!("the answer has {} bytes", body.len())));
    }
    Ok(if with_key {
        answer::private(answer::JSON, body)
    } else {
        answer::public(&headers, answer::JSON, body)
    })
}

/// Refuses before anything is read.
fn refuse_too_large(shards: &[(ShardId, Vec<Monitor>)], limit: u16) -> Result<(), Failure> {
    let mut urls: Vec<&str> = shards
        .iter()
        .flat_map(|(_, monitors)| monitors.iter().map(|monitor| monitor.url.url().as_str()))
        .collect();
    urls.sort_unstable();
    urls.dedup();
    let limit = usize::from(limit);
    let records = urls.len() * limit;
    if records > MAX_RECORDS {
        let got = format!("{limit} records of each of {} URLs are {records} records", urls.len());
        return Err(too_large(got));
    }
    let bytes: usize = urls.iter().map(|url| limit * (RECORD_BYTES + json_bytes(url))).sum();
    if bytes > MAX_BYTES {
        let got = format!("{limit} records of each of {} URLs are about {bytes} bytes", urls.len());
        return Err(too_large(got));
    }
    Ok(())
}

fn too_large(got: String) -> Failure {
    let rule = format!("an answer has at most {MAX_RECORDS} records and {MAX_BYTES} bytes");
    Failure::bad_request("answer_too_large", format!("{got}; {rule}: lower limit or name one url"))
}

/// The URL's length as JSON text, quotes included.
fn json_bytes(url: &str) -> usize {
    serde_json::to_string(url).map_or(usize::MAX / 2, |text| text.len())
}

/// How many minutes back this monitor's newest `limit` checks reach, at most a day; and one minute more, as the
/// running minute may not have been recorded yet.
fn minutes_back(monitor: &Monitor, limit: u16) -> i64 {
    let interval = monitor.interval_minutes.minutes().min(MAX_INTERVAL_MINUTES);
    (i64::from(limit) * i64::from(interval)).min(MAX_MINUTES)
}

async fn read<S: ReadSignals>(
    store: &S,
    shards: Vec<(ShardId, Vec<Monitor>)>,
    last: Slot,
    limit: u16,
) -> Result<BTreeMap<String, Vec<Seen>>, Failure> {
    let shards = shards.into_iter().map(|(shard, monitors)| {
        let minutes = monitors.iter().map(|monitor| minutes_back(monitor, limit)).max().unwrap_or(0);
        (shard, last.plus(-minutes), monitors)
    });
    let of_shard = |monitors: Vec<Monitor>, blocks: &[Block]| seen(monitors, blocks, last, limit);
    let found = watched::each_shard(store, shards.collect(), last, of_shard).await?;
    let mut by_url: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
    for (url, seen) in found.into_iter().flatten() {
        by_url.entry(url).or_default().extend(seen);
    }
    Ok(by_url)
}

/// What each monitor's signals say, by its URL.
fn seen(monitors: Vec<Monitor>, blocks: &[Block], last: Slot, limit: u16) -> Vec<(String, Vec<Seen>)> {
    let found = watched::by_monitor(blocks);
    let of_monitor = |monitor: Monitor| {
        let first = last.plus(-minutes_back(&monitor, limit));
        let found = found.get(&monitor.id).map_or(&[][..], Vec::as_slice);
        let seen = found.iter().filter(|f| f.slot >= first).filter_map(|f| {
            Some(Seen {
                slot: f.slot,
                received: f.written_at,
                http_status: f.signal.status.map_or(-1, i32::from),
                available: f.signal.outcome.is_available()?,
            })
        });
        (monitor.url.to_string(), seen.collect())
    };
    monitors.into_iter().map(of_monitor).collect()
}

/// The newest `limit` records of each URL, oldest first.
fn entries(by_url: &BTreeMap<String, Vec<Seen>>, limit: u16) -> Vec<Entry<'_>> {
    by_url
        .iter()
        .map(|(url, seen)| {
            let mut seen = seen.clone();
            seen.sort_by_key(|seen| (seen.slot, seen.received));
            let too_many = seen.len().saturating_sub(usize::from(limit));
            let record = |seen: Seen| Record {
                url,
                http_status: seen.http_status,
                available: seen.available,
                received: seen.received,
            };
            Entry { url, records: seen.drain(too_many..).map(record).collect() }
        })
        .collect()
}
