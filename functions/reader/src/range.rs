//! The time range of a query: `from` inclusive, `to` exclusive, both as date, instant or naive date-time (UTC).

use std::str::FromStr;

use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::failure::Failure;
use crate::params::{Params, invalid};

/// The range's length where a query of purchases or trends says nothing: 30 days.
pub(crate) const DEFAULT: SignedDuration = SignedDuration::from_hours(24 * 30);

const RULE: &str = "a date (2026-11-21), an instant (2026-11-21T14:00:00Z, or with an offset whose + is written \
                    %2B) or a date and time in UTC (2026-11-21T14:00:00), from 1970 to 9998";

/// A part of time that is not empty, between 1970 and 9998: there texts of instants sort as instants do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    from: Timestamp,
    until: Timestamp,
}

impl Range {
    /// From the first instant on, before the second.
    pub(crate) fn new(from: Timestamp, until: Timestamp) -> Option<Self> {
        (from < until && is_sortable(from) && is_sortable(until)).then_some(Self { from, until })
    }

    /// What `from` and `to` say; by default so much before `to`, which is now by default.
    pub(crate) fn of(params: &Params, now: Timestamp, default: SignedDuration) -> Result<Self, Failure> {
        let until = match Given::of(params, "to")? {
            Some(given) => given.end().ok_or_else(|| beyond("to", params))?,
            None => now,
        };
        let from = match Given::of(params, "from")? {
            Some(given) => given.start().ok_or_else(|| beyond("from", params))?,
            None => (until - default).max(Timestamp::UNIX_EPOCH),
        };
        Self::new(from, until).ok_or_else(|| {
            Failure::bad_request("range", format!("from must be before to; the range is {from} to {until}"))
        })
    }

    /// The first instant.
    pub(crate) fn from(&self) -> Timestamp {
        self.from
    }

    /// The first instant behind.
    pub(crate) fn until(&self) -> Timestamp {
        self.until
    }

    /// The day in UTC of the first instant.
    pub(crate) fn first_day(&self) -> Date {
        day(self.from)
    }

    /// The day in UTC of the last instant.
    pub(crate) fn last_day(&self) -> Date {
        day(self.until - SignedDuration::from_nanos(1))
    }

    /// The range with both ends moved outwards to the next whole hour or day in UTC, of so many seconds.
    pub(crate) fn whole(self, seconds: i64) -> Self {
        let last = self.until - SignedDuration::from_nanos(1);
        let at = |part: i64| Timestamp::from_second(part * seconds);
        let from = at(self.from.as_second().div_euclid(seconds)).unwrap_or(self.from);
        let until = at(last.as_second().div_euclid(seconds) + 1).unwrap_or(self.until);
        Self { from, until }
    }

    /// The seconds between its ends, without a part of one.
    pub(crate) fn seconds(&self) -> i64 {
        self.until.duration_since(self.from).as_secs()
    }

    /// Whether the instant lies in the range.
    pub(crate) fn contains(&self, instant: Timestamp) -> bool {
        (self.from..self.until).contains(&instant)
    }
}

fn day(instant: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(instant).date()
}

fn is_sortable(instant: Timestamp) -> bool {
    (1970..=9998).contains(&day(instant).year()) || day(instant) == date(9999, 1, 1)
}

fn beyond(name: &'static str, params: &Params) -> Failure {
    invalid(name, params.text(name).unwrap_or_default(), RULE)
}

/// A point in time as somebody wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Day(Date),
    Instant(Timestamp),
}

impl Given {
    fn of(params: &Params, name: &'static str) -> Result<Option<Self>, Failure> {
        params.parsed(name, RULE)
    }

    /// The first instant: of a day, midnight.
    fn start(self) -> Option<Timestamp> {
        let start = match self {
            Self::Day(day) => TimeZone::UTC.to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).ok(),
            Self::Instant(instant) => Some(instant),
        };
        start.filter(|instant| is_sortable(*instant))
    }

    /// The first instant behind: of a day, the next midnight, so that the day itself is included.
    fn end(self) -> Option<Timestamp> {
        match self {
            Self::Day(day) => Self::Day(day.tomorrow().ok()?).start(),
            Self::Instant(_) => self.start(),
        }
    }
}

