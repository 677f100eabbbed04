//! Equal rows of one file: how many came before, remembered as 64-bit fingerprints.
//!
//! A fingerprint is the first half of the row's id. Two different rows of a file share one with odds of n² / 2⁶⁵: for
//! ten million rows 1 in 370,000. The later row would then get the id of a second equal row. That is a purchase all
//! the same, and one that the same file gives again; only another export with that row in it would load it twice.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use jiff::Timestamp;
use shared::purchase::RowId;

use crate::object::Refusal;

/// Most rows whose fingerprints are remembered; one that occurs again counts as three. They take 151 MB: each of the
/// `SHARDS` tables has 2¹⁸ places of 9 bytes, of which at most seven in eight are taken.
pub const MAX_REMEMBERED: usize = 14_000_000;

/// What one that occurs again costs more than one that doesn't.
const AGAIN: usize = 2;

/// Tables that the fingerprints are spread over. One alone would be there twice while it grows.
const SHARDS: usize = 64;

/// Fingerprints of an instant that are looked through one by one, before there are tables. Orders have a few items.
const FEW: usize = 16;

/// Largest table that is emptied to be used again: emptying takes time by the places there are.
const SMALL: usize = 64;

/// Why a transform cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// A row is earlier than the one before: equal rows may be anywhere, so counting has to start again.
    #[error("a row is earlier than the row before it")]
    Unsorted,
    /// More rows than [`MAX_REMEMBERED`] would have to be remembered.
    #[error("too many rows to tell equal ones apart")]
    TooMany,
    /// The header is not one of an export. Told before the first row.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Counts equal rows. Equal rows share an instant, so while the rows come in time order only those of the
/// current instant are remembered.
#[derive(Debug)]
pub struct Occurrences {
    few: Vec<(u64, u32)>,
    /// None, or `SHARDS`.
    shards: Vec<Shard>,
    /// How much of `most` is used by tables; 0 as long as the few suffice.
    remembered: usize,
    current: Timestamp,
    whole_file: bool,
    most: usize,
}

/// A part of the fingerprints: all of them, and how many equal ones came before those that occurred again.
#[derive(Debug, Default)]
struct Shard {
    seen: HashSet<u64, BuildHasherDefault<Prehashed>>,
    again: HashMap<u64, u32, BuildHasherDefault<Prehashed>>,
}

