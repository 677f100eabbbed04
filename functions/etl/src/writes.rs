//! Batches of purchases on their way to the table, as many at once as it takes.

use std::pin::pin;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use shared::purchase::Purchase;
use shared::store::{BATCH, Result, Taken, WritePurchases};

use crate::pace::{Pace, Round};
use crate::progress::Progress;

/// Writes purchases. Memory is bounded by [`crate::pace::BOUNDS`].
pub struct Writes<'a, P> {
    store: &'a P,
    progress: &'a Progress,
    pace: Pace,
    batch: Vec<Purchase>,
    /// The row of the first purchase in `batch`.
    first: u64,
    in_flight: FuturesUnordered<BoxFuture<'a, Result<Sent>>>,
}

/// A batch that is in the table.
struct Sent {
    first: u64,
    purchases: usize,
    round: Round,
    taken: Taken,
}

impl<'a, P: WritePurchases + Sync> Writes<'a, P> {
    /// Writes to this table, and counts what is in it.
    pub fn new(store: &'a P, progress: &'a Progress) -> Self {
        Self {
            store,
            progress,
            pace: Pace::default(),
            batch: Vec::with_capacity(BATCH),
            first: 0,
            in_flight: FuturesUnordered::new(),
        }
    }

    /// Adds the purchase of a row; `true` when the batch is full and [`send`](Self::send) is due.
    pub fn add(&mut self, row: u64, purchase: Purchase) -> bool {
        if self.batch.is_empty() {
            self.first = row;
            self.progress.open(row);
        }
        self.batch.push(purchase);
        self.batch.len() >= BATCH
    }

    /// Sends the batch, once there is room for it.
    ///
    /// # Errors
    /// When a batch before it could not be written.
    pub async fn send(&mut self) -> Result<()> {
        while self.in_flight.len() >= self.pace.most() {
            self.settle_one().await?;
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        let (store, first, round) = (self.store, self.first, self.pace.round());
        self.in_flight.push(Box::pin(async move {
            let taken = store.put(&batch).await?;
            Ok(Sent { first, purchases: batch.len(), round, taken })
        }));
        // A future does nothing before it is polled: this sets the batch on its way.
        self.alongside(std::future::ready(())).await
    }

    /// Only what the table has acknowledged counts as loaded.
    fn settled(&mut self, sent: Sent) {
        self.pace.learn(sent.round, sent.taken);
        self.progress.loaded(sent.purchases);
        self.progress.settled(sent.first);
    }

    async fn settle_one(&mut self) -> Result<()> {
        if let Some(sent) = self.in_flight.next().await {
            self.settled(sent?);
        }
        Ok(())
    }

    /// Waits for something else while the batches go on: each of them is looked at first.
    ///
    /// # Errors
    /// When a batch could not be written.
    pub async fn alongside<T>(&mut self, other: impl Future<Output = T>) -> Result<T> {
        let mut other = pin!(other);
        loop {
            tokio::select! {
                biased;
                Some(sent) = self.in_flight.next() => self.settled(sent?),
                value = &mut other => return Ok(value),
            }
        }
    }

    /// Waits for every batch that is on its way. The one that is not full yet is left unwritten.
    ///
    /// # Errors
    /// When a batch could not be written.
    pub async fn settle(&mut self) -> Result<()> {
        self.batch.clear();
        while !self.in_flight.is_empty() {
            self.settle_one().await?;
        }
        Ok(())
    }

    /// Sends the rest and waits for all of it.
    ///
    /// # Errors
    /// When a batch could not be written.
    pub async fn finish(&mut self) -> Result<()> {
        if !self.batch.is_empty() {
            self.send().await?;
        }
        self.settle().await
    }
}
