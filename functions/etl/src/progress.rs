//! How far an import is: counted by the load, read by the heartbeat, both on one thread.

use std::cell::Cell;

use shared::import::ImportCounts;

use crate::row::Reason;

/// Counters of the current pass over the file.
#[derive(Debug, Default)]
pub struct Progress {
    bytes: Cell<u64>,
    rows: Cell<u64>,
    loaded: Cell<u64>,
    rejected: [Cell<u64>; Reason::ALL.len()],
    unsorted: Cell<bool>,
}

fn add(counter: &Cell<u64>, more: u64) {
    counter.set(counter.get().saturating_add(more));
}

impl Progress {
    /// Counts bytes read.
    pub fn read(&self, bytes: usize) {
        add(&self.bytes, bytes as u64);
    }

    /// Counts a row that is a purchase.
    pub fn accepted(&self) {
        add(&self.rows, 1);
    }

    /// Counts a row refused.
    pub fn rejected(&self, reason: Reason) {
        add(&self.rows, 1);
        add(&self.rejected[reason as usize], 1);
    }

    /// Counts purchases that are in the table.
    pub fn loaded(&self, purchases: usize) {
        add(&self.loaded, purchases as u64);
    }

    /// Starts the pass over a file that is out of time order: nothing is counted yet.
    pub fn start_again(&self) {
        self.unsorted.set(true);
        let counters = [&self.bytes, &self.rows, &self.loaded];
        counters.into_iter().chain(&self.rejected).for_each(|counter| counter.set(0));
    }

    /// Whether the file is out of time order.
    pub fn unsorted(&self) -> bool {
        self.unsorted.get()
    }

    /// Everything counted, as the ledger has it.
    pub fn counts(&self) -> ImportCounts {
        let rejected =
            Reason::ALL.iter().map(|(reason, name)| (*name, self.rejected[*reason as usize].get()));
        ImportCounts {
            bytes: self.bytes.get(),
            rows: self.rows.get(),
            loaded: self.loaded.get(),
            rejected: rejected.filter(|(_, n)| *n > 0).map(|(name, n)| (name.to_owned(), n)).collect(),
            ..ImportCounts::default()
        }
    }
}
