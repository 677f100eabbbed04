//! The bars of one monitor: what the shown hour looks like, minute by minute.

use std::fmt;

use shared::monitor::Monitor;
use shared::schedule::{Slot, is_due};
use shared::signal::Outcome;
use shared::uptime::uptime;

use crate::watched::Found;

/// Bars of one monitor: an hour.
pub(crate) const MINUTES: i64 = 60;

/// What a monitor's checks of one minute say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum State {
    Up,
    Degraded,
    Down,
    /// Nothing was found out: unknown is not down.
    Unknown,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Unknown => "unknown",
        })
    }
}

/// One minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) state: State,
    /// For people, such as `14:25 down: timeout`. Times in UTC.
    pub(crate) title: String,
}

/// The shown hour of one monitor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hour {
    /// Oldest first, always [`MINUTES`].
    pub(crate) bars: Vec<Bar>,
    /// What the newest minute says in which a check was due; unknown when none was in this hour.
    pub(crate) state: State,
    /// The share of checks that found the target available; `None` when none says anything of it.
    pub(crate) uptime: Option<f64>,
    /// Whether anything was recorded at all.
    pub(crate) any: bool,
}

impl Hour {
    /// The hour that ends with this slot, of what was found in it.
    pub(crate) fn of(monitor: &Monitor, found: &[Found<'_>], last: Slot) -> Self {
        let slots = (1 - MINUTES..=0).map(|minutes| last.plus(minutes));
        let first = last.plus(1 - MINUTES);
        let shown: Vec<&Found<'_>> = found.iter().filter(|f| (first..=last).contains(&f.slot)).collect();
        let mut state = None;
        let mut bars = Vec::with_capacity(60);
        for slot in slots {
            let outcomes: Vec<Found<'_>> = shown.iter().filter(|f| f.slot == slot).map(|f| **f).collect();
            let bar = bar(slot, &outcomes, is_due(monitor, slot));
            if !outcomes.is_empty() || is_due(monitor, slot) {
                state = Some(bar.state);
            }
            bars.push(bar);
        }
        Self {
            bars,
            state: state.unwrap_or(State::Unknown),
            uptime: uptime(shown.iter().map(|f| f.signal.outcome)),
            any: !shown.is_empty(),
        }
    }
}

/// One minute's bar, of what each region found in it. Down when at least half of the regions that know say so;
/// degraded when any of them says less than up.
fn bar(slot: Slot, found: &[Found<'_>], due: bool) -> Bar {
    let known: Vec<Outcome> =
        found.iter().map(|f| f.signal.outcome).filter(|o| o.is_available().is_some()).collect();
    let down = known.iter().filter(|o| o.is_available() == Some(false)).count();
    let state = if known.is_empty() {
        State::Unknown
    } else if down * 2 >= known.len() {
        State::Down
    } else if down > 0 || known.contains(&Outcome::Degraded) {
        State::Degraded
    } else {
        State::Up
    };
    let time = slot.hour_minute();
    let title = if known.is_empty() {
        let why = match found.first() {
            Some(f) if f.signal.outcome == Outcome::Blocked => "blocked",
            Some(_) => "no data",
            None if due => "no data",
            None => "not due",
        };
        format!("{time} {why}")
    } else {
        format!("{time} {state}{}", reason(found, down, known.len()))
    };
    Bar { state, title }
}

/// Why it is down, and in how many regions where there are several: `: status 503, in 1 of 2 regions`.
fn reason(found: &[Found<'_>], down: usize, known: usize) -> String {
    let failed = found.iter().find_map(|f| match f.signal.outcome {
        Outcome::Down(reason) => Some((reason, f.signal.status)),
        _ => None,
    });
    let Some((reason, status)) = failed else {
        return String::new();
    };
    let status = status.map(|code| format!(" {code}")).unwrap_or_default();
    let regions = if known > 1 { format!(", in {down} of {known} regions") } else { String::new() };
    format!(": {reason}{status}{regions}")
}

#[cfg(test)]
mod tests {
    use shared::monitor::{Interval, MonitorId, ShardId};
    use shared::signal::{Phases, Reason, Signal};

    use super::*;

    fn monitor(interval: u32) -> Monitor {
        Monitor {
            id: MonitorId::new(ShardId(0), "7f3k2a").unwrap(),
            name: "Shop".parse().unwrap(),
            url: "http://shop.example/".parse().unwrap(),
            interval_minutes: Interval::try_from(interval).unwrap(),
            public: true,
            regions: vec!["us-east-1".parse().unwrap()],
            version: 1,
        }
    }

    fn last() -> Slot {
        "2026-11-21T14:25:00Z".parse().unwrap()
    }

    /// The hour in which each of these outcomes was found, as many minutes before the last slot.
    fn hour(interval: u32, outcomes: &[(i64, Outcome, Option<u16>)]) -> Hour {
        let monitor = monitor(interval);
        let signals: Vec<(Slot, Signal)> = outcomes
            .iter()
            .map(|(ago, outcome, status)| {
                let signal = Signal {
                    monitor: monitor.id.clone(),
                    outcome: *outcome,
                    status: *status,
                    phases: Phases::default(),
                };
                (last().plus(-ago), signal)
            })
            .collect();
        let found: Vec<Found<'_>> = signals
            .iter()
            .map(|(slot, signal)| Found { slot: *slot, written_at: slot.start(), signal })
            .collect();
        Hour::of(&monitor, &found, last())
    }

    const TIMEOUT: Outcome = Outcome::Down(Reason::Timeout);

    #[test]
    fn every_minute_has_a_bar_with_its_reason() {
        let hour = hour(
            1,
            &[
                (60, TIMEOUT, None),
                (59, Outcome::Up, Some(200)),
                (5, Outcome::Blocked, None),
                (4, Outcome::Unknown, None),
                (3, Outcome::Degraded, Some(200)),
                (2, Outcome::Down(Reason::Status), Some(503)),
                (0, TIMEOUT, None),
            ],
        );
        assert_eq!(hour.bars.len(), 60);
        let title = |index: usize| hour.bars[index].title.as_str();
        assert_eq!(
            [0, 1, 54, 55, 56, 57, 58, 59].map(title),
            [
                "13:26 up",
                "13:27 no data",
                "14:20 blocked",
                "14:21 no data",
                "14:22 degraded",
                "14:23 down: status 503",
                "14:24 no data",
                "14:25 down: timeout",
            ]
        );
        // Two of the four that say anything; what lies before the hour is not counted.
        assert_eq!((hour.state, hour.uptime), (State::Down, Some(0.5)));
    }

    #[test]
    fn a_missing_or_blocked_check_makes_the_state_unknown_and_no_downtime() {
        let missed = hour(1, &[(1, Outcome::Up, Some(200))]);
        assert_eq!((missed.state, missed.uptime), (State::Unknown, Some(1.0)));
        let blocked = hour(1, &[(1, Outcome::Up, Some(200)), (0, Outcome::Blocked, None)]);
        assert_eq!((blocked.state, blocked.uptime), (State::Unknown, Some(1.0)));
        let nothing = hour(1, &[]);
        assert_eq!((nothing.state, nothing.uptime, nothing.any), (State::Unknown, None, false));
    }

    #[test]
    fn a_minute_without_a_due_check_changes_nothing() {
        let due = (0..5).find(|ago| is_due(&monitor(5), last().plus(-ago))).unwrap();
        let hour = hour(5, &[(due, Outcome::Up, Some(200))]);
        assert_eq!(hour.state, State::Up);
        let not_due = hour.bars.iter().filter(|bar| bar.title.ends_with("not due")).count();
        assert_eq!(not_due, 48);
    }

    #[test]
    fn half_of_the_regions_make_a_minute_down() {
        let up = (0, Outcome::Up, Some(200));
        let down = (0, Outcome::Down(Reason::Dns), None);
        let title = |outcomes: &[(i64, Outcome, Option<u16>)]| hour(1, outcomes).bars[59].title.clone();
        assert_eq!(title(&[up, down]), "14:25 down: dns, in 1 of 2 regions");
        assert_eq!(title(&[up, up, down]), "14:25 degraded: dns, in 1 of 3 regions");
        // Our own trouble in two regions does not outvote the third.
        let ours = (0, Outcome::Unknown, None);
        assert_eq!(title(&[ours, up, ours]), "14:25 up");
    }
}
