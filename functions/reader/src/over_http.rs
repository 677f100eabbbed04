//! Tests of the whole function: a shop in memory, asked over HTTP.

mod accounts;
mod channels;
mod checks;
mod csv;
mod described;
mod events;
mod frame;
mod gate;
mod imports;
mod incidents;
mod keys;
mod latest;
mod metrics;
mod monitors;
mod purchases;
mod signals;
mod status;
mod summary;
mod trends;
mod upkeep;

use std::collections::BTreeMap;

use ::tests::example;
use ::tests::memory::Memory;
use axum::Router;
use axum::body::Body;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;
use shared::block::Block;
use shared::import::{Import, ObjectVersion};
use shared::incident::{Closed, ClosedBy, Incident};
use shared::monitor::{Interval, Monitor, MonitorId, Region, ShardId};
use shared::purchase::{Position, Purchase, RowId};
use shared::schedule::Slot;
use shared::session::{Kind, Scope, Token};
use shared::signal::{Outcome, Phases, Reason, Signal};
use shared::state::{MonitorState, State};
use shared::trend::{DayTrend, Sales};
use tower::ServiceExt as _;

use self::keys::elsewhere;
use crate::{Deps, router};

/// The tests' time. Far from the real one, because the stores' expiry follows that.
fn now() -> Timestamp {
    "2126-11-21T14:25:30Z".parse().unwrap()
}

/// The slot so many minutes ago.
fn ago(minutes: i64) -> Slot {
    Slot::containing(now()).plus(-minutes)
}

/// What a check found, and nothing else about it.
fn signal(id: &str, outcome: Outcome, status: Option<u16>) -> Signal {
    Signal {
        monitor: id.parse().unwrap(),
        outcome,
        status,
        phases: Phases::default(),
        certificate_days: None,
        metrics: Vec::new(),
    }
}

const TIMEOUT: Outcome = Outcome::Down(Reason::Timeout);
const SLOW: Outcome = Outcome::Degraded(Reason::Slow);
const NETWORK: Outcome = Outcome::Unknown(Reason::Network);

/// An installation in memory.
struct Shop {
    memory: Memory,
    router: Router,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// `status type: detail` of a problem document.
    fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16(), "{self:?}");
        assert!(problem["title"].is_string(), "{self:?}");
        format!(
            "{} {}: {}",
            problem["status"],
            problem["type"].as_str().unwrap(),
            problem["detail"].as_str().unwrap()
        )
    }
}

impl Shop {
    fn new() -> Self {
        Self::with_cors("")
    }

    fn with_cors(origin: &str) -> Self {
        Self::of(origin, false)
    }

    /// Anybody may read its trends.
    fn with_public_trends() -> Self {
        Self::of("", true)
    }

    fn of(origin: &str, public_trends: bool) -> Self {
        let memory = Memory::default();
        let router = router(Deps {
            monitors: memory.clone(),
            signals: memory.clone(),
            incidents: memory.clone(),
            history: memory.clone(),
            purchases: memory.clone(),
            ledger: memory.clone(),
            sessions: memory.clone(),
            public_trends,
            cors: (!origin.is_empty()).then(|| origin.parse().unwrap()),
            page_title: "The shop".to_owned(),
            region: "us-east-1".parse().unwrap(),
            clock: now,
        });
        Self { memory, router }
    }

    /// Adds a monitor that is checked every minute.
    fn monitor(&self, id: &str, name: &str, url: &str, public: bool) {
        let name = name.parse().unwrap();
        self.memory.add_monitors([Monitor { name, public, ..example::monitor_of(id, url) }]);
    }

    /// Changes a monitor.
    fn change(&self, id: &str, change: impl FnOnce(&mut Monitor)) {
        let mut changed = self.memory.tables().monitors[&id.parse().unwrap()].clone();
        change(&mut changed);
        // With its shard's summary.
        self.memory.add_monitors([changed]);
    }

    /// Records what was found in the slot so many minutes ago, three seconds into it.
    fn record(&self, minutes_ago: i64, found: &[(&str, Outcome, Option<u16>)]) {
        self.record_from("us-east-1", minutes_ago, found);
    }

    fn record_from(&self, region: &str, minutes_ago: i64, found: &[(&str, Outcome, Option<u16>)]) {
        let signal = |(id, outcome, status): &(&str, Outcome, Option<u16>)| signal(id, *outcome, *status);
        let shard = found[0].0.parse::<MonitorId>().unwrap().shard();
        self.record_signals(shard, region, minutes_ago, found.iter().map(signal).collect());
    }

