//! `GET /signals?limit=60&url=…&detail=true`: the newest signals of each URL, oldest first.
//!
//! Anybody sees the public monitors of the installation's own account; an API key with the scope `read` shows those of
//! its account, private ones too. What a check found out nothing in (blocked, unknown) is no record unless details are
//! asked for: unknown is not down.

mod detail;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Uri};
use jiff::Timestamp;
use serde::Serialize;
use shared::block::Block;
use shared::http_frame::access;
use shared::monitor::{MAX_INTERVAL_MINUTES, MAX_URL_BYTES, Monitor, ShardId, TargetUrl};
use shared::openapi::{self, BadQuery, Caller, Ours};
use shared::schedule::Slot;
use shared::session::Scope;
use shared::store::{ReadMonitors, ReadSessions, ReadShards, ReadSignals};
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::Clock;
use crate::answer;
use crate::failure::Failure;
use crate::hidden;
use crate::params::Params;
use crate::watched::{self, Found};

use self::detail::Detail;

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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignalsOfUrl, example = json!({
    "url": "https://shop.example/",
    "records": [{
        "url": "https://shop.example/",
        "http_status": 200,
        "available": true,
        "received": "2026-11-21T14:25:03Z",
    }],
}))]
struct Entry<'a> {
    url: &'a str,
    records: Vec<Record<'a>>,
}

/// One signal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignalRecord)]
struct Record<'a> {
    url: &'a str,
    /// The last status code that was received; -1 when nothing answered.
    http_status: i32,
    /// `None` where the check says nothing of the target; without details there are no such records.
    available: Option<bool>,
    /// When it was recorded.
    #[schema(value_type = openapi::Instant)]
    received: Timestamp,
    #[serde(flatten)]
    #[schema(value_type = Detail)]
    detail: Option<&'a Detail>,
}

/// One signal before its URL is known by reference.
#[derive(Debug)]
struct Seen {
    slot: Slot,
    received: Timestamp,
    http_status: i32,
    available: Option<bool>,
    detail: Option<Detail>,
}

/// How much is asked for.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    /// Records of each URL.
    limit: u16,
    detail: bool,
    /// Whether an API key was shown: metrics may tell what a shop sells.
    with_key: bool,
}

/// What a monitor watches, as its signals name it: a URL is normalised, anything else is taken as it is.
struct Target(String);

/// A text that no monitor watches.
struct NoTarget;

impl FromStr for Target {
    type Err = NoTarget;
    fn from_str(text: &str) -> Result<Self, NoTarget> {
        let others = ["tcp://", "tls://", "dns://", "heartbeat:"];
        if let Ok(url) = text.parse::<TargetUrl>() {
            Ok(Self(url.to_string()))
        } else if text.len() <= MAX_URL_BYTES && others.iter().any(|scheme| text.starts_with(scheme)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoTarget)
        }
    }
}

/// The parameters, for the API's description.
enum Query {}

impl utoipa::IntoParams for Query {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            openapi::number("limit", 1..=MAX_LIMIT, Some(DEFAULT_LIMIT), "Records of each URL at most."),
            openapi::text(
                "url",
                "https://shop.example/",
                "Those of this URL alone; `tcp://host:port`, `tls://host:port`, `dns://name?type=A` and `heartbeat:<id>` name what is no URL.",
            ),
            openapi::optional(
                "detail",
                openapi::flag(),
                "Whether all that is known of each check is told, and checks that found nothing out too.",
            ),
        ]
    }
}

#[utoipa::path(
    get,
    path = "/signals",
    operation_id = "list_signals",
    tag = "Status",
    summary = "The newest signals of each URL, oldest first",
    description = "Anybody sees the public monitors of the account `home`; a bearer with the scope `read` those of its account, \
                   private ones too. A cookie counts for nothing here. At most 20,000 records and 5 MB.",
    params(Query, ("If-None-Match" = Option<String>, Header, description = "The ETag of a copy.")),
    security((), ("bearer" = [])),
    extensions(("x-scope" = json!("read"))),
    responses(
        (status = 200, description = "The signals.", body = [Entry], headers(("ETag" = String, description = "Names this answer, for `If-None-Match`."))),
        (status = 304, description = "The copy that `If-None-Match` names still holds."),
        BadQuery,
        (status = 400, description = "A parameter breaks its rule (`type` is its name), is unknown (`unknown_parameter`) or \
            given twice (`repeated_parameter`); `answer_too_large`: lower `limit` or name one `url`."),
        Caller,
        Ours,
    ),
)]
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
    let session = if headers.contains_key(AUTHORIZATION) {
        Some(access::require(&deps.sessions, &Method::GET, &headers, Scope::Read, now).await?)
    } else {
        None
    };
    let params = Params::of(&uri, &["limit", "url", "detail"])?;
    let limit = params.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let url: Option<Target> = params.parsed("url", "a monitor's whole URL such as https://shop.example/")?;
    let detail = params.parsed("detail", "true or false")?.unwrap_or(false);
    let wanted = Wanted { limit, detail, with_key: session.is_some() };

    let is_wanted = |monitor: &Monitor| {
        watched::is_for(session.as_ref(), monitor) && url.as_ref().is_none_or(|url| url.0 == monitor.target())
    };
    let account = session.as_ref().map(|session| session.account.clone()).unwrap_or_default();
    let shards = watched::monitors(&deps.monitors, &account, is_wanted).await?;
    refuse_too_large(&shards, wanted)?;
    let by_url = read(&deps.signals, shards, Slot::containing(now), wanted).await?;

    let body = answer::json(&entries(&by_url))?;
    if body.len() > MAX_BYTES {
        return Err(too_large(format!("the answer has {} bytes", body.len())));
    }
    Ok(if wanted.with_key {
        answer::private(answer::JSON, body)
    } else {
        answer::public(&headers, answer::JSON, body)
    })
}

