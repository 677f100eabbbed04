//! Dates: the instant that a text of an export stands for. By hand, as a general parser costs a quarter of a row.
//!
//! `YYYY-MM-DDTHH:MM:SS`, or a space for the `T`; a fraction of up to nine digits; then `Z`, an offset (`+01`,
//! `+0100`, `+01:00`), or nothing, which is the shop's time zone. From 1970 to 2999 in UTC.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::row::Reason;

/// First second that is not taken any more: 3000-01-01T00:00:00Z.
const END: i64 = 32_503_680_000;

/// Length of `YYYY-MM-DDTHH:MM:SS`.
const CIVIL: usize = 19;

/// Reads dates.
#[derive(Debug, Clone)]
pub struct Dates {
    /// Of dates that name none; `None` is UTC, which needs no rules.
    time_zone: Option<TimeZone>,
}

/// When something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// In UTC.
    pub at: Timestamp,
    /// Whether it was a local time that the clocks showed twice, or skipped, when they were changed.
    pub ambiguous: bool,
}

/// A date and time of day as written, both in range.
struct Civil {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
}

impl Dates {
    /// Reads dates without a time zone as local times of this one. A local time that was twice is the earlier
    /// one; one that was skipped is moved on by as much as the clocks were (RFC 5545, section 3.3.5, which
    /// `jiff` calls "compatible").
    pub fn new(time_zone: &TimeZone) -> Self {
        Self { time_zone: Some(time_zone.clone()).filter(|zone| *zone != TimeZone::UTC) }
    }

    /// Reads one date.
    ///
    /// # Errors
    /// [`Reason::Date`] when it is written in another way or out of range, [`Reason::NoSuchDate`] when no calendar
    /// or clock has it.
    #[inline(always)]
    pub fn instant(&self, text: &[u8]) -> Result<Instant, Reason> {
        let Some((civil, rest)) = text.split_first_chunk::<CIVIL>() else { return Err(Reason::Date) };
        let civil = civil_of(civil)?;
        match (rest, &self.time_zone) {
            ([], None) | ([b'Z'], _) => exact(&civil, 0, 0),
            _ => self.zoned(&civil, rest),
        }
    }

    /// The rest of the spellings: fraction, offset, time zone.
    fn zoned(&self, civil: &Civil, rest: &[u8]) -> Result<Instant, Reason> {
        let (nanos, rest) = fraction(rest)?;
        match (rest, &self.time_zone) {
            ([], None) | ([b'Z'], _) => exact(civil, 0, nanos),
            ([], Some(time_zone)) => local(civil, nanos, time_zone),
            (rest, _) => exact(civil, offset(rest)?, nanos),
        }
    }
}

/// Checks the calendar and the clock.
#[inline(always)]
fn civil_of(text: &[u8; CIVIL]) -> Result<Civil, Reason> {
    let digit = |at: usize| u32::from(text[at].wrapping_sub(b'0'));
    let mut good = text[4] == b'-' && text[7] == b'-' && text[13] == b':' && text[16] == b':';
    good &= matches!(text[10], b'T' | b' ');
    // All of them at once: dates are hardly ever wrong.
    for at in [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18] {
        good &= digit(at) <= 9;
    }
    if !good {
        return Err(Reason::Date);
    }
    let two = |at: usize| digit(at) * 10 + digit(at + 1);
    let (year, month, day) = (two(0) * 100 + two(2), two(5), two(8));
    let civil = Civil { year, month, day, hour: two(11), minute: two(14), second: two(17) };
    // A day more, as offsets and time zones move an instant; the instant itself is checked too.
    if !(1969..=3000).contains(&year) {
        return Err(Reason::Date);
    }
    let exists = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && civil.hour < 24
        && civil.minute < 60
        && civil.second < 60;
    if exists { Ok(civil) } else { Err(Reason::NoSuchDate) }
}

/// The instant of a date in UTC, less an offset in seconds.
#[inline(always)]
fn exact(civil: &Civil, offset: i64, nanos: i32) -> Result<Instant, Reason> {
    let days = days_to(civil.year, civil.month, civil.day);
    let seconds = days * 86_400 + i64::from(civil.hour * 3600 + civil.minute * 60 + civil.second) - offset;
    if !(0..END).contains(&seconds) {
        return Err(Reason::Date);
    }
    let at = Timestamp::new(seconds, nanos).map_err(|_| Reason::Date)?;
    Ok(Instant { at, ambiguous: false })
}

