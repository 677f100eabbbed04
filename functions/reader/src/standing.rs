//! How a monitor fares now, and since when and why, in words.

use shared::monitor::Monitor;
use shared::schedule::Slot;
use shared::signal::Outcome;
use shared::state::{MonitorState, State};
use shared::verdict::Verdict;

use crate::bars;
use crate::hidden;
use crate::minutes::Minutes;
use crate::words;
use crate::worked_on::WorkedOn;

/// How a monitor fares now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Its state, for people who look.
    pub(crate) state: State,
    /// Since when and why: `since 14:21: no whole answer in time`; empty when there is nothing to say.
    pub(crate) words: String,
}

impl Standing {
    /// What the configuration, the maintenance windows, the newest minute and `judge` say, in this order: what rests
    /// has no other state, and what nothing is known of is not called up because it once was.
    pub(crate) fn of(
        monitor: &Monitor,
        worked_on: &WorkedOn,
        minutes: &Minutes<'_>,
        judged: Option<&MonitorState>,
        now: Slot,
    ) -> Self {
        if monitor.paused {
            return Self::bare(State::Paused);
        }
        if worked_on.covers(monitor, now) {
            return Self::bare(State::Maintenance);
        }
        let newest = minutes.newest(monitor).map(|slot| (slot, minutes.verdict(monitor, slot)));
        let judged = judged.filter(|judged| judged.state != State::Unknown);
        match (newest, judged) {
            (Some((slot, Verdict::Unknown)), _) => {
                Self { state: State::Unknown, words: silence(monitor, minutes, slot, now) }
            }
            (_, Some(judged)) => Self { state: judged.state, words: since(monitor, judged, now) },
            (Some((_, verdict)), None) => Self { state: bars::state(&verdict), words: of_verdict(&verdict) },
            (None, None) => Self::bare(State::Unknown),
        }
    }

    fn bare(state: State) -> Self {
        Self { state, words: String::new() }
    }
}

fn since(monitor: &Monitor, judged: &MonitorState, now: Slot) -> String {
    let since = format!("since {}", words::time(hidden::shown_from(monitor, judged.since), now));
    match &judged.why {
        // Of one that is up, it is what was wrong a moment ago.
        Some(why) if judged.state != State::Up => format!("{since}: {}", words::why(why.reason, why.status)),
        _ => since,
    }
}

fn of_verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Degraded(why) | Verdict::Down(why) => words::why(why.reason, why.status),
        Verdict::Up | Verdict::Unknown => String::new(),
    }
}

/// Why nothing is known, and since when: `newest` is the last slot in which something should be.
fn silence(monitor: &Monitor, minutes: &Minutes<'_>, newest: Slot, now: Slot) -> String {
    let what = match minutes.signals(monitor, newest).next().map(|signal| signal.outcome) {
        Some(Outcome::Blocked) => "checks are blocked: its address is not public".to_owned(),
        Some(Outcome::Unknown(reason)) => format!("no data: {}", words::why(reason, None)),
        _ => "no data".to_owned(),
    };
    let mut first = None;
    for slot in minutes.hour(monitor).rev().filter(|slot| minutes.counts(monitor, *slot)) {
        if minutes.verdict(monitor, slot) != Verdict::Unknown {
            return match first {
                Some(first) => format!("{what}, since {}", words::time(first, now)),
                None => what,
            };
        }
        first = Some(slot);
    }
    format!("{what}, for an hour or longer")
}

#[cfg(test)]
mod tests {
    use ::tests::example;
    use shared::block::{Block, decode};
    use shared::monitor::{Interval, ShardId};
    use shared::signal::Reason;
    use shared::verdict::Why;

    use super::*;

    fn now() -> Slot {
        "2026-11-21T14:25:00Z".parse().unwrap()
    }

    fn monitor() -> Monitor {
        example::monitor("s0-aaaaaa")
    }

