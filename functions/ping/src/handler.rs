//! The invocation: which monitors are due, the round of checks, the block.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use jiff::{Timestamp, ToSpan as _};
use shared::beat::Beat;
use shared::block::Block;
use shared::credentials::CredentialsId;
use shared::monitor::{Check, Monitor, MonitorId, Region, ShardId};
use shared::schedule::{MAX_PINGED_SHARDS, PingRequest, Slot, is_due};
use shared::signal::{Outcome, Reason, Signal};
use shared::state::State;
use shared::store::{Broken, ReadBeats, ReadCredentials, ReadMonitors, ReadStates, WriteSignals};
use tokio::time::{Instant, timeout};
use tracing::warn;

use crate::check::{Checker, Finding, Job};
use crate::connect::Connect;
use crate::doubt::References;
use crate::heartbeat;
use crate::keyring::Keyring;
use crate::resolve::Resolve;

/// How far the clock of whoever asks may be ahead of ours, in minutes.
const MAX_SLOT_AHEAD_MINUTES: i64 = 1;

/// Time for reading the monitors of a shard: the other shards of the request wait for it.
pub(crate) const READ: Duration = Duration::from_secs(4);

/// Time for reading what a round can do without.
const PATIENCE: Duration = Duration::from_secs(2);

/// Credentials read at once.
const READS_AT_ONCE: usize = 16;

/// Time for putting a block: less than `judge` waits for one after its grace.
pub(crate) const PUT: Duration = Duration::from_secs(8);

/// What an invocation reads and writes.
pub struct Stores<M, T, B, K, S> {
    /// The configuration of monitors.
    pub monitors: M,
    /// The same as it is after every write that is over, for looks out of turn: whoever has just changed a monitor asks
    /// for what it is now.
    pub latest: M,
    /// Which monitors were down.
    pub states: T,
    /// What targets that call us have said.
    pub beats: B,
    /// What targets let us in with.
    pub keyring: Keyring<K>,
    /// Where the block goes.
    pub signals: S,
}

/// What an invocation works with.
pub struct Ping<M, T, B, K, S, R, C> {
    /// What it reads and writes.
    pub stores: Stores<M, T, B, K, S>,
    /// Looks at targets.
    pub checker: Arc<Checker<R, C>>,
    /// What is there whenever the network is.
    pub references: References,
    /// The region this function runs in.
    pub region: Region,
}

/// What is to be done for a shard.
struct Prepared {
    shard: ShardId,
    /// Of what cannot be read.
    broken: Vec<Signal>,
    /// The monitors that call us.
    beating: Vec<Monitor>,
    /// The monitors to look at.
    checked: Vec<Monitor>,
    /// Those that were down before.
    down: HashSet<MonitorId>,
}

