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

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::future::Future;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::account::AccountId;
use crate::beat::Beat;
use crate::credentials::{Credentials, CredentialsId};
use crate::history::{DayOfShard, Hour, Summary};
use crate::import::{Import, ImportCounts, ImportId, ObjectVersion};
use crate::incident::{Incident, IncidentId, Update};
use crate::maintenance::{Window, WindowId};
use crate::monitor::{MonitorId, ShardId};
use crate::purchase::{BuyerToken, ItemId, Position, Purchase};
use crate::schedule::Slot;
use crate::session::TokenHash;
use crate::state::ShardState;
use crate::trend::{DaySales, DayTrend, HourSales, TrendReading};

pub use accounts::{AccountChange, AccountsTable, MAX_LISTED, ReadAccounts, UserChange, WriteAccounts};
pub use audit::{AuditTable, ReadAudit, WriteAudit};
pub(crate) use batch::ThrottledBatch;
pub use beats::BeatsTable;
pub use channels::{ReadChannels, ReadTargets, WriteChannels, WriteTargets};
pub use history::HistoryTable;
pub use imports::{IMPORT_MONTHS, ImportsTable, month_of, walk_imports};
pub use incidents::IncidentsTable;
pub use mark::{Mark, Reported};
pub use monitors::{
    ListMonitors, MonitorsTable, ReadMonitor, ReadMonitors, ReadShards, ShardChange, WriteMonitors,
};
pub use purchases::PurchasesTable;
pub use secrets::SecretsTable;
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

/// What targets let us in with.
pub trait ReadCredentials {
    /// The credentials of this name.
    fn credentials(&self, id: &CredentialsId) -> impl Future<Output = Result<Option<Credentials>>> + Send;
}

/// Stores what targets let us in with.
pub trait WriteCredentials {
    /// Stores credentials under this name, in place of those there.
    fn put_credentials(
        &self,
        id: &CredentialsId,
        credentials: &Credentials,
    ) -> impl Future<Output = Result<()>> + Send;
    /// Whether it is these that are stored under this name. Reads nothing: whoever may only write finds out too.
    fn are_credentials(
        &self,
        id: &CredentialsId,
        credentials: &Credentials,
    ) -> impl Future<Output = Result<bool>> + Send;
    /// Deletes those of this name. Does nothing when there are none.
    fn delete_credentials(&self, id: &CredentialsId) -> impl Future<Output = Result<()>> + Send;
}

/// What targets that call us have said.
pub trait ReadBeats {
    /// The last beat of each monitor of a shard that has ever had one, by id.
    fn beats(&self, shard: ShardId) -> impl Future<Output = Result<Vec<Beat>>> + Send;
}

/// Records beats.
pub trait WriteBeats {
    /// The monitor that this token beats for.
    fn beating(&self, token: &TokenHash) -> impl Future<Output = Result<Option<MonitorId>>> + Send;
    /// Records the beat unless a later one is there; recording it again changes nothing.
    fn put_beat(&self, beat: &Beat) -> impl Future<Output = Result<()>> + Send;
}

/// Hands out tokens to beat with, and takes them back.
pub trait WriteBeatTokens {
    /// Lets this token beat for the monitor.
    fn put_beat_token(
        &self,
        token: &TokenHash,
        monitor: &MonitorId,
    ) -> impl Future<Output = Result<()>> + Send;
    /// How many tokens beat for the monitor; whoever hands them out keeps to [`crate::beat::MAX_BEAT_TOKENS`].
    fn beat_tokens(&self, monitor: &MonitorId) -> impl Future<Output = Result<usize>> + Send;
    /// Lets none of the monitor's tokens beat any more.
    fn delete_beat_tokens(&self, monitor: &MonitorId) -> impl Future<Output = Result<()>> + Send;
    /// Forgets the monitor's last beat.
    fn delete_beat(&self, monitor: &MonitorId) -> impl Future<Output = Result<()>> + Send;
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

/// Most purchases in one call of [`WritePurchases::put`] (DynamoDB's limit of BatchWriteItem).
pub const BATCH: usize = 25;

/// Loads purchases.
pub trait WritePurchases {
    /// Puts up to [`BATCH`] purchases with different positions, each of them or an error: what the service
    /// leaves over is sent again. Putting a purchase again changes nothing.
    fn put(&self, purchases: &[Purchase]) -> impl Future<Output = Result<Taken>> + Send;
}

/// How the service took what was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// All of it the first time.
    AtOnce,
    /// Some of it only when it was sent again: more is asked of the table than it takes.
    Throttled,
}

