//! What was recorded of a monitor before its mark is shown to nobody ([`Monitor::hidden_before`]).
//!
//! A slot is hidden or it is not. Of what was summed up over hours and days, a part that begins before the mark is left
//! out as a whole: nobody can tell what of it lies behind.

use jiff::Timestamp;
use shared::history::{HOURS, MonitorSummary, Seconds, YEAR_DAYS};
use shared::monitor::Monitor;
use shared::schedule::Slot;

/// Minutes of an hour.
pub(crate) const HOUR: i64 = 60;

/// Minutes of a day.
pub(crate) const DAY: i64 = 1_440;

/// The first slot of the hour or day, of so many minutes, that this slot lies in: in UTC.
pub(crate) fn begin_of(minutes: i64, slot: Slot) -> Slot {
    slot.plus(-slot.minutes().rem_euclid(minutes))
}

/// Whether what was recorded in this slot, or from it on, is shown.
pub(crate) fn shows(monitor: &Monitor, slot: Slot) -> bool {
    monitor.hidden_before.is_none_or(|before| slot >= before)
}

/// This slot, or the first one that is shown if that is later.
pub(crate) fn shown_from(monitor: &Monitor, slot: Slot) -> Slot {
    monitor.hidden_before.map_or(slot, |before| before.max(slot))
}

/// What is shown of a summary that was made then.
pub(crate) fn summary(monitor: &Monitor, summary: &MonitorSummary, read_at: Timestamp) -> MonitorSummary {
    let mut shown = summary.clone();
    if monitor.hidden_before.is_none() {
        return shown;
    }
    let made = Slot::containing(read_at);
    let today = begin_of(DAY, made);
    let hour = begin_of(HOUR, made);
    for (ago, seconds) in (0..).zip(shown.hours.iter_mut().rev()) {
        if !shows(monitor, hour.plus(-HOUR * ago)) {
            *seconds = Seconds::default();
        }
    }
    for (ago, seconds) in (0..).zip(shown.days.iter_mut().rev()) {
        if !shows(monitor, today.plus(-DAY * ago)) {
            *seconds = Seconds::default();
        }
    }
    // Of the last day the hours are known.
    if !shows(monitor, today) {
        let of_today = usize::try_from((hour.minutes() - today.minutes()) / HOUR + 1).unwrap_or(HOURS);
        let hours = shown.hours.iter().rev().take(of_today).copied().sum();
        if let Some(last) = shown.days.last_mut() {
            *last = hours;
        }
    }
    let older = i64::try_from(YEAR_DAYS - 1).unwrap_or(i64::MAX);
    if !shows(monitor, today.plus(-DAY * older)) {
        shown.older = Seconds::default();
    }
    shown
}

#[cfg(test)]
mod tests {
    use ::tests::example;
    use shared::history::SUMMARY_DAYS;
    use shared::uptime::Period;

    use super::*;

    fn made() -> Timestamp {
        "2026-11-21T14:03:00Z".parse().unwrap()
    }

    /// An hour of up in each hour, and so many in each day.
    fn full() -> MonitorSummary {
        let up = |up| Seconds { up, ..Seconds::default() };
        MonitorSummary { hours: [up(1); HOURS], days: [up(100); SUMMARY_DAYS], older: up(10_000) }
    }

    #[test]
    fn what_begins_before_the_mark_is_left_out() {
        let up = |before: Option<&str>| {
            let mut monitor = example::monitor("s0-aaaaaa");
            monitor.hidden_before = before.map(|before| before.parse().unwrap());
            let shown = summary(&monitor, &full(), made());
            Period::ALL.map(|(period, _)| shown.seconds(period).up)
        };
        assert_eq!(up(None), [24, 700, 3_000, 9_000, 19_000]);
        // The first day of the year that ends today.
        assert_eq!(up(Some("2025-11-22T00:00:00Z")), [24, 700, 3_000, 9_000, 19_000]);
        assert_eq!(up(Some("2025-11-22T00:01:00Z")), [24, 700, 3_000, 9_000, 9_000]);
        assert_eq!(up(Some("2026-11-15T00:01:00Z")), [24, 600, 600, 600, 600]);
        assert_eq!(up(Some("2026-11-20T22:30:00Z")), [16, 100, 100, 100, 100]);
        assert_eq!(up(Some("2026-11-21T12:00:00Z")), [3, 3, 3, 3, 3]);
        assert_eq!(up(Some("2026-11-21T14:02:00Z")), [0; 5]);
    }

    #[test]
    fn a_slot_is_hidden_or_not() {
        let mark: Slot = "2026-11-21T14:02:00Z".parse().unwrap();
        let monitor = Monitor { hidden_before: Some(mark), ..example::monitor("s0-aaaaaa") };
        assert_eq!([-1, 0, 1].map(|minutes| shows(&monitor, mark.plus(minutes))), [false, true, true]);
        assert_eq!(
            [-1, 0, 1].map(|minutes| shown_from(&monitor, mark.plus(minutes)).minutes() - mark.minutes()),
            [0, 0, 1]
        );
        assert!(shows(&example::monitor("s0-aaaaaa"), mark.plus(-1_000_000)));
    }
}
