//! Both functions over one memory, with something of everything in it.

use admin::auth::SignUp;
use admin::pings::Pings;
use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::account::{AccountId, Invitation, Role, UserId};
use shared::block::Block;
use shared::channel::{Channel, Kind, Transition};
use shared::http_frame::Failure;
use shared::import::{Import, ImportState, ObjectVersion};
use shared::incident::Incident;
use shared::monitor::{Monitor, MonitorId};
use shared::out_of_turn::Told;
use shared::purchase::{Position, Purchase, RowId};
use shared::schedule::Slot;
use shared::session::Token;
use shared::signal::{Outcome, Phases, Reason, Signal};
use shared::state::State;
use tests::example;
use tests::memory::Memory;
use tower::ServiceExt as _;

use super::document::Operation;

/// The tests' time. Far from the real one, because the stores' expiry follows that.
pub(crate) fn now() -> Timestamp {
    "2126-11-21T14:25:30Z".parse().unwrap()
}

/// The monitor that the examples name.
pub(crate) fn monitor() -> Monitor {
    Monitor { public: true, ..example::monitor_of("s0-7f3k2a", "https://shop.example/") }
}

fn signal() -> Signal {
    let phases = Phases { total_ms: Some(120), ..Phases::default() };
    let outcome = Outcome::Degraded(Reason::Slow);
    Signal {
        monitor: monitor().id,
        outcome,
        status: Some(200),
        phases,
        certificate_days: Some(14),
        metrics: Vec::new(),
    }
}

/// In place of `ping`: it finds everything slow.
#[derive(Debug, Clone, Copy)]
struct Finder;

impl Pings for Finder {
    async fn start(&self, _: &[MonitorId]) {}

    async fn ask(&self, _: &Value) -> Result<Vec<Box<RawValue>>, Failure> {
        let told = Told::of(&monitor(), &signal(), &"us-east-1".parse().unwrap(), now(), true);
        Ok(vec![serde_json::value::to_raw_value(&told).unwrap()])
    }
}

pub(crate) struct Shop {
    pub(crate) memory: Memory,
    admin: Router,
    reader: Router,
    /// An owner's bearer token.
    pub(crate) owner: String,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) media_type: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Shop {
    pub(crate) async fn new() -> Self {
        let memory = Memory::default();
        fill(&memory);
        let mut shop = Self { admin: admin(&memory), reader: reader(&memory), memory, owner: String::new() };
        let token = Token::random().unwrap();
        let invitation = Invitation {
            hash: token.hash(),
            account: AccountId::default(),
            role: Role::Owner,
            email: None,
            invited_by: UserId::operator(),
            created_at: now(),
            valid_until: now() + SignedDuration::from_hours(1),
        };
        shop.memory.tables().invitations.insert(token.hash().to_string(), invitation);
        let body = json!({"invitation": token.expose(), "email": "owner@shop.example", "password": "correct horse battery"});
        let answer = shop.ask("POST", "/api/auth/signup", Some(&body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        shop.owner = answer.json()["token"].as_str().unwrap().to_owned();
        shop
    }

    /// `reader` and `admin`.
    pub(crate) fn routers(&self) -> (Router, Router) {
        (self.reader.clone(), self.admin.clone())
    }

    /// The answer to the operation's example.
    pub(crate) async fn example(&self, operation: &Operation) -> Answer {
        self.ask(operation.method, &operation.example_path(), operation.body()).await
    }

    /// Asks whichever function it is that answers this, as the owner.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let method = method.to_uppercase();
        let reads = method == "GET" && !path.starts_with("/api/auth/");
        let router = if reads { &self.reader } else { &self.admin };
        let mut request = Request::builder().method(method.as_str()).uri(path);
        if !self.owner.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.owner));
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let media_type = answer.headers().get("content-type").map_or("", |kind| kind.to_str().unwrap());
        let (status, media_type) = (answer.status(), media_type.split(';').next().unwrap().to_owned());
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        Answer { status, media_type, body: String::from_utf8(body.to_vec()).unwrap() }
    }
}

fn admin(memory: &Memory) -> Router {
    admin::router(admin::Deps {
        beats: memory.clone(),
        accounts: memory.clone(),
        sessions: memory.clone(),
        audit: memory.clone(),
        monitors: memory.clone(),
        incidents: memory.clone(),
        secrets: memory.clone(),
        pings: Finder,
        regions: vec!["us-east-1".parse().unwrap()],
        sign_up: SignUp::Invitation,
        clock: now,
    })
}

fn reader(memory: &Memory) -> Router {
    reader::router(reader::Deps {
        monitors: memory.clone(),
        signals: memory.clone(),
        incidents: memory.clone(),
        history: memory.clone(),
        purchases: memory.clone(),
        ledger: memory.clone(),
        sessions: memory.clone(),
        public_trends: false,
        cors: None,
        page_title: "The shop".to_owned(),
        region: "us-east-1".parse().unwrap(),
        clock: now,
    })
}

/// What the examples name, and a little of everything else.
fn fill(memory: &Memory) {
    let slot = Slot::containing(now());
    let region: shared::monitor::Region = "us-east-1".parse().unwrap();
    memory.add_monitors([monitor()]);
    let mut tables = memory.tables();
    let block = Block {
        shard: monitor().id.shard(),
        slot: slot.plus(-1),
        region: region.clone(),
        written_at: slot.plus(-1).start(),
        signals: vec![signal()],
    };
    tables.blocks.insert((block.shard, block.slot, region.clone()), block);
    let incident = Incident {
        account: AccountId::default(),
        monitor: monitor().id,
        opened_at: slot.plus(-30),
        began_at: slot.plus(-31),
        state: State::Down,
        down_at: None,
        reason: Reason::Timeout,
        status: None,
        regions: vec![region],
        flapping: false,
        closed: None,
    };
    let channel = Channel {
        id: "c-7f3k2a9d0c1b2e4f".parse().unwrap(),
        account: AccountId::default(),
        name: "On call".parse().unwrap(),
        kind: Kind::Webhook,
        target: "https://hooks.shop.example".to_owned(),
        has_secret: false,
        monitors: [monitor().id].into(),
        on: Transition::all(),
        paused: false,
        revision: "aaaaaaaaaaaaaaaa".parse().unwrap(),
        version: 1,
    };
    tables.channels.insert(channel.id.clone(), channel);
    let named: Slot = "2026-11-21T14:25:00Z".parse().unwrap();
    let example = Incident { opened_at: named, began_at: named, ..incident.clone() };
    tables.incidents.insert(incident.id(), incident);
    tables.incidents.insert(example.id(), example);
    let object = ObjectVersion { key: "purchases/a.csv".to_owned(), version: "v1".to_owned() };
    let import = Import { state: ImportState::Loaded, ..Import::begun(object, 1_000, "owner", now()) };
    tables.imports.insert(("purchases/a.csv".to_owned(), "v1".to_owned()), import);
    let position = Position { at: now() - SignedDuration::from_hours(1), row_id: RowId(1) };
    let hex = "0".repeat(64);
    let purchase = Purchase {
        position,
        buyer: format!("k1.{hex}").parse().unwrap(),
        linked: format!("k2.{hex}").parse().ok(),
        item_id: "7".parse().unwrap(),
        quantity: "2".parse().unwrap(),
        price: "19.99".parse().unwrap(),
    };
    tables.purchases.insert(position, purchase);
}
