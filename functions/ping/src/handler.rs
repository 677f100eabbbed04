//! The invocation: which monitors are due, the round of checks, the block.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::{Timestamp, ToSpan as _};
use shared::block::Block;
use shared::monitor::{Monitor, Region};
use shared::schedule::{PingRequest, Slot, is_due};
use shared::signal::{Outcome, Signal};
use shared::store::{ReadMonitors, WriteSignals};
use tracing::{info, warn};

use crate::check::Checker;
use crate::connect::Connect;
use crate::resolve::Resolve;

/// How far the clock of whoever asks may be ahead of ours, in minutes.
const MAX_SLOT_AHEAD_MINUTES: i64 = 1;

/// What an invocation works with.
pub struct Ping<M, S, R, C> {
    /// The configuration of monitors.
    pub monitors: M,
    /// Where the block goes.
    pub signals: S,
    /// Looks at targets.
    pub checker: Arc<Checker<R, C>>,
    /// The region this function runs in.
    pub region: Region,
}

impl<M, S, R, C> Ping<M, S, R, C>
where
    M: ReadMonitors,
    S: WriteSignals,
    R: Resolve + 'static,
    C: Connect + 'static,
{
    /// Checks the shard's monitors that are due in the slot and puts their block, once; a slot that is too old
    /// or lies ahead is refused and stays a gap. `count` takes the metrics of
    /// the slot.
    ///
    /// # Errors
    /// When a table does not answer: Lambda invokes again, and the slot's age bounds how often that helps.
    pub async fn handle(
        &self,
        request: &PingRequest,
        clock: impl Fn() -> Timestamp,
        count: impl Fn(Slot, &[(&str, u64)]),
    ) -> anyhow::Result<()> {
        let PingRequest { shard, slot } = *request;
        let now = clock();
        if slot.is_too_old(now) || slot.start() > now + MAX_SLOT_AHEAD_MINUTES.minutes() {
            warn!(%shard, %slot, %now, "refused a slot that is not now: it stays a gap");
            return Ok(());
        }
        let mut due = self.monitors.monitors(shard).await.context("reading the shard's monitors")?;
        due.retain(|monitor| is_due(monitor, slot) && monitor.regions.contains(&self.region));
        let signals = self.signals_of(&due).await;
        let written_at = clock();
        let block = Block { shard, slot, region: self.region.clone(), written_at, signals };
        let written = self.signals.put_block(&block).await.context("writing the block")?;
        if written {
            count(slot, &[("BlocksWritten", 1)]);
        }
        let duration = Duration::try_from(written_at.duration_since(now)).unwrap_or_default();
        info!(
            %shard,
            %slot,
            written,
            checks = block.signals.len(),
            available = with(&block, |outcome| outcome.is_available() == Some(true)),
            down = with(&block, |outcome| outcome.is_available() == Some(false)),
            blocked = with(&block, |outcome| outcome == Outcome::Blocked),
            unknown = with(&block, |outcome| outcome == Outcome::Unknown),
            duration_ms = duration.as_millis(),
            "checked a shard"
        );
        Ok(())
    }

    async fn signals_of(&self, due: &[Monitor]) -> Vec<Signal> {
        let findings = self.checker.round(due.iter().map(|monitor| monitor.url.clone())).await;
        let signals = due.iter().zip(findings).map(|(monitor, finding)| Signal {
            monitor: monitor.id.clone(),
            outcome: finding.outcome,
            status: finding.status,
            phases: finding.phases,
        });
        signals.collect()
    }
}

/// How many signals of the block have such an outcome.
fn with(block: &Block, wanted: impl Fn(Outcome) -> bool) -> usize {
    block.signals.iter().filter(|signal| wanted(signal.outcome)).count()
}
