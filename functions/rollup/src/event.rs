//! What an event asks for: the schedule's hours and day, or a window.

use std::ops::Range;

use anyhow::{Context as _, bail, ensure};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::Deserialize;
use shared::monitor::ShardId;
use shared::schedule::{PLACEHOLDER, Slot};

/// Minutes of an hour.
pub(crate) const HOUR: i64 = 60;

/// Minutes of a day.
pub(crate) const DAY: i64 = 24 * HOUR;

/// How long ago what is recomputed may begin, in hours: 7 days. Blocks live for 8, and the day that a window begins in
/// is recomputed from its first minute on: whole hours leave one to do it in.
const MAX_AGE_HOURS: i64 = 7 * 24;

/// Whole hours that the schedule has recomputed: the last one, and the one before for blocks that came late.
const SCHEDULED_HOURS: i64 = 2;

/// Hours into a day in which the schedule has the day before recomputed, too.
const YESTERDAY_HOURS: i64 = 3;

/// An event: the schedule's with its `time`, or a request for a window, of one shard or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The schedule's own time, RFC 3339, or what stands for it where nobody fills it in.
    time: Option<String>,
    /// The window's first instant, RFC 3339.
    from: Option<String>,
    /// The window's end, RFC 3339.
    until: Option<String>,
    /// Only this shard.
    shard: Option<ShardId>,
}

/// What is recomputed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Of this shard; otherwise of all.
    pub shard: Option<ShardId>,
    /// The hours that begin in these slots; all of them are over.
    pub hours: Range<Slot>,
    /// The days that begin in these slots. No hour lies outside of them.
    pub days: Range<Slot>,
    /// Whether somebody asked for it: then nothing is taken from an earlier summary.
    pub asked: bool,
}

impl Event {
    /// What the event asks for at this instant.
    ///
    /// # Errors
    /// When it is neither the schedule's nor a window, or the window begins too long ago: blocks have begun to expire
    /// then, and recomputing would erase history.
    pub fn work(&self, now: Timestamp) -> anyhow::Result<Work> {
        let work = match (&self.time, &self.from, &self.until) {
            // The clock counts where nobody filled the time in, and only there: an event may be delivered late.
            (Some(time), None, None) if time == PLACEHOLDER => self.scheduled(now),
            (Some(time), None, None) => self.scheduled(instant("time", time)?.min(now)),
            (None, Some(from), Some(until)) => {
                self.window(instant("from", from)?, instant("until", until)?, now)?
            }
            _ => bail!("expected `time`, `from` and `until`, `day` or `nightly`"),
        };
        let begins = work.hours.start;
        ensure!(
            now.duration_since(begins.start()) <= SignedDuration::from_hours(MAX_AGE_HOURS),
            "refused to recompute history from {begins} on: that is more than 7 days ago, its blocks have begun to \
             expire, and without them history would be erased"
        );
        Ok(work)
    }

    fn scheduled(&self, at: Timestamp) -> Work {
        let ends = floor(Slot::containing(at), HOUR);
        let today = floor(ends, DAY);
        let first = if ends < today.plus(YESTERDAY_HOURS * HOUR) { today.plus(-DAY) } else { today };
        let hours = ends.plus(-SCHEDULED_HOURS * HOUR)..ends;
        Work { shard: self.shard, hours, days: first..today.plus(DAY), asked: false }
    }

    fn window(&self, from: Timestamp, until: Timestamp, now: Timestamp) -> anyhow::Result<Work> {
        ensure!(from < until, "expected a window that ends after it begins, got {from} to {until}");
        ensure!(from < now, "nothing has been measured yet: the window begins at {from}, and it is {now}");
        let begins = floor(Slot::containing(from), HOUR);
        let last = Slot::containing(until.checked_sub(1.nanosecond()).unwrap_or(until).min(now));
        let over = floor(Slot::containing(now), HOUR);
        let hours = begins..floor(last, HOUR).plus(HOUR).min(over).max(begins);
        Ok(Work {
            shard: self.shard,
            hours,
            days: floor(begins, DAY)..floor(last, DAY).plus(DAY),
            asked: true,
        })
    }
}

pub(crate) fn instant(name: &str, text: &str) -> anyhow::Result<Timestamp> {
    text.parse().with_context(|| {
        format!("expected `{name}` to be an instant such as 2026-11-21T14:00:00Z, got {text:?}")
    })
}

/// The last slot up to this one that is a multiple of so many minutes: in UTC an hour or a day begins there.
pub(crate) fn floor(slot: Slot, minutes: i64) -> Slot {
    Slot::of_minutes(slot.minutes() - slot.minutes().rem_euclid(minutes))
}

