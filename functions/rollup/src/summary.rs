//! The summary of a shard, made of its days.
//!
//! Days that no window can reach any more do not change. So the first summary of a day is made of a year of days, and
//! the others of that day take from it what cannot have changed and read the last days alone.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use shared::history::{DayOfShard, HOURS, Seconds, Summary, YEAR_DAYS};
use shared::monitor::{MonitorId, ShardId};
use shared::schedule::Slot;

use crate::day::hour_of_day;
use crate::event::{DAY, HOUR, every, floor};

/// The last days of a summary that are always read: a window may begin 7 days ago, and whoever writes its first day
/// may have begun before midnight.
pub(crate) const FRESH_DAYS: usize = 9;

/// Whether what cannot have changed can be taken from this summary.
pub(crate) fn can_go_on(stored: &Summary, read_at: Timestamp, kept: &BTreeSet<MonitorId>) -> bool {
    let is_of_today = stored.until() == Slot::containing(read_at).date();
    is_of_today && kept.iter().all(|id| stored.monitors.contains_key(id))
}

/// The first of the so many days that end with the one that this instant lies in.
pub(crate) fn first_of(days: usize, read_at: Timestamp) -> Date {
    let days = i64::try_from(days).unwrap_or(1);
    floor(Slot::containing(read_at), DAY).plus((1 - days) * DAY).date()
}

/// The summary of these monitors: of the last [`YEAR_DAYS`] days; or of the last [`FRESH_DAYS`] and of `stored`.
pub(crate) fn of_days(
    shard: ShardId,
    read_at: Timestamp,
    kept: &BTreeSet<MonitorId>,
    days: &[DayOfShard],
    stored: Option<&Summary>,
) -> Summary {
    let until = Slot::containing(read_at).date();
    let of_monitor = |id: &MonitorId| {
        let mut monitor = stored.and_then(|summary| summary.monitors.get(id)).cloned().unwrap_or_default();
        monitor.hours = last_hours(id, read_at, days);
        for fresh in monitor.days.iter_mut().rev().take(FRESH_DAYS) {
            *fresh = Seconds::default();
        }
        for day in days {
            let (Some(of_day), Some(ago)) = (day.monitors.get(id), days_between(day.date, until)) else {
                continue;
            };
            match monitor.days.iter_mut().rev().nth(ago) {
                Some(bar) => *bar = of_day.seconds(),
                None if ago < YEAR_DAYS => monitor.older += of_day.seconds(),
                None => {}
            }
        }
        (id.clone(), monitor)
    };
    Summary { shard, read_at, monitors: kept.iter().map(of_monitor).collect() }
}

/// How many days `date` lies before `until`.
fn days_between(date: Date, until: Date) -> Option<usize> {
    usize::try_from(date.until(until).ok()?.get_days()).ok()
}

/// The 24 hours that end with the one that this instant lies in.
fn last_hours(id: &MonitorId, read_at: Timestamp, days: &[DayOfShard]) -> [Seconds; HOURS] {
    let ends = floor(Slot::containing(read_at), HOUR).plus(HOUR);
    let mut last = [Seconds::default(); HOURS];
    for (seconds, begins) in last.iter_mut().zip(every(&(ends.plus(-DAY)..ends), HOUR)) {
        let day = days.iter().find(|day| day.date == begins.date()).and_then(|day| day.monitors.get(id));
        let hour = day.and_then(|day| day.hours.get(usize::from(hour_of_day(begins))));
        *seconds = hour.copied().unwrap_or_default();
    }
    last
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::ToSpan as _;
    use proptest::prelude::*;
    use shared::history::{MonitorDay, SUMMARY_DAYS};

    use super::*;

    fn days(from: Date, minutes: &[u32]) -> Vec<DayOfShard> {
        let day = |(n, minutes): (i32, &u32)| {
            let mut day = MonitorDay::default();
            day.hours.iter_mut().for_each(|hour| hour.up = minutes * 60);
            let monitors = BTreeMap::from([("s0-aaaaaa".parse().unwrap(), day)]);
            DayOfShard { shard: ShardId(0), date: from + n.days(), read_at: Timestamp::UNIX_EPOCH, monitors }
        };
        (0..).zip(minutes).map(day).collect()
    }

    fn kept() -> BTreeSet<MonitorId> {
        ["s0-aaaaaa", "s0-bbbbbb"].map(|id| id.parse().unwrap()).into()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_day_and_hour_are_those_it_was_made_in() {
        let read_at = at("2029-02-28T05:03:00Z");
        // 400 days over a leap day, the last of them today: day n has n minutes in every hour.
        let minutes: Vec<u32> = (1..=400).collect();
        let days = days("2028-01-26".parse().unwrap(), &minutes);
        assert_eq!(days.last().unwrap().date, first_of(1, read_at));
        let summary = of_days(ShardId(0), read_at, &kept(), &days, None);
        let [shop, unseen] = ["s0-aaaaaa", "s0-bbbbbb"].map(|id| &summary.monitors[&id.parse().unwrap()]);
        assert_eq!(*unseen, shared::history::MonitorSummary::default());
        let up = |day: u32| day * 60;
        assert_eq!((shop.hours[17].up, shop.hours[18].up, shop.hours[23].up), (up(399), up(400), up(400)));
        assert_eq!((shop.days[89].up, shop.days[0].up), (up(400) * 24, up(311) * 24));
        assert_eq!(shop.older.up, (36..=310).map(|day| up(day) * 24).sum::<u32>());
        assert_eq!(first_of(YEAR_DAYS, read_at), days[35].date);
        assert_eq!(first_of(SUMMARY_DAYS, read_at), days[310].date);
    }

    #[test]
    fn an_earlier_summary_is_gone_on_with_only_where_nothing_can_be_missing() {
        let made = |text: &str, kept: &BTreeSet<MonitorId>| of_days(ShardId(0), at(text), kept, &[], None);
        let now = at("2028-02-29T23:59:59Z");
        assert!(can_go_on(&made("2028-02-29T00:03:00Z", &kept()), now, &kept()));
        assert!(!can_go_on(&made("2028-02-28T23:59:59Z", &kept()), now, &kept()), "another day");
        let fewer = ["s0-aaaaaa".parse().unwrap()].into();
        assert!(!can_go_on(&made("2028-02-29T00:03:00Z", &fewer), now, &kept()), "a monitor is new, or back");
        assert!(can_go_on(&made("2028-02-29T00:03:00Z", &kept()), now, &fewer));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn going_on_gives_what_reading_all_gives(
            before in proptest::collection::vec(0u32..60, YEAR_DAYS),
            fresh in proptest::collection::vec(0u32..60, FRESH_DAYS),
            missing in 0usize..FRESH_DAYS,
        ) {
            let [early, late] = ["2028-02-29T00:03:00Z", "2028-02-29T14:03:00Z"].map(at);
            let from = first_of(YEAR_DAYS, early);
            let stored = of_days(ShardId(0), early, &kept(), &days(from, &before), None);
            // Then the last days are written anew, and one of them is lost.
            let mut all = before;
            all[YEAR_DAYS - FRESH_DAYS..].copy_from_slice(&fresh);
            let mut all = days(from, &all);
            all.remove(YEAR_DAYS - FRESH_DAYS + missing);
            let fresh: Vec<_> = all.iter().filter(|day| day.date >= first_of(FRESH_DAYS, late)).cloned().collect();
            prop_assert_eq!(
                of_days(ShardId(0), late, &kept(), &fresh, Some(&stored)),
                of_days(ShardId(0), late, &kept(), &all, None)
            );
        }
    }
}
