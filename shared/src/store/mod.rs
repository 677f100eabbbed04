//! The stores: one small trait per permission, and the DynamoDB tables behind them.
//!
//! The trait a handler asks for is the permission its function has: one statement of the template each.

mod imports;
mod item;
mod monitors;
mod purchases;
mod sessions;
mod signals;

use std::future::Future;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::block::Block;
use crate::import::{Import, ImportCounts, ObjectVersion};
use crate::monitor::{Monitor, ShardId, ShardSummary};
use crate::purchase::{BuyerToken, ItemId, Position, Purchase};
use crate::schedule::Slot;
use crate::session::{ApiKey, TokenHash};

pub use imports::ImportsTable;
pub use monitors::MonitorsTable;
pub use purchases::PurchasesTable;
pub use sessions::SessionsTable;
pub use signals::SignalsTable;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed it first: read again, then decide again.
    #[error("{0} was changed by somebody else")]
    Conflict(String),
    /// A stored item is not as it was written. Says which, never what it holds.
    #[error("a stored item is broken: {0}")]
    Broken(String),
    /// The table did not answer, or refused.
    #[error("{action} failed: {cause}")]
    Unavailable {
        /// What was asked of the table.
        action: &'static str,
        /// The service's error with its causes.
        cause: String,
    },
}

/// The result of a store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The shards' summaries: all that `scheduler` reads.
pub trait ReadShards {
    /// Every shard's summary, by shard.
    fn shards(&self) -> impl Future<Output = Result<Vec<ShardSummary>>> + Send;
}

/// The configuration of monitors.
pub trait ReadMonitors {
    /// Every monitor of a shard, by id.
    fn monitors(&self, shard: ShardId) -> impl Future<Output = Result<Vec<Monitor>>> + Send;
}

/// A change of one shard: its monitors and its summary change together or not at all.
#[derive(Debug, Clone)]
pub struct ShardChange {
    /// Monitors that are new or changed. A version of 1 must not exist yet, any other must follow the stored one.
    pub put: Vec<Monitor>,
    /// The summary that the shard has then; version 1 for a new shard, one more than the stored one otherwise.
    pub summary: ShardSummary,
}

/// Changes monitors.
pub trait WriteMonitors {
    /// Applies the change, or answers [`StoreError::Conflict`] when shard or monitors have changed meanwhile.
    fn change(&self, change: &ShardChange) -> impl Future<Output = Result<()>> + Send;
}

/// Records signals.
pub trait WriteSignals {
    /// Puts the block once: `false` when it was there already, whatever it holds.
    fn put_block(&self, block: &Block) -> impl Future<Output = Result<bool>> + Send;
}

/// Reads signals.
pub trait ReadSignals {
    /// The shard's blocks of these slots, oldest first; at most [`MAX_SLOTS`] slots.
    fn blocks(
        &self,
        shard: ShardId,
        slots: RangeInclusive<Slot>,
    ) -> impl Future<Output = Result<Vec<Block>>> + Send;
}

/// Most slots that one call of [`ReadSignals::blocks`] reads: two days.
pub const MAX_SLOTS: i64 = 2_880;

/// Most purchases in one call of [`WritePurchases::put`] (DynamoDB's limit of BatchWriteItem).
pub const BATCH: usize = 25;

/// Loads purchases.
pub trait WritePurchases {
    /// Puts up to [`BATCH`] purchases with different positions, each of them or an error: what the service
    /// leaves over is sent again. Putting a purchase again changes nothing.
    fn put(&self, purchases: &[Purchase]) -> impl Future<Output = Result<()>> + Send;
}

/// A part of one bucket of one day.
#[derive(Debug, Clone)]
pub struct BucketQuery {
    /// The day in UTC.
    pub date: Date,
    /// 0 to [`crate::purchase::BUCKETS`] − 1.
    pub bucket: u8,
    /// From this instant on.
    pub from: Timestamp,
    /// Before this instant.
    pub until: Timestamp,
    /// Only behind this position.
    pub after: Option<Position>,
    /// Only purchases of this item.
    pub item: Option<ItemId>,
    /// Only purchases of this buyer.
    pub buyer: Option<BuyerToken>,
    /// At most this many, 1 to 1,000.
    pub limit: u16,
}

/// What a [`BucketQuery`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketPage {
    /// In the order of their positions.
    pub purchases: Vec<Purchase>,
    /// How far the table was read, when there may be more: everything up to here is in `purchases`.
    pub read_to: Option<Position>,
}

/// Reads purchases.
pub trait ReadPurchases {
    /// One page of one bucket: at most `limit` purchases, and at most what DynamoDB reads in one go (1 MB).
    fn page(&self, query: &BucketQuery) -> impl Future<Output = Result<BucketPage>> + Send;
}

/// What happened when an import was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The import is the caller's, until its lease runs out.
    Granted,
    /// Another invocation is loading it until then.
    Leased(Timestamp),
    /// It has ended for good: there is nothing to do.
    Ended(Box<Import>),
}

/// Keeps the import ledger.
pub trait WriteImports {
    /// Begins an import, or takes over one that failed or whose lease ran out before `now`. An owner who claims
    /// twice is granted twice.
    fn claim(&self, import: &Import, now: Timestamp) -> impl Future<Output = Result<Claim>> + Send;

    /// Records progress and moves the lease; [`StoreError::Conflict`] when the lease is another's by now.
    fn progress(
        &self,
        object: &ObjectVersion,
        owner: &str,
        counts: &ImportCounts,
        lease_until: Timestamp,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Records how it ended; [`StoreError::Conflict`] when the lease is another's by now. Recording the same end
    /// again changes nothing.
    fn finish(&self, import: &Import) -> impl Future<Output = Result<()>> + Send;

    /// The fingerprint of the first PII key of this installation: this one, if there was none yet.
    fn first_key(&self, fingerprint: &str) -> impl Future<Output = Result<String>> + Send;
}

/// Reads the import ledger.
pub trait ReadImports {
    /// The entry of one version of an object.
    fn import(&self, object: &ObjectVersion) -> impl Future<Output = Result<Option<Import>>> + Send;
}

/// Looks up API keys.
pub trait ReadSessions {
    /// The key with this hash, expired or not.
    fn key(&self, hash: &TokenHash) -> impl Future<Output = Result<Option<ApiKey>>> + Send;
}

/// Makes and revokes API keys.
pub trait WriteSessions {
    /// Stores a new key.
    fn put_key(&self, key: &ApiKey) -> impl Future<Output = Result<()>> + Send;
    /// Every key of a user, oldest first.
    fn keys(&self, user: &str) -> impl Future<Output = Result<Vec<ApiKey>>> + Send;
    /// Deletes a key: it holds no longer. Does nothing when there is none.
    fn revoke(&self, hash: &TokenHash) -> impl Future<Output = Result<()>> + Send;
}
