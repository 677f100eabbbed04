//! Has `rollup` recompute days, and waits until it has.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use shared::invoke::Invoke;
use shared::store::WriteTrends;
use tokio::time::{Instant, sleep};

use super::Waits;

/// Days under way at once: a new account may have ten functions at once.
const AT_ONCE: usize = 4;

/// Looks at the analytics copy.
pub trait ReadCopy {
    /// When the file of this day was written, to the second; none when there is no file.
    fn written_at(&self, date: Date) -> impl Future<Output = anyhow::Result<Option<Timestamp>>> + Send;
}

/// Who recomputes days, and where it shows.
pub(super) struct Rollups<'a, H, R, C> {
    pub(super) trends: &'a H,
    pub(super) rollup: &'a R,
    pub(super) copy: &'a C,
    pub(super) waits: Waits,
}

/// What is waited for.
#[derive(Clone, Copy)]
enum Until {
    /// The trend, which is written behind the buyer index.
    Trend,
    /// The day's file in the analytics copy, which is written behind the trend.
    Copy,
}

impl<H: WriteTrends, R: Invoke, C: ReadCopy> Rollups<'_, H, R, C> {
    /// Has outstanding days recomputed, each from what is there after its instant.
    pub(super) async fn make_up(
        &self,
        days: &BTreeMap<Date, Timestamp>,
        tell: &impl Fn(String),
    ) -> anyhow::Result<()> {
        let end = Instant::now() + self.waits.most;
        let work =
            days.iter().map(async |(day, after)| self.recomputed(*day, *after, Until::Trend, end).await);
        all(work, days.len(), tell).await
    }

    /// Has the days recomputed from what is there after this instant, whatever was computed before.
    pub(super) async fn recompute(
        &self,
        days: &BTreeSet<Date>,
        after: Timestamp,
        tell: &impl Fn(String),
    ) -> anyhow::Result<()> {
        let end = Instant::now() + self.waits.most;
        let work = days.iter().map(async |day| self.recomputed(*day, after, Until::Copy, end).await);
        all(work, days.len(), tell).await
    }

    async fn read_at(&self, day: Date) -> anyhow::Result<Option<Timestamp>> {
        let there = self.trends.trend_reading(day).await.context("reading trends")?;
        Ok(there.map(|there| there.read_at))
    }

    /// Asks for the day, again and again should an invocation be lost, until its result was read later than `after`
    /// and than the one that is there now.
    async fn recomputed(
        &self,
        day: Date,
        after: Timestamp,
        until: Until,
        end: Instant,
    ) -> anyhow::Result<()> {
        let before = self.read_at(day).await?;
        let after = before.unwrap_or(after).max(after);
        loop {
            self.rollup.invoke(&json!({ "day": day })).await.context("asking rollup")?;
            let again = Instant::now() + self.waits.repeat;
            while Instant::now() < again {
                sleep(self.waits.pause).await;
                if self.is_done(day, after, until).await? {
                    return Ok(());
                }
                if Instant::now() >= end {
                    bail!(
                        "{day} is not rolled up yet: look at the logs of rollup, and run this again, which goes on \
                         from here"
                    );
                }
            }
        }
    }

    async fn is_done(&self, day: Date, after: Timestamp, until: Until) -> anyhow::Result<bool> {
        let Some(read_at) = self.read_at(day).await?.filter(|at| *at > after) else { return Ok(false) };
        match until {
            Until::Trend => Ok(true),
            Until::Copy => {
                let written = self.copy.written_at(day).await.context("looking at the analytics copy")?;
                Ok(written.is_some_and(|at| at.as_second() >= read_at.as_second()))
            }
        }
    }
}

async fn all(
    work: impl Iterator<Item = impl Future<Output = anyhow::Result<()>>>,
    total: usize,
    tell: &impl Fn(String),
) -> anyhow::Result<()> {
    let mut work = stream::iter(work).buffer_unordered(AT_ONCE);
    let mut done = 0;
    while let Some(()) = work.try_next().await? {
        done += 1;
        tell(format!("rolling up days: {done} of {total}"));
    }
    Ok(())
}
