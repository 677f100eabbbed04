//! Maintenance windows: times in which checks go on and open no incident.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::monitor::{Monitor, MonitorId, MonitorName};
use crate::schedule::Slot;
use crate::text::{Invalid, as_text};

/// Longest window, in minutes: a week for one that recurs.
pub const MAX_WINDOW_MINUTES: u32 = 7 * 1_440;

/// Most windows of an installation.
pub const MAX_WINDOWS: usize = 500;

/// Names a window: 1 to 40 lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WindowId(String);

impl fmt::Display for WindowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WindowId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = (1..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        valid
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Invalid::new("1 to 40 lower-case letters, digits or -", text))
    }
}

/// A time zone of the IANA database, such as `Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The time zone.
    pub fn time_zone(&self) -> &TimeZone {
        &self.0
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl FromStr for Zone {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        TimeZone::get(text).map(Self).map_err(|_| Invalid::new("a time zone such as Europe/Berlin", text))
    }
}

as_text!(WindowId, Zone);

/// A time in which monitors are worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = MaintenanceWindow))]
pub struct Window {
    /// Its id.
    pub id: WindowId,
    /// What people call it.
    pub name: MonitorName,
    /// Whose; empty: everything's.
    #[serde(default)]
    pub monitors: Vec<MonitorId>,
    /// When.
    pub when: When,
}

/// When a window is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = MaintenanceTime))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum When {
    /// From one instant until another.
    Once {
        /// Its first instant.
        #[cfg_attr(feature = "openapi", schema(value_type = crate::openapi::Instant))]
        from: Timestamp,
        /// Its end, no longer part of it.
        #[cfg_attr(feature = "openapi", schema(value_type = crate::openapi::Instant))]
        until: Timestamp,
    },
    /// On some days of the week, from a time on people's clocks, for so many minutes. Where the clocks jump over that
    /// time it begins as much later, and where they pass it twice, the first time (RFC 5545, 3.3.5, "compatible").
    Weekly {
        /// On which days it begins; empty: on every day.
        #[serde(default)]
        days: Vec<Day>,
        /// When it begins.
        #[cfg_attr(feature = "openapi", schema(value_type = String, example = "03:00:00"))]
        from: Time,
        /// How long it lasts.
        #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10080))]
        minutes: u32,
        /// Whose clocks.
        time_zone: Zone,
    },
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }
}

impl Window {
    /// The window, if it keeps the rules that types do not carry.
    ///
    /// # Errors
    /// Names the first rule that it breaks.
    pub fn validated(self) -> Result<Self, Invalid> {
        match &self.when {
            When::Once { from, until } if from >= until => {
                Err(Invalid::new("a window that ends after it begins", format_args!("{from} to {until}")))
            }
            When::Weekly { minutes, .. } if !(1..=MAX_WINDOW_MINUTES).contains(minutes) => {
                Err(Invalid::new("a window of 1 to 10080 minutes", minutes))
            }
            _ => Ok(self),
        }
    }

    /// Whether this monitor is being worked on in this slot.
    pub fn covers(&self, monitor: &Monitor, slot: Slot) -> bool {
        self.is_of(monitor) && self.is_open(slot)
    }

    /// Whether it is a window of this monitor. Windows are the installation's own, and so for its own monitors alone.
    pub fn is_of(&self, monitor: &Monitor) -> bool {
        monitor.account.is_home() && (self.monitors.is_empty() || self.monitors.contains(&monitor.id))
    }

    /// Whether the slot begins inside the window.
    pub fn is_open(&self, slot: Slot) -> bool {
        self.when.contains(slot.start())
    }
}

