//! The invocation: all shards, some at once.

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use shared::monitor::ShardId;
use shared::store::{ReadHistory, ReadMaintenance, ReadMonitors, ReadShards, ReadSignals, WriteHistory};
use tracing::{error, info, warn};

use crate::calendar::Calendar;
use crate::event::{DAY, Event, Work, every};
use crate::shard::ShardRun;

/// Shards under way at once: enough to wait for some while computing another.
const MAX_CONCURRENT: usize = 8;

/// What an invocation works with. Signals and history are read consistently.
pub struct Rollup<M, S, H> {
    /// Shards, monitors and maintenance windows.
    pub monitors: M,
    /// The blocks.
    pub signals: S,
    /// What they are made into.
    pub history: H,
}

impl<M, S, H> Rollup<M, S, H>
where
    M: ReadShards + ReadMonitors + ReadMaintenance,
    S: ReadSignals,
    H: ReadHistory + WriteHistory,
{
    /// Recomputes what the event asks for. `clock` says when reading begins: of two runs at once, the result of the
    /// one that began to read a shard later stays.
    ///
    /// # Errors
    /// When the event is refused, or anything could not be read or written. The other shards are done then; doing all
    /// of it again ends right.
    pub async fn handle(&self, event: &Event, clock: impl Fn() -> Timestamp) -> anyhow::Result<()> {
        let began_at = clock();
        let work = event.work(began_at)?;
        let calendars = self.calendars(&work).await?;
        let shards = self.shards(&work).await?;
        let runs = shards.iter().map(async |&shard| {
            let (monitors, signals, history) = (&self.monitors, &self.signals, &self.history);
            let run = ShardRun { monitors, signals, history, shard, work: &work, calendars: &calendars };
            let done = run.run(&clock).await;
            if let Err(cause) = &done {
                error!(%shard, "the history of a shard was not recomputed: {cause:#}");
            }
            done.ok()
        });
        let done: Vec<_> = stream::iter(runs).buffer_unordered(MAX_CONCURRENT).collect().await;
        let failed = done.iter().filter(|done| done.is_none()).count();
        let duration_ms = clock().duration_since(began_at).as_millis();
        info!(
            hours_from = %work.hours.start,
            hours_until = %work.hours.end,
            days = calendars.len(),
            shards = shards.len(),
            failed,
            written = done.iter().flatten().map(|written| written.items).sum::<usize>(),
            overtaken = done.iter().flatten().map(|written| written.overtaken).sum::<usize>(),
            duration_ms,
            "recomputed history"
        );
        ensure!(failed == 0, "the history of {failed} of {} shards was not recomputed", shards.len());
        Ok(())
    }

    /// The maintenance of each day of the work.
    async fn calendars(&self, work: &Work) -> anyhow::Result<Vec<Calendar>> {
        let windows = self.monitors.windows().await.context("reading the maintenance windows")?;
        for window in &windows.broken {
            warn!(window = window.id, why = window.why, "left out a maintenance window");
        }
        Ok(every(&work.days, DAY).map(|begins| Calendar::of(begins, &windows.values)).collect())
    }

    async fn shards(&self, work: &Work) -> anyhow::Result<Vec<ShardId>> {
        if let Some(shard) = work.shard {
            return Ok(vec![shard]);
        }
        let shards = self.monitors.shards().await.context("reading the shards' summaries")?;
        Ok(shards.into_iter().map(|summary| summary.shard).collect())
    }
}
