//! Row ids: what makes a row the same purchase in every file. [`Occurrences`] tells equal rows of one file apart.

use shared::purchase::RowId;

pub use crate::occurrences::{Halt, MAX_REMEMBERED, Occurrences};
use crate::row::Row;
use crate::sip::Sip;

/// Version of the bytes that are hashed. Stored keys depend on them: they never change.
const VERSION: u8 = 1;

/// Length of those bytes.
const LENGTH: u8 = 81;

/// The id of a row that so many equal rows came before in the same file: SipHash-2-4-128 under the row key, over
/// version, HMAC of the buyer, seconds (i64) and nanoseconds (i32), item (u64), quantity (i32), price as mantissa
/// (i128) and scale (u32), and that number (u32); all little-endian.
#[inline]
pub fn row_id(row_key: &[u8; 16], hmac: &[u8; 32], row: &Row<'_>, equal_before: u32) -> RowId {
    let price = row.price.amount();
    let mut sip = Sip::new(row_key, VERSION);
    for word in hmac.as_chunks().0 {
        sip.add(u64::from_le_bytes(*word));
    }
    sip.add(row.at.as_second().cast_unsigned());
    // Two words of three numbers: 4, 8 and 4 bytes.
    let item = row.item_id.get();
    sip.add(pair(row.at.subsec_nanosecond().cast_unsigned(), low(item)));
    sip.add(pair(low(item >> 32), row.quantity.get().cast_unsigned()));
    let [mantissa_low, mantissa_high] = halves(price.mantissa().cast_unsigned());
    sip.add(mantissa_low);
    sip.add(mantissa_high);
    sip.add(pair(price.scale(), equal_before));
    RowId(sip.finish(LENGTH))
}

/// Two numbers as eight bytes, the first one first.
fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) | u64::from(second) << 32
}

/// The first four bytes.
fn low(word: u64) -> u32 {
    let [a, b, c, d, ..] = word.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Sixteen bytes as two words.
fn halves(number: u128) -> [u64; 2] {
    let [a, b, c, d, e, f, g, h, rest @ ..] = number.to_le_bytes();
    [u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes(rest)]
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::dates::Dates;
    use crate::row;

    fn row<'a>(price: &'a str, date: &'a str) -> Row<'a> {
        let fields = ["ada@shop.example", "7", "-2", price, date].map(str::as_bytes);
        let Ok(row) = row::parse(&fields, &Dates::new(&TimeZone::UTC)) else { panic!("a good row") };
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
            let Ok(other) = row::parse(&fields.map(str::as_bytes), &Dates::new(&TimeZone::UTC)) else {
                panic!("a good row")
            };
            assert_ne!(good, id([7; 32], &other, 0));
        }
    }
}
