//! The load: one pass over an object, from bytes to purchases in the table, with many batches in flight.
//!
//! Memory is bounded: one piece of the object, the rows that are judged first, the batches in flight, one part of the
//! rejects file.

use shared::import::ImportCounts;
use shared::purchase::Purchase;
use shared::store::{StoreError, WritePurchases};

use crate::days::TooManyDays;
use crate::export::{Export, ReadError};
use crate::identity::Halt;
use crate::judgement::{self, judge};
use crate::object::Body;
use crate::pii::Pii;
use crate::progress::Progress;
use crate::rejects::{Rejects, WriteRejects};
use crate::transform::{Outcome, Transform};
use crate::writes::Writes;

/// Why a pass ended before the end.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// Equal rows cannot be counted like this.
    #[error(transparent)]
    Halt(#[from] Halt),
    /// Too many of the first rows were refused; nothing was written.
    #[error("{0}")]
    Judged(String),
    /// More days than an import may touch.
    #[error(transparent)]
    Days(#[from] TooManyDays),
    /// The object's bytes broke off.
    #[error("reading the object broke off: {0}")]
    Read(#[from] ReadError),
    /// A batch is not in the table.
    #[error("purchases could not be written: {0}")]
    Write(#[from] StoreError),
    /// The rejects file could not be written.
    #[error("the rejects file could not be written: {0:#}")]
    Rejects(anyhow::Error),
}

/// Where rows go.
pub struct Load<'a, P, R> {
    /// The good ones.
    pub writes: Writes<'a, P>,
    /// The others.
    pub rejects: Rejects<'a, R>,
    progress: &'a Progress,
    max_rejected_percent: u8,
    /// How the text was found to be laid out, for people.
    pub layout: Option<String>,
    /// Good rows with their numbers, while the first rows are judged.
    held: Option<Vec<(u64, Purchase)>>,
}

/// What is open as long as the first rows are judged: everything, as no row has this number.
const ALL: u64 = 0;

impl<'a, P: WritePurchases + Sync, R: WriteRejects> Load<'a, P, R> {
    /// Loads into this table and this rejects file.
    pub fn new(
        purchases: &'a P,
        rejects: Rejects<'a, R>,
        progress: &'a Progress,
        max_rejected_percent: u8,
    ) -> Self {
        let writes = Writes::new(purchases, progress);
        Self { writes, rejects, progress, max_rejected_percent, layout: None, held: None }
    }

    /// Reads the whole export and loads every good row that no earlier pass has. Done when every row is in the table,
    /// among the rejects, or left out. Where nothing is settled yet the first rows are judged before any is written.
    ///
    /// # Errors
    /// The first thing that went wrong; what was written stays, and writing it again changes nothing.
    pub async fn pass<B: Body>(
        &mut self,
        export: &mut Export<B>,
        mut transform: Transform<'_>,
        pii: &Pii,
    ) -> Result<(), PassError> {
        if self.progress.checkpoint() == 0 {
            self.progress.open(ALL);
            self.held = Some(Vec::new());
        }
        while let Some(text) = self.writes.alongside(export.next()).await?? {
            self.progress.read(export.object_bytes(), export.text_bytes());
            transform.push(&text);
            self.drain(&mut transform, pii).await?;
            // The heartbeat and the deadline are on this thread too.
            tokio::task::yield_now().await;
        }
        self.progress.read(export.object_bytes(), export.text_bytes());
        transform.finish();
        self.drain(&mut transform, pii).await?;
        self.judge().await?;
        self.writes.finish().await?;
        Ok(())
    }

    /// Makes ready for a pass that begins at row 1 again: what is on its way arrives, the rejects file is emptied.
    ///
    /// # Errors
    /// When a batch could not be written, or S3 doesn't throw away what it has.
    pub async fn start_again(&mut self) -> Result<(), PassError> {
        self.writes.settle().await?;
        self.held = None;
        self.progress.start_again();
        self.rejects.restart().await.map_err(PassError::Rejects)
    }

    /// Takes every row that is complete.
    async fn drain(&mut self, transform: &mut Transform<'_>, pii: &Pii) -> Result<(), PassError> {
        while let Some(outcome) = transform.next()? {
            let row = self.progress.next_row();
            match outcome {
                Outcome::Purchase(purchase) => {
                    if self.purchase(row, purchase)? {
                        self.writes.send().await?;
                    }
                }
                Outcome::Erased => self.progress.erased(),
                Outcome::Reject(reject) if pii.names_erased(reject.raw) => self.progress.erased(),
                Outcome::Reject(reject) => {
                    self.progress.rejected(reject.reason);
                    if self.rejects.add(&reject).map_err(PassError::Rejects)? {
                        let sent = self.writes.alongside(self.rejects.send_part()).await?;
                        sent.map_err(PassError::Rejects)?;
                    }
                }
            }
            if row == judgement::ROWS {
                self.judge().await?;
            }
        }
        if self.layout.is_none() {
            self.layout = transform.format();
        }
        self.progress.ambiguous_times(transform.ambiguous_times());
        Ok(())
    }

    /// Takes a good row; `true` when a batch is full.
    fn purchase(&mut self, row: u64, purchase: Purchase) -> Result<bool, PassError> {
        if let Some(held) = &mut self.held {
            held.push((row, purchase));
            return Ok(false);
        }
        self.progress.touches(purchase.position.at)?;
        if self.progress.was_settled(row) {
            self.progress.loaded(1);
            return Ok(false);
        }
        Ok(self.writes.add(row, purchase))
    }

    /// Judges the first rows, once, and lets them go.
    async fn judge(&mut self) -> Result<(), PassError> {
        let Some(held) = self.held.take() else { return Ok(()) };
        let counts: ImportCounts = self.progress.counts();
        judge(&counts, self.max_rejected_percent).map_err(PassError::Judged)?;
        for (row, purchase) in held {
            if self.purchase(row, purchase)? {
                self.writes.send().await?;
            }
        }
        self.progress.settled(ALL);
        Ok(())
    }
}