impl<M, T, B, K, S, R, C> Ping<M, T, B, K, S, R, C>
where
    M: ReadMonitors,
    T: ReadStates,
    B: ReadBeats,
    K: ReadCredentials,
    S: WriteSignals,
    R: Resolve + 'static,
    C: Connect + 'static,
{
    /// Checks the shards' monitors that are due in the slot, all in one round, and puts a block of each shard, once; a
    /// slot that is too old or lies ahead is refused and stays a gap. A round in which nothing went wrong logs nothing.
    ///
    /// # Errors
    /// When the monitors of a shard cannot be read or its block not be written, after the others are: Lambda invokes
    /// again, and the slot's age bounds how often that helps. When there are too many shards.
    pub async fn handle(&self, request: &PingRequest, clock: impl Fn() -> Timestamp) -> anyhow::Result<()> {
        let PingRequest { shards, slot } = request;
        let (slot, now) = (*slot, clock());
        ensure!(shards.len() <= MAX_PINGED_SHARDS, "{} shards in one request", shards.len());
        if slot.is_too_old(now) || slot.start() > now + MAX_SLOT_AHEAD_MINUTES.minutes() {
            warn!(?shards, %slot, %now, "refused slots that are not now: they stay gaps");
            return Ok(());
        }
        let (mut signals, mut failed) = (BTreeMap::new(), Vec::new());
        let (mut checked, mut down, mut beating) = (Vec::new(), HashSet::new(), Vec::new());
        let shards: BTreeSet<ShardId> = shards.iter().copied().collect();
        for prepared in join_all(shards.into_iter().map(|shard| self.prepare(shard, slot))).await {
            match prepared {
                Ok(prepared) => {
                    signals.insert(prepared.shard, prepared.broken);
                    checked.extend(prepared.checked);
                    down.extend(prepared.down);
                    beating.push((prepared.shard, prepared.beating));
                }
                Err(error) => failed.push(error),
            }
        }
        let listening = beating.iter().map(|(shard, beating)| self.listen(*shard, slot, beating));
        let (of_beats, of_checks) = tokio::join!(join_all(listening), self.look(checked, &down));
        for signal in of_beats.into_iter().flatten().chain(of_checks) {
            signals.entry(signal.monitor.shard()).or_default().push(signal);
        }
        let written_at = clock();
        let blocks = signals.into_iter().map(async |(shard, mut signals)| {
            signals.sort_by(|a, b| a.monitor.cmp(&b.monitor));
            self.put(&Block { shard, slot, region: self.region.clone(), written_at, signals }).await
        });
        failed.extend(join_all(blocks).await.into_iter().filter_map(Result::err));
        let causes: Vec<String> = failed.iter().map(|error| format!("{error:#}")).collect();
        ensure!(causes.is_empty(), "{}", causes.join("; "));
        Ok(())
    }

    /// Reads what is to be done for a shard in the slot.
    async fn prepare(&self, shard: ShardId, slot: Slot) -> anyhow::Result<Prepared> {
        let reading = timeout(READ, self.stores.monitors.monitors(shard));
        let (stored, down) = tokio::join!(reading, self.down(shard));
        let stored =
            stored.with_context(|| format!("reading the monitors of shard {shard}: no answer in time"))?;
        let stored = stored.with_context(|| format!("reading the monitors of shard {shard}"))?;
        let broken = of_broken(shard, &stored.broken);
        let mut due = stored.values;
        due.retain(|monitor| is_due(monitor, slot) && monitor.regions.contains(&self.region));
        let (beating, checked) =
            due.into_iter().partition(|monitor| matches!(monitor.check, Check::Heartbeat(_)));
        Ok(Prepared { shard, broken, beating, checked, down })
    }

    /// Whether a block is judged is decided by its stamp, so it is there soon after, or not at all.
    async fn put(&self, block: &Block) -> anyhow::Result<()> {
        let put = timeout(PUT, self.stores.signals.put_block(block)).await;
        let put =
            put.with_context(|| format!("writing the block of shard {}: no answer in time", block.shard))?;
        put.with_context(|| format!("writing the block of shard {}", block.shard)).map(drop)
    }

    /// The monitors that were down before. Not knowing costs a few retries, so nothing waits for it for long.
    async fn down(&self, shard: ShardId) -> HashSet<MonitorId> {
        let state = match timeout(PATIENCE, self.stores.states.state(shard)).await {
            Ok(Ok(state)) => state.unwrap_or_default(),
            Ok(Err(error)) => {
                warn!(%shard, %error, "checking without knowing what was down");
                return HashSet::new();
            }
            Err(_) => {
                warn!(%shard, "checking without knowing what was down: the table did not answer in time");
                return HashSet::new();
            }
        };
        let down = state.monitors.into_iter().filter(|(_, monitor)| monitor.state == State::Down);
        down.map(|(id, _)| id).collect()
    }

    /// What the targets that call us have said; the table is read if there is one.
    pub(crate) async fn listen(&self, shard: ShardId, slot: Slot, due: &[Monitor]) -> Vec<Signal> {
        if due.is_empty() {
            return Vec::new();
        }
        let beats = match timeout(PATIENCE, self.stores.beats.beats(shard)).await {
            Ok(Ok(beats)) => Some(beats),
            Ok(Err(error)) => {
                warn!(%shard, %error, "the beats are not to be had");
                None
            }
            Err(_) => {
                warn!(%shard, "the beats are not to be had: the table did not answer in time");
                None
            }
        };
        due.iter().map(|monitor| signal(&monitor.id, heard(monitor, beats.as_deref(), slot))).collect()
    }

    /// One round of checks, and whether it says anything at all.
    pub(crate) async fn look(&self, due: Vec<Monitor>, down: &HashSet<MonitorId>) -> Vec<Signal> {
        // For all of them together, so that a silent table cannot hold up the round.
        let until = Instant::now() + PATIENCE;
        let prepared =
            stream::iter(due).map(|monitor| self.job(monitor, down, until)).buffered(READS_AT_ONCE);
        let mut signals = Vec::new();
        let mut jobs = Vec::new();
        for (monitor, job) in prepared.collect::<Vec<_>>().await {
            match job {
                Ok(job) => jobs.push((monitor, job)),
                Err(outcome) => signals.push(signal(&monitor, Finding::of(outcome))),
            }
        }
        let (monitors, jobs): (Vec<MonitorId>, Vec<Job>) = jobs.into_iter().unzip();
        let mut findings = self.checker.round(jobs).await;
        if self.checker.doubt(&self.references, &mut findings).await {
            warn!(
                checks = findings.len(),
                "nothing can be reached from here: the round says nothing of the targets"
            );
        }
        signals.extend(monitors.iter().zip(findings).map(|(monitor, finding)| signal(monitor, finding)));
        signals
    }

    /// What it takes to look at this monitor, or why nobody can.
    async fn job(
        &self,
        monitor: Monitor,
        down: &HashSet<MonitorId>,
        until: Instant,
    ) -> (MonitorId, Result<Job, Outcome>) {
        let id = monitor.id.clone();
        let credentials = match CredentialsId::of(&monitor) {
            Some(id) => self.stores.keyring.credentials(&id, until).await.map(Some),
            None => Ok(None),
        };
        let was_down = down.contains(&id);
        (id, credentials.map(|credentials| Job { credentials, was_down, ..Job::of(monitor) }))
    }
}

