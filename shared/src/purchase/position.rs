//! Where a purchase stands: its instant and its identity, which are its key in the table.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

use crate::text::{Invalid, as_text, is_hex};

/// Partitions that one day's purchases are spread over. Part of the stored keys: it never changes.
pub const BUCKETS: u8 = 8;

/// The identity of a purchase: a 128-bit keyed hash, 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub u128);

impl RowId {
    /// The partition of its day, 0 to [`BUCKETS`] − 1.
    pub fn bucket(self) -> u8 {
        u8::try_from(self.0 % u128::from(BUCKETS)).unwrap_or(0)
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for RowId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = is_hex(text, 32);
        valid
            .then(|| u128::from_str_radix(text, 16).ok().map(Self))
            .flatten()
            .ok_or_else(|| Invalid::new("a row id of 32 hex digits", text))
    }
}

/// Where a purchase stands in time: its instant, then its row id. The sort key of the table, in the order of
/// the table: `2021-03-21T11:00:00.000000000Z#<32 hex digits>`, always 63 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// When it was bought.
    pub at: Timestamp,
    /// Which of the purchases of that instant.
    pub row_id: RowId,
}

impl Position {
    /// The day in UTC, which names the partition.
    pub fn date(&self) -> Date {
        TimeZone::UTC.to_datetime(self.at).date()
    }
}

/// The instant as text of fixed width, so that texts sort as instants do (years 0 to 9999).
pub fn sortable(instant: Timestamp) -> String {
    format!("{instant:.9}")
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.9}#{}", self.at, self.row_id)
    }
}

impl FromStr for Position {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parsed = text
            .split_once('#')
            .and_then(|(at, row_id)| Some(Self { at: at.parse().ok()?, row_id: row_id.parse().ok()? }));
        // One text per position: a cursor in another spelling was not made here.
        parsed.filter(|p| p.to_string() == text).ok_or_else(|| Invalid::new("an instant and a row id", text))
    }
}

as_text!(RowId, Position);

/// The instant with its fraction of a second, if any, as answers and exports write it.
pub fn written(instant: Timestamp) -> String {
    let whole = instant.round(Unit::Second).is_ok_and(|rounded| rounded == instant);
    if whole { format!("{instant:.0}") } else { instant.to_string() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn instants_are_written_with_their_fraction_only_if_they_have_one() {
        assert_eq!(written("2021-03-21T11:00:00Z".parse().unwrap()), "2021-03-21T11:00:00Z");
        assert_eq!(written("2021-03-21T11:00:00.25Z".parse().unwrap()), "2021-03-21T11:00:00.25Z");
    }

    proptest! {
        #[test]
        fn positions_sort_as_their_texts(a in 0i64..4_000_000_000, b in 0i64..4_000_000_000, nanos in 0i32..1_000_000_000, x: u128, y: u128) {
            let position = |s, n, id| Position { at: Timestamp::new(s, n).unwrap(), row_id: RowId(id) };
            let (p, q) = (position(a, nanos, x), position(b, 0, y));
            prop_assert_eq!(p.cmp(&q), p.to_string().cmp(&q.to_string()));
            prop_assert_eq!(p.to_string().parse::<Position>(), Ok(p));
            prop_assert_eq!(p.to_string().len(), 63);
        }
    }
}
