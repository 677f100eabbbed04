//! A purchase: one sold item, without any PII. Its parts are types that carry their rules.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};
use rust_decimal::Decimal;

use crate::text::{Invalid, as_text, is_hex};

/// Partitions that one day's purchases are spread over. Part of the stored keys: it never changes.
pub const BUCKETS: u8 = 8;

/// Largest item id: 2^53 − 1, the largest whole number that every JSON client keeps (RFC 8259, section 6).
pub const MAX_ITEM_ID: u64 = (1 << 53) - 1;

/// Most digits of a price, 11 before the point and 4 behind it: 15 digits survive a client's floating point
/// number unchanged (IEEE 754 binary64, `DBL_DIG`).
pub const MAX_PRICE_DIGITS: (usize, usize) = (11, 4);

/// What was bought: the shop's own number of it, 0 to [`MAX_ITEM_ID`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(u64);

impl ItemId {
    /// The shop's number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// Reads ASCII digits.
    pub fn parse(text: &[u8]) -> Option<Self> {
        digits(text).filter(|n| *n <= MAX_ITEM_ID).map(Self)
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for ItemId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text.as_bytes())
            .ok_or_else(|| Invalid::new("an item id of digits, at most 9007199254740991", text))
    }
}

/// How many were bought: not zero; negative for a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantity(i32);

impl Quantity {
    /// The number, never 0.
    pub fn get(self) -> i32 {
        self.0
    }

    /// Reads ASCII digits, with `-` for a return.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (sign, number) = match text {
            [b'-', rest @ ..] => (-1, rest),
            _ => (1, text),
        };
        let number = i32::try_from(digits(number)?).ok()?;
        (number != 0).then_some(Self(sign * number))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Quantity {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text.as_bytes()).ok_or_else(|| Invalid::new("a whole number that is not 0", text))
    }
}

/// An exact amount of the shop's one currency, never negative, at most four decimal places. Kept in its
/// canonical form: `12.50` and `12.5` are the same price and the same text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Money(Decimal);

impl Money {
    /// The exact amount.
    pub fn amount(self) -> Decimal {
        self.0
    }

    /// Reads ASCII digits with at most one `.` between them, bounded by [`MAX_PRICE_DIGITS`].
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (whole, fraction) = match text.iter().position(|b| *b == b'.') {
            Some(point) => (&text[..point], &text[point + 1..]),
            None => (text, &b"0"[..]),
        };
        if whole.len() > MAX_PRICE_DIGITS.0 || fraction.len() > MAX_PRICE_DIGITS.1 {
            return None;
        }
        let scale = u32::try_from(fraction.len()).ok()?;
        let mantissa = digits(whole)? * 10_u64.pow(scale) + digits(fraction)?;
        Some(Self(Decimal::new(i64::try_from(mantissa).ok()?, scale).normalize()))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Money {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text.as_bytes()).ok_or_else(|| Invalid::new("a price such as 12.50", text))
    }
}

/// At least one ASCII digit and nothing else. (`str::parse` would let a `+` pass.)
fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter()
        .try_fold(0_u64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

/// Who bought: `key id . hex(HMAC-SHA256(key, normalised e-mail))`, or 40 hex digits of plain SHA-1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BuyerToken(String);

impl BuyerToken {
    /// The token's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The token made of a key's id and the hex digits of the HMAC under that key.
    pub fn keyed(key_id: &str, hmac_hex: &str) -> Self {
        let mut text = String::with_capacity(key_id.len() + 1 + hmac_hex.len());
        text.push_str(key_id);
        text.push('.');
        text.push_str(hmac_hex);
        Self(text)
    }
}

impl fmt::Display for BuyerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BuyerToken {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = match text.split_once('.') {
            Some((key, hmac)) => is_key_id(key) && is_hex(hmac, 64),
            None => is_hex(text, 40),
        };
        // Never repeat what came: it may be an e-mail address.
        valid
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Invalid::new("a buyer token such as k1.<64 hex digits>", "something else"))
    }
}

