//! The checkpoint: the highest row up to which every row is settled, whatever order batches are taken in.

use std::collections::BTreeSet;

/// Counts the rows of one pass, from 1, and knows which of them are not settled yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// What earlier passes settled.
    behind: u64,
    /// The last row that was read.
    read: u64,
    /// The first row of each batch that is on its way; as many as batches may be in flight, and one.
    open: BTreeSet<u64>,
}

impl Checkpoint {
    /// A pass that begins at row 1 again, when every row up to this one is settled.
    pub fn behind(row: u64) -> Self {
        Self { behind: row, ..Self::default() }
    }

    /// Counts a row: its number.
    pub fn next_row(&mut self) -> u64 {
        self.read = self.read.saturating_add(1);
        self.read
    }

    /// Rows read.
    pub fn rows(&self) -> u64 {
        self.read
    }

    /// Whether an earlier pass has settled this row.
    pub fn was_settled(&self, row: u64) -> bool {
        row <= self.behind
    }

    /// Rows from this one on are on their way; no two batches begin with the same one.
    pub fn open(&mut self, first: u64) {
        self.open.insert(first);
    }

    /// The batch that begins with this row is settled.
    pub fn settle(&mut self, first: u64) {
        self.open.remove(&first);
    }

    /// Every row up to this one is settled.
    pub fn row(&self) -> u64 {
        let settled = self.open.first().map_or(self.read, |first| first.saturating_sub(1));
        settled.max(self.behind)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_that_are_read_again_are_settled_already() {
        let mut checkpoint = Checkpoint::behind(3);
        assert_eq!((checkpoint.next_row(), checkpoint.row()), (1, 3));
        assert!(checkpoint.was_settled(3) && !checkpoint.was_settled(4));
        (2..=5).for_each(|row| assert_eq!(checkpoint.next_row(), row));
        assert_eq!((checkpoint.rows(), checkpoint.row()), (5, 5));
        checkpoint.open(4);
        assert_eq!(checkpoint.row(), 3);
    }

    proptest! {
        /// Against keeping a mark for every row.
        #[test]
        fn it_is_the_highest_row_with_none_unsettled_below(
            kinds in prop::collection::vec(any::<bool>(), 1..200),
            size in 1usize..7,
            behind in 0u64..100,
            order: Vec<prop::sample::Index>,
        ) {
            let mut checkpoint = Checkpoint::behind(behind);
            let mut settled = Vec::new();
            let (mut in_flight, mut batch) = (Vec::new(), Vec::new());
            let mut order = order.into_iter();
            for purchase in kinds {
                let row = checkpoint.next_row();
                let waits = purchase && !checkpoint.was_settled(row);
                settled.push(!waits);
                if waits {
                    if batch.is_empty() {
                        checkpoint.open(row);
                    }
                    batch.push(row);
                }
                if batch.len() == size {
                    in_flight.push(std::mem::take(&mut batch));
                }
                if let Some(index) = order.next().filter(|_| !in_flight.is_empty()) {
                    let done: Vec<u64> = in_flight.swap_remove(index.index(in_flight.len()));
                    checkpoint.settle(done[0]);
                    for row in done {
                        settled[usize::try_from(row).unwrap() - 1] = true;
                    }
                }
                let naive = settled.iter().take_while(|settled| **settled).count();
                prop_assert_eq!(checkpoint.row(), behind.max(u64::try_from(naive).unwrap()));
            }
        }
    }
}
