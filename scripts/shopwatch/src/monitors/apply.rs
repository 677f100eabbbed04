//! Does what a plan says, over the API.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::monitor::{Monitor, MonitorId, ShardId, flat};

use super::plan::is_of_plan;
use super::{Difference, Plan, Step, Wanted};
use crate::api::{Api, Refusal};

/// Monitors that are created or deleted in one call at most: of 1,000 that it may have, as many as are done in seconds.
const AT_ONCE: usize = 200;

/// Bytes of monitors behind which a call is closed; the API takes 4 MB.
const FULL_BYTES: usize = 2_000_000;

/// Shards that are changed at once. Changes of one shard wait for each other: they would meet in it.
const SHARDS_AT_ONCE: usize = 4;

/// Attempts at what others are in the way of.
const ATTEMPTS: u32 = 6;

/// Pause after the first of these; each further one is a pause longer.
const PAUSE: Duration = Duration::from_millis(200);

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// What became of each monitor of the file, in the file's order.
    pub outcomes: Vec<Outcome>,
    /// What became of each that went, or why it did not.
    pub removed: Vec<(Monitor, Option<String>)>,
}

/// What became of one monitor of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The monitor as it is afterwards.
    pub monitor: Monitor,
    /// What was done.
    pub difference: Difference,
}

impl Applied {
    /// Whether something that the file wants was refused.
    pub fn is_incomplete(&self) -> bool {
        let is_refused = |outcome: &Outcome| matches!(outcome.difference, Difference::Refused(_));
        self.outcomes.iter().any(is_refused) || self.removed.iter().any(|(_, why)| why.is_some())
    }
}

/// Does what a plan of these monitors says: creates and changes level by level, then deletes. `done` is told after each
/// call how many monitors it was about.
///
/// # Errors
/// When the installation does not answer, or will have nothing to do with us. What was done until then stays: applying
/// again goes on from there.
pub async fn apply(
    api: &impl Api,
    wanted: &[Wanted],
    plan: &Plan,
    done: impl Fn(usize) + Sync,
) -> anyhow::Result<Applied> {
    let mut work = Work { api, ids: HashMap::new(), outcomes: vec![None; plan.steps.len()], done };
    work.steps(wanted, plan).await.context("what was done before stays; apply again to go on")?;
    let removed = work.remove(plan.removed()).await.context("some were not deleted; apply again to go on")?;
    let outcomes = plan.steps.iter().zip(work.outcomes).map(|(step, outcome)| {
        outcome
            .unwrap_or_else(|| Outcome { monitor: step.monitor.clone(), difference: step.difference.clone() })
    });
    Ok(Applied { outcomes: outcomes.collect(), removed })
}

struct Work<'a, A, D> {
    api: &'a A,
    /// The ids that the installation gave those that had one of the plan.
    ids: HashMap<MonitorId, MonitorId>,
    outcomes: Vec<Option<Outcome>>,
    done: D,
}

/// A monitor on its way, with its place in the file.
#[derive(Clone)]
struct Sent {
    index: usize,
    monitor: Monitor,
    difference: Difference,
    body: Value,
}