/// What the last beat says of a heartbeat, where the beats are to be had.
fn heard(monitor: &Monitor, beats: Option<&[Beat]>, slot: Slot) -> Finding {
    match (&monitor.check, beats) {
        (Check::Heartbeat(check), Some(beats)) => {
            let beat = beats.iter().find(|beat| beat.monitor == monitor.id);
            heartbeat::heard(monitor, check, beat, slot.start())
        }
        _ => Finding::of(Outcome::Unknown(Reason::Network)),
    }
}

/// A monitor that cannot be understood is seen as such, and stops no other. What is wrong with it is not logged: the
/// text may hold anything.
fn of_broken(shard: ShardId, broken: &[Broken]) -> Vec<Signal> {
    let ids = broken.iter().filter_map(|broken| broken.id.parse().ok());
    let ids: Vec<MonitorId> = ids.filter(|id: &MonitorId| id.shard() == shard).collect();
    if !broken.is_empty() {
        let named: Vec<String> = ids.iter().map(MonitorId::to_string).collect();
        warn!(%shard, broken = broken.len(), monitors = named.join(" "), "monitors that are not valid are not checked");
    }
    ids.iter().map(|id| signal(id, Finding::of(Outcome::Unknown(Reason::Configuration)))).collect()
}

pub(crate) fn signal(monitor: &MonitorId, finding: Finding) -> Signal {
    let Finding { outcome, status, phases, certificate_days, metrics } = finding;
    Signal { monitor: monitor.clone(), outcome, status, phases, certificate_days, metrics }
}
