//! The state machine of one monitor: how the verdicts over its slots become its state.

use shared::monitor::{Monitor, Streak};
use shared::schedule::Slot;
use shared::state::{MonitorState, Run, State, Streaks};
use shared::verdict::{Verdict, Why};

/// Minutes in which changes are counted.
pub const CHANGES_MINUTES: i64 = 15;

/// Changes between down and not down within [`CHANGES_MINUTES`] that are still no flapping.
pub const MAX_CHANGES: usize = 4;

/// Takes in the verdict over a slot; `None` when the monitor was not due. Slots come in order, each once.
///
/// An unknown verdict neither confirms nor resets anything.
pub fn advance(state: &mut MonitorState, monitor: &Monitor, slot: Slot, verdict: Option<&Verdict>) {
    state.changes.retain(|change| change.minutes() > slot.minutes() - CHANGES_MINUTES);
    match verdict {
        Some(Verdict::Up) => take(state, monitor, slot, None, false),
        Some(Verdict::Degraded(why)) => take(state, monitor, slot, Some(why), false),
        Some(Verdict::Down(why)) => take(state, monitor, slot, Some(why), true),
        Some(Verdict::Unknown) | None => {}
    }
    state.flapping = state.changes.len() > MAX_CHANGES;
    let well = !matches!(state.state, State::Down | State::Degraded);
    if well && state.streaks.bad.is_none() && state.changes.is_empty() {
        state.why = None;
    }
}

fn take(state: &mut MonitorState, monitor: &Monitor, slot: Slot, why: Option<&Why>, down: bool) {
    let before = state.streaks;
    // Not down is `good`: one of the two is there as soon as anything is known.
    let changed = if down { before.good.is_some() } else { before.down.is_some() };
    if changed {
        state.changes.push(slot);
    }
    state.streaks = Streaks {
        down: longer(before.down, down, slot),
        bad: longer(before.bad, why.is_some(), slot),
        good: longer(before.good, !down, slot),
        up: longer(before.up, why.is_none(), slot),
    };
    let next = next(state, monitor);
    if let Some((next, since)) = next {
        (state.state, state.since) = (next, since);
    }
    // What was wrong is told as it was when it began or was confirmed: it would be written each minute otherwise.
    let begins = before.bad.is_none() || before.down.is_some() != down;
    if let Some(why) = why.filter(|_| begins || next.is_some()) {
        state.why = Some(why.clone());
    }
}

/// The run with this slot, or none when the slot says otherwise.
fn longer(run: Option<Run>, goes_on: bool, slot: Slot) -> Option<Run> {
    let Run { slots, from } = run.unwrap_or(Run { slots: 0, from: slot });
    goes_on.then_some(Run { slots: slots.saturating_add(1).min(Streak::MAX), from })
}

/// The state that the streaks lead to, and since when, if it is another.
fn next(state: &MonitorState, monitor: &Monitor) -> Option<(State, Slot)> {
    let Streaks { down, bad, good, up } = state.streaks;
    let confirmed = |run: Option<Run>| since(run, monitor.confirmations.get());
    let recovered = |run: Option<Run>| since(run, monitor.recoveries.get());
    let next = match state.state {
        State::Down => {
            let degraded = || Some((State::Degraded, recovered(good)?));
            recovered(up).map(|from| (State::Up, from)).or_else(degraded)
        }
        State::Degraded => {
            let up = || Some((State::Up, recovered(up)?));
            confirmed(down).map(|from| (State::Down, from)).or_else(up)
        }
        State::Up | State::Unknown | State::Paused | State::Maintenance => {
            let degraded = || Some((State::Degraded, confirmed(bad)?));
            // The first answer is enough where nothing was known.
            let first_up = || Some((State::Up, since(up, 1)?));
            confirmed(down).map(|from| (State::Down, from)).or_else(degraded).or_else(first_up)
        }
    };
    next.filter(|(next, _)| *next != state.state)
}

