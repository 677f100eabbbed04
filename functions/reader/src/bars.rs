//! The bars of one monitor: what the shown hour looks like, minute by minute.

use shared::monitor::Monitor;
use shared::schedule::{Slot, is_due};
use shared::signal::{Outcome, Reason};
use shared::state::State;
use shared::uptime::uptime;
use shared::verdict::Verdict;

use crate::minutes::Minutes;
use crate::worked_on::WorkedOn;

/// One minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    /// Up, degraded, down or unknown.
    pub(crate) state: State,
    /// For people, such as `14:25 down: timeout`. Times in UTC.
    pub(crate) title: String,
}

/// The shown hour of one monitor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hour {
    /// Oldest first, always [`crate::minutes::MINUTES`].
    pub(crate) bars: Vec<Bar>,
    /// The share of minutes in which it was available, of those that say anything of it and in which nobody worked
    /// on it; `None` when there are none.
    pub(crate) uptime: Option<f64>,
}

impl Hour {
    /// The monitor's hour.
    pub(crate) fn of(monitor: &Monitor, minutes: &Minutes<'_>, worked_on: &WorkedOn) -> Self {
        let mut bars = Vec::with_capacity(60);
        let mut counted = Vec::with_capacity(60);
        for slot in minutes.hour(monitor) {
            let verdict = minutes.verdict(monitor, slot);
            if !worked_on.covers(monitor, slot) {
                counted.push(outcome(&verdict));
            }
            let title = title(monitor, minutes, slot, &verdict);
            bars.push(Bar { state: state(&verdict), title });
        }
        Self { bars, uptime: uptime(counted.into_iter().flatten()) }
    }
}

/// What a verdict says of the monitor.
pub(crate) fn state(verdict: &Verdict) -> State {
    match verdict {
        Verdict::Up => State::Up,
        Verdict::Degraded(_) => State::Degraded,
        Verdict::Down(_) => State::Down,
        Verdict::Unknown => State::Unknown,
    }
}

/// The verdict as if one check had made it, for the formula of the uptime.
fn outcome(verdict: &Verdict) -> Option<Outcome> {
    match verdict {
        Verdict::Up => Some(Outcome::Up),
        Verdict::Degraded(why) => Some(Outcome::Degraded(why.reason)),
        Verdict::Down(why) => Some(Outcome::Down(why.reason)),
        Verdict::Unknown => None,
    }
}

/// One minute in words: `14:25 down: status 503, in 2 of 3 regions`.
fn title(monitor: &Monitor, minutes: &Minutes<'_>, slot: Slot, verdict: &Verdict) -> String {
    let time = slot.hour_minute();
    let outcomes: Vec<Outcome> = minutes.signals(monitor, slot).map(|signal| signal.outcome).collect();
    let known = outcomes.iter().filter(|outcome| outcome.is_available().is_some()).count();
    let of_regions = |regions: usize| match known {
        0 | 1 => String::new(),
        _ => format!(", in {regions} of {known} regions"),
    };
    match verdict {
        Verdict::Up => {
            let up = outcomes.iter().filter(|outcome| **outcome == Outcome::Up).count();
            let but = if up < known { of_regions(up) } else { String::new() };
            format!("{time} up{but}")
        }
        Verdict::Degraded(why) | Verdict::Down(why) => {
            let status = why.status.filter(|_| why.reason == Reason::Status);
            let status = status.map(|code| format!(" {code}")).unwrap_or_default();
            let regions = of_regions(why.regions.len());
            format!("{time} {}: {}{status}{regions}", state(verdict), why.reason)
        }
        Verdict::Unknown => {
            let why = match outcomes.first() {
                Some(Outcome::Blocked) => "blocked".to_owned(),
                Some(Outcome::Unknown(reason)) => format!("no data: {reason}"),
                _ if is_due(monitor, slot) => "no data".to_owned(),
                _ => "not due".to_owned(),
            };
            format!("{time} {why}")
        }
    }
}

#[cfg(test)]
mod tests {
    use ::tests::example;
    use shared::block::{Block, decode};
    use shared::maintenance::Window;
    use shared::monitor::{Interval, Quorum, ShardId};

    use super::*;

    /// Checked from as many regions.
    fn monitor(regions: usize) -> Monitor {
        let regions = (0..regions).map(|n| format!("region-{n}").parse().unwrap()).collect();
        Monitor { regions, ..example::monitor("s0-7f3k2a") }
    }

    fn last() -> Slot {
        "2026-11-21T14:25:00Z".parse().unwrap()
    }

