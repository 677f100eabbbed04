//! Buckets of time in UTC: hours, days, weeks that begin on Monday (ISO 8601), months.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;

use crate::failure::Failure;
use crate::range::Range;

/// What the parameter `bucket` may be.
pub(super) const RULE: &str = "hour, day, week or month";

/// Days of one answer at most in days, weeks and months: ten years.
const MAX_DAYS: i64 = 3_660;

/// Hours of one answer at most: 31 days.
const MAX_HOURS: i64 = 744;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// How long the buckets of an answer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum BucketSize {
    Hour,
    Day,
    Week,
    Month,
}

impl FromStr for BucketSize {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            "month" => Ok(Self::Month),
            _ => Err(()),
        }
    }
}

impl BucketSize {
    /// Every hour, or every day, that the range touches: sales of less than that are not kept. Not more of them
    /// than one answer has.
    pub(super) fn covered(self, range: Range) -> Result<Range, Failure> {
        let (part, name, most) = match self {
            Self::Hour => (HOUR, "hours", MAX_HOURS),
            Self::Day | Self::Week | Self::Month => (DAY, "days", MAX_DAYS),
        };
        let whole = range.whole(part);
        let parts = whole.seconds() / part;
        if parts > most {
            let (from, until) = (whole.from(), whole.until());
            let detail = format!(
                "a range has at most {MAX_HOURS} hours (31 days) with bucket=hour and {MAX_DAYS} days with day, \
                 week or month; from {from} to {until} there are {parts} {name}"
            );
            return Err(Failure::bad_request("range", detail));
        }
        Ok(whole)
    }

    /// The range cut into buckets, oldest first. Its ends cut weeks and months: these are shorter then.
    pub(super) fn cut(self, covered: Range) -> Vec<Range> {
        let mut buckets = Vec::new();
        let mut from = covered.from();
        while let Some(bucket) =
            Range::new(from, self.end_of(from).unwrap_or(covered.until()).min(covered.until()))
        {
            buckets.push(bucket);
            from = bucket.until();
        }
        buckets
    }

    /// The first instant behind the bucket that holds this one, which begins an hour or a day.
    fn end_of(self, instant: Timestamp) -> Option<Timestamp> {
        let date = TimeZone::UTC.to_datetime(instant).date();
        let next = match self {
            Self::Hour => return Timestamp::from_second(instant.as_second() + HOUR).ok(),
            Self::Day => date.tomorrow().ok()?,
            Self::Week => {
                let days_left = 7 - i64::from(date.weekday().to_monday_zero_offset());
                date.checked_add(days_left.days()).ok()?
            }
            Self::Month => date.last_of_month().tomorrow().ok()?,
        };
        midnight(next)
    }
}

/// The first instant of a day.
pub(super) fn midnight(date: Date) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;
    use proptest::prelude::*;

    use super::*;

    fn cut(size: &str, from: &str, until: &str) -> Vec<String> {
        let size: BucketSize = size.parse().unwrap();
        let covered = Range::new(from.parse().unwrap(), until.parse().unwrap()).unwrap();
        let buckets = size.cut(covered);
        assert_eq!(buckets.last().unwrap().until(), covered.until());
        buckets.iter().map(|bucket| bucket.from().to_string()[..13].to_owned()).collect()
    }

    #[test]
    fn a_range_is_cut_where_buckets_begin() {
        assert_eq!(
            cut("hour", "2026-11-20T22:00:00Z", "2026-11-21T01:00:00Z"),
            ["2026-11-20T22", "2026-11-20T23", "2026-11-21T00"]
        );
        assert_eq!(
            cut("day", "2028-02-28T00:00:00Z", "2028-03-02T00:00:00Z"),
            ["2028-02-28T00", "2028-02-29T00", "2028-03-01T00"]
        );
        // From a Wednesday on: Monday is the 2nd.
        assert_eq!(
            cut("week", "2028-12-27T00:00:00Z", "2029-01-09T00:00:00Z"),
            ["2028-12-27T00", "2029-01-01T00", "2029-01-08T00"]
        );
        assert_eq!(
            cut("month", "2026-11-20T00:00:00Z", "2027-01-02T00:00:00Z"),
            ["2026-11-20T00", "2026-12-01T00", "2027-01-01T00"]
        );
        assert_eq!(cut("month", "9998-12-31T00:00:00Z", "9999-01-01T00:00:00Z"), ["9998-12-31T00"]);
    }

    proptest! {
        #[test]
        fn buckets_follow_each_other_and_begin_where_they_should(
            first in 0i64..200_000,
            days in 1i64..400,
            size in proptest::sample::select(vec![BucketSize::Day, BucketSize::Week, BucketSize::Month]),
        ) {
            let at = |day: i64| Timestamp::from_second(day * DAY).unwrap();
            let covered = Range::new(at(first), at(first + days)).unwrap();
            let buckets = size.cut(covered);
            let mut expected = covered.from();
            for (index, bucket) in buckets.iter().enumerate() {
                prop_assert_eq!(bucket.from(), expected);
                expected = bucket.until();
                let (from, days) = (bucket.first_day(), bucket.seconds() / DAY);
                match size {
                    BucketSize::Week => prop_assert!((index == 0 || from.weekday() == Weekday::Monday) && days <= 7),
                    BucketSize::Month => {
                        prop_assert!(index == 0 || from.day() == 1);
                        prop_assert_eq!(from.first_of_month(), bucket.last_day().first_of_month());
                    }
                    _ => prop_assert_eq!(days, 1),
                }
            }
            prop_assert_eq!(expected, covered.until());
        }
    }
}
