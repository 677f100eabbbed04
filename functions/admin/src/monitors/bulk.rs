//! `POST /api/monitor/bulk`: many new ones, and many that go; what became of each.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse as _, Response};
use http::header::CACHE_CONTROL;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::http_frame::Failure;
use shared::monitor::{Monitor, MonitorId, ShardId};
use shared::openapi::{BadBody, Changer, MonitorRequest, MonitorShown, Ours};
use shared::problem::Problem;
use shared::session::Scope;
use shared::store::ReadShards as _;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, Ref};

use super::shard::Edited;
use super::wanted::{asked, own, value};
use super::{Desk, Parts, Wired};
use crate::auth::caller::{Caller, not_found};
use crate::auth::{Asked as Who, Gate};
use crate::body::{self, Object};

/// Most monitors in one call.
const MAX_MANY: usize = 1_000;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MonitorsBulk, example = json!({
    "create": [{"url": "https://shop.example/"}, {"kind": "tcp", "host": "shop.example", "port": 22}],
    "delete": ["s0-aaaaaa"],
}))]
struct Many {
    #[serde(default)]
    #[schema(schema_with = wanted)]
    create: Vec<Object>,
    #[serde(default)]
    #[schema(schema_with = ids)]
    delete: Vec<String>,
}

fn wanted() -> Array {
    ArrayBuilder::new().items(Ref::from_schema_name(MonitorRequest::name())).max_items(Some(MAX_MANY)).build()
}

fn ids() -> Array {
    ArrayBuilder::new().items(Ref::from_schema_name(MonitorId::name())).max_items(Some(MAX_MANY)).build()
}

/// What became of each, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonitorsBulkDone, example = json!({
    "created": [{"problem": {
        "type": "monitor",
        "title": "Bad Request",
        "status": 400,
        "detail": "url: is missing",
    }}],
    "deleted": [{"id": "s0-aaaaaa", "problem": null}],
}))]
struct Done {
    created: Vec<Created>,
    deleted: Vec<Deleted>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MonitorCreated)]
enum Created {
    #[schema(value_type = MonitorShown)]
    Monitor(Map<String, Value>),
    Problem(Problem),
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonitorDeleted)]
struct Deleted {
    /// As the request has it.
    id: String,
    /// None where it is gone.
    problem: Option<Problem>,
}

#[utoipa::path(
    post,
    path = "/api/monitor/bulk",
    operation_id = "bulk_monitors",
    tag = "Monitors",
    summary = "Make and delete many monitors",
    description = "At most 1,000 in one call, of at most 4 MB; deletes first. Each has an answer of its own, in the order of the request. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    request_body = Many,
    responses(
        (status = 200, description = "What became of each.", body = Done),
        BadBody,
        Changer,
        (status = 413, description = "`body`: the body is too long. At most 4 MB."),
        Ours,
    ),
)]
pub(super) async fn bulk<D: Parts>(
    State(desk): Wired<D>,
    who: Who,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let caller = desk.gate.caller(who, Scope::Write).await?;
    let Many { create, delete } = body::json(body)?;
    if create.len() + delete.len() > MAX_MANY {
        let got = create.len() + delete.len();
        return Err(Failure::bad_request("body", format!("expected at most {MAX_MANY} monitors, got {got}")));
    }
    // What makes room comes first. From then on whatever fails is the answer of those that it hits.
    let deleted = desk.delete_many(&caller, delete).await?;
    let created = desk.create_many(&caller, create).await;
    Ok(([(CACHE_CONTROL, "no-store")], Json(Done { created, deleted })).into_response())
}

impl<D: Parts> Desk<D> {
    async fn create_many(&self, caller: &Caller, create: Vec<Object>) -> Vec<Created> {
        let mut wanted = Vec::new();
        let mut refused: Vec<Option<Failure>> = Vec::new();
        for Object(fields) in create {
            match asked(fields, &self.regions) {
                Ok(asked) => {
                    wanted.push(asked);
                    refused.push(None);
                }
                Err(failure) => refused.push(Some(failure)),
            }
        }
        let placed = if wanted.is_empty() { Ok(Vec::new()) } else { self.place(caller, wanted).await };
        // One failure for all of them.
        let (placed, failed) = match placed {
            Ok(placed) => (placed, None),
            Err(failure) => (Vec::new(), Some(failure.problem())),
        };
        let mut placed = placed.into_iter();
        let told = refused.into_iter().filter_map(|refused| {
            let result = match (refused, &failed) {
                (Some(failure), _) => Err(failure),
                (None, Some(problem)) => Err(problem.clone().into()),
                (None, None) => placed.next()?,
            };
            Some(match result.and_then(|monitor| value(&monitor)) {
                Ok(monitor) => Created::Monitor(monitor),
                Err(failure) => Created::Problem(failure.problem()),
            })
        });
        told.collect()
    }

    async fn delete_many(&self, caller: &Caller, delete: Vec<String>) -> Result<Vec<Deleted>, Failure> {
        let mut by_shard: BTreeMap<ShardId, Vec<MonitorId>> = BTreeMap::new();
        for id in delete.iter().filter_map(|id| id.parse::<MonitorId>().ok()) {
            by_shard.entry(id.shard()).or_default().push(id);
        }
        let mut gone: Vec<Monitor> = Vec::new();
        let mut failed: BTreeMap<ShardId, Problem> = BTreeMap::new();
        // Ids may name shards that have never been.
        let shards: BTreeSet<ShardId> = match by_shard.is_empty() {
            true => BTreeSet::new(),
            false => self.monitors.shards().await?.into_iter().map(|summary| summary.shard).collect(),
        };
        for (shard, ids) in by_shard.into_iter().filter(|(shard, _)| shards.contains(shard)) {
            let removed = self.edit(caller, shard, "monitor.delete", |monitors| {
                let own = |id: &&MonitorId| own(monitors, id, caller).is_ok();
                let ids: Vec<&MonitorId> = ids.iter().filter(own).collect();
                Ok(Edited::of(ids.into_iter().filter_map(|id| monitors.remove(id)).collect::<Vec<Monitor>>()))
            });
            match removed.await {
                Ok(removed) => gone.extend(removed),
                Err(failure) => drop(failed.insert(shard, failure.problem())),
            }
        }
        self.forget(&gone).await;
        let told = delete.into_iter().map(|id| {
            let parsed = id.parse::<MonitorId>().ok();
            let is_gone = parsed.as_ref().is_some_and(|id| gone.iter().any(|gone| gone.id == *id));
            let problem = (!is_gone).then(|| {
                let of_shard = parsed.and_then(|id| failed.get(&id.shard()));
                of_shard.cloned().unwrap_or_else(|| not_found("monitor").problem())
            });
            Deleted { id, problem }
        });
        Ok(told.collect())
    }
}