    /// The hour of which each of these was recorded, as many minutes before the last slot, in a region each.
    fn hour(monitor: &Monitor, recorded: &[(i64, &[&str])]) -> Hour {
        hour_with(monitor, recorded, &WorkedOn::default())
    }

    fn hour_with(monitor: &Monitor, recorded: &[(i64, &[&str])], worked_on: &WorkedOn) -> Hour {
        let blocks = |(ago, verdicts): &(i64, &[&str])| -> Vec<Block> {
            let block = |(n, verdict): (usize, &&str)| Block {
                shard: ShardId(0),
                slot: last().plus(-ago),
                region: format!("region-{n}").parse().unwrap(),
                written_at: last().start(),
                signals: decode(ShardId(0), &format!("2;7f3k2a,{verdict}")).unwrap(),
            };
            verdicts.iter().enumerate().map(block).collect()
        };
        let blocks: Vec<Block> = recorded.iter().flat_map(blocks).collect();
        Hour::of(monitor, &Minutes::of(&blocks, last()), worked_on)
    }

    #[test]
    fn every_minute_has_a_bar_with_its_reason() {
        let hour = hour(
            &monitor(1),
            &[
                (60, &["d:timeout"]),
                (59, &[""]),
                (5, &["b"]),
                (4, &["n:network"]),
                (3, &["g200:slow"]),
                (2, &["d503:status"]),
                (0, &["d:timeout"]),
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
                "14:21 no data: network",
                "14:22 degraded: slow",
                "14:23 down: status 503",
                "14:24 no data",
                "14:25 down: timeout",
            ]
        );
        // Two of the four that say anything; what lies before the hour is not counted.
        assert_eq!(hour.uptime, Some(0.5));
    }

    #[test]
    fn what_is_missing_or_blocked_is_no_downtime() {
        let uptime = |recorded: &[(i64, &[&str])]| hour(&monitor(1), recorded).uptime;
        assert_eq!(uptime(&[(1, &[""])]), Some(1.0));
        assert_eq!(uptime(&[(1, &[""]), (0, &["b"])]), Some(1.0));
        assert_eq!(uptime(&[]), None);
    }

    #[test]
    fn what_is_worked_on_is_no_downtime() {
        let text = r#"[{"id": "a", "name": "A", "when": {"once": {"from": "2026-11-21T14:25:00Z", "until": "2026-11-21T14:26:00Z"}}}]"#;
        let windows: Vec<Window> = serde_json::from_str(text).unwrap();
        let monitor = monitor(1);
        let slots = (-60..=0).map(|minutes| last().plus(minutes));
        let worked_on = WorkedOn::of(windows, slots);
        let hour = hour_with(&monitor, &[(1, &[""]), (0, &["d:timeout"])], &worked_on);
        assert_eq!((hour.uptime, hour.bars[59].state), (Some(1.0), State::Down));
    }

    #[test]
    fn a_minute_without_a_due_check_says_so() {
        let five = Monitor { interval_minutes: Interval::try_from(5).unwrap(), ..monitor(1) };
        let due = (0..5).find(|ago| is_due(&five, last().plus(-ago))).unwrap();
        let hour = hour(&five, &[(due, &[""])]);
        let not_due = hour.bars.iter().filter(|bar| bar.title.ends_with("not due")).count();
        assert_eq!(not_due, 48);
    }

    #[test]
    fn the_quorum_makes_a_minute_down() {
        let title =
            |monitor: &Monitor, verdicts: &[&str]| hour(monitor, &[(0, verdicts)]).bars[59].title.clone();
        let (two, three) = (monitor(2), monitor(3));
        assert_eq!(title(&two, &["", "d:dns"]), "14:25 up, in 1 of 2 regions");
        assert_eq!(title(&two, &["d:dns", "d:dns"]), "14:25 down: dns, in 2 of 2 regions");
        assert_eq!(title(&three, &["", "d:dns", "g200:slow"]), "14:25 degraded: dns, in 2 of 3 regions");
        let any = Monitor { quorum: Quorum::AtLeast(1), ..three.clone() };
        assert_eq!(title(&any, &["", "d:dns", ""]), "14:25 down: dns, in 1 of 3 regions");
        // Our own trouble in two regions does not outvote the third.
        assert_eq!(title(&three, &["n:network", "", "n:network"]), "14:25 up");
    }

    #[test]
    fn the_hour_ends_with_the_last_minute_that_all_regions_reported() {
        let two = monitor(2);
        let hour = hour(&two, &[(1, &["", ""]), (0, &["d:dns"])]);
        assert_eq!(hour.bars[59].title, "14:24 up");
    }
}
