//! How far an import is: counted by the load, read by the heartbeat, both on one thread.

use std::cell::{Cell, RefCell};

use jiff::Timestamp;
use jiff::civil::Date;
use shared::import::{Import, ImportCounts};

use crate::checkpoint::Checkpoint;
use crate::days::{Days, TooManyDays};
use crate::row::Reason;

/// What the current pass over the file has counted, and what earlier ones left.
#[derive(Debug, Default)]
pub struct Progress {
    bytes: Cell<u64>,
    text_bytes: Cell<u64>,
    loaded: Cell<u64>,
    rejected: [Cell<u64>; Reason::ALL.len()],
    erased: Cell<u64>,
    ambiguous_times: Cell<u64>,
    checkpoint: RefCell<Checkpoint>,
    days: RefCell<Days>,
    unsorted: Cell<bool>,
}

fn add(counter: &Cell<u64>, more: u64) {
    counter.set(counter.get().saturating_add(more));
}

impl Progress {
    /// A pass that goes on where the ledger's entry says: rows up to its checkpoint are not written again.
    pub fn of(entry: &Import) -> Self {
        Self {
            checkpoint: RefCell::new(Checkpoint::behind(entry.counts.checkpoint)),
            days: RefCell::new(Days::of(entry.days.iter().copied())),
            unsorted: Cell::new(entry.unsorted),
            ..Self::default()
        }
    }

    /// How much has been read: of the object, and as text.
    pub fn read(&self, bytes: u64, text_bytes: u64) {
        self.bytes.set(bytes);
        self.text_bytes.set(text_bytes);
    }

    /// How many local times were ambiguous.
    pub fn ambiguous_times(&self, times: u64) {
        self.ambiguous_times.set(times);
    }

    /// Counts a row: its number.
    pub fn next_row(&self) -> u64 {
        self.checkpoint.borrow_mut().next_row()
    }

    /// Whether an earlier pass has settled this row.
    pub fn was_settled(&self, row: u64) -> bool {
        self.checkpoint.borrow().was_settled(row)
    }

    /// Notes the day of a row that is in the table or about to be.
    ///
    /// # Errors
    /// When there are too many different ones.
    pub fn touches(&self, at: Timestamp) -> Result<(), TooManyDays> {
        self.days.borrow_mut().add(at)
    }

    /// Rows from this one on are not settled before [`settled`](Self::settled) is told so.
    pub fn open(&self, first: u64) {
        self.checkpoint.borrow_mut().open(first);
    }

    /// The rows that were opened with this one are settled.
    pub fn settled(&self, first: u64) {
        self.checkpoint.borrow_mut().settle(first);
    }

    /// Counts purchases that are in the table.
    pub fn loaded(&self, purchases: usize) {
        add(&self.loaded, purchases as u64);
    }

    /// Counts a row refused.
    pub fn rejected(&self, reason: Reason) {
        add(&self.rejected[reason as usize], 1);
    }

    /// Counts a row left out.
    pub fn erased(&self) {
        add(&self.erased, 1);
    }

    /// Starts the pass over a file that is out of time order: nothing is counted yet, and what is settled stays so.
    pub fn start_again(&self) {
        self.unsorted.set(true);
        let counters = [&self.bytes, &self.text_bytes, &self.loaded, &self.erased, &self.ambiguous_times];
        counters.into_iter().chain(&self.rejected).for_each(|counter| counter.set(0));
        let settled = self.checkpoint();
        self.checkpoint.replace(Checkpoint::behind(settled));
    }

    /// Whether the file is out of time order.
    pub fn unsorted(&self) -> bool {
        self.unsorted.get()
    }

    /// Every row up to this one is settled.
    pub fn checkpoint(&self) -> u64 {
        self.checkpoint.borrow().row()
    }

    /// The days noted, in order.
    pub fn days(&self) -> Vec<Date> {
        self.days.borrow().to_vec()
    }

    /// How many days are noted. None is ever taken away.
    pub fn days_noted(&self) -> usize {
        self.days.borrow().count()
    }

    /// Everything counted, as the ledger has it.
    pub fn counts(&self) -> ImportCounts {
        let rejected =
            Reason::ALL.iter().map(|(reason, name)| (*name, self.rejected[*reason as usize].get()));
        ImportCounts {
            bytes: self.bytes.get(),
            text_bytes: self.text_bytes.get(),
            rows: self.checkpoint.borrow().rows(),
            loaded: self.loaded.get(),
            rejected: rejected.filter(|(_, n)| *n > 0).map(|(name, n)| (name.to_owned(), n)).collect(),
            erased: self.erased.get(),
            ambiguous_times: self.ambiguous_times.get(),
            checkpoint: self.checkpoint(),
        }
    }

    /// Writes all of it into the ledger's entry.
    pub fn record(&self, entry: &mut Import) {
        entry.counts = self.counts();
        entry.days = self.days();
        entry.unsorted = self.unsorted();
    }
}