    /// Blocks so many minutes ago that say this of the monitor.
    fn blocks(entries: &[(i64, &str)]) -> Vec<Block> {
        let block = |(ago, verdict): &(i64, &str)| Block {
            shard: ShardId(0),
            slot: now().plus(-ago),
            region: "us-east-1".parse().unwrap(),
            written_at: now().start(),
            signals: decode(ShardId(0), &format!("2;aaaaaa,{verdict}")).unwrap(),
        };
        entries.iter().map(block).collect()
    }

    /// In this state for 15 minutes; what is or was wrong is a time-out.
    fn judged(state: State) -> MonitorState {
        let regions = vec!["us-east-1".parse().unwrap()];
        let why = Some(Why { reason: Reason::Timeout, status: None, regions });
        MonitorState { state, why, ..MonitorState::unknown(now().plus(-15)) }
    }

    fn standing(monitor: &Monitor, entries: &[(i64, &str)], judged: Option<&MonitorState>) -> String {
        let blocks = blocks(entries);
        let minutes = Minutes::of(&blocks, now());
        let standing = Standing::of(monitor, &WorkedOn::default(), &minutes, judged, now());
        format!("{} {}", standing.state, standing.words)
    }

    #[test]
    fn judge_decides_while_there_is_data() {
        let (up, down) = (judged(State::Up), judged(State::Down));
        assert_eq!(standing(&monitor(), &[(0, "d:timeout")], Some(&up)), "up since 14:10");
        assert_eq!(
            standing(&monitor(), &[(0, "")], Some(&down)),
            "down since 14:10: no whole answer in time"
        );
    }

    #[test]
    fn without_judge_the_newest_minute_decides() {
        assert_eq!(standing(&monitor(), &[(1, ""), (0, "d503:status")], None), "down unexpected status 503");
        assert_eq!(standing(&monitor(), &[(1, "d:dns"), (0, "")], None), "up ");
        let unknown = judged(State::Unknown);
        assert_eq!(standing(&monitor(), &[(0, "g200:slow")], Some(&unknown)), "degraded slow");
    }

    #[test]
    fn unknown_is_neither_up_nor_down() {
        let up = judged(State::Up);
        for judged in [None, Some(&up)] {
            let of = |entries| standing(&monitor(), entries, judged);
            assert_eq!(of(&[(4, "")]), "unknown no data, since 14:22");
            assert_eq!(of(&[]), "unknown no data, for an hour or longer");
            assert_eq!(
                of(&[(1, ""), (0, "n:network")]),
                "unknown no data: our own network failed, since 14:25"
            );
            assert_eq!(
                of(&[(1, ""), (0, "b")]),
                "unknown checks are blocked: its address is not public, since 14:25"
            );
        }
    }

    #[test]
    fn what_was_not_due_in_the_hour_keeps_judges_state() {
        let daily = Monitor { interval_minutes: Interval::try_from(1_440).unwrap(), ..monitor() };
        assert_eq!(standing(&daily, &[], Some(&judged(State::Up))), "up since 14:10");
        assert_eq!(standing(&daily, &[], None), "unknown ");
    }

    #[test]
    fn pause_comes_first_then_maintenance() {
        let text = r#"[{"id": "a", "name": "A", "when": {"once": {"from": "2026-11-21T14:25:00Z", "until": "2026-11-21T14:26:00Z"}}}]"#;
        let windows = || serde_json::from_str(text).unwrap();
        let down = judged(State::Down);
        let paused = Monitor { paused: true, ..monitor() };
        for (monitor, state) in [(monitor(), State::Maintenance), (paused, State::Paused)] {
            let worked_on = WorkedOn::of(windows(), std::iter::once(now()));
            let minutes = Minutes::of(&[], now());
            assert_eq!(
                Standing::of(&monitor, &worked_on, &minutes, Some(&down), now()),
                Standing::bare(state)
            );
        }
    }
}