/// Deletes purchases, for people who ask to be erased.
pub trait DeletePurchases {
    /// Deletes up to [`BATCH`] purchases. Deleting one again changes nothing.
    fn delete(&self, positions: &[Position]) -> impl Future<Output = Result<()>> + Send;
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
    /// Only purchases whose buyer, or linked buyer, this is.
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

/// An HMAC of a person's e-mail address under the first PII key.
pub type FirstHmac = [u8; 32];

/// The people who have asked to be erased.
pub trait ReadErased {
    /// All of them.
    fn erased(&self) -> impl Future<Output = Result<HashSet<FirstHmac>>> + Send;
}

/// Records who has asked to be erased.
pub trait WriteErased {
    /// Records a person, for good. Recording one again changes nothing.
    fn put_erased(&self, person: &FirstHmac, at: Timestamp) -> impl Future<Output = Result<()>> + Send;
}

/// Writes trends.
pub trait WriteTrends {
    /// Stores the day and its hours together, in place of those there; `false`, and nothing is written, when the result
    /// of a reading that began later is there.
    fn put_trend(&self, trend: &DayTrend) -> impl Future<Output = Result<bool>> + Send;
    /// The reading whose result is stored of this day.
    fn trend_reading(&self, date: Date) -> impl Future<Output = Result<Option<TrendReading>>> + Send;
}

/// Most days that one call of [`ReadTrends`] reads, the last of those asked for: ten years.
pub const MAX_TREND_DAYS: u16 = 3_700;

/// Reads trends.
pub trait ReadTrends {
    /// The days in which anything was sold, oldest first. What cannot be read is left out, and said in the log.
    fn day_sales(&self, dates: RangeInclusive<Date>) -> impl Future<Output = Result<Vec<DaySales>>> + Send;
    /// The hours in which anything was sold, oldest first.
    fn hour_sales(&self, dates: RangeInclusive<Date>) -> impl Future<Output = Result<Vec<HourSales>>> + Send;
}

/// What the buyer index knows of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnownBuyer {
    /// The first day that it bought on, as far as is known.
    pub first: Option<Date>,
    /// Whether the day asked about is noted.
    pub noted: bool,
}

/// Keeps the buyer index: the days that each token bought on.
pub trait WriteBuyers {
    /// What is known of these tokens, in their order, read in batches; `date` is the day asked about.
    fn known(
        &self,
        date: Date,
        tokens: &[BuyerToken],
    ) -> impl Future<Output = Result<Vec<KnownBuyer>>> + Send;
    /// Notes that these tokens bought on this day, in batches. Noting it again changes nothing.
    fn note(&self, date: Date, tokens: &[BuyerToken]) -> impl Future<Output = Result<()>> + Send;
    /// Makes this the first day of these tokens, many together; each is known to have this later first day, or none.
    /// Answers those left out: nothing was changed for them, because one of those written together is not as it was
    /// known, or is being written. They are for [`WriteBuyers::first_bought`].
    fn first_bought_together(
        &self,
        tokens: &[(BuyerToken, Option<Date>)],
        date: Date,
    ) -> impl Future<Output = Result<Vec<BuyerToken>>> + Send;
    /// Makes this the first day of a token unless an earlier one is stored; answers the later day that was stored
    /// before, if one was: its trend counts the buyer as new, and has to be recomputed. Sent again, because an answer
    /// was lost, it answers the same.
    fn first_bought(
        &self,
        token: &BuyerToken,
        date: Date,
    ) -> impl Future<Output = Result<Option<Date>>> + Send;
}

/// Reads the buyer index, and takes people out of it.
pub trait ForgetBuyers {
    /// The days that the token bought on, oldest first.
    fn days_of(&self, token: &BuyerToken) -> impl Future<Output = Result<Vec<Date>>> + Send;
    /// Deletes everything about the token.
    fn forget(&self, token: &BuyerToken) -> impl Future<Output = Result<()>> + Send;
}