/// The instant of a local time.
fn local(civil: &Civil, nanos: i32, time_zone: &TimeZone) -> Result<Instant, Reason> {
    let small = |number: u32| i8::try_from(number).map_err(|_| Reason::Date);
    let year = i16::try_from(civil.year).map_err(|_| Reason::Date)?;
    let (month, day) = (small(civil.month)?, small(civil.day)?);
    let (hour, minute, second) = (small(civil.hour)?, small(civil.minute)?, small(civil.second)?);
    let local =
        DateTime::new(year, month, day, hour, minute, second, nanos).map_err(|_| Reason::NoSuchDate)?;
    let found = time_zone.to_ambiguous_timestamp(local);
    let ambiguous = !matches!(found.offset(), AmbiguousOffset::Unambiguous { .. });
    let at = found.compatible().map_err(|_| Reason::Date)?;
    if !(0..END).contains(&at.as_second()) {
        return Err(Reason::Date);
    }
    Ok(Instant { at, ambiguous })
}

/// `.` and one to nine digits, if there are any, as nanoseconds; and what is behind them.
fn fraction(text: &[u8]) -> Result<(i32, &[u8]), Reason> {
    let [b'.', text @ ..] = text else { return Ok((0, text)) };
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&digits) {
        return Err(Reason::Date);
    }
    let (text, rest) = text.split_at(digits);
    let filled = text.iter().chain(std::iter::repeat(&b'0')).take(9);
    Ok((filled.fold(0, |nanos, byte| nanos * 10 + i32::from(byte - b'0')), rest))
}

/// `+01`, `+0100` or `+01:00`, in seconds.
fn offset(text: &[u8]) -> Result<i64, Reason> {
    let (sign, [h, hh, m, mm]) = match *text {
        [sign, h, hh] => (sign, [h, hh, b'0', b'0']),
        [sign, h, hh, m, mm] | [sign, h, hh, b':', m, mm] => (sign, [h, hh, m, mm]),
        _ => return Err(Reason::Date),
    };
    if ![h, hh, m, mm].iter().all(u8::is_ascii_digit) {
        return Err(Reason::Date);
    }
    let two = |tens: u8, ones: u8| i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
    let (hours, minutes) = (two(h, hh), two(m, mm));
    if hours > 23 || minutes > 59 {
        return Err(Reason::NoSuchDate);
    }
    match sign {
        b'+' => Ok((hours * 60 + minutes) * 60),
        b'-' => Ok(-(hours * 60 + minutes) * 60),
        _ => Err(Reason::Date),
    }
}

