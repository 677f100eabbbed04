//! One row: its fields, checked one by one, as typed values.

use jiff::Timestamp;
use shared::purchase::{ItemId, Money, Quantity};

use crate::csv::{COLUMNS, Problem};
use crate::dates::{Dates, Instant};

/// Most bytes of a field that is used: 1 KiB. The longest of them, an e-mail address, has 320 at most.
pub const MAX_FIELD: usize = 1_024;

/// Why a row was refused. The names are part of the ledger and of the rejects file: they don't change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Not five columns.
    Columns,
    /// An e-mail that is empty, without `@`, or longer than 320 bytes.
    Email,
    /// An item id that is not a whole number from 0 to 2^53 − 1.
    ItemId,
    /// A quantity that is not a whole number of 32 bits, or 0.
    Quantity,
    /// A price that is not a decimal number of at most 11 and 4 digits.
    Price,
    /// A date that is not written as [`dates`](crate::dates) says, from 1970 to 2999.
    Date,
    /// A date that is written well and that no calendar or clock has: 31 February, 25 o'clock.
    NoSuchDate,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// NUL bytes.
    Nul,
    /// A line of more than 64 KiB.
    LineTooLong,
    /// A quote that opens in this line and isn't closed where it should be.
    UnclosedQuote,
    /// A needed field of more than 1 KiB.
    FieldTooLong,
    /// A header behind the first line: two exports in one file. The rows behind it are read by it, or refused for
    /// the same reason when it isn't complete.
    Header,
}

impl Reason {
    /// Every reason, with its name.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Columns, "columns"),
        (Self::Email, "email"),
        (Self::ItemId, "item_id"),
        (Self::Quantity, "quantity"),
        (Self::Price, "price"),
        (Self::Date, "date"),
        (Self::NoSuchDate, "no_such_date"),
        (Self::NotUtf8, "not_utf8"),
        (Self::Nul, "nul"),
        (Self::LineTooLong, "line_too_long"),
        (Self::UnclosedQuote, "unclosed_quote"),
        (Self::FieldTooLong, "field_too_long"),
        (Self::Header, "header"),
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

impl From<Problem> for Reason {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::LineTooLong => Self::LineTooLong,
            Problem::UnclosedQuote => Self::UnclosedQuote,
        }
    }
}

/// A row whose numbers and date are good; its e-mail has yet to be normalised.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// The e-mail as exported, which may be no text. The type has no `Debug`, so that no message can hold it.
    pub email: &'a [u8],
    /// What was bought.
    pub item_id: ItemId,
    /// How many.
    pub quantity: Quantity,
    /// For how much apiece.
    pub price: Money,
    /// When, in UTC.
    pub at: Timestamp,
    /// Whether that was resolved from an ambiguous local time.
    pub ambiguous: bool,
}

/// Checks the fields from left to right.
///
/// # Errors
/// The reason of the first field that is not as it should be.
#[inline(always)]
pub fn parse<'a>(fields: &[&'a [u8]; COLUMNS], dates: &Dates) -> Result<Row<'a>, Reason> {
    let [email, item_id, quantity, price, date] = *fields;
    if email.len() > MAX_FIELD {
        return Err(Reason::FieldTooLong);
    }
    let Some(item_id) = ItemId::parse(item_id) else { return Err(Reason::ItemId) };
    let Some(quantity) = Quantity::parse(quantity) else { return Err(Reason::Quantity) };
    let Some(price) = Money::parse(price) else { return Err(Reason::Price) };
    let Instant { at, ambiguous } = dates.instant(date)?;
    Ok(Row { email, item_id, quantity, price, at, ambiguous })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_reason_has_its_own_name() {
        for (at, (reason, name)) in Reason::ALL.iter().enumerate() {
            assert_eq!((*reason as usize, reason.as_str()), (at, *name));
        }
    }

    #[test]
    fn numbers_in_other_spellings_are_refused_with_their_column() {
        let good = ["ada@shop.example", "7", "1", "12.50", "2021-03-21T11:00:00"];
        let with = |column: usize, text: &'static str| {
            let mut fields = good;
            fields[column] = text;
            parse(&fields.map(str::as_bytes), &Dates::new(&TimeZone::UTC)).map(|_| ())
        };
        assert_eq!(with(0, "ada@shop.example"), Ok(()));
        assert_eq!(with(4, "2021-03-21 11:00"), Err(Reason::Date));
        for text in ["1_000", "١٢", "12345678901234567890", "", "-1", " 7"] {
            assert_eq!(with(1, text), Err(Reason::ItemId), "{text}");
        }
        for text in ["1_000", "١", "12345678901234567890", "", "0", "1.5"] {
            assert_eq!(with(2, text), Err(Reason::Quantity), "{text}");
        }
        for text in ["1_000", "١", "12345678901234567890", "", "1,5", "-1"] {
            assert_eq!(with(3, text), Err(Reason::Price), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_fields_are_a_row_or_refused(fields: [Vec<u8>; COLUMNS]) {
            let fields = fields.each_ref().map(Vec::as_slice);
            let _ = parse(&fields, &Dates::new(&TimeZone::UTC)).map(|_| ());
        }
    }
}
