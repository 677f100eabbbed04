//! The numbers of a purchase: what, how many, for how much. Exact, ASCII digits only.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::text::{Invalid, as_text};

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
    #[inline(always)]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (whole, fraction) = match text.iter().position(|b| *b == b'.') {
            Some(point) => (&text[..point], &text[point + 1..]),
            None => (text, &b"0"[..]),
        };
        if whole.len() > MAX_PRICE_DIGITS.0 || !(1..=MAX_PRICE_DIGITS.1).contains(&fraction.len()) {
            return None;
        }
        // Without the zeros at the end it is canonical.
        let zeros = fraction.iter().rev().take_while(|byte| **byte == b'0').count();
        let fraction = &fraction[..fraction.len() - zeros];
        let scale = u32::try_from(fraction.len()).ok()?;
        let behind_the_point = if fraction.is_empty() { 0 } else { digits(fraction)? };
        let mantissa = digits(whole)? * 10_u64.pow(scale) + behind_the_point;
        Some(Self(Decimal::new(i64::try_from(mantissa).ok()?, scale)))
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

as_text!(ItemId, Quantity, Money);

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

    proptest! {
        #[test]
        fn any_price_survives_a_clients_floating_point(whole in 0u64..100_000_000_000, fraction in 0u64..10_000) {
            let money = Money::parse(format!("{whole}.{fraction:04}").as_bytes()).unwrap();
            let float: f64 = money.to_string().parse().unwrap();
            prop_assert_eq!(float.to_string(), money.to_string());
        }

        #[test]
        fn any_bytes_are_a_number_or_refused(text in proptest::collection::vec(any::<u8>(), 0..30)) {
            let _ = (ItemId::parse(&text), Quantity::parse(&text), Money::parse(&text));
        }
    }
}
