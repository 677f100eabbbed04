//! The load: one pass over an object, from bytes to purchases in the table, with many batches in flight.
//!
//! Memory is bounded: one slice of the object, [`MAX_IN_FLIGHT`] batches, one part of the rejects file.

use std::pin::pin;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use shared::purchase::Purchase;
use shared::store::{self, BATCH, StoreError, WritePurchases};

use crate::identity::Halt;
use crate::object::{Body, Source};
use crate::progress::Progress;
use crate::rejects::{Rejects, WriteRejects};
use crate::transform::{Outcome, Transform};

/// Most batches in flight: 800 purchases. At 10 ms a batch that is 80,000 a second, more than a table takes.
pub const MAX_IN_FLIGHT: usize = 32;

/// How much is transformed before others may run: about a quarter of a millisecond's work.
const SLICE: usize = 64 * 1024;

/// Why a pass ended before the end.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// Equal rows cannot be counted like this.
    #[error(transparent)]
    Halt(#[from] Halt),
    /// The object's bytes broke off.
    #[error("reading the object broke off: {0:#}")]
    Read(anyhow::Error),
    /// A batch is not in the table.
    #[error("purchases could not be written: {0}")]
    Write(#[from] StoreError),
    /// The rejects file could not be written.
    #[error("the rejects file could not be written: {0:#}")]
    Rejects(anyhow::Error),
}

/// Reads the whole source and loads every good row. Done when every row is in the table or among the rejects.
///
/// # Errors
/// The first thing that went wrong; what was written stays, and writing it again changes nothing.
pub async fn pass<B: Body, P: WritePurchases + Sync, R: WriteRejects>(
    source: &mut Source<B>,
    mut transform: Transform<'_>,
    purchases: &P,
    rejects: &mut Rejects<'_, R>,
    progress: &Progress,
) -> Result<(), PassError> {
    let mut writes = Writes::new(purchases, progress);
    loop {
        let chunk = writes.alongside(source.next()).await?.map_err(PassError::Read)?;
        let Some(chunk) = chunk else { break };
        for slice in chunk.chunks(SLICE) {
            progress.read(slice.len());
            transform.push(slice);
            drain(&mut transform, &mut writes, rejects, progress).await?;
            // The heartbeat and the deadline are on this thread too.
            tokio::task::yield_now().await;
        }
    }
    transform.finish();
    drain(&mut transform, &mut writes, rejects, progress).await?;
    writes.finish().await?;
    Ok(())
}

/// Takes every row that is complete.
async fn drain<P: WritePurchases + Sync, R: WriteRejects>(
    transform: &mut Transform<'_>,
    writes: &mut Writes<'_, P>,
    rejects: &mut Rejects<'_, R>,
    progress: &Progress,
) -> Result<(), PassError> {
    while let Some(outcome) = transform.next()? {
        match outcome {
            Outcome::Purchase(purchase) => {
                progress.accepted();
                if writes.add(purchase) {
                    writes.send().await?;
                }
            }
            Outcome::Reject(reject) => {
                progress.rejected(reject.reason);
                if rejects.add(&reject).map_err(PassError::Rejects)? {
                    writes.alongside(rejects.send_part()).await?.map_err(PassError::Rejects)?;
                }
            }
        }
    }
    Ok(())
}

/// Batches on their way to the table.
struct Writes<'a, P> {
    store: &'a P,
    progress: &'a Progress,
    batch: Vec<Purchase>,
    in_flight: FuturesUnordered<BoxFuture<'a, store::Result<usize>>>,
}

impl<'a, P: WritePurchases + Sync> Writes<'a, P> {
    fn new(store: &'a P, progress: &'a Progress) -> Self {
        Self { store, progress, batch: Vec::with_capacity(BATCH), in_flight: FuturesUnordered::new() }
    }

    /// Adds a purchase; `true` when the batch is full and [`send`](Self::send) is due.
    fn add(&mut self, purchase: Purchase) -> bool {
        self.batch.push(purchase);
        self.batch.len() >= BATCH
    }

    /// Sends the batch, once there is room for it.
    async fn send(&mut self) -> Result<(), StoreError> {
        while self.in_flight.len() >= MAX_IN_FLIGHT {
            self.settle_one().await?;
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        let store = self.store;
        self.in_flight.push(Box::pin(async move { store.put(&batch).await.map(|_| batch.len()) }));
        // A future does nothing before it is polled: this sets the batch on its way.
        self.alongside(std::future::ready(())).await
    }

    /// Waits for one batch; only what the table has acknowledged counts as loaded.
    async fn settle_one(&mut self) -> Result<(), StoreError> {
        if let Some(done) = self.in_flight.next().await {
            self.progress.loaded(done?);
        }
        Ok(())
    }

    /// Waits for something else while the batches go on: each of them is looked at first.
    async fn alongside<T>(&mut self, other: impl Future<Output = T>) -> Result<T, StoreError> {
        let mut other = pin!(other);
        loop {
            tokio::select! {
                biased;
                Some(done) = self.in_flight.next() => self.progress.loaded(done?),
                value = &mut other => return Ok(value),
            }
        }
    }

    /// Sends the rest and waits for all of it.
    async fn finish(&mut self) -> Result<(), StoreError> {
        if !self.batch.is_empty() {
            self.send().await?;
        }
        while !self.in_flight.is_empty() {
            self.settle_one().await?;
        }
        Ok(())
    }
}
