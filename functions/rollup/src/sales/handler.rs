//! The invocation: one day, or the night's work, which is one invocation more for each of its days.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde_json::Value;
use shared::invoke::Invoke;
use shared::store::{ListImports, ReadPurchases, WriteBuyers, WriteTrends};
use tracing::{error, info, warn};

use crate::request::{DayRequest, NightlyRequest};
use crate::sales::analytics::WriteAnalytics;
use crate::sales::nightly;

/// Invocations under way at once.
const CALLS: usize = 8;

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
    /// Recomputes a day. `clock` says when reading begins.
    ///
    /// # Errors
    /// When anything could not be read or written; doing all of it again ends right.
    pub async fn day(&self, asked: &DayRequest, clock: impl Fn() -> Timestamp) -> anyhow::Result<()> {
        ensure!(asked.then.len() <= nightly::MAX_DAYS, "more than {} days at once", nightly::MAX_DAYS);
        let mut moved = BTreeSet::new();
        let done = self.recompute(asked, clock, &mut moved).await;
        let done = done.with_context(|| format!("the sales of {} were not recomputed", asked.day));
        // After a failure the rest follows when the day is tried again; what has moved is not seen twice.
        if matches!(done, Ok(true)) {
            moved.extend(&asked.then);
        }
        let hops = asked.hops.saturating_add(1);
        let follow = moved.iter().map(|day| DayRequest { hops, ..DayRequest::of(*day) });
        let followed = self.invoke(follow.collect()).await;
        done.and(followed)
    }

    /// Has the days recomputed that imports touched lately.
    ///
    /// # Errors
    /// When the ledger could not be read, or a day was not taken; the others are under way then.
    pub async fn nightly(&self, asked: &NightlyRequest, clock: impl Fn() -> Timestamp) -> anyhow::Result<()> {
        let at = asked.at(clock())?;
        let found = nightly::days(&self.imports, at).await?;
        info!(
            imports = found.imports,
            days = found.days.len(),
            "the days that imports touched in the last two days are recomputed"
        );
        if !found.left_out.is_empty() {
            let (first, last) = (found.left_out.first(), found.left_out.last());
            let range = first.zip(last).map(|(first, last)| format!("{first} to {last}"));
            warn!(days = found.left_out.len(), range, "left out the oldest days: too many for one night");
        }
        self.invoke(found.days.iter().rev().map(|day| DayRequest::of(*day)).collect()).await
    }

    /// Hands these to this function.
    pub(crate) async fn invoke(&self, requests: Vec<DayRequest>) -> anyhow::Result<()> {
        let wanted = requests.len();
        let hops = requests.iter().map(|request| request.hops).max().unwrap_or_default();
        ensure!(hops <= MAX_HOPS, "{wanted} days are not recomputed: {MAX_HOPS} invocations led here");
        let calls = requests.into_iter().map(async |request: DayRequest| {
            let event = serde_json::to_value(&request).map_err(anyhow::Error::from);
            let done = match event {
                Ok(event) => self.itself.invoke(&event as &Value).await,
                Err(error) => Err(error),
            };
            if let Err(cause) = &done {
                error!(date = %request.day, "a day was not handed on: {cause:#}");
            }
            done.is_err()
        });
        let failed: Vec<bool> = stream::iter(calls).buffer_unordered(CALLS).collect().await;
        let failed = failed.into_iter().filter(|failed| *failed).count();
        ensure!(failed == 0, "{failed} of {wanted} days were not handed on");
        Ok(())
    }
}
