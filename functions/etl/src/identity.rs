//! Row ids: what makes a row the same purchase in every file, and what tells equal rows of one file apart.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use jiff::Timestamp;
use shared::purchase::RowId;
use siphasher::sip128::SipHasher24;

use crate::row::Row;

/// Version of the bytes that are hashed. Stored keys depend on them: they never change.
const VERSION: u8 = 1;

/// Length of those bytes.
const LENGTH: usize = 81;

/// Most rows whose fingerprints are remembered: 140 MB, and 70 MB more for a moment while the map grows.
/// That is what a function of 512 MB can hold.
pub const MAX_REMEMBERED: usize = 2_000_000;

/// The id of a row that so many equal rows came before in the same file: SipHash-2-4-128 under the row key, over
/// version, HMAC of the buyer, seconds (i64) and nanoseconds (i32), item (u64), quantity (i32), price as mantissa
/// (i128) and scale (u32), and that number (u32); all little-endian.
pub fn row_id(row_key: &[u8; 16], hmac: &[u8; 32], row: &Row<'_>, equal_before: u32) -> RowId {
    let price = row.price.amount();
    let mut bytes = [0; LENGTH];
    let mut at = 0;
    let mut add = |part: &[u8]| {
        bytes[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    };
    add(&[VERSION]);
    add(hmac);
    add(&row.at.as_second().to_le_bytes());
    add(&row.at.subsec_nanosecond().to_le_bytes());
    add(&row.item_id.get().to_le_bytes());
    add(&row.quantity.get().to_le_bytes());
    add(&price.mantissa().to_le_bytes());
    add(&price.scale().to_le_bytes());
    add(&equal_before.to_le_bytes());
    RowId(SipHasher24::new_with_key(row_key).hash(&bytes).into())
}

/// Why counting cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// A row is earlier than the one before: equal rows may be anywhere, so counting has to start again.
    #[error("a row is earlier than the row before it")]
    Unsorted,
    /// More rows than [`MAX_REMEMBERED`] would have to be remembered.
    #[error("too many rows to tell equal ones apart")]
    TooMany,
}

/// Counts equal rows. Equal rows share an instant, so while the rows come in time order only those of the
/// current instant are remembered.
#[derive(Debug)]
pub struct Occurrences {
    seen: HashMap<RowId, u32, BuildHasherDefault<Prehashed>>,
    current: Timestamp,
    whole_file: bool,
    most: usize,
}

impl Occurrences {
    /// For rows in time order.
    pub fn in_time_order() -> Self {
        Self { seen: HashMap::default(), current: Timestamp::MIN, whole_file: false, most: MAX_REMEMBERED }
    }

    /// For rows in any order.
    pub fn of_whole_file() -> Self {
        Self { whole_file: true, ..Self::in_time_order() }
    }

    /// Remembers at most this many; for tests.
    #[cfg(test)]
    pub(crate) fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// How many rows with this fingerprint came before; the fingerprint is the row's id with 0 before it.
    ///
    /// # Errors
    /// Nothing is counted then.
    pub fn equal_before(&mut self, at: Timestamp, fingerprint: RowId) -> Result<u32, Halt> {
        if !self.whole_file && at != self.current {
            if at < self.current {
                return Err(Halt::Unsorted);
            }
            self.current = at;
            // Emptying a map takes time by its capacity, and there may be millions of instants.
            if self.seen.capacity() > 1_000 {
                self.seen = HashMap::default();
            } else {
                self.seen.clear();
            }
        }
        let full = self.seen.len() >= self.most;
        match self.seen.get_mut(&fingerprint) {
            Some(count) => {
                *count = count.checked_add(1).ok_or(Halt::TooMany)?;
                Ok(*count)
            }
            None if full => Err(Halt::TooMany),
            None => {
                self.seen.insert(fingerprint, 0);
                Ok(0)
            }
        }
    }
}

/// Fingerprints are keyed hashes already.
#[derive(Debug, Default)]
struct Prehashed(u64);

impl Hasher for Prehashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, fingerprint: u128) {
        let [a, b, c, d, e, f, g, h, ..] = fingerprint.to_le_bytes();
        self.0 = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row;

    fn row<'a>(price: &'a str, date: &'a str) -> Row<'a> {
        let fields = ["ada@shop.example", "7", "-2", price, date].map(str::as_bytes);
        let Ok(row) = row::parse(&fields) else { panic!("a good row") };
        row
    }

    /// Row ids are the keys of stored purchases: another id for the same row would load every purchase again.
    /// Computed with another implementation (of SipHash's authors' test vectors, in Python), pinned for good.
    #[test]
    fn row_ids_never_change() {
        let key: [u8; 16] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let hmac = [7; 32];
        let row = row("12.50", "2021-03-21T11:00:00");
        insta::assert_snapshot!(row_id(&key, &hmac, &row, 0), @"af0000d6aa242edd81234365bd20e69f");
        insta::assert_snapshot!(row_id(&key, &hmac, &row, 1), @"5fc09075b164ae0db1415377f7c0bf44");
    }

    #[test]
    fn every_part_counts_and_the_spelling_does_not() {
        let (key, date) = ([1; 16], "2021-03-21T11:00:00");
        let id = |hmac: [u8; 32], row: &Row<'_>, before| row_id(&key, &hmac, row, before);
        let good = id([7; 32], &row("12.50", date), 0);
        assert_eq!(good, id([7; 32], &row("12.5", date), 0));
        assert_ne!(good, id([8; 32], &row("12.50", date), 0));
        assert_ne!(good, id([7; 32], &row("125", date), 0));
        assert_ne!(good, id([7; 32], &row("12.50", "2021-03-21T11:00:01"), 0));
        assert_ne!(good, id([7; 32], &row("12.50", date), 1));
        assert_ne!(good, row_id(&[2; 16], &[7; 32], &row("12.50", date), 0));
        for (column, text) in [(1, "8"), (2, "2")] {
            let mut fields = ["ada@shop.example", "7", "-2", "12.50", date];
            fields[column] = text;
            let Ok(other) = row::parse(&fields.map(str::as_bytes)) else { panic!("a good row") };
            assert_ne!(good, id([7; 32], &other, 0));
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn equal_rows_are_numbered() {
        let mut rows = Occurrences::in_time_order();
        let counts = [(1, 5), (1, 6), (1, 5), (1, 5), (2, 5), (2, 6), (2, 6)]
            .map(|(second, id)| rows.equal_before(at(second), RowId(id)));
        assert_eq!(counts, [0, 0, 1, 2, 0, 0, 1].map(Ok));
        assert_eq!(rows.equal_before(at(1), RowId(5)), Err(Halt::Unsorted));
    }

    #[test]
    fn only_the_current_instant_is_remembered_in_time_order() {
        let mut rows = Occurrences::in_time_order().at_most(2);
        for second in 0..100 {
            assert_eq!(rows.equal_before(at(second), RowId(1)), Ok(0));
            assert_eq!(rows.equal_before(at(second), RowId(2)), Ok(0));
            assert_eq!(rows.equal_before(at(second), RowId(2)), Ok(1));
        }
        assert_eq!(rows.equal_before(at(99), RowId(3)), Err(Halt::TooMany));
    }

    #[test]
    fn every_row_is_remembered_in_any_order() {
        let mut rows = Occurrences::of_whole_file().at_most(2);
        let counts = [(2, 5), (1, 6), (2, 5)].map(|(second, id)| rows.equal_before(at(second), RowId(id)));
        assert_eq!(counts, [0, 0, 1].map(Ok));
        assert_eq!(rows.equal_before(at(3), RowId(7)), Err(Halt::TooMany));
    }
}