impl When {
    fn contains(&self, at: Timestamp) -> bool {
        match self {
            Self::Once { from, until } => (*from..*until).contains(&at),
            Self::Weekly { days, from, minutes, time_zone } => {
                let today = at.to_zoned(time_zone.0.clone()).date();
                // One that began on an earlier day may still be open; a day more for the change of clocks.
                let days_back = i64::from(*minutes / 1_440) + 1;
                (0..=days_back).any(|back| {
                    let Ok(date) = today.checked_sub(back.days()) else { return false };
                    if !(days.is_empty() || days.iter().any(|day| day.weekday() == date.weekday())) {
                        return false;
                    }
                    let Ok(begins) = date.to_datetime(*from).to_zoned(time_zone.0.clone()) else {
                        return false;
                    };
                    let begins = begins.timestamp();
                    begins
                        .checked_add(i64::from(*minutes).minutes())
                        .is_ok_and(|ends| (begins..ends).contains(&at))
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn window(when: Value) -> Window {
        let window = json!({"id": "move", "name": "Move", "when": when});
        serde_json::from_value::<Window>(window).unwrap().validated().unwrap()
    }

    /// A window on these days' clocks in Berlin.
    fn in_berlin(days: &[&str], from: &str, minutes: u32) -> Window {
        let zone = "Europe/Berlin";
        window(json!({"weekly": {"days": days, "from": from, "minutes": minutes, "time_zone": zone}}))
    }

    /// Holds that the window is open from one slot on and closed from another on, and the other way round just before.
    #[track_caller]
    fn assert_open(window: &Window, from: &str, until: &str) {
        let covers = |slot: Slot| window.is_open(slot);
        let (from, until): (Slot, Slot) = (from.parse().unwrap(), until.parse().unwrap());
        assert_eq!([covers(from.plus(-1)), covers(from)], [false, true], "begins at {from}");
        assert_eq!([covers(until.plus(-1)), covers(until)], [true, false], "ends at {until}");
    }

    #[test]
    fn a_window_is_open_once() {
        let once =
            window(json!({"once": {"from": "2026-11-21T14:25:00Z", "until": "2026-11-21T16:00:00+01:00"}}));
        assert_open(&once, "2026-11-21T14:25:00Z", "2026-11-21T15:00:00Z");
        // A slot is covered by where it begins.
        let odd = window(json!({"once": {"from": "2026-11-21T14:25:30Z", "until": "2026-11-21T14:27:30Z"}}));
        assert_open(&odd, "2026-11-21T14:26:00Z", "2026-11-21T14:28:00Z");
    }

    #[test]
    fn a_window_recurs_on_its_days_by_peoples_clocks() {
        let tuesdays = in_berlin(&["tue"], "04:00", 30);
        assert_open(&tuesdays, "2026-01-13T03:00:00Z", "2026-01-13T03:30:00Z");
        assert_open(&tuesdays, "2026-07-14T02:00:00Z", "2026-07-14T02:30:00Z");
        let wednesday: Slot = "2026-01-14T03:10:00Z".parse().unwrap();
        assert!(!tuesdays.is_open(wednesday));
        assert_open(&in_berlin(&[], "04:00", 30), "2026-01-14T03:00:00Z", "2026-01-14T03:30:00Z");
    }

    #[test]
    fn a_window_passes_midnight() {
        let saturdays = in_berlin(&["sat"], "23:30", 90);
        assert_open(&saturdays, "2026-01-17T22:30:00Z", "2026-01-18T00:00:00Z");
        // A local day that is another one in UTC.
        assert_open(&in_berlin(&["wed"], "00:15", 30), "2026-07-14T22:15:00Z", "2026-07-14T22:45:00Z");
        let long = in_berlin(&["fri"], "18:00", 3 * 1_440);
        assert_open(&long, "2026-01-16T17:00:00Z", "2026-01-19T17:00:00Z");
    }

    #[test]
    fn where_the_clocks_jump_over_it_a_window_begins_as_much_later() {
        // 02:00 to 03:00 is left out on 2026-03-29 in Berlin: 02:30 is 03:30.
        assert_open(&in_berlin(&["sun"], "02:30", 60), "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z");
        // It lasts as long as it is said to, whatever the clocks do meanwhile.
        assert_open(&in_berlin(&["sat"], "23:00", 300), "2026-03-28T22:00:00Z", "2026-03-29T03:00:00Z");
        assert_open(&in_berlin(&["sat"], "12:00", 1_440), "2026-03-28T11:00:00Z", "2026-03-29T11:00:00Z");
    }

    #[test]
    fn where_the_clocks_pass_it_twice_a_window_begins_the_first_time() {
        // 02:00 to 03:00 comes twice on 2026-10-25 in Berlin, first at 00:00 in UTC.
        assert_open(&in_berlin(&["sun"], "02:30", 30), "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z");
        assert_open(&in_berlin(&["sun"], "02:30", 90), "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z");
        assert_open(&in_berlin(&["sat"], "23:00", 300), "2026-10-24T21:00:00Z", "2026-10-25T02:00:00Z");
    }

    #[test]
    fn a_leap_day_is_a_day() {
        assert_open(&in_berlin(&["tue"], "12:00", 60), "2028-02-29T11:00:00Z", "2028-02-29T12:00:00Z");
        assert_open(&in_berlin(&["mon"], "23:30", 60), "2028-02-28T22:30:00Z", "2028-02-28T23:30:00Z");
        assert_open(&in_berlin(&["tue"], "23:30", 60), "2028-02-29T22:30:00Z", "2028-02-29T23:30:00Z");
    }

    #[test]
    fn a_window_is_of_some_monitors_or_of_all() {
        let all = in_berlin(&[], "00:00", 1_440);
        let [one, named] = ["7f3k2a", "aaaaaa"].map(crate::example::monitor);
        let some = Window { monitors: vec![named.id.clone()], ..all.clone() };
        let slot = "2026-01-14T03:10:00Z".parse().unwrap();
        assert!(all.covers(&one, slot) && !some.covers(&one, slot));
        assert!(all.covers(&named, slot) && some.covers(&named, slot));
        // A guest's monitor is in nobody's window.
        let guest = Monitor { account: "a-7f3k2a9d0c1b2e4f".parse().unwrap(), ..named };
        assert!(!all.covers(&guest, slot) && !some.covers(&guest, slot));
    }

    #[test]
    fn a_window_that_makes_no_sense_is_refused() {
        let weekly = |minutes: u32, zone: &str| json!({"weekly": {"from": "04:00", "minutes": minutes, "time_zone": zone}});
        for when in [
            json!({"once": {"from": "2026-11-21T15:00:00Z", "until": "2026-11-21T15:00:00Z"}}),
            weekly(0, "UTC"),
            weekly(MAX_WINDOW_MINUTES + 1, "UTC"),
            weekly(30, "Europe/Atlantis"),
        ] {
            let window = json!({"id": "move", "name": "Move", "when": when});
            assert!(
                serde_json::from_value::<Window>(window).map_or(true, |read| read.validated().is_err()),
                "{when}"
            );
        }
    }
}
