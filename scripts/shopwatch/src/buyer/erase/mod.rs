//! Erases a person. Every step may be done again: what is deleted last, the person's entries in the buyer index, is
//! what leads to the rest.

mod copy;
mod exports;
mod outstanding;
mod quiet;
mod report;
mod rollups;
mod search;
mod uploads;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use etl::object::ReadUpload;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use shared::invoke::Invoke;
use shared::purchase::Position;
use shared::store::{
    BATCH, DeletePurchases, ForgetBuyers, ListImports, ReadImports, ReadPurchases, WriteErased, WriteTrends,
};

use self::rollups::Rollups;
use super::{Found, Person, find};

pub(crate) use copy::Copy;
pub use exports::{Holding, Holds, ListUploads};
pub use report::report;
pub use rollups::ReadCopy;
pub(crate) use uploads::Uploads;

/// Batches of purchases that are deleted at once.
const AT_ONCE: usize = 8;

/// How long to wait for others, and how often to look.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// Between two looks.
    pub pause: Duration,
    /// What the index of the ledger may be behind the ledger: nothing is concluded before.
    pub settle: Duration,
    /// After how long a rollup that has not come to its end is asked for again.
    pub repeat: Duration,
    /// For imports to end, and for trends to be recomputed.
    pub most: Duration,
}

impl Waits {
    /// What the command uses.
    pub fn new(most: Duration) -> Self {
        let seconds = Duration::from_secs;
        Self { pause: seconds(2), settle: seconds(5), repeat: seconds(180), most }
    }
}

/// Everything that erasing needs.
pub struct Erasing<'a, L, P, H, R, C, O> {
    /// The import ledger, and who is erased.
    pub ledger: &'a L,
    /// The purchases.
    pub purchases: &'a P,
    /// Trends, and the buyer index.
    pub history: &'a H,
    /// The function `rollup`.
    pub rollup: &'a R,
    /// The analytics copy.
    pub copy: &'a C,
    /// The uploads bucket.
    pub uploads: &'a O,
    /// The person.
    pub person: &'a Person,
    /// How long to wait.
    pub waits: Waits,
}

/// What was erased, and what is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// Purchases deleted.
    pub purchases: usize,
    /// Days recomputed.
    pub days: BTreeSet<Date>,
    /// Tokens whose entries in the index were deleted.
    pub tokens: usize,
    /// Objects that hold the person, or may.
    pub holding: Vec<Holding>,
    /// Objects that were looked through.
    pub looked_through: usize,
}

impl<L, P, H, R, C, O> Erasing<'_, L, P, H, R, C, O>
where
    L: ListImports + ReadImports + WriteErased,
    P: ReadPurchases + DeletePurchases,
    H: ForgetBuyers + WriteTrends,
    R: Invoke,
    C: ReadCopy,
    O: ListUploads + ReadUpload,
{
    /// Erases the person; `tell` is told of each step.
    ///
    /// # Errors
    /// When a table or the bucket does not answer, or others take longer than there is patience: running it again
    /// goes on.
    pub async fn erase(&self, tell: &impl Fn(String)) -> anyhow::Result<Erased> {
        tell("recording the person".to_owned());
        let began = Timestamp::now();
        self.ledger.put_erased(&self.person.first_hmac, began).await.context("recording the person")?;
        let recorded_at = Timestamp::now();
        let touched = quiet::wait(self.ledger, recorded_at, self.waits, tell).await?;

        let known = self.days().await?;
        let outstanding = outstanding::days(self.history, &touched, &known, recorded_at, tell).await?;
        let (trends, rollup, copy, waits) = (self.history, self.rollup, self.copy, self.waits);
        let rollups = Rollups { trends, rollup, copy, waits };
        rollups.make_up(&outstanding, tell).await?;

        let found = self.found(tell).await?;
        self.delete(&found, tell).await?;
        // By the clock of this machine, which AWS accepts only if it is about right.
        let deleted_at = Timestamp::now();
        let mut days = found.days.clone();
        days.extend(found.purchases.iter().map(|purchase| purchase.position.date()));
        rollups.recompute(&days, deleted_at, tell).await?;

        let looked = exports::look(self.uploads, self.person, tell).await?;
        tell("deleting the person from the index".to_owned());
        for token in &found.tokens {
            self.history.forget(token).await.context("deleting the person from the index")?;
        }
        Ok(Erased {
            purchases: found.purchases.len(),
            days,
            tokens: found.tokens.len(),
            holding: looked.holding,
            looked_through: looked.objects,
        })
    }

    async fn days(&self) -> anyhow::Result<BTreeSet<Date>> {
        let mut days = BTreeSet::new();
        for token in &self.person.tokens {
            days.extend(self.history.days_of(token).await.context("reading the index")?);
        }
        Ok(days)
    }

    async fn found(&self, tell: &impl Fn(String)) -> anyhow::Result<Found> {
        let seen = |read, total| tell(format!("reading the days: {read} of {total} parts"));
        find(self.history, self.purchases, &self.person.tokens, seen).await
    }

    async fn delete(&self, found: &Found, tell: &impl Fn(String)) -> anyhow::Result<()> {
        tell(format!("deleting {} purchases", found.purchases.len()));
        let positions: Vec<Position> = found.purchases.iter().map(|purchase| purchase.position).collect();
        let deletes = positions.chunks(BATCH).map(|batch| self.purchases.delete(batch));
        stream::iter(deletes)
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await
            .context("deleting purchases")
    }
}
