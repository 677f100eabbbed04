//! A calendar month, `2026-11`: the list of imports is kept by month.

use std::iter;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// What the parameter `month` may be.
pub(super) const RULE: &str = "a month such as 2026-11, from 1970 to 9998";

/// A month in UTC, by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Month(Date);

impl Month {
    /// The month of this instant.
    pub(super) fn of(instant: Timestamp) -> Self {
        Self(TimeZone::UTC.to_datetime(instant).date().first_of_month())
    }

    /// Whether a month that can be asked for has this instant.
    pub(super) fn has(instant: Timestamp) -> bool {
        is_known(Self::of(instant).0)
    }

    /// This month, the one before, and so on: each by its first day.
    pub(super) fn and_before(self) -> impl Iterator<Item = Date> {
        iter::successors(Some(self.0), |month| month.checked_sub(1.month()).ok())
    }
}

fn is_known(month: Date) -> bool {
    (1970..=9998).contains(&month.year())
}

impl FromStr for Month {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let plain = text.len() == 7 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let month: Option<Date> = plain.then(|| format!("{text}-01").parse().ok()).flatten();
        month.filter(|month| is_known(*month)).map(Self).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_month_is_year_and_month_and_no_more() {
        let months: Vec<String> =
            "2026-02".parse::<Month>().unwrap().and_before().take(3).map(|month| month.to_string()).collect();
        assert_eq!(months, ["2026-02-01", "2026-01-01", "2025-12-01"]);
        assert_eq!(Month::of("2026-02-28T23:59:59.9Z".parse().unwrap()), "2026-02".parse().unwrap());
        for bad in [
            "", "2026", "2026-13", "2026-00", "2026-1", "2026-011", "202611", "1969-12", "9999-01", "-026-11",
        ] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_month_or_refused(text in "[0-9-]{0,9}") {
            if let Ok(month) = text.parse::<Month>() {
                prop_assert_eq!(month.0.strftime("%Y-%m").to_string(), text);
            }
        }
    }
}