/// Whether the text names a PII key: `k` and a number from 1, such as `k1`.
pub fn is_key_id(text: &str) -> bool {
    text.strip_prefix('k').is_some_and(|number| {
        (1..=4).contains(&number.len())
            && !number.starts_with('0')
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

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

as_text!(ItemId, Quantity, Money, BuyerToken, RowId, Position);

/// One sold item of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// When, and which of that instant.
    pub position: Position,
    /// Who.
    pub buyer: BuyerToken,
    /// What.
    pub item_id: ItemId,
    /// How many.
    pub quantity: Quantity,
    /// For how much apiece, as exported.
    pub price: Money,
}

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
    fn numbers_are_ascii_digits_only() {
        for bad in [
            "",
            "1_000",
            "+1",
            "١٢",
            "12345678901234567890",
            "1e3",
            " 1",
            "0x1",
            "9007199254740992",
            "-1",
            "1.0",
        ] {
            assert!(ItemId::parse(bad.as_bytes()).is_none(), "{bad}");
        }
        for bad in ["", "0", "-0", "-", "--1", "2147483648", "1.5", "1_000", "٣", "+2"] {
            assert!(Quantity::parse(bad.as_bytes()).is_none(), "{bad}");
        }
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "1.23456",
            "123456789012",
            "-1",
            "1,5",
            "1e2",
            "1.2.3",
            "1_000",
            "NaN",
            "+1",
        ] {
            assert!(Money::parse(bad.as_bytes()).is_none(), "{bad}");
        }
        assert_eq!(Quantity::parse(b"-3").map(Quantity::get), Some(-3));
        assert_eq!(ItemId::parse(b"9007199254740991").map(ItemId::get), Some(MAX_ITEM_ID));
    }

    #[test]
    fn a_price_has_one_text() {
        for (text, canonical) in [
            ("12.50", "12.5"),
            ("12", "12"),
            ("0012.0000", "12"),
            ("0.0001", "0.0001"),
            ("100", "100"),
            ("0", "0"),
            ("99999999999.9999", "99999999999.9999"),
        ] {
            assert_eq!(Money::parse(text.as_bytes()).unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn a_buyer_token_is_never_an_address() {
        let hex = "0123456789abcdef".repeat(4);
        assert!(format!("k1.{hex}").parse::<BuyerToken>().is_ok());
        assert!(hex[..40].parse::<BuyerToken>().is_ok());
        for bad in [
            "ada@shop.example",
            "k1.",
            "k0.00",
            &hex,
            &format!("x1.{hex}"),
            &format!("k1.{}", hex.to_uppercase()),
        ] {
            let error = bad.parse::<BuyerToken>().unwrap_err();
            assert!(!error.to_string().contains("ada"), "{error}");
        }
    }

    #[test]
    fn instants_are_written_with_their_fraction_only_if_they_have_one() {
        assert_eq!(written("2021-03-21T11:00:00Z".parse().unwrap()), "2021-03-21T11:00:00Z");
        assert_eq!(written("2021-03-21T11:00:00.25Z".parse().unwrap()), "2021-03-21T11:00:00.25Z");
    }

    proptest! {
        #[test]
        fn any_price_survives_a_clients_floating_point(whole in 0u64..100_000_000_000, fraction in 0u64..10_000) {
            let money = Money::parse(format!("{whole}.{fraction:04}").as_bytes()).unwrap();
            let float: f64 = money.to_string().parse().unwrap();
            prop_assert_eq!(float.to_string(), money.to_string());
        }

        #[test]
        fn positions_sort_as_their_texts(a in 0i64..4_000_000_000, b in 0i64..4_000_000_000, nanos in 0i32..1_000_000_000, x: u128, y: u128) {
            let position = |s, n, id| Position { at: Timestamp::new(s, n).unwrap(), row_id: RowId(id) };
            let (p, q) = (position(a, nanos, x), position(b, 0, y));
            prop_assert_eq!(p.cmp(&q), p.to_string().cmp(&q.to_string()));
            prop_assert_eq!(p.to_string().parse::<Position>(), Ok(p));
            prop_assert_eq!(p.to_string().len(), 63);
        }

        #[test]
        fn any_bytes_are_a_number_or_refused(text in proptest::collection::vec(any::<u8>(), 0..30)) {
            let _ = (ItemId::parse(&text), Quantity::parse(&text), Money::parse(&text));
        }
    }
}