impl FromStr for Given {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let plain = text.len() <= 40 && text.bytes().all(|b| b.is_ascii_digit() || b"-+:.TZ".contains(&b));
        if !plain {
            return Err(());
        }
        match text.split_once('T') {
            None if text.len() == 10 => text.parse().map(Self::Day).map_err(|_| ()),
            None => Err(()),
            Some((_, time)) if time.bytes().all(|b| b.is_ascii_digit() || b == b':' || b == b'.') => {
                let naive: DateTime = text.parse().map_err(|_| ())?;
                TimeZone::UTC.to_timestamp(naive).map(Self::Instant).map_err(|_| ())
            }
            Some(_) => text.parse().map(Self::Instant).map_err(|_| ()),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use proptest::prelude::*;

    use super::*;

    fn range(query: &str) -> Result<(String, String), String> {
        let uri: Uri = format!("/?{query}").parse().unwrap();
        let now = "2026-11-21T14:25:30Z".parse().unwrap();
        let range = Params::of(&uri, &["from", "to"]).and_then(|params| Range::of(&params, now, DEFAULT));
        match range {
            Ok(range) => Ok((range.from().to_string(), range.until().to_string())),
            Err(Failure::Problem(problem)) => Err(format!("{}: {}", problem.kind, problem.detail)),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn a_range_is_given_by_dates_or_instants() {
        for (query, from, until) in [
            ("", "2026-10-22T14:25:30Z", "2026-11-21T14:25:30Z"),
            ("to=2026-11-20", "2026-10-22T00:00:00Z", "2026-11-21T00:00:00Z"),
            ("from=2026-11-21", "2026-11-21T00:00:00Z", "2026-11-21T14:25:30Z"),
            ("from=2026-11-21&to=2026-11-21", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"),
            (
                "from=2026-11-21T10:00:00&to=2026-11-21T11:00:00Z",
                "2026-11-21T10:00:00Z",
                "2026-11-21T11:00:00Z",
            ),
            (
                "from=2026-11-21T10:00:00-05:00&to=2026-11-21T17:00:00%2B01:00",
                "2026-11-21T15:00:00Z",
                "2026-11-21T16:00:00Z",
            ),
            ("from=1970-01-01&to=9998-12-31", "1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z"),
        ] {
            assert_eq!(range(query), Ok((from.to_owned(), until.to_owned())), "{query}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in [
            "from=",
            "from=yesterday",
            "from=2026-02-31",
            "from=2026-11-21T10:00:00+01:00",
            "from=20261121",
            "from=2026-11-21T25:00:00",
            "from=1969-12-31",
            "to=9999-12-31",
            "from=-000001-01-01",
            "from=2026-11-21T10:00:00[Europe/Berlin]",
            "from=0",
            "from=2026-11-22",
            "from=ada@shop.example",
            "from=2026-11-21T10:00&to=2026-11-21T10:00",
        ] {
            assert!(range(bad).is_err(), "{bad}: {:?}", range(bad));
        }
        insta::assert_snapshot!(range("from=2026-02-31").unwrap_err(), @r#"from: from must be a date (2026-11-21), an instant (2026-11-21T14:00:00Z, or with an offset whose + is written %2B) or a date and time in UTC (2026-11-21T14:00:00), from 1970 to 9998; got "2026-02-31""#);
        insta::assert_snapshot!(range("from=2027-01-01").unwrap_err(), @"range: from must be before to; the range is 2027-01-01T00:00:00Z to 2026-11-21T14:25:30Z");
    }

    #[test]
    fn a_whole_range_covers_every_hour_or_day_it_touches() {
        let at = |text: &str| text.parse().unwrap();
        let whole = |from, until, seconds| {
            let range = Range::new(at(from), at(until)).unwrap().whole(seconds);
            format!("{} {}", range.from(), range.until())
        };
        for (from, until, hours, days) in [
            (
                "2026-11-20T10:00:00.5Z",
                "2026-11-21T10:00:00Z",
                "2026-11-20T10:00:00Z 2026-11-21T10:00:00Z",
                "2026-11-20T00:00:00Z 2026-11-22T00:00:00Z",
            ),
            (
                "2026-11-20T00:00:00Z",
                "2026-11-21T00:00:00.000000001Z",
                "2026-11-20T00:00:00Z 2026-11-21T01:00:00Z",
                "2026-11-20T00:00:00Z 2026-11-22T00:00:00Z",
            ),
            (
                "1970-01-01T00:00:00Z",
                "9999-01-01T00:00:00Z",
                "1970-01-01T00:00:00Z 9999-01-01T00:00:00Z",
                "1970-01-01T00:00:00Z 9999-01-01T00:00:00Z",
            ),
        ] {
            assert_eq!(whole(from, until, 3_600), hours, "{from} {until}");
            assert_eq!(whole(from, until, 86_400), days, "{from} {until}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_refused(text in "[0-9TZ:.+-]{0,30}") {
            if let Ok(given) = text.parse::<Given>() {
                prop_assert!(given.start().is_none_or(is_sortable));
                prop_assert!(given.end().is_none_or(is_sortable));
            }
        }
    }
}
