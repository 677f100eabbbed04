//! Checks out of turn: those that somebody asks for between the slots, and the first one of a new monitor.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use shared::block::Block;
use shared::credentials::Credentials;
use shared::monitor::{Check, Monitor, MonitorId, ShardId};
use shared::out_of_turn::{MAX_CHECKED, OutOfTurn, Told};
use shared::schedule::Slot;
use shared::signal::Signal;
use shared::store::{ReadBeats, ReadCredentials, ReadMonitors, ReadStates, WriteChecks, WriteSignals};
use tokio::time::timeout;

use crate::check::Job;
use crate::connect::Connect;
use crate::handler::{PUT, Ping, READ, signal};
use crate::resolve::Resolve;

/// Checks that are written at once.
const WRITES_AT_ONCE: usize = 16;

impl<M, T, B, K, S, R, C> Ping<M, T, B, K, S, R, C>
where
    M: ReadMonitors,
    T: ReadStates,
    B: ReadBeats,
    K: ReadCredentials,
    S: WriteSignals + WriteChecks,
    R: Resolve + 'static,
    C: Connect + 'static,
{
    /// Looks at what is asked for, whether it is due or not, and tells what was found. Asked again, it looks again.
    ///
    /// # Errors
    /// When there are too many monitors, or one cannot be read, or what was found not be recorded.
    pub async fn out_of_turn(
        &self,
        request: OutOfTurn,
        clock: impl Fn() -> Timestamp,
    ) -> anyhow::Result<Vec<Told>> {
        match request {
            OutOfTurn::Check { monitors } => self.look_now(monitors, clock).await,
            OutOfTurn::Test { monitor, credentials } => {
                Ok(vec![self.test(*monitor, credentials, clock).await?])
            }
        }
    }

    async fn look_now(
        &self,
        ids: Vec<MonitorId>,
        clock: impl Fn() -> Timestamp,
    ) -> anyhow::Result<Vec<Told>> {
        ensure!(ids.len() <= MAX_CHECKED, "{} monitors in one request", ids.len());
        let slot = Slot::containing(clock());
        let mut by_shard: BTreeMap<ShardId, HashSet<MonitorId>> = BTreeMap::new();
        for id in ids {
            by_shard.entry(id.shard()).or_default().insert(id);
        }
        let (mut checked, mut signals, mut monitors) = (Vec::new(), Vec::new(), BTreeMap::new());
        for (shard, wanted) in by_shard {
            let reading = timeout(READ, self.stores.latest.monitors(shard));
            let stored =
                reading.await.with_context(|| format!("reading shard {shard}: no answer in time"))??;
            let found = stored.values.into_iter().filter(|monitor| wanted.contains(&monitor.id));
            let (beating, others): (Vec<Monitor>, Vec<Monitor>) =
                found.partition(|monitor| matches!(monitor.check, Check::Heartbeat(_)));
            signals.extend(self.listen(shard, slot, &beating).await);
            monitors
                .extend(beating.iter().chain(&others).map(|monitor| (monitor.id.clone(), monitor.clone())));
            checked.extend(others);
        }
        signals.extend(self.look(checked, &HashSet::new()).await);
        let at = clock();
        let checks = signals.iter().map(|signal| self.record(signal, slot, at));
        stream::iter(checks).buffer_unordered(WRITES_AT_ONCE).try_collect::<Vec<()>>().await?;
        let told = signals.iter().filter_map(|signal| {
            let monitor = monitors.get(&signal.monitor)?;
            Some(Told::of(monitor, signal, &self.region, at, true))
        });
        Ok(told.collect())
    }

    async fn record(&self, signal: &Signal, slot: Slot, at: Timestamp) -> anyhow::Result<()> {
        let block = Block {
            shard: signal.monitor.shard(),
            slot,
            region: self.region.clone(),
            written_at: at,
            signals: vec![signal.clone()],
        };
        let put = timeout(PUT, self.stores.signals.put_check(&block)).await;
        put.context("writing a check: no answer in time")?.context("writing a check")
    }

    async fn test(
        &self,
        monitor: Monitor,
        credentials: Option<Credentials>,
        clock: impl Fn() -> Timestamp,
    ) -> anyhow::Result<Told> {
        let monitor = monitor.validated()?;
        let job = Job { credentials, ..Job::of(monitor.clone()) };
        let mut findings = self.checker.round(vec![job]).await;
        self.checker.doubt(&self.references, &mut findings).await;
        let finding = findings.pop().context("a round of one check found nothing")?;
        Ok(Told::of(&monitor, &signal(&monitor.id, finding), &self.region, clock(), true))
    }
}
