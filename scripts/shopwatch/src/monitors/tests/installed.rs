//! An installation in memory: `admin` and `reader` themselves, without AWS and without HTTP.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use ::tests::memory::Memory;
use admin::auth::SignUp;
use admin::pings::Pings;
use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::http_frame::Failure;
use shared::monitor::MonitorId;
use shared::session::Scope;
use tower::ServiceExt as _;

use crate::api::{Answer, Api};
use crate::monitors::*;

/// Nobody looks at anything.
#[derive(Debug, Clone, Copy)]
struct Nobody;

impl Pings for Nobody {
    async fn start(&self, _: &[MonitorId]) {}

    async fn ask(&self, _: &Value) -> Result<Vec<Box<RawValue>>, Failure> {
        Err(Failure::Internal("nobody looks".to_owned()))
    }
}

/// Far from the real time, because the stores' expiry follows that.
fn clock() -> Timestamp {
    "2126-11-21T14:25:30Z".parse().unwrap()
}

#[derive(Clone)]
pub(super) struct Installed {
    pub(super) memory: Memory,
    admin: Router,
    reader: Router,
    token: String,
    /// Requests that something is changed by: method and path.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
}

impl Installed {
    pub(super) async fn new() -> Self {
        Self::over(&Memory::default()).await
    }

    pub(super) async fn over(memory: &Memory) -> Self {
        let regions: Vec<shared::monitor::Region> =
            ["us-east-1", "eu-west-1"].map(|region| region.parse().unwrap()).to_vec();
        let scopes = [Scope::Read, Scope::Write];
        let token = crate::keys::create(memory, "apply", &scopes, None, clock()).await.unwrap();
        let admin = admin::router(admin::Deps {
            beats: memory.clone(),
            accounts: memory.clone(),
            sessions: memory.clone(),
            audit: memory.clone(),
            monitors: memory.clone(),
            incidents: memory.clone(),
            secrets: memory.clone(),
            pings: Nobody,
            regions: regions.clone(),
            sign_up: SignUp::Closed,
            clock,
        });
        let reader = reader::router(reader::Deps {
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
            region: regions[0].clone(),
            clock,
        });
        Self {
            memory: memory.clone(),
            admin,
            reader,
            token: token.expose().to_owned(),
            asked: Arc::default(),
        }
    }

    pub(super) async fn there(&self) -> Installation {
        Installation::read(self).await.unwrap()
    }

    pub(super) async fn planned(&self, file: &[Wanted], prune: bool) -> Plan {
        plan(file, &self.there().await, prune).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// Plans and applies, and tells of both what a person would see.
    pub(super) async fn told(&self, file: &[Wanted], prune: bool) -> String {
        let plan = self.planned(file, prune).await;
        let mut out = Vec::new();
        report_plan(&plan, &mut out).unwrap();
        report_applied(&apply(self, file, &plan, |_| ()).await.unwrap(), &mut out).unwrap();
        without_ids(&String::from_utf8(out).unwrap())
    }

    pub(super) async fn apply(&self, file: &[Wanted]) -> Vec<Difference> {
        let plan = self.planned(file, false).await;
        let applied = apply(self, file, &plan, |_| ()).await.unwrap();
        applied.outcomes.into_iter().map(|outcome| outcome.difference).collect()
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        self.memory.tables().monitors.values().map(|monitor| monitor.name.to_string()).collect()
    }
}

/// Ids are random.
pub(super) fn without_ids(text: &str) -> String {
    let word = |word: &str| if word.parse::<MonitorId>().is_ok() { "ID".to_owned() } else { word.to_owned() };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(|text| line(text) + "\n").collect()
}

impl Api for Installed {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        version: Option<u64>,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let router = if method == Method::GET { &self.reader } else { &self.admin };
        if method != Method::GET {
            self.asked.lock().unwrap().push(format!("{method} {path}"));
        }
        let mut request = http::Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {}", self.token));
        if let Some(version) = version {
            request = request.header("if-match", format!("\"{version}\""));
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = router.clone().oneshot(request.body(body)?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
        Ok(Answer { status, body })
    }
}