#[inline]
fn days_in_month(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, for years from 1 on
/// (`days_from_civil` of <https://howardhinnant.github.io/date_algorithms.html>: years begin in March).
#[inline]
fn days_to(year: u32, month: u32, day: u32) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    i64::from(365 * year + year / 4 - year / 100 + year / 400 + day_of_year) - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> Result<Instant, Reason> {
        Dates::new(&TimeZone::UTC).instant(text.as_bytes())
    }

    fn exactly(text: &str) -> Result<Instant, Reason> {
        Ok(Instant { at: text.parse().unwrap(), ambiguous: false })
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
            ("2021-01-01", Err(Reason::Date)),
            ("2021-1-1T10:00:00", Err(Reason::Date)),
            ("2021-01-01t10:00:00", Err(Reason::Date)),
            ("+021-01-01T10:00:00", Err(Reason::Date)),
            ("", Err(Reason::Date)),
        ] {
            assert_eq!(utc(text), expected.and_then(exactly), "{text}");
        }
    }

    #[test]
    fn fractions_and_offsets_are_exact() {
        for (text, expected) in [
            ("2021-03-21 11:00:00", Ok("2021-03-21T11:00:00Z")),
            ("2021-03-21T11:00:00Z", Ok("2021-03-21T11:00:00Z")),
            ("2021-03-21T11:00:00.5", Ok("2021-03-21T11:00:00.5Z")),
            ("2021-03-21 11:00:00.123456789Z", Ok("2021-03-21T11:00:00.123456789Z")),
            ("2021-03-21T11:00:00.000+01:00", Ok("2021-03-21T10:00:00Z")),
            ("2021-03-21T11:00:00+0530", Ok("2021-03-21T05:30:00Z")),
            ("2021-03-21T11:00:00-02", Ok("2021-03-21T13:00:00Z")),
            ("2021-03-21T11:00:00-00:00", Ok("2021-03-21T11:00:00Z")),
            ("1969-12-31T23:30:00-01:00", Ok("1970-01-01T00:30:00Z")),
            ("1970-01-01T00:30:00+01:00", Err(Reason::Date)),
            ("2999-12-31T23:30:00-01:00", Err(Reason::Date)),
            ("3000-01-01T00:30:00+01:00", Ok("2999-12-31T23:30:00Z")),
            ("2021-03-21T11:00:00+24:00", Err(Reason::NoSuchDate)),
            ("2021-03-21T11:00:00+01:60", Err(Reason::NoSuchDate)),
            ("2021-03-21T11:00:00.", Err(Reason::Date)),
            ("2021-03-21T11:00:00.1234567890", Err(Reason::Date)),
            ("2021-03-21T11:00:00,5", Err(Reason::Date)),
            ("2021-03-21T11:00:00z", Err(Reason::Date)),
            ("2021-03-21T11:00:00Z ", Err(Reason::Date)),
            ("2021-03-21T11:00:00+1", Err(Reason::Date)),
            ("2021-03-21T11:00:00+1:00", Err(Reason::Date)),
            ("2021-03-21T11:00:00 0100", Err(Reason::Date)),
            ("2021-03-21T11:00:00+٠١", Err(Reason::Date)),
        ] {
            assert_eq!(utc(text), expected.and_then(exactly), "{text}");
        }
    }

    #[test]
    fn dates_without_a_time_zone_are_the_shops() {
        let dates = Dates::new(&TimeZone::get("Europe/Berlin").unwrap());
        let of = |text: &str| dates.instant(text.as_bytes());
        let at = |text: &str, ambiguous| Ok(Instant { at: text.parse().unwrap(), ambiguous });
        assert_eq!(of("2021-01-01T00:30:00"), at("2020-12-31T23:30:00Z", false));
        assert_eq!(of("2021-07-01 12:00:00.25"), at("2021-07-01T10:00:00.25Z", false));
        // What names a time zone has it.
        assert_eq!(of("2021-07-01T12:00:00Z"), at("2021-07-01T12:00:00Z", false));
        assert_eq!(of("2021-07-01T12:00:00+00"), at("2021-07-01T12:00:00Z", false));
        // 02:30 was twice: the earlier one is meant. Half an hour later the first of them was over.
        assert_eq!(of("2021-10-31T02:30:00"), at("2021-10-31T00:30:00Z", true));
        assert_eq!(of("2021-10-31T03:00:00"), at("2021-10-31T02:00:00Z", false));
        // 02:30 was skipped: an hour later.
        assert_eq!(of("2021-03-28T02:30:00"), at("2021-03-28T01:30:00Z", true));
        assert_eq!(of("2021-02-31T02:30:00"), Err(Reason::NoSuchDate));
        assert_eq!(of("1970-01-01T00:30:00"), Err(Reason::Date));
    }

    fn written(seconds: i64) -> impl Strategy<Value = (Timestamp, String)> {
        (0..seconds, 0i32..1_000_000_000).prop_map(|(second, nanos)| {
            let at = Timestamp::new(second, nanos).unwrap();
            (at, at.strftime("%Y-%m-%dT%H:%M:%S").to_string())
        })
    }

    proptest! {
        #[test]
        fn dates_agree_with_jiff((at, text) in written(END), digits in 0usize..10) {
            prop_assert_eq!(utc(&text).map(|i| i.at.as_second()), Ok(at.as_second()));
            let text = format!("{at:.digits$}");
            prop_assert_eq!(utc(&text).map(|i| i.at), Ok(text.parse().unwrap()));
        }

        #[test]
        fn offsets_agree_with_jiff(
            (_, text) in written(4_000_000_000),
            sign in "[+-]", hours in 0u8..24, minutes in 0u8..60,
        ) {
            let expected: Option<Timestamp> = format!("{text}{sign}{hours:02}:{minutes:02}").parse().ok();
            let expected = expected.filter(|at| *at >= Timestamp::UNIX_EPOCH);
            for colon in ["", ":"] {
                let text = format!("{text}{sign}{hours:02}{colon}{minutes:02}");
                prop_assert_eq!(utc(&text).ok().map(|i| i.at), expected);
            }
        }

        #[test]
        fn only_dates_that_jiff_knows_are_taken(
            (year, month, day) in (1970i64..3000, 0i64..15, 0i64..35),
            (hour, minute, second) in (0i64..26, 0i64..62, 0i64..60),
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
            let expected = text.parse::<DateTime>().ok().map(|t| TimeZone::UTC.to_timestamp(t).unwrap());
            prop_assert_eq!(utc(&text).ok().map(|i| i.at), expected);
        }

        #[test]
        fn any_bytes_are_a_date_or_refused(text: Vec<u8>, behind: Vec<u8>) {
            let _ = utc(&String::from_utf8_lossy(&text));
            let dates = Dates::new(&TimeZone::get("America/New_York").unwrap());
            let _ = dates.instant(&[b"2021-03-14T02:30:00", behind.as_slice()].concat());
        }
    }
}
