//! The fan-out: one invocation of `ping` per shard and region.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::monitor::{Region, ShardId, ShardSummary};
use shared::schedule::{PingRequest, Slot};
use shared::store::ReadShards;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tracing::error;

use crate::event::Scheduled;
use crate::invoke::InvokePing;

/// Invocations under way at once in one region. Each region has its own, so that one which hangs holds up no other.
const AT_ONCE: usize = 32;

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

/// What an invocation works with.
pub struct Scheduler<S, P> {
    /// The shards' summaries.
    pub shards: S,
    /// Reaches `ping`.
    pub ping: P,
    /// How long it may take.
    pub times: Times,
}

impl<S: ReadShards, P: InvokePing> Scheduler<S, P> {
    /// Invokes `ping` for the event's slot, for every shard and region. `count` takes the metrics of the slot: how many
    /// blocks are to be expected, and a zero for those written, so that both series have a point each minute; and
    /// beside them the blocks expected of each region.
    ///
    /// # Errors
    /// When the event or the summaries cannot be read, or any invocation failed in a region where others did not, or
    /// all of them did. The others have been made then; doing all again is harmless, because a block is put once.
    pub async fn handle(
        &self,
        event: &Scheduled,
        now: Timestamp,
        count: impl Fn(Slot, &[(&str, u64)], &[(&str, Value)]),
    ) -> anyhow::Result<()> {
        let slot = event.slot(now)?;
        let until = Instant::now() + self.times.all;
        let shards =
            timeout_at(until, self.shards.shards()).await.context("reading the shards' summaries")?;
        let shards = shards.context("reading the shards' summaries")?;
        let wanted = by_region(&shards);
        let expected = wanted.values().map(Vec::len).sum::<usize>();
        let of_each: BTreeMap<&str, usize> =
            wanted.iter().map(|(region, shards)| (region.as_str(), shards.len())).collect();
        // Before the invocations: a block that nobody could be asked for is missing all the same.
        count(
            slot,
            &[("BlocksExpected", u64::try_from(expected)?), ("BlocksWritten", 0)],
            &[("BlocksExpectedByRegion", json!(of_each))],
        );
        let regions = wanted.iter().map(|(region, shards)| self.ask(region, shards, slot, until));
        let invoked = join_all(regions).await;
        let nowhere = invoked.iter().all(|count| *count == 0);
        // A region that is gone as a whole is in the log and missing among the blocks. Trying again would make the
        // checks of the others twice.
        let missing: usize = invoked
            .iter()
            .zip(wanted.values())
            .filter(|(count, _)| **count > 0 || nowhere)
            .map(|(count, shards)| shards.len() - count)
            .sum();
        ensure!(missing == 0, "{missing} of {expected} invocations failed");
        Ok(())
    }

    /// Invokes `ping` of one region for these shards; how many of them it was asked for. Failures are one line of the
    /// log for a region, however many shards there are.
    async fn ask(&self, region: &Region, shards: &[ShardId], slot: Slot, until: Instant) -> usize {
        let calls = shards.iter().map(async |&shard| {
            let called =
                timeout(self.times.call, self.ping.invoke(region, &PingRequest { shard, slot })).await;
            called.unwrap_or_else(|_| Err(anyhow!("no answer within {:?}", self.times.call)))
        });
        let answers = stream::iter(calls).buffer_unordered(AT_ONCE).take_until(sleep_until(until));
        let mut answers = std::pin::pin!(answers);
        let (mut invoked, mut failed, mut cause) = (0, 0, None);
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(()) => invoked += 1,
                Err(error) => {
                    failed += 1;
                    cause.get_or_insert(error);
                }
            }
            if invoked == 0 && failed >= AT_ONCE {
                // Nobody there: what is waited for here is paid for.
                break;
            }
        }
        if invoked < shards.len() {
            let cause = cause.unwrap_or_else(|| anyhow!("no time was left"));
            let missing = shards.len() - invoked;
            error!(%region, %slot, missing, expected = shards.len(), "ping was not invoked: {cause:#}");
        }
        invoked
    }
}

/// The shards that each region checks any monitor of.
fn by_region(shards: &[ShardSummary]) -> BTreeMap<&Region, Vec<ShardId>> {
    let mut wanted: BTreeMap<&Region, Vec<ShardId>> = BTreeMap::new();
    for summary in shards {
        for region in &summary.regions {
            wanted.entry(region).or_default().push(summary.shard);
        }
    }
    wanted
}