impl Occurrences {
    /// For rows in time order.
    pub fn in_time_order() -> Self {
        Self {
            few: Vec::with_capacity(FEW),
            shards: Vec::new(),
            remembered: 0,
            current: Timestamp::MIN,
            whole_file: false,
            most: MAX_REMEMBERED,
        }
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

    /// How many rows with this fingerprint came before; it is made of the row's id with 0 before it.
    ///
    /// # Errors
    /// Nothing is counted then.
    #[inline]
    pub fn equal_before(&mut self, at: Timestamp, id: RowId) -> Result<u32, Halt> {
        if !self.whole_file && at != self.current {
            if at < self.current {
                return Err(Halt::Unsorted);
            }
            self.current = at;
            self.forget();
        }
        let fingerprint = fingerprint(id);
        if self.remembered > 0 {
            return self.count(fingerprint);
        }
        if let Some((_, count)) = self.few.iter_mut().find(|(known, _)| *known == fingerprint) {
            *count = count.checked_add(1).ok_or(Halt::TooMany)?;
            return Ok(*count);
        }
        if self.few.len() >= self.most {
            return Err(Halt::TooMany);
        }
        if self.few.len() < FEW {
            self.few.push((fingerprint, 0));
            return Ok(0);
        }
        self.spread();
        self.count(fingerprint)
    }

    /// Moves the few into tables.
    #[cold]
    fn spread(&mut self) {
        self.shards.resize_with(SHARDS, Shard::default);
        for (fingerprint, count) in self.few.drain(..) {
            let shard = &mut self.shards[shard_of(fingerprint)];
            shard.seen.insert(fingerprint);
            self.remembered += 1;
            if count > 0 {
                shard.again.insert(fingerprint, count);
                self.remembered += AGAIN;
            }
        }
    }

    /// Counts one in its table.
    fn count(&mut self, fingerprint: u64) -> Result<u32, Halt> {
        let left = self.most.saturating_sub(self.remembered);
        let shard = &mut self.shards[shard_of(fingerprint)];
        if let Some(count) = shard.again.get_mut(&fingerprint) {
            *count = count.checked_add(1).ok_or(Halt::TooMany)?;
            return Ok(*count);
        }
        if shard.seen.contains(&fingerprint) {
            if left < AGAIN {
                return Err(Halt::TooMany);
            }
            self.remembered += AGAIN;
            shard.again.insert(fingerprint, 1);
            return Ok(1);
        }
        if left < 1 {
            return Err(Halt::TooMany);
        }
        self.remembered += 1;
        shard.seen.insert(fingerprint);
        Ok(0)
    }

    /// Forgets everything; tables that are small are kept for the next instant.
    #[inline]
    fn forget(&mut self) {
        self.few.clear();
        if self.remembered > 0 {
            self.remembered = 0;
            if self.shards.iter().any(|shard| shard.seen.capacity() > SMALL) {
                self.shards.clear();
            }
            for shard in &mut self.shards {
                shard.seen.clear();
                shard.again.clear();
            }
        }
    }
}

/// The half of an id that doesn't choose the partition.
fn fingerprint(id: RowId) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = id.0.to_be_bytes();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// By bits in the middle: a table uses the others.
fn shard_of(fingerprint: u64) -> usize {
    let [.., shard, _, _, _, _] = fingerprint.to_be_bytes();
    usize::from(shard) % SHARDS
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

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Ids whose bits are spread as a hash's are.
    fn id(number: u64) -> RowId {
        let high = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        RowId(u128::from(high) << 64)
    }

    #[test]
    fn equal_rows_are_numbered() {
        let mut rows = Occurrences::in_time_order();
        let counts = [(1, 5), (1, 6), (1, 5), (1, 5), (2, 5), (2, 6), (2, 6)]
            .map(|(second, number)| rows.equal_before(at(second), id(number)));
        assert_eq!(counts, [0, 0, 1, 2, 0, 0, 1].map(Ok));
        assert_eq!(rows.equal_before(at(1), id(5)), Err(Halt::Unsorted));
    }

    #[test]
    fn only_the_current_instant_is_remembered_in_time_order() {
        for most in [2, 40] {
            let mut rows = Occurrences::in_time_order().at_most(most);
            for second in 0..100 {
                for number in 0..most as u64 {
                    assert_eq!(rows.equal_before(at(second), id(number)), Ok(0));
                }
            }
            assert_eq!(rows.equal_before(at(99), id(1_000)), Err(Halt::TooMany));
        }
    }

    #[test]
    fn every_row_is_remembered_in_any_order() {
        for most in [2, 40] {
            let mut rows = Occurrences::of_whole_file().at_most(most);
            for number in 0..most as u64 {
                assert_eq!(rows.equal_before(at(-i64::try_from(number).unwrap()), id(number)), Ok(0));
            }
            assert_eq!(rows.equal_before(at(3), id(1_000)), Err(Halt::TooMany));
        }
    }

    #[test]
    fn fourteen_million_fit_into_their_tables() {
        let mut rows = Occurrences::of_whole_file();
        for number in 0..200_000 {
            assert_eq!(rows.equal_before(at(0), id(number)), Ok(0));
        }
        // As evenly as it takes for none of the tables to be twice as large as the others.
        let sizes = rows.shards.iter().map(|shard| shard.seen.len());
        assert!(sizes.clone().max() < sizes.min().map(|least| least * 2));
        let places = (MAX_REMEMBERED / SHARDS) * 8 / 7;
        assert!(places.next_power_of_two() * SHARDS * 9 < 156_000_000);
    }

    proptest! {
        #[test]
        fn counting_agrees_with_a_map_of_whole_ids(
            rows in proptest::collection::vec((0i64..3, 0u64..60), 0..400), whole_file: bool,
        ) {
            let mut rows = rows;
            if !whole_file {
                rows.sort_by_key(|(second, _)| *second);
            }
            let mut counted = if whole_file { Occurrences::of_whole_file() } else { Occurrences::in_time_order() };
            let mut expected: HashMap<(i64, u64), u32> = HashMap::new();
            for (second, number) in rows {
                // An id holds its instant.
                let row = second.unsigned_abs() * 100 + number;
                let before = expected.entry((second, number)).or_default();
                prop_assert_eq!(counted.equal_before(at(second), id(row)), Ok(*before));
                *before += 1;
            }
        }
    }
}
