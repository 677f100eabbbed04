//! The invocation: `ping` is asked to check every shard in every region, and what is overdue is said.

use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use shared::monitor::{Region, ShardId, ShardSummary};
use shared::schedule::{PingRequest, Slot};
use shared::store::{ReadMarks, ReadShards};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tracing::error;

use crate::event::Scheduled;
use crate::groups::{Group, groups};
use crate::invoke::InvokePing;
use crate::overdue::overdue;

/// Invocations under way at once in one region. Each region has its own, so that one which hangs holds up no other.
const AT_ONCE: usize = 32;

/// Shards that a line of the log names.
const MAX_NAMED: usize = 8;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// One invocation, retries included.
    pub call: Duration,
    /// All of the fan-out.
    pub all: Duration,
}

impl Times {
    /// The function is stopped after 30 s, and what was left out should be said before. A thousand shards on the
    /// other side of the world take about 8 s.
    pub const DEPLOYED: Self = Self { call: Duration::from_secs(5), all: Duration::from_secs(20) };
}

/// The shards of a group that are the installation's own.
fn own(group: &Group) -> usize {
    if group.of_guests { 0 } else { group.shards.len() }
}

/// What an invocation works with.
pub struct Scheduler<S, M, P> {
    /// The shards' summaries.
    pub shards: S,
    /// How far shards are judged.
    pub marks: M,
    /// Reaches `ping`.
    pub ping: P,
    /// How long it may take.
    pub times: Times,
}

impl<S: ReadShards, M: ReadMarks, P: InvokePing> Scheduler<S, M, P> {
    /// Has every shard checked for the event's slot, in every region that checks any of its monitors.
    ///
    /// # Errors
    /// When the event, the summaries or the marks cannot be read, any invocation failed, or any block is overdue; after
    /// all else is done. It is for people to see and not to be tried again, though doing all again is harmless, because a
    /// block is put once.
    pub async fn handle(&self, event: &Scheduled, now: Timestamp) -> anyhow::Result<()> {
        let slot = event.slot(now)?;
        let until = Instant::now() + self.times.all;
        let shards =
            timeout_at(until, self.shards.shards()).await.context("reading the shards' summaries")?;
        let shards = shards.context("reading the shards' summaries")?;
        let (invoked, overdue) =
            tokio::join!(self.ask_all(&shards, slot, until), self.overdue(&shards, slot, until));
        let (missing, overdue) = (invoked, overdue?);
        ensure!(
            missing + overdue == 0,
            "ping was not invoked for {missing} blocks, and {overdue} are overdue: the log says which"
        );
        Ok(())
    }

    /// How many shards are overdue in how many regions, counted together. The log says which, a line for each region.
    async fn overdue(&self, shards: &[ShardSummary], slot: Slot, until: Instant) -> anyhow::Result<usize> {
        if shards.is_empty() {
            return Ok(0);
        }
        let marks =
            timeout_at(until, self.marks.marks()).await.context("reading how far shards are judged")?;
        let overdue = overdue(shards, &marks.context("reading how far shards are judged")?, slot);
        for (region, shards) in &overdue {
            let named = named(shards);
            error!(%region, %slot, overdue = shards.len(), shards = named, "blocks are overdue");
        }
        Ok(overdue.values().map(Vec::len).sum())
    }

    /// Invokes `ping` in every region; for how many blocks it could not be.
    async fn ask_all(&self, shards: &[ShardSummary], slot: Slot, until: Instant) -> usize {
        let wanted = groups(shards);
        let regions = wanted.iter().map(|(region, groups)| self.ask(region, groups, slot, until));
        join_all(regions).await.into_iter().sum()
    }

    /// Invokes `ping` of one region for these groups of shards; for how many blocks it could not be, those of guests not
    /// counted: they may ask for a region that was given up. Failures are one line of the log for a region, however many
    /// shards there are.
    async fn ask(&self, region: &Region, groups: &[Group], slot: Slot, until: Instant) -> usize {
        let calls = groups.iter().map(async |group| {
            let request = PingRequest { shards: group.shards.clone(), slot };
            let called = timeout(self.times.call, self.ping.invoke(region, &request)).await;
            let called = called.unwrap_or_else(|_| Err(anyhow!("no answer within {:?}", self.times.call)));
            called.map(|()| group)
        });
        let answers = stream::iter(calls).buffer_unordered(AT_ONCE).take_until(sleep_until(until));
        let mut answers = std::pin::pin!(answers);
        let (mut blocks, mut asked, mut failed, mut cause) = (0, 0, 0, None);
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(group) => {
                    asked += 1;
                    blocks += own(group);
                }
                Err(error) => {
                    failed += 1;
                    cause.get_or_insert(error);
                }
            }
            if asked == 0 && failed >= AT_ONCE {
                // Nobody there: what is waited for here is paid for.
                break;
            }
        }
        let expected: usize = groups.iter().map(own).sum();
        let missing = expected - blocks;
        if missing > 0 {
            let cause = cause.unwrap_or_else(|| anyhow!("no time was left"));
            error!(%region, %slot, missing, expected, "ping was not invoked: {cause:#}");
        }
        missing
    }
}

/// Some of these shards, as a line of the log names them.
fn named(shards: &[ShardId]) -> String {
    let named: Vec<String> = shards.iter().take(MAX_NAMED).map(ShardId::to_string).collect();
    named.join(" ")
}
