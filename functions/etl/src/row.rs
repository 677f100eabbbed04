//! One row: its fields, checked one by one, as typed values.

use jiff::Timestamp;
use shared::purchase::{ItemId, Money, Quantity};

use crate::csv::{COLUMNS, Problem};

/// The names of the columns, as an optional first line has them (in any case).
pub const HEADER: [&str; COLUMNS] = ["email", "item_id", "quantity", "price", "purchase_date"];

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
    /// A date that is not `YYYY-MM-DDTHH:MM:SS` from 1970 to 2999.
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
}

impl Reason {
    /// Every reason, with its name.
    pub const ALL: [(Self, &'static str); 11] = [
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
    /// The e-mail as exported. The type has no `Debug`, so that no message can hold it.
    pub email: &'a str,
    /// What was bought.
    pub item_id: ItemId,
    /// How many.
    pub quantity: Quantity,
    /// For how much apiece.
    pub price: Money,
    /// When, in UTC.
    pub at: Timestamp,
}

/// Whether these are the names of the columns.
pub fn is_header(fields: &[&[u8]; COLUMNS]) -> bool {
    fields.iter().zip(HEADER).all(|(field, name)| field.eq_ignore_ascii_case(name.as_bytes()))
}

/// Checks the fields from left to right.
///
/// # Errors
/// The reason of the first field that is not as it should be.
pub fn parse<'a>(fields: &[&'a [u8]; COLUMNS]) -> Result<Row<'a>, Reason> {
    let [email, item_id, quantity, price, date] = *fields;
    Ok(Row {
        email: std::str::from_utf8(email).map_err(|_| Reason::NotUtf8)?,
        item_id: ItemId::parse(item_id).ok_or(Reason::ItemId)?,
        quantity: Quantity::parse(quantity).ok_or(Reason::Quantity)?,
        price: Money::parse(price).ok_or(Reason::Price)?,
        at: instant(date)?,
    })
}

/// Reads `YYYY-MM-DDTHH:MM:SS`, which is taken as UTC. By hand: a general parser costs a quarter of a row.
fn instant(text: &[u8]) -> Result<Timestamp, Reason> {
    let text: &[u8; 19] = text.try_into().map_err(|_| Reason::Date)?;
    if [text[4], text[7], text[10], text[13], text[16]] != *b"--T::" {
        return Err(Reason::Date);
    }
    let digit = |at: usize| match text[at] {
        byte @ b'0'..=b'9' => Ok(i64::from(byte - b'0')),
        _ => Err(Reason::Date),
    };
    let two = |at: usize| Ok::<_, Reason>(digit(at)? * 10 + digit(at + 1)?);
    let year = two(0)? * 100 + two(2)?;
    let (month, day, hour, minute, second) = (two(5)?, two(8)?, two(11)?, two(14)?, two(17)?);
    if !(1970..=2999).contains(&year) {
        return Err(Reason::Date);
    }
    let exists = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !exists {
        return Err(Reason::NoSuchDate);
    }
    let seconds = ((days_to(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Timestamp::from_second(seconds).map_err(|_| Reason::Date)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, for years from 1970 on
/// (`days_from_civil` of <https://howardhinnant.github.io/date_algorithms.html>: years begin in March).
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;
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
    fn dates_are_exact() {
        for (text, expected) in [
            ("1970-01-01T00:00:00", Ok("1970-01-01T00:00:00Z")),
            ("2024-02-29T23:59:59", Ok("2024-02-29T23:59:59Z")),
            ("2999-12-31T23:59:59", Ok("2999-12-31T23:59:59Z")),
            ("2021-02-31T10:00:00", Err(Reason::NoSuchDate)),
            ("2023-02-29T10:00:00", Err(Reason::NoSuchDate)),
            ("2100-02-29T10:00:00", Err(Reason::NoSuchDate)),
            ("2021-04-31T10:00:00", Err(Reason::NoSuchDate)),
            ("2021-13-01T10:00:00", Err(Reason::NoSuchDate)),
            ("2021-00-01T10:00:00", Err(Reason::NoSuchDate)),
            ("2021-01-00T10:00:00", Err(Reason::NoSuchDate)),
            ("2021-01-01T24:00:00", Err(Reason::NoSuchDate)),
            ("2021-01-01T10:60:00", Err(Reason::NoSuchDate)),
            ("2021-01-01T10:00:60", Err(Reason::NoSuchDate)),
            ("1969-12-31T23:59:59", Err(Reason::Date)),
            ("3000-01-01T00:00:00", Err(Reason::Date)),
            ("2021-01-01 10:00:00", Err(Reason::Date)),
            ("2021-01-01T10:00:00Z", Err(Reason::Date)),
            ("2021-01-01", Err(Reason::Date)),
            ("2021-1-1T10:00:00", Err(Reason::Date)),
            ("+021-01-01T10:00:00", Err(Reason::Date)),
            ("", Err(Reason::Date)),
        ] {
            assert_eq!(instant(text.as_bytes()), expected.map(|t| t.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn numbers_in_other_spellings_are_refused_with_their_column() {
        let good = ["ada@shop.example", "7", "1", "12.50", "2021-03-21T11:00:00"];
        let with = |column: usize, text: &'static str| {
            let mut fields = good;
            fields[column] = text;
            parse(&fields.map(str::as_bytes)).map(|_| ())
        };
        assert_eq!(with(0, "ada@shop.example"), Ok(()));
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
        fn dates_agree_with_jiff(seconds in 0i64..32_503_680_000) {
            let at = Timestamp::from_second(seconds).unwrap();
            let text = at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            prop_assert_eq!(instant(text.as_bytes()), Ok(at));
        }

        #[test]
        fn only_dates_that_jiff_knows_are_taken(
            (year, month, day) in (1970i64..3000, 0i64..15, 0i64..35),
            (hour, minute, second) in (0i64..26, 0i64..62, 0i64..60),
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
            let expected = text.parse::<DateTime>().ok().map(|t| TimeZone::UTC.to_timestamp(t).unwrap());
            prop_assert_eq!(instant(text.as_bytes()).ok(), expected);
        }

        #[test]
        fn any_fields_are_a_row_or_refused(fields: [Vec<u8>; COLUMNS]) {
            let _ = parse(&fields.each_ref().map(Vec::as_slice)).map(|_| ());
        }
    }
}
