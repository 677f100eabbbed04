//! Slots, and which monitors are due in one: a pure function, so there is no "last checked at" to lose.

use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::monitor::{Check, Monitor, MonitorId, ShardId};
use crate::text::{Invalid, as_text};

/// Oldest slot that is still checked, in minutes: an older one stays a gap.
pub const MAX_SLOT_AGE_MINUTES: i64 = 2;

/// What EventBridge Scheduler replaces by the instant that it meant to send an event at. The local cloud's emulator
/// leaves it as it is.
pub const PLACEHOLDER: &str = "<aws.scheduler.scheduled-time>";

/// A whole minute in UTC, counted from 1970. Written `2026-11-21T14:25:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(i64);

impl Slot {
    /// The slot that this instant lies in.
    pub fn containing(instant: Timestamp) -> Self {
        Self(instant.as_second().div_euclid(60))
    }

    /// The slot this many minutes after the first one of 1970.
    pub fn of_minutes(minutes: i64) -> Self {
        Self(minutes)
    }

    /// Minutes since 1970.
    pub fn minutes(self) -> i64 {
        self.0
    }

    /// The slot this many minutes later, or earlier.
    pub fn plus(self, minutes: i64) -> Self {
        Self(self.0.saturating_add(minutes))
    }

    /// The slot's first instant. A slot out of jiff's range is clamped to it.
    pub fn start(self) -> Timestamp {
        let clamp = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        self.0.checked_mul(60).and_then(|s| Timestamp::from_second(s).ok()).unwrap_or(clamp)
    }

    /// The slot's day in UTC.
    pub fn date(self) -> Date {
        TimeZone::UTC.to_datetime(self.start()).date()
    }

    /// The slot's time in UTC as `HH:MM`.
    pub fn hour_minute(self) -> String {
        let minute_of_day = self.0.rem_euclid(1_440);
        format!("{:02}:{:02}", minute_of_day / 60, minute_of_day % 60)
    }

    /// The slot at `HH:MM` of this day.
    pub fn at(date: Date, hour_minute: &str) -> Result<Self, Invalid> {
        format!("{date}T{hour_minute}:00Z").parse()
    }

    /// Whether `ping` must refuse the slot at this instant: more than [`MAX_SLOT_AGE_MINUTES`] over.
    pub fn is_too_old(self, now: Timestamp) -> bool {
        now.duration_since(self.start()) > SignedDuration::from_mins(MAX_SLOT_AGE_MINUTES)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.start())
    }
}

impl FromStr for Slot {
    type Err = Invalid;
    /// Any RFC 3339 instant; it is floored to its minute.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let instant: Timestamp =
            text.parse().map_err(|_| Invalid::new("an instant such as 2026-11-21T14:25:00Z", text))?;
        Ok(Self::containing(instant))
    }
}

as_text!(Slot);

/// Most monitors of one [`PingRequest`], unless a single shard has more. What an invocation costs is the wait for its
/// slowest target, so a last shard of a few monitors is checked along with a full one; two full ones would keep each
/// other's checks waiting for the processor.
pub const MAX_PINGED_MONITORS: usize = 128;

/// Most shards of one [`PingRequest`].
pub const MAX_PINGED_SHARDS: usize = 8;

/// What `scheduler` asks of `ping`: check these shards for this slot. The region is where `ping` runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PingRequest {
    /// Whose monitors; at most [`MAX_PINGED_SHARDS`] of them, checked in one round.
    pub shards: Vec<ShardId>,
    /// For which minute.
    pub slot: Slot,
}

/// Where in its interval a monitor is checked, in minutes: spreads monitors evenly, and never changes.
pub fn phase(id: &MonitorId, interval_minutes: u32) -> u32 {
    let mut hasher = SipHasher13::new();
    hasher.write(id.to_string().as_bytes());
    let phase = hasher.finish() % u64::from(interval_minutes.max(1));
    u32::try_from(phase).unwrap_or(0)
}

/// How long what a slot says of the monitor stands, in minutes: until it is looked at again.
pub fn reach(monitor: &Monitor) -> u32 {
    match monitor.check {
        // Looked after in every slot: its interval is the target's.
        Check::Heartbeat(_) => 1,
        _ => monitor.interval_minutes.minutes(),
    }
}

/// Whether the monitor is checked in this slot: `(slot - phase) % interval == 0`.
/// A heartbeat is looked after in every slot: its interval is the target's. What is paused is never due.
pub fn is_due(monitor: &Monitor, slot: Slot) -> bool {
    if monitor.paused {
        return false;
    }
    let interval = reach(monitor);
    (slot.minutes() - i64::from(phase(&monitor.id, interval))).rem_euclid(i64::from(interval)) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::monitor::Interval;

    fn monitor(suffix: &str, interval: u32) -> Monitor {
        Monitor { interval_minutes: Interval::try_from(interval).unwrap(), ..crate::example::monitor(suffix) }
    }

    #[test]
    fn a_slot_is_the_floor_of_its_instant() {
        let slot: Slot = "2026-11-21T14:25:59.9Z".parse().unwrap();
        assert_eq!(slot.to_string(), "2026-11-21T14:25:00Z");
        assert_eq!((slot.date().to_string().as_str(), slot.hour_minute().as_str()), ("2026-11-21", "14:25"));
        assert_eq!(Slot::at(slot.date(), "14:25"), Ok(slot));
        assert!("<aws.scheduler.scheduled-time>".parse::<Slot>().is_err());
    }

    #[test]
    fn a_slot_is_refused_after_two_minutes() {
        let slot: Slot = "2026-11-21T14:25:00Z".parse().unwrap();
        assert!(!slot.is_too_old("2026-11-21T14:27:00Z".parse().unwrap()));
        assert!(slot.is_too_old("2026-11-21T14:27:01Z".parse().unwrap()));
        for edge in [Slot(i64::MIN), Slot(i64::MAX)] {
            assert_eq!(edge.is_too_old(slot.start()), edge < slot);
        }
    }

    #[test]
    fn phases_are_spread_and_never_change() {
        let phases: Vec<u32> = (0..60).map(|n| phase(&monitor(&format!("abc{n:03}"), 5).id, 5)).collect();
        for wanted in 0..5 {
            assert!(phases.iter().filter(|p| **p == wanted).count() >= 5, "{phases:?}");
        }
        // A stored monitor must keep its slots after an upgrade.
        assert_eq!(phase(&"s0-7f3k2a".parse().unwrap(), 1_440), 1_158);
    }

    proptest! {
        #[test]
        fn due_exactly_once_in_every_interval(suffix in "[a-z0-9]{6}", interval in 1u32..=1440, start in 0i64..50_000_000) {
            let monitor = monitor(&suffix, interval);
            let due = (start..start + i64::from(interval)).filter(|m| is_due(&monitor, Slot(*m))).count();
            prop_assert_eq!(due, 1);
        }

        #[test]
        fn text_keeps_a_slot(minutes in -1_000_000i64..100_000_000) {
            let slot = Slot(minutes);
            prop_assert_eq!(slot.to_string().parse::<Slot>(), Ok(slot));
            prop_assert_eq!(Slot::at(slot.date(), &slot.hour_minute()), Ok(slot));
        }
    }
}
