//! The invocation: one day, or the night's work, which is one invocation more for each of its days, by turns.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use shared::import::MAX_DAYS;
use shared::invoke::Invoke;
use shared::store::{ListImports, ReadPurchases, WriteBuyers, WriteTrends};
use tokio::time::timeout;
use tracing::{error, info, warn};

use crate::request::{DayRequest, NightlyRequest};
use crate::sales::analytics::WriteAnalytics;
use crate::sales::{follow, nightly};

/// How long a day may make others wait: one that never ends must not be the end of them all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Most invocations of this function by itself, one after the other. Nothing needs more than a few: days only follow
/// days whose buyers they share, and each of them moves an index that cannot move back.
const MAX_HOPS: u32 = 16;

/// What an invocation works with. Purchases and history are read consistently.
pub struct SalesRollup<P, H, L, A, I> {
    /// The purchases.
    pub purchases: P,
    /// Trends and the buyer index.
    pub history: H,
    /// The import ledger.
    pub imports: L,
    /// The analytics copy.
    pub analytics: A,
    /// This function.
    pub itself: I,
}

impl<P, H, L, A, I> SalesRollup<P, H, L, A, I>
where
    P: ReadPurchases,
    H: WriteTrends + WriteBuyers,
    L: ListImports,
    A: WriteAnalytics,
    I: Invoke,
{
    /// Recomputes a day, and has the next one recomputed if others are in turn: then, or when this one takes long.
    /// `clock` says when reading begins.
    ///
    /// # Errors
    /// When anything could not be read or written; doing all of it again ends right. A day that others wait for is
    /// tried again by itself, so that they don't: that is no error of this invocation.
    pub async fn day(&self, asked: &DayRequest, clock: impl Fn() -> Timestamp) -> anyhow::Result<()> {
        ensure!(asked.then.len().max(asked.next.len()) <= MAX_DAYS, "more than {MAX_DAYS} days at once");
        // 16 KB of future: on the heap rather than moved about.
        let mut done = Box::pin(self.one_day(asked, clock));
        let Some(next) = DayRequest::in_turn(&asked.next) else { return done.await };
        let mut requests = vec![DayRequest { since: asked.since, hops: asked.hops, ..next }];
        match timeout(PATIENCE, done.as_mut()).await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => {
                warn!("a day is tried again by itself: {cause:#}");
                requests.push(DayRequest { next: Vec::new(), ..asked.clone() });
            }
            Err(_) => {
                let handed = self.invoke(requests).await;
                return done.await.and(handed);
            }
        }
        self.invoke(requests).await
    }

    async fn one_day(&self, asked: &DayRequest, clock: impl Fn() -> Timestamp) -> anyhow::Result<()> {
        let mut moved = BTreeSet::new();
        // A day that panics has failed: those whose turn it is after it must not wait for ever, and what it has moved
        // follows as after any failure. What it leaves behind is only what is stored.
        let done = AssertUnwindSafe(self.if_not_done(asked, &clock, &mut moved)).catch_unwind().await;
        let done = done.unwrap_or_else(|_| Err(anyhow!("a panic")));
        let done = done.with_context(|| format!("the sales of {} were not recomputed", asked.day));
        // After a failure the rest follows when the day is tried again; what has moved is not seen twice.
        if matches!(done, Ok(true)) {
            moved.extend(&asked.then);
        }
        // Whatever this invocation, or an earlier attempt at it, has moved was moved before.
        let (since, hops) = (Some(clock()), asked.hops.saturating_add(1));
        // One after the other: nobody waits for them, and other days have followers too.
        let moved: Vec<Date> = moved.into_iter().collect();
        let follow = DayRequest::in_turn(&moved).map(|follow| DayRequest { since, hops, ..follow });
        let followed = self.invoke(follow.into_iter().collect()).await;
        done.map(drop).and(followed)
    }

    /// Recomputes the day; `false` when that was done since, or is another invocation's.
    async fn if_not_done(
        &self,
        asked: &DayRequest,
        clock: &impl Fn() -> Timestamp,
        moved: &mut BTreeSet<Date>,
    ) -> anyhow::Result<bool> {
        if let Some(since) = asked.follows_since()
            && let Some(there) =
                self.trend_reading(asked.day).await?.filter(|there| follow::is_done(*there, since))
        {
            info!(date = %asked.day, %since, read_at = %there.read_at, "the sales of a day were recomputed since");
            return Ok(false);
        }
        self.recompute(asked, clock, moved).await
    }

    /// Has the days recomputed that imports touched lately.
    ///
    /// # Errors
    /// When the ledger could not be read, a day was not taken, or there are too many; the others are under way then.
    pub async fn nightly(&self, asked: &NightlyRequest, clock: impl Fn() -> Timestamp) -> anyhow::Result<()> {
        let at = asked.at(clock())?;
        let found = nightly::days(&self.imports, at).await?;
        info!(
            imports = found.imports,
            days = found.days.len(),
            "the days that imports touched in the last two days are recomputed"
        );
        let mut days: Vec<Date> = found.days.iter().copied().collect();
        // A day whose invocation is killed each time, before a minute is over, is the end of its turn. The next night
        // comes from the other side, so that it can hide no other day for more than one.
        if at.as_second().div_euclid(24 * 3_600) % 2 == 0 {
            days.reverse();
        }
        let handed = self.invoke(DayRequest::in_turn(&days).into_iter().collect()).await;
        let left_out = found.left_out.first().zip(found.left_out.last()).map(|(first, last)| {
            let days = found.left_out.len();
            anyhow!("{days} days from {first} to {last} were left out: one night has at most {MAX_DAYS}")
        });
        handed.and(left_out.map_or(Ok(()), Err))
    }

    /// Hands these to this function.
    pub(crate) async fn invoke(&self, requests: Vec<DayRequest>) -> anyhow::Result<()> {
        let days: usize = requests.iter().map(|request| 1 + request.next.len()).sum();
        let hops = requests.iter().map(|request| request.hops).max().unwrap_or_default();
        ensure!(hops <= MAX_HOPS, "{days} days are not recomputed: {MAX_HOPS} invocations led here");
        let mut failed = 0;
        for request in requests {
            let event = serde_json::to_value(&request).map_err(anyhow::Error::from);
            let done = match event {
                Ok(event) => self.itself.invoke(&event as &Value).await,
                Err(error) => Err(error),
            };
            if let Err(cause) = done {
                error!(date = %request.day, next = request.next.len(), "a day was not handed on: {cause:#}");
                failed += 1 + request.next.len();
            }
        }
        ensure!(failed == 0, "{failed} of {days} days were not handed on");
        Ok(())
    }
}