/// Refuses before anything is read.
fn refuse_too_large(shards: &[(ShardId, Vec<Monitor>)], wanted: Wanted) -> Result<(), Failure> {
    // What one record of each URL has at most, in bytes.
    let mut urls: BTreeMap<String, usize> = BTreeMap::new();
    for monitor in shards.iter().flat_map(|(_, monitors)| monitors) {
        let bytes = bytes_of_record(monitor, wanted.detail);
        let most = urls.entry(monitor.target()).or_default();
        *most = bytes.max(*most);
    }
    let limit = usize::from(wanted.limit);
    let records = urls.len() * limit;
    if records > MAX_RECORDS {
        let got = format!("{limit} records of each of {} URLs are {records} records", urls.len());
        return Err(too_large(got));
    }
    let bytes: usize = urls.values().map(|bytes| limit * bytes).sum();
    if bytes > MAX_BYTES {
        let got = format!("{limit} records of each of {} URLs are about {bytes} bytes", urls.len());
        return Err(too_large(got));
    }
    Ok(())
}

/// One record of this monitor, in bytes at most.
pub(crate) fn bytes_of_record(monitor: &Monitor, detail: bool) -> usize {
    let detail = if detail { detail::bytes(monitor) } else { 0 };
    RECORD_BYTES + json_bytes(&monitor.target()) + detail
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

/// The newest records of each URL, oldest first.
async fn read<S: ReadSignals>(
    store: &S,
    shards: Vec<(ShardId, Vec<Monitor>)>,
    last: Slot,
    wanted: Wanted,
) -> Result<BTreeMap<String, Vec<Seen>>, Failure> {
    let shards = shards.into_iter().map(|(shard, monitors)| {
        let minutes = monitors.iter().map(|monitor| minutes_back(monitor, wanted.limit)).max().unwrap_or(0);
        (shard, last.plus(-minutes), monitors)
    });
    let of_shard = |monitors: Vec<Monitor>, blocks: &[Block]| seen_of_shard(&monitors, blocks, last, wanted);
    let mut by_url: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
    for of_shard in watched::each_shard(store, shards.collect(), last, of_shard).await? {
        for (url, seen) in of_shard? {
            by_url.entry(url).or_default().extend(seen);
        }
    }
    for seen in by_url.values_mut() {
        seen.sort_by_key(|seen| (seen.slot, seen.received));
        let too_many = seen.len().saturating_sub(usize::from(wanted.limit));
        seen.drain(..too_many);
    }
    Ok(by_url)
}

/// The newest records of each monitor, by its URL.
fn seen_of_shard(
    monitors: &[Monitor],
    blocks: &[Block],
    last: Slot,
    wanted: Wanted,
) -> Result<Vec<(String, Vec<Seen>)>, Failure> {
    let found = watched::by_monitor(blocks);
    let of_monitor = |monitor: &Monitor| {
        let first = hidden::shown_from(monitor, last.plus(-minutes_back(monitor, wanted.limit)));
        let found = found.get(&monitor.id).map_or(&[][..], Vec::as_slice);
        let is_record =
            |f: &&Found<'_>| f.slot >= first && (wanted.detail || f.signal.outcome.is_available().is_some());
        let mut records: Vec<&Found<'_>> = found.iter().filter(is_record).collect();
        records.sort_by_key(|f| (f.slot, f.written_at));
        let too_many = records.len().saturating_sub(usize::from(wanted.limit));
        let newest = records.into_iter().skip(too_many);
        let seen: Result<Vec<Seen>, Failure> = newest.map(|f| seen(monitor, f, wanted)).collect();
        Ok((monitor.target(), seen?))
    };
    monitors.iter().map(of_monitor).collect()
}

fn seen(monitor: &Monitor, found: &Found<'_>, wanted: Wanted) -> Result<Seen, Failure> {
    Ok(Seen {
        slot: found.slot,
        received: found.written_at,
        http_status: found.signal.status.map_or(-1, i32::from),
        available: found.signal.outcome.is_available(),
        detail: wanted.detail.then(|| Detail::of(monitor, found, wanted.with_key)).transpose()?,
    })
}

fn entries<'a>(by_url: &'a BTreeMap<String, Vec<Seen>>) -> Vec<Entry<'a>> {
    let entry = |(url, seen): (&'a String, &'a Vec<Seen>)| Entry {
        url,
        records: seen.iter().map(|seen| record(url, seen)).collect(),
    };
    by_url.iter().map(entry).collect()
}

fn record<'a>(url: &'a str, seen: &'a Seen) -> Record<'a> {
    Record {
        url,
        http_status: seen.http_status,
        available: seen.available,
        received: seen.received,
        detail: seen.detail.as_ref(),
    }
}
