//! All that the function talks to, in memory. Every call lets others run first, as often as a test says.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use rollup::{Request, SalesRollup, WriteAnalytics};
use serde_json::Value;
use shared::import::{Import, ImportId};
use shared::invoke::Invoke;
use shared::purchase::{BuyerToken, Purchase};
use shared::store::{
    BucketPage, BucketQuery, KnownBuyer, ListImports, ReadPurchases, Result, StoreError, WriteBuyers,
    WriteTrends,
};
use shared::trend::{DayTrend, TrendReading};
use tests::memory::Memory;

use super::follow::block_on;

/// What a client does when a write is done and its answer gets lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It gives up.
    GivenUp,
    /// It sends it again.
    SentAgain,
}

#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) memory: Memory,
    /// The analytics bucket.
    pub(crate) files: Arc<Mutex<BTreeMap<Date, Bytes>>>,
    /// Events that the function has handed to itself.
    pub(crate) queue: Arc<Mutex<VecDeque<Value>>>,
    /// How often the next calls let others run first; then from the beginning.
    pub(crate) pauses: Arc<Mutex<VecDeque<u8>>>,
    /// How long a page of purchases takes.
    pub(crate) delay: Arc<Mutex<Duration>>,
    /// Calls so far: the clock, in seconds.
    pub(crate) calls: Arc<Mutex<i64>>,
    /// Trends that were to be written.
    pub(crate) recomputed: Arc<Mutex<usize>>,
    /// Which of the next writes is done and its answer lost.
    pub(crate) lost: Arc<Mutex<Option<(usize, Lost)>>>,
    /// A day that cannot be read without a panic.
    pub(crate) poison: Arc<Mutex<Option<Date>>>,
    /// What else happens before the next time that who bought is noted.
    pub(crate) meanwhile: Arc<Mutex<Option<Value>>>,
}

impl World {
    pub(crate) fn of(purchases: &[Purchase]) -> Self {
        let world = Self::default();
        world.add(purchases);
        world
    }

    pub(crate) fn add(&self, purchases: &[Purchase]) {
        self.memory.tables().purchases.extend(purchases.iter().map(|p| (p.position, p.clone())));
    }

    pub(crate) fn now(&self) -> Timestamp {
        let mut calls = self.calls.lock().unwrap();
        *calls += 1;
        "2026-11-21T02:23:00Z".parse::<Timestamp>().unwrap() + calls.seconds()
    }

    pub(crate) fn rollup(&self) -> SalesRollup<Self, Self, Self, Self, Self> {
        SalesRollup {
            purchases: self.clone(),
            history: self.clone(),
            imports: self.clone(),
            analytics: self.clone(),
            itself: self.clone(),
        }
    }

    pub(crate) async fn handle(&self, event: Value) -> anyhow::Result<()> {
        match serde_json::from_value(event)? {
            Request::Day(day) => self.rollup().day(&day, || self.now()).await,
            Request::Nightly(night) => self.rollup().nightly(&night, || self.now()).await,
            Request::History(event) => anyhow::bail!("not of sales: {event:?}"),
        }
    }

    /// What the function has handed to itself, by what comes first.
    pub(crate) fn queued(&self) -> Vec<Value> {
        self.queue.lock().unwrap().iter().cloned().collect()
    }

    pub(crate) fn next(&self) -> Option<Value> {
        self.queue.lock().unwrap().pop_front()
    }

    /// Does all that was handed over.
    pub(crate) async fn drain(&self) {
        for _ in 0..10_000 {
            let Some(event) = self.next() else { return };
            self.handle(event).await.unwrap();
        }
        panic!("it never ends");
    }

    async fn pause(&self) {
        let pauses = {
            let mut pauses = self.pauses.lock().unwrap();
            let first = pauses.pop_front();
            pauses.extend(first);
            first.unwrap_or_default()
        };
        for _ in 0..pauses {
            tokio::task::yield_now().await;
        }
    }