impl<A: Api, D: Fn(usize) + Sync> Work<'_, A, D> {
    async fn steps(&mut self, wanted: &[Wanted], plan: &Plan) -> anyhow::Result<()> {
        let mut levels: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, step) in plan.steps.iter().enumerate() {
            if step.difference != Difference::Unchanged {
                levels.entry(step.level).or_default().push(index);
            }
        }
        for indices in levels.into_values() {
            let mut create = Vec::new();
            let mut change: BTreeMap<ShardId, Vec<Sent>> = BTreeMap::new();
            for index in indices {
                let (Some(step), Some(wanted)) = (plan.steps.get(index), wanted.get(index)) else { continue };
                match self.sent(index, step, wanted)? {
                    Err(why) => self.refuse(index, step.monitor.clone(), why),
                    Ok(sent) if step.difference == Difference::Created => create.push(sent),
                    Ok(sent) => change.entry(step.monitor.id.shard()).or_default().push(sent),
                }
            }
            self.create(create).await?;
            self.change(change).await?;
        }
        Ok(())
    }

    /// The request of a step, once all that it depends on has an id.
    fn sent(&self, index: usize, step: &Step, wanted: &Wanted) -> anyhow::Result<Result<Sent, String>> {
        let mut monitor = step.monitor.clone();
        for parent in &mut monitor.depends_on {
            match self.ids.get(parent) {
                Some(id) => *parent = id.clone(),
                None if is_of_plan(parent) => {
                    return Ok(Err("depends_on: a monitor that it depends on was not created".to_owned()));
                }
                None => {}
            }
        }
        let mut fields = flat(&monitor)?;
        let credentials =
            wanted.credentials.as_ref().map_or(Value::Null, |credentials| credentials.exposed());
        fields.insert("credentials".to_owned(), credentials);
        let difference = step.difference.clone();
        Ok(Ok(Sent { index, monitor, difference, body: Value::Object(fields) }))
    }

    fn refuse(&mut self, index: usize, monitor: Monitor, why: String) {
        self.settle(index, monitor, Difference::Refused(why));
    }

    fn settle(&mut self, index: usize, monitor: Monitor, difference: Difference) {
        if let Some(outcome) = self.outcomes.get_mut(index) {
            *outcome = Some(Outcome { monitor, difference });
        }
    }

    async fn create(&mut self, mut pending: Vec<Sent>) -> anyhow::Result<()> {
        let mut attempt = 0;
        while !pending.is_empty() {
            attempt += 1;
            let mut again = Vec::new();
            for chunk in chunks(pending) {
                let bodies: Vec<&Value> = chunk.iter().map(|sent| &sent.body).collect();
                let count = chunk.len();
                match self.bulk(&json!({"create": bodies})).await? {
                    Ok(Bulk { created, .. }) => self.created(chunk, created, attempt, &mut again)?,
                    Err(refusal) if refusal.is_of_the_moment() && attempt < ATTEMPTS => again.extend(chunk),
                    Err(refusal) => {
                        chunk
                            .into_iter()
                            .for_each(|sent| self.refuse(sent.index, sent.monitor, refusal.detail.clone()));
                    }
                }
                (self.done)(count);
            }
            pending = again;
            if !pending.is_empty() {
                pause(attempt).await;
            }
        }
        Ok(())
    }

    fn created(
        &mut self,
        sent: Vec<Sent>,
        created: Vec<Created>,
        attempt: u32,
        again: &mut Vec<Sent>,
    ) -> anyhow::Result<()> {
        anyhow::ensure!(
            sent.len() == created.len(),
            "expected {} answers, got {}",
            sent.len(),
            created.len()
        );
        for (sent, created) in sent.into_iter().zip(created) {
            match created {
                Created::Monitor(fields) => {
                    let id: MonitorId = id_of(&fields)?;
                    self.ids.insert(sent.monitor.id.clone(), id.clone());
                    self.settle(sent.index, Monitor { id, ..sent.monitor }, Difference::Created);
                }
                Created::Problem(problem) => {
                    let refusal = Refusal::of(&problem);
                    if refusal.is_of_the_moment() && attempt < ATTEMPTS {
                        again.push(sent);
                    } else {
                        self.refuse(sent.index, sent.monitor, refusal.detail);
                    }
                }
            }
        }
        Ok(())
    }

    async fn change(&mut self, shards: BTreeMap<ShardId, Vec<Sent>>) -> anyhow::Result<()> {
        let (api, done) = (self.api, &self.done);
        let changed = stream::iter(shards.into_values()).map(|sent| async move {
            let mut changed = Vec::new();
            for sent in sent {
                let difference = replaced(api, &sent).await?;
                done(1);
                changed.push((sent, difference));
            }
            anyhow::Ok(changed)
        });
        let changed: Vec<Vec<(Sent, Difference)>> =
            changed.buffer_unordered(SHARDS_AT_ONCE).try_collect().await?;
        for (sent, difference) in changed.into_iter().flatten() {
            self.settle(sent.index, sent.monitor, difference);
        }
        Ok(())
    }

    async fn remove(&mut self, monitors: &[Monitor]) -> anyhow::Result<Vec<(Monitor, Option<String>)>> {
        let mut removed = Vec::with_capacity(monitors.len());
        for chunk in monitors.chunks(AT_ONCE) {
            let ids: Vec<String> = chunk.iter().map(|monitor| monitor.id.to_string()).collect();
            let mut attempt = 0;
            let told = loop {
                attempt += 1;
                match self.bulk(&json!({"delete": ids})).await? {
                    Err(refusal) if refusal.is_of_the_moment() && attempt < ATTEMPTS => pause(attempt).await,
                    told => break told,
                }
            };
            match told {
                Ok(Bulk { deleted, .. }) => {
                    anyhow::ensure!(
                        deleted.len() == chunk.len(),
                        "expected an answer for each that is deleted"
                    );
                    let whys = deleted.into_iter().map(|deleted| deleted.problem.as_ref().map(Refusal::of));
                    // Somebody else was faster.
                    let whys = whys.map(|why| why.filter(|why| why.status != 404).map(|why| why.detail));
                    removed.extend(chunk.iter().cloned().zip(whys));
                }
                Err(refusal) => {
                    removed
                        .extend(chunk.iter().cloned().map(|monitor| (monitor, Some(refusal.detail.clone()))));
                }
            }
            (self.done)(chunk.len());
        }
        Ok(removed)
    }

    async fn bulk(&self, body: &Value) -> anyhow::Result<Result<Bulk, Refusal>> {
        match self.api.ask(Method::POST, "/api/monitor/bulk", None, Some(body)).await?.told()? {
            Ok(body) => Ok(Ok(serde_json::from_value(body).context("an answer that is not as expected")?)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}

/// Replaces a monitor if it is still the one that was planned with. One that is of the same version afterwards had the same
/// credentials too.
async fn replaced(api: &impl Api, sent: &Sent) -> anyhow::Result<Difference> {
    let (path, version) = (format!("/api/monitor/{}", sent.monitor.id), sent.monitor.version);
    let mut attempt = 0;
    loop {
        attempt += 1;
        match api.ask(Method::PUT, &path, Some(version), Some(&sent.body)).await?.told()? {
            Ok(body) if body.get("version").and_then(Value::as_u64) == Some(version) => {
                return Ok(Difference::Unchanged);
            }
            Ok(_) if sent.difference == Difference::Compared => {
                return Ok(Difference::Changed("credentials".to_owned()));
            }
            Ok(_) => return Ok(sent.difference.clone()),
            Err(refusal) if refusal.is_of_the_moment() && attempt < ATTEMPTS => pause(attempt).await,
            Err(refusal) if refusal.status == 412 || refusal.status == 404 => {
                return Ok(Difference::Refused("somebody else changed it meanwhile: apply again".to_owned()));
            }
            Err(refusal) => return Ok(Difference::Refused(refusal.detail)),
        }
    }
}

async fn pause(attempt: u32) {
    tokio::time::sleep(PAUSE * attempt + PAUSE.mul_f64(rand::random())).await;
}

/// As many as go into one call.
fn chunks(sent: Vec<Sent>) -> Vec<Vec<Sent>> {
    let mut chunks: Vec<Vec<Sent>> = Vec::new();
    let mut bytes = 0;
    for sent in sent {
        let size = sent.body.to_string().len();
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < AT_ONCE && bytes + size <= FULL_BYTES => {
                bytes += size;
                chunk.push(sent);
            }
            _ => {
                bytes = size;
                chunks.push(vec![sent]);
            }
        }
    }
    chunks
}

fn id_of(fields: &Map<String, Value>) -> anyhow::Result<MonitorId> {
    let id = fields.get("id").and_then(Value::as_str).context("a monitor was created and has no id")?;
    Ok(id.parse()?)
}

/// What became of many, in the order of the request.
#[derive(Debug, Deserialize)]
struct Bulk {
    created: Vec<Created>,
    deleted: Vec<Deleted>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Created {
    Monitor(Map<String, Value>),
    Problem(Value),
}

#[derive(Debug, Deserialize)]
struct Deleted {
    problem: Option<Value>,
}