/// The slots of a range, one every so many minutes.
pub(crate) fn every(slots: &Range<Slot>, minutes: i64) -> impl Iterator<Item = Slot> + use<> {
    let step = usize::try_from(minutes).unwrap_or(1).max(1);
    (slots.start.minutes()..slots.end.minutes()).step_by(step).map(Slot::of_minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(event: serde_json::Value, now: &str) -> Result<String, String> {
        let event: Event = serde_json::from_value(event).map_err(|error| error.to_string())?;
        let work = event.work(now.parse().unwrap()).map_err(|error| format!("{error:#}"))?;
        Ok(format!(
            "{} to {}, {} to {}",
            work.hours.start,
            work.hours.end,
            work.days.start.date(),
            work.days.end.plus(-1).date()
        ))
    }

    #[test]
    fn the_schedule_asks_for_two_hours_and_the_day_they_belong_to() {
        let at = |time: &str, now: &str| work(serde_json::json!({ "time": time }), now).unwrap();
        let usual = "2026-11-21T12:00:00Z to 2026-11-21T14:00:00Z, 2026-11-21 to 2026-11-21";
        assert_eq!(at("2026-11-21T14:03:00Z", "2026-11-21T14:03:09Z"), usual);
        assert_eq!(at("2026-11-21T14:03:00Z", "2026-11-21T16:30:00Z"), usual, "delivered late");
        assert_eq!(at(PLACEHOLDER, "2026-11-21T14:59:59Z"), usual);
        assert_eq!(at("2126-01-01T00:00:00Z", "2026-11-21T14:03:09Z"), usual, "a clock that is wrong");
        let night = "2028-02-29T22:00:00Z to 2028-03-01T00:00:00Z, 2028-02-29 to 2028-03-01";
        assert_eq!(at("2028-03-01T00:03:00Z", "2028-03-01T00:03:09Z"), night);
        assert!(at(PLACEHOLDER, "2026-11-21T02:59:00Z").ends_with("2026-11-20 to 2026-11-21"));
        assert!(at(PLACEHOLDER, "2026-11-21T03:00:00Z").ends_with("2026-11-21 to 2026-11-21"));
    }

    #[test]
    fn a_window_is_widened_to_hours_and_ends_now() {
        let of = |from: &str, until: &str| {
            work(serde_json::json!({ "from": from, "until": until }), "2026-11-21T14:03:09Z").unwrap()
        };
        let hour = "2026-11-20T10:00:00Z to 2026-11-20T11:00:00Z, 2026-11-20 to 2026-11-20";
        assert_eq!(of("2026-11-20T10:10:00Z", "2026-11-20T10:20:00Z"), hour);
        assert_eq!(of("2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"), hour);
        let day = "2026-11-20T00:00:00Z to 2026-11-21T00:00:00Z, 2026-11-20 to 2026-11-20";
        assert_eq!(of("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"), day);
        let week = "2026-11-14T15:00:00Z to 2026-11-21T14:00:00Z, 2026-11-14 to 2026-11-21";
        assert_eq!(of("2026-11-14T15:00:00Z", "9999-12-30T00:00:00Z"), week);
        let running = "2026-11-21T14:00:00Z to 2026-11-21T14:00:00Z, 2026-11-21 to 2026-11-21";
        assert_eq!(of("2026-11-21T14:01:00Z", "2026-11-21T14:02:00Z"), running, "no hour is over");
    }

    #[test]
    fn what_would_erase_history_is_refused() {
        let of = |event: serde_json::Value| work(event, "2026-11-21T14:03:09Z").unwrap_err();
        let window = |from: &str, until: &str| of(serde_json::json!({ "from": from, "until": until }));
        let error = window("2026-11-14T14:59:59Z", "2026-11-21T00:00:00Z");
        assert!(error.contains("more than 7 days ago") && error.contains("2026-11-14T14:00:00Z"), "{error}");
        assert!(window("-009998-01-02T00:00:00Z", "2026-11-21T00:00:00Z").contains("more than 7 days ago"));
        assert!(of(serde_json::json!({ "time": "2026-11-14T14:03:00Z" })).contains("more than 7 days ago"));
        assert!(window("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z").contains("ends after it begins"));
        assert!(window("2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z").contains("nothing has been measured"));
        assert!(of(serde_json::json!({ "time": "yesterday" })).contains("got \"yesterday\""));
        assert!(of(serde_json::json!({ "from": "2026-11-21T10:00:00Z" })).contains("`from` and `until`"));
        assert!(of(serde_json::json!({})).contains("expected `time`"));
        assert!(of(serde_json::json!({ "time": "x", "form": "x" })).contains("unknown field `form`"));
        assert!(of(serde_json::json!({ "from": "soon", "until": "x" })).contains("soon"));
    }
}