    /// Counts a call of what is no table as one of the tables is counted.
    fn call(&self) -> anyhow::Result<()> {
        if let Some(left) = &mut self.memory.tables().calls_left {
            *left = left.checked_sub(1).context("told to fail")?;
        }
        Ok(())
    }
}

impl World {
    /// Whether a write that is done is to be sent again, because its answer got lost.
    fn is_sent_again(&self) -> Result<bool> {
        let mut lost = self.lost.lock().unwrap();
        let Some((writes, what)) = lost.take() else { return Ok(false) };
        match (writes.checked_sub(1), what) {
            (Some(writes), what) => {
                *lost = Some((writes, what));
                Ok(false)
            }
            (None, Lost::SentAgain) => Ok(true),
            (None, Lost::GivenUp) => {
                Err(StoreError::Unavailable { action: "a write", cause: "its answer was lost".to_owned() })
            }
        }
    }
}

impl ReadPurchases for World {
    async fn page(&self, query: &BucketQuery) -> Result<BucketPage> {
        self.pause().await;
        let poison = *self.poison.lock().unwrap();
        assert!(poison != Some(query.date), "told to panic");
        let delay = *self.delay.lock().unwrap();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.memory.page(query).await
    }
}

impl WriteTrends for World {
    async fn put_trend(&self, trend: &DayTrend) -> Result<bool> {
        self.pause().await;
        *self.recomputed.lock().unwrap() += 1;
        let is_there = self.memory.put_trend(trend).await?;
        if self.is_sent_again()? { self.memory.put_trend(trend).await } else { Ok(is_there) }
    }

    async fn trend_reading(&self, date: Date) -> Result<Option<TrendReading>> {
        self.pause().await;
        self.memory.trend_reading(date).await
    }
}

impl WriteBuyers for World {
    async fn known(&self, date: Date, tokens: &[BuyerToken]) -> Result<Vec<KnownBuyer>> {
        self.pause().await;
        self.memory.known(date, tokens).await
    }

    async fn note(&self, date: Date, tokens: &[BuyerToken]) -> Result<()> {
        self.pause().await;
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(event) = meanwhile {
            let world = self.clone();
            std::thread::spawn(move || block_on(world.handle(event)).unwrap()).join().unwrap();
        }
        self.memory.note(date, tokens).await?;
        if self.is_sent_again()? { self.memory.note(date, tokens).await } else { Ok(()) }
    }

    async fn first_bought_together(
        &self,
        tokens: &[(BuyerToken, Option<Date>)],
        date: Date,
    ) -> Result<Vec<BuyerToken>> {
        self.pause().await;
        let left = self.memory.first_bought_together(tokens, date).await?;
        self.is_sent_again()?;
        // Sent again it is the same: DynamoDB knows a transaction by its token for ten minutes.
        Ok(left)
    }

    async fn first_bought(&self, token: &BuyerToken, date: Date) -> Result<Option<Date>> {
        self.pause().await;
        let left = self.memory.first_bought(token, date).await?;
        if self.is_sent_again()? { self.memory.first_bought(token, date).await } else { Ok(left) }
    }
}

impl ListImports for World {
    async fn import_by_id(&self, id: &ImportId) -> Result<Option<Import>> {
        self.memory.import_by_id(id).await
    }

    async fn imports(&self, month: Date, before: Option<Timestamp>, limit: usize) -> Result<Vec<Import>> {
        self.memory.imports(month, before, limit).await
    }
}

impl WriteAnalytics for World {
    async fn put(&self, date: Date, file: Bytes) -> anyhow::Result<()> {
        self.pause().await;
        self.call()?;
        // Sent again it is the same.
        self.files.lock().unwrap().insert(date, file);
        Ok(self.is_sent_again().map(drop)?)
    }
}

impl Invoke for World {
    async fn invoke(&self, event: &Value) -> anyhow::Result<()> {
        self.pause().await;
        self.call()?;
        self.queue.lock().unwrap().push_back(event.clone());
        if self.is_sent_again()? {
            self.queue.lock().unwrap().push_back(event.clone());
        }
        Ok(())
    }
}
