//! The stores: one small trait per permission, and the DynamoDB tables behind them.
//!
//! The trait a handler asks for is the permission its function has: one statement of the template each.

mod accounts;
mod audit;
mod batch;
mod beats;
mod channels;
mod history;
mod imports;
mod incidents;
mod item;
mod mark;
mod monitors;
mod purchases;
mod secrets;
mod sessions;
mod signals;
mod transaction;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::account::AccountId;
use crate::history::{DayOfShard, Hour, Summary};
use crate::import::{Import, ImportCounts, ImportId, ObjectVersion};
use crate::incident::{Incident, IncidentId, Update};
use crate::maintenance::{Window, WindowId};
use crate::monitor::{MonitorId, ShardId};
use crate::schedule::Slot;
use crate::state::ShardState;

pub use accounts::{AccountChange, AccountsTable, MAX_LISTED, ReadAccounts, UserChange, WriteAccounts};
pub use audit::{AuditTable, ReadAudit, WriteAudit};
pub(crate) use batch::ThrottledBatch;
pub use beats::{BeatsTable, ReadBeats, WriteBeatTokens, WriteBeats};
pub use channels::{ReadChannels, ReadTargets, WriteChannels, WriteTargets};
pub use history::{
    ForgetBuyers, HistoryTable, KnownBuyer, MAX_TREND_DAYS, ReadTrends, WriteBuyers, WriteTrends,
};
pub use imports::{FirstHmac, IMPORT_MONTHS, ImportsTable, ReadErased, WriteErased, month_of, walk_imports};
pub use incidents::IncidentsTable;
pub use mark::{Mark, Reported};
pub use monitors::{
    ListMonitors, MonitorsTable, ReadMonitor, ReadMonitors, ReadShards, ShardChange, WriteMonitors,
};
pub use purchases::{
    BATCH, BucketPage, BucketQuery, DeletePurchases, PurchasesTable, ReadPurchases, Taken, WritePurchases,
};
pub use secrets::{ReadCredentials, SecretsTable, WriteCredentials};
pub use sessions::{CountAttempts, MAX_SESSIONS, ReadSessions, SessionsTable, WriteSessions};
pub use signals::{
    MAX_SLOTS, ReadChecks, ReadSignals, Recorded, SignalsTable, WriteChecks, WriteSignals, streamed_block,
};

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

/// What was found where one thing that cannot be read must not hide the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// What could be read.
    pub values: Vec<T>,
    /// What could not.
    pub broken: Vec<Broken>,
}

/// Something stored that is not, or no longer, valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What names it: a monitor's or a window's id.
    pub id: String,
    /// What is wrong with it.
    pub why: String,
}

/// The maintenance windows.
pub trait ReadMaintenance {
    /// Every window, by id.
    fn windows(&self) -> impl Future<Output = Result<Stored<Window>>> + Send;
}

/// Changes maintenance windows.
pub trait WriteMaintenance {
    /// Stores a window in place of the one with its id.
    fn put_window(&self, window: &Window) -> impl Future<Output = Result<()>> + Send;
    /// Deletes a window. Does nothing when there is none.
    fn delete_window(&self, id: &WindowId) -> impl Future<Output = Result<()>> + Send;
}

/// What people add to incidents.
pub trait ReadUpdates {
    /// The updates of an incident, oldest first, at most twice [`crate::incident::MAX_UPDATES`]: those who add at the same
    /// moment do not see each other.
    fn updates(&self, incident: &IncidentId) -> impl Future<Output = Result<Vec<Update>>> + Send;
}

/// Adds to incidents.
pub trait WriteUpdates {
    /// Stores the update; storing it again changes nothing.
    fn add_update(&self, update: &Update) -> impl Future<Output = Result<()>> + Send;
}

/// What `judge` remembers of monitors.
pub trait ReadStates {
    /// The state of a shard, if any of its slots was folded.
    fn state(&self, shard: ShardId) -> impl Future<Output = Result<Option<ShardState>>> + Send;
}

/// The same of many shards.
pub trait ListStates {
    /// The states of those of these shards that have one. One that cannot be read is left out, and said in the log.
    fn states(
        &self,
        shards: &BTreeSet<ShardId>,
    ) -> impl Future<Output = Result<HashMap<ShardId, ShardState>>> + Send;
}

/// How far shards are folded, for who watches the watcher.
pub trait ReadMarks {
    /// The mark of every shard that has one. One that cannot be read is left out, and said in the log.
    fn marks(&self) -> impl Future<Output = Result<BTreeMap<ShardId, Mark>>> + Send;
}

/// Slots of a shard that were folded together: all of it is written, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folding {
    /// Which shard.
    pub shard: ShardId,
    /// The last slot that was folded before.
    pub before: Option<Slot>,
    /// The mark that is left now.
    pub after: Mark,
    /// The shard's state then, if it is another than before.
    pub state: Option<ShardState>,
    /// Incidents that were opened, changed or closed; at most [`MAX_FOLDED_INCIDENTS`], each once.
    pub incidents: Vec<Incident>,
}