    fn record_signals(&self, shard: ShardId, region: &str, minutes_ago: i64, signals: Vec<Signal>) {
        let block = Block {
            shard,
            slot: ago(minutes_ago),
            region: region.parse().unwrap(),
            written_at: ago(minutes_ago).start() + 3.seconds(),
            signals,
        };
        let key = (shard, block.slot, block.region.clone());
        self.memory.tables().blocks.insert(key, block);
    }

    /// Records a check that was made out of turn so many minutes ago, ten seconds into the minute.
    fn record_out_of_turn(&self, id: &str, region: &str, minutes_ago: i64, outcome: Outcome) {
        let signal = signal(id, outcome, None);
        let (slot, region) = (ago(minutes_ago), region.parse::<Region>().unwrap());
        let key = (slot, region.clone(), signal.monitor.clone());
        let check = Block {
            shard: signal.monitor.shard(),
            slot,
            region,
            written_at: slot.start() + 10.seconds(),
            signals: vec![signal],
        };
        self.memory.tables().checks.insert(key, check);
    }

    /// An incident of this monitor that was opened so many minutes ago, after two minutes of time-outs; closed so
    /// many minutes ago if it is.
    fn incident(&self, id: &str, opened: i64, closed: Option<i64>) -> Incident {
        let incident = Incident {
            account: shared::account::AccountId::default(),
            monitor: id.parse().unwrap(),
            opened_at: ago(opened),
            began_at: ago(opened + 1),
            state: State::Down,
            down_at: Some(ago(opened)),
            reason: Reason::Timeout,
            status: None,
            regions: vec!["us-east-1".parse().unwrap()],
            flapping: false,
            closed: closed.map(|minutes| Closed { at: ago(minutes), by: ClosedBy::Recovery }),
        };
        self.memory.tables().incidents.insert(incident.id(), incident.clone());
        incident
    }

    /// What `judge` remembers of this monitor, since so many minutes.
    fn judged(&self, id: &str, state: State, minutes: i64) {
        let id: MonitorId = id.parse().unwrap();
        let judged = MonitorState { state, ..MonitorState::unknown(Slot::containing(now()).plus(-minutes)) };
        self.memory.tables().states.entry(id.shard()).or_default().monitors.insert(id, judged);
    }

    fn purchase(&self, at: &str, row: u128, item: &str, quantity: &str, price: &str) {
        let purchase = Purchase {
            position: Position { at: at.parse().unwrap(), row_id: RowId(row) },
            buyer: BUYER.parse().unwrap(),
            linked: None,
            item_id: item.parse().unwrap(),
            quantity: quantity.parse().unwrap(),
            price: price.parse().unwrap(),
        };
        self.memory.tables().purchases.insert(purchase.position, purchase);
    }

    /// Lets the purchases of this row carry the same person's token under the key before.
    fn link(&self, row: u128) {
        for purchase in self.memory.tables().purchases.values_mut() {
            if purchase.position.row_id == RowId(row) {
                purchase.linked = LINKED.parse().ok();
            }
        }
    }

    /// What was sold on this day: nothing, but for what is changed.
    fn day(&self, date: &str, change: impl FnOnce(&mut DayTrend)) {
        let mut day = DayTrend {
            date: date.parse().unwrap(),
            sales: Sales::default(),
            new_buyers: 0,
            returning_buyers: 0,
            hours: BTreeMap::new(),
            read_at: now(),
            since: None,
        };
        change(&mut day);
        self.memory.tables().trends.insert(day.date, day);
    }

    /// An import of this key that began then, with nothing special about it.
    fn import(&self, key: &str, started_at: &str) -> Import {
        let object = ObjectVersion { key: key.to_owned(), version: "v1".to_owned() };
        let import = Import::begun(object, 1_000, "the-owner", started_at.parse().unwrap());
        self.put_import(import.clone());
        import
    }

    fn put_import(&self, import: Import) {
        let key = (import.object.key.clone(), import.object.version.clone());
        self.memory.tables().imports.insert(key, import);
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[]).await
    }

    async fn get_with_key(&self, token: &str, path: &str) -> Answer {
        self.send(Method::GET, path, &[(AUTHORIZATION.as_str(), &format!("Bearer {token}"))]).await
    }

    /// The answer to whoever asks for CSV.
    async fn get_csv(&self, token: &str, path: &str) -> Answer {
        let authorization = format!("Bearer {token}");
        self.send(Method::GET, path, &[("authorization", &authorization), ("accept", "text/csv")]).await
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

/// A buyer's token.
const BUYER: &str = "k1.00000000000000000000000000000000000000000000000000000000000000ff";

/// The same buyer's token under another key.
const LINKED: &str = "k2.00000000000000000000000000000000000000000000000000000000000000ee";
