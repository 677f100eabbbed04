//! Tests of the whole function: beats in memory, asked over HTTP.

mod auth;
mod beat_tokens;
mod beats;
mod channels;
mod channels_raced;
mod credentials;
mod described;
mod events;
mod gates;
mod monitors;
mod ownership;
mod people;
mod secrecy;
mod upkeep;

use std::sync::{Arc, Mutex};

use ::tests::memory::Memory;
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::beat::Beat;
use shared::http_frame::{Clock, Failure};
use shared::monitor::{Check, HeartbeatCheck, Monitor, MonitorId};
use shared::session::Token;
use tower::ServiceExt as _;

use crate::auth::SignUp;
use crate::pings::Pings;
use crate::{Deps, router};

/// The token in the sample events.
const TOKEN: &str = "shopwatch_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";

/// A token that nobody has.
const UNKNOWN: &str = "shopwatch_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA";

/// The tests' time.
fn now() -> Timestamp {
    "2026-11-21T14:25:30.5Z".parse().unwrap()
}

fn nightly() -> MonitorId {
    "s0-aaaaaa".parse().unwrap()
}

/// An installation in memory.
struct Shop {
    memory: Memory,
    router: Router,
    pings: Heard,
}

/// In place of `ping`: what it was asked for. It finds everything up.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<Vec<Value>>>);

impl Pings for Heard {
    async fn start(&self, monitors: &[MonitorId]) {
        self.0.lock().unwrap().push(json!({"start": monitors}));
    }

    async fn ask(&self, request: &Value) -> Result<Vec<Box<RawValue>>, Failure> {
        self.0.lock().unwrap().push(request.clone());
        Ok(vec![RawValue::from_string(r#"{"outcome":"up"}"#.to_owned()).unwrap()])
    }
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    /// `status type: detail` of a problem document.
    fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status.as_u16(), "{self:?}");
        let text = |name: &str| problem[name].as_str().unwrap().to_owned();
        format!("{} {}: {}", problem["status"], text("type"), text("detail"))
    }
}

impl Shop {
    fn new() -> Self {
        Self::with(SignUp::Invitation)
    }

    /// One where anybody can sign up.
    fn open() -> Self {
        Self::with(SignUp::Open)
    }

    /// One where nobody can sign up.
    fn closed() -> Self {
        Self::with(SignUp::Closed)
    }

    /// One with a heartbeat, and its token.
    fn nightly() -> Self {
        let shop = Self::new();
        let check = Check::Heartbeat(HeartbeatCheck { grace_minutes: 1 });
        let heartbeat = Monitor { check, ..::tests::example::monitor(&nightly().to_string()) };
        shop.memory.add_monitors([heartbeat]);
        let hash = TOKEN.parse::<Token>().unwrap().hash();
        shop.memory.tables().beat_tokens.insert(hash.to_string(), nightly());
        shop
    }

    fn with(sign_up: SignUp) -> Self {
        Self::at(sign_up, now)
    }

    /// One with a clock of its own.
    fn at(sign_up: SignUp, clock: Clock) -> Self {
        let memory = Memory::default();
        let pings = Heard::default();
        let router = router(Deps {
            beats: memory.clone(),
            accounts: memory.clone(),
            sessions: memory.clone(),
            audit: memory.clone(),
            monitors: memory.clone(),
            incidents: memory.clone(),
            secrets: memory.clone(),
            pings: pings.clone(),
            regions: ["us-east-1", "eu-west-1"].map(|region| region.parse().unwrap()).to_vec(),
            sign_up,
            clock,
        });
        Self { router, memory, pings }
    }

    /// The last beat of the one monitor.
    fn last(&self) -> Option<Beat> {
        let tables = self.memory.tables();
        assert!(tables.beats.keys().all(|id| *id == nightly()));
        tables.beats.get(&nightly()).cloned()
    }

    async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(Method::POST, path, body).await
    }

    async fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}