/// When the run began, if it is so long.
fn since(run: Option<Run>, slots: u8) -> Option<Slot> {
    run.filter(|run| run.slots >= slots).map(|run| run.from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::signal::Reason;

    use super::*;

    const FIRST: i64 = 29_000_000;

    fn monitor(confirmations: u8, recoveries: u8) -> Monitor {
        let [confirmations, recoveries] = [confirmations, recoveries].map(|n| Streak::try_from(n).unwrap());
        Monitor { confirmations, recoveries, ..::tests::example::monitor("s0-aaaaaa") }
    }

    fn verdict(letter: char) -> Option<Verdict> {
        let why = |reason| Why { reason, status: None, regions: vec!["us-east-1".parse().unwrap()] };
        match letter {
            'u' => Some(Verdict::Up),
            'g' => Some(Verdict::Degraded(why(Reason::Slow))),
            'd' => Some(Verdict::Down(why(Reason::Timeout))),
            '?' => Some(Verdict::Unknown),
            _ => None,
        }
    }

    /// After each slot: the state's letter, upper case while it flaps; and the state in the end.
    fn run(monitor: &Monitor, verdicts: &str) -> (String, MonitorState) {
        let mut state = MonitorState::unknown(Slot::of_minutes(FIRST));
        let letters = verdicts.chars().zip(FIRST..).map(|(letter, slot)| {
            advance(&mut state, monitor, Slot::of_minutes(slot), verdict(letter).as_ref());
            let letter = match state.state {
                State::Up => 'u',
                State::Degraded => 'g',
                State::Down => 'd',
                _ => '?',
            };
            if state.flapping { letter.to_ascii_uppercase() } else { letter }
        });
        (letters.collect(), state)
    }

    #[test]
    fn verdicts_are_confirmed() {
        for (verdicts, states) in [
            ("uddduuu", "uuddduu"),
            ("dd", "?d"),
            ("du", "?u"),
            ("ugguu", "uuggu"),
            ("udguu", "uuggu"),
            ("uggdduu", "uuggddu"),
            ("udduguu", "uuddggu"),
            ("uddguu", "uuddgu"),
            ("uddgguu", "uuddggu"),
        ] {
            assert_eq!(run(&monitor(2, 2), verdicts).0, states, "{verdicts}");
        }
        assert_eq!(run(&monitor(1, 1), "udugu").0, "udugu");
        assert_eq!(run(&monitor(10, 10), &"d".repeat(11)).0, "?????????dd");
    }

    #[test]
    fn an_unknown_slot_neither_confirms_nor_resets() {
        assert_eq!(run(&monitor(2, 2), "ud?.d?u.?u").0, "uuuudddddu");
    }

    #[test]
    fn a_state_is_true_since_the_first_slot_of_its_streak() {
        let (_, state) = run(&monitor(3, 2), "uud?dd");
        assert_eq!((state.state, state.since), (State::Down, Slot::of_minutes(FIRST + 2)));
        let (_, state) = run(&monitor(3, 2), "uud?ddddu?u");
        assert_eq!((state.state, state.since), (State::Up, Slot::of_minutes(FIRST + 8)));
    }

    #[test]
    fn what_changes_too_often_flaps_until_it_is_quiet() {
        let (states, _) = run(&monitor(2, 2), "ududud");
        assert_eq!(states, "uuuuuU", "the fifth change in 15 minutes");
        let quiet = format!("ududud{}", "u".repeat(20));
        let (states, state) = run(&monitor(2, 2), &quiet);
        // Six changes, the first of them in slot 1: two must have left the last 15 minutes.
        assert_eq!(states.rfind('U'), Some(16), "{states}");
        assert_eq!((state.changes.len(), state.why), (0, None));
        let slowly = "uddddduuuuu".repeat(4);
        assert!(
            !run(&monitor(2, 2), &slowly).0.contains(char::is_uppercase),
            "changes as slow as that are none"
        );
    }

    #[test]
    fn nothing_changes_while_nothing_happens() {
        for steady in ["u", "d", "g", "?"] {
            let (_, before) = run(&monitor(2, 2), &format!("udu{}", steady.repeat(40)));
            let mut after = before.clone();
            for slot in FIRST + 43..FIRST + 100 {
                let verdict = verdict(steady.chars().next().unwrap());
                advance(&mut after, &monitor(2, 2), Slot::of_minutes(slot), verdict.as_ref());
            }
            assert_eq!(before, after, "{steady}");
        }
    }

    proptest! {
        #[test]
        fn a_state_is_what_its_last_slots_say(
            verdicts in "[ugd?.]{0,60}", confirmations in 1u8..=4, recoveries in 1u8..=4,
        ) {
            let (_, state) = run(&monitor(confirmations, recoveries), &verdicts);
            let known: Vec<char> = verdicts.chars().filter(|c| "ugd".contains(*c)).collect();
            let last = |n: u8| known.len().checked_sub(usize::from(n)).map(|from| &known[from..]);
            let all = |n, wanted: &str| last(n).is_some_and(|run| run.iter().all(|c| wanted.contains(*c)));
            if all(confirmations, "d") {
                prop_assert_eq!(state.state, State::Down);
            } else if all(recoveries, "u") {
                prop_assert_eq!(state.state, State::Up);
            } else if all(confirmations.max(recoveries), "g") {
                prop_assert_eq!(state.state, State::Degraded);
            }
            let bad = matches!(state.state, State::Down | State::Degraded);
            prop_assert!(!bad || state.why.is_some());
            prop_assert!(state.changes.len() <= 15);
        }
    }
}