/// Most incidents of one [`Folding`]: with the state and the mark they fit a DynamoDB transaction of 100 actions.
pub const MAX_FOLDED_INCIDENTS: usize = 98;

/// Judges.
pub trait WriteJudgement {
    /// How far the shard is folded.
    fn folded(&self, shard: ShardId) -> impl Future<Output = Result<Option<Mark>>> + Send;
    /// Writes what slots were folded into, or answers [`StoreError::Conflict`] when others were folded meanwhile.
    fn fold(&self, folding: &Folding) -> impl Future<Output = Result<()>> + Send;
}

/// Reads incidents.
pub trait ReadIncidents {
    /// One incident.
    fn incident(&self, id: &IncidentId) -> impl Future<Output = Result<Option<Incident>>> + Send;
    /// The account's incidents that were opened in these slots, newest first, at most `limit` and at most of 13 months; of
    /// guests' accounts as they were a moment ago.
    fn incidents(
        &self,
        account: &AccountId,
        opened: RangeInclusive<Slot>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Incident>>> + Send;
    /// The newest incidents of a monitor, newest first, at most `limit`.
    fn incidents_of(
        &self,
        monitor: &MonitorId,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Incident>>> + Send;
}

/// Writes history. Each call answers `false`, and writes nothing, when the result of a reading that began later is
/// there.
pub trait WriteHistory {
    /// Stores an hour.
    fn put_hour(&self, hour: &Hour) -> impl Future<Output = Result<bool>> + Send;
    /// Stores a day.
    fn put_day(&self, day: &DayOfShard) -> impl Future<Output = Result<bool>> + Send;
    /// Stores a summary.
    fn put_summary(&self, summary: &Summary) -> impl Future<Output = Result<bool>> + Send;
}

/// Reads history.
pub trait ReadHistory {
    /// The hours of a day of a shard, by hour and region. Of hours, and of days, what cannot be read is left out, and
    /// said in the log.
    fn hours(&self, shard: ShardId, date: Date) -> impl Future<Output = Result<Vec<Hour>>> + Send;
    /// Days of a shard, oldest first.
    fn days(
        &self,
        shard: ShardId,
        dates: RangeInclusive<Date>,
    ) -> impl Future<Output = Result<Vec<DayOfShard>>> + Send;
    /// The summary of a shard.
    fn summary(&self, shard: ShardId) -> impl Future<Output = Result<Option<Summary>>> + Send;
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

/// What a heartbeat records of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Everything counted.
    pub counts: ImportCounts,
    /// Whether rows out of time order were found.
    pub unsorted: bool,
    /// The days touched; none when they are those in the ledger, because there may be thousands.
    pub days: Option<Vec<Date>>,
    /// Until when nobody else may load it.
    pub lease_until: Timestamp,
}

/// Keeps the import ledger.
pub trait WriteImports {
    /// Begins an import, or takes over one that failed, was released, or whose lease ran out before `now`. An owner who
    /// claims twice is granted twice.
    fn claim(&self, import: &Import, now: Timestamp) -> impl Future<Output = Result<Claim>> + Send;

    /// Records progress and moves the lease; [`StoreError::Conflict`] when the lease is another's by now.
    fn progress(
        &self,
        object: &ObjectVersion,
        owner: &str,
        heartbeat: &Heartbeat,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Records how it ended; [`StoreError::Conflict`] when the lease is another's by now. Recording the same end
    /// again changes nothing.
    fn finish(&self, import: &Import) -> impl Future<Output = Result<()>> + Send;

    /// Ends this invocation's part of an import that goes on: records what `import` says, but that [`NOBODY`] owns it,
    /// so that the next one may claim it at once, whatever its clock shows, and a heartbeat that arrives late changes
    /// nothing. [`StoreError::Conflict`] when the lease is another's by now. Releasing the same again changes nothing.
    ///
    /// [`NOBODY`]: crate::import::NOBODY
    fn release(&self, import: &Import) -> impl Future<Output = Result<()>> + Send;

    /// The fingerprint of the first PII key of this installation: this one, if there was none yet.
    fn first_key(&self, fingerprint: &str) -> impl Future<Output = Result<String>> + Send;
}

/// Reads the import ledger.
pub trait ReadImports {
    /// The entry of one version of an object.
    fn import(&self, object: &ObjectVersion) -> impl Future<Output = Result<Option<Import>>> + Send;
}

/// Reads the import ledger as a list.
pub trait ListImports {
    /// The import of this id.
    fn import_by_id(&self, id: &ImportId) -> impl Future<Output = Result<Option<Import>>> + Send;
    /// Imports of a month (of [`Import::started_at`]), newest first, at most `limit`, of those that began before this
    /// instant if one is given. One that cannot be read is left out, and said in the log.
    fn imports(
        &self,
        month: Date,
        before: Option<Timestamp>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Import>>> + Send;
}
