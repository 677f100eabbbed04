//! One day: purchases read, trend and file written.
//!
//! **Two runs at once.** A trend replaces only one whose reading began earlier, but S3 keeps the file that came last,
//! whoever read what. So whoever writes the file looks afterwards whose trend is there. If it is somebody's who began
//! to read later, that file may have been overwritten by this older one: the day is recomputed once more, with a
//! reading that is the latest. And whoever finds a later trend already there writes no file: the other one, who wrote
//! that trend, writes it or is tried again. So the last file is of the last reading, or somebody is still at it.
//!
//! **Days that follow.** When a `FIRST` moves to this day, the day that it leaves is recomputed as well
//! ([`crate::sales::buyers`]). Once it has moved nobody can tell any more which day that was. So before anything
//! moves, this day is handed to a new invocation together with the days that are to follow: an invocation that dies is
//! tried again by Lambda with the same event.
//!
//! That names what is known before. Of two days at once that a new buyer bought on, neither finds anything in the
//! index, and the later one may be the first until the other moves that: the one that moves it learns which day it was,
//! and has it recomputed. If it dies between the two, the later day counts a buyer as new who is not, until the night:
//! its purchases were imported just now, or it would not have found the buyer new.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use jiff::civil::Date;
use shared::import::MAX_DAYS;
use shared::invoke::Invoke;
use shared::store::{ListImports, ReadPurchases, WriteBuyers, WriteTrends};
use shared::trend::{DayTrend, TrendReading};
use tracing::{info, warn};

use crate::request::DayRequest;
use crate::sales::analytics::WriteAnalytics;
use crate::sales::buyers::Index;
use crate::sales::handler::SalesRollup;
use crate::sales::purchases::DayPurchases;
use crate::sales::{copy, count, read};

/// How often a day is recomputed when somebody else does so at the same time.
const MAX_ATTEMPTS: u32 = 3;

/// How an attempt at a day ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// Trend and file are there.
    Written,
    /// The trend of a later reading was there: its file is somebody else's.
    Overtaken,
    /// The trend of a later reading came before this file did.
    Crossed,
}

impl<P, H, L, A, I> SalesRollup<P, H, L, A, I>
where
    P: ReadPurchases,
    H: WriteTrends + WriteBuyers,
    L: ListImports,
    A: WriteAnalytics,
    I: Invoke,
{
    /// Recomputes a day; `false` when it was handed to another invocation instead. The days that a `FIRST` has left
    /// are put into `moved`, those of every attempt and before an error too: nobody will see again that they were left,
    /// so they are to follow however this ends. Each attempt reads everything anew, purchases of meanwhile too: a later
    /// one may be the first to find days that are to be named, and hand the day over after some have moved.
    pub(crate) async fn recompute(
        &self,
        asked: &DayRequest,
        clock: impl Fn() -> Timestamp,
        moved: &mut BTreeSet<Date>,
    ) -> anyhow::Result<bool> {
        for attempt in 1..=MAX_ATTEMPTS {
            let read_at = clock();
            let day = read::day(&self.purchases, asked.day).await?;
            let index = Index { buyers: &self.history, date: asked.day, people: &day.people };
            let known = index.known().await?;
            let later = known.later(asked.day);
            // Also what came since this day was handed over: nothing moves that is not named.
            let is_named = later.iter().all(|day| asked.then.contains(day)) || asked.then.len() >= MAX_DAYS;
            if !is_named {
                self.hand_over(asked, later).await?;
                return Ok(false);
            }
            let new_buyers = index.settle(known, moved).await?;
            let (purchases, people) = (day.rows.len(), day.people.count);
            let ended = self.write(asked, read_at, day, new_buyers).await?;
            info!(
                date = %asked.day,
                attempt,
                purchases,
                people,
                new_buyers,
                ended = ?ended,
                duration_ms = clock().duration_since(read_at).as_millis(),
                "recomputed the sales of a day"
            );
            if ended != Attempt::Crossed {
                return Ok(true);
            }
            warn!(date = %asked.day, "somebody else recomputed the day at the same time");
        }
        bail!("somebody else recomputed the day at the same time, {MAX_ATTEMPTS} times")
    }

    /// Has the day recomputed by an invocation that knows which days are to follow.
    async fn hand_over(&self, asked: &DayRequest, later: BTreeSet<Date>) -> anyhow::Result<()> {
        info!(date = %asked.day, days = later.len(), "buyers' first days move: later days are recomputed too");
        // More than an event holds follow as well, unless that invocation dies.
        let mut then = later;
        then.extend(&asked.then);
        let then = then.into_iter().take(MAX_DAYS).collect();
        let request = DayRequest { then, hops: asked.hops.saturating_add(1), ..DayRequest::of(asked.day) };
        self.invoke(vec![request]).await
    }

    async fn write(
        &self,
        asked: &DayRequest,
        read_at: Timestamp,
        day: DayPurchases,
        new_buyers: u64,
    ) -> anyhow::Result<Attempt> {
        let (date, since) = (asked.day, asked.follows_since());
        let (sales, hours) = count::sales(&day).context("adding up the purchases")?;
        let returning_buyers = sales.buyers.saturating_sub(new_buyers);
        let trend = DayTrend { date, sales, new_buyers, returning_buyers, hours, read_at, since };
        let is_there = self.history.put_trend(&trend).await.context("writing the trend")?;
        let reading_there = async || anyhow::Ok(self.trend_reading(date).await?.map(|there| there.read_at));
        if !is_there && reading_there().await? != Some(read_at) {
            return Ok(Attempt::Overtaken);
        }
        let file = copy::parquet(day).context("making the Parquet file")?;
        self.analytics.put(date, file).await.context("writing the analytics copy")?;
        let crossed = reading_there().await?.is_some_and(|there| there > read_at);
        Ok(if crossed { Attempt::Crossed } else { Attempt::Written })
    }

    /// The reading whose trend is there.
    pub(crate) async fn trend_reading(&self, date: Date) -> anyhow::Result<Option<TrendReading>> {
        self.history.trend_reading(date).await.context("reading whose trend is there")
    }
}
