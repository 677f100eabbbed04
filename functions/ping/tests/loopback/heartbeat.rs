//! Heartbeats: what the last beat says at the start of a slot.

use jiff::{Timestamp, ToSpan as _};
use ping::heartbeat::heard;
use proptest::prelude::*;
use shared::beat::{Beat, BeatState};
use shared::monitor::{Check, HeartbeatCheck, Interval, Monitor};
use shared::signal::{Outcome, Reason};
use tests::example::monitor;

use crate::down;

const NOW: &str = "2026-11-21T14:25:00Z";

/// Beats every five minutes, and may be two minutes late.
fn nightly_backup(degraded_ms: Option<u32>) -> (Monitor, HeartbeatCheck) {
    let check = HeartbeatCheck { grace_minutes: 2 };
    let interval_minutes = Interval::try_from(5).unwrap();
    let kind = Check::Heartbeat(check.clone());
    (Monitor { check: kind, interval_minutes, degraded_ms, ..monitor("s0-aaaaaa") }, check)
}

fn beat(received_at: &str, state: BeatState, duration_ms: Option<u32>) -> Beat {
    let received_at = received_at.parse().unwrap();
    Beat { monitor: "s0-aaaaaa".parse().unwrap(), received_at, state, duration_ms }
}

fn verdict(degraded_ms: Option<u32>, beat: Option<&Beat>) -> (Outcome, Option<u32>) {
    let (monitor, check) = nightly_backup(degraded_ms);
    let finding = heard(&monitor, &check, beat, NOW.parse().unwrap());
    let phases = finding.phases;
    assert_eq!((finding.status, phases.dns_ms, phases.connect_ms), (None, None, None), "no network");
    (finding.outcome, phases.total_ms)
}

#[test]
fn a_beat_is_late_after_interval_and_grace() {
    for (received_at, outcome) in [
        ("2026-11-21T14:24:59Z", Outcome::Up),
        // To the second: seven minutes.
        ("2026-11-21T14:18:00Z", Outcome::Up),
        ("2026-11-21T14:17:59.999Z", down(Reason::Late)),
        ("2020-01-01T00:00:00Z", down(Reason::Late)),
        // Came after the slot had begun.
        ("2026-11-21T14:25:03Z", Outcome::Up),
    ] {
        assert_eq!(verdict(None, Some(&beat(received_at, BeatState::Up, None))).0, outcome, "{received_at}");
    }
    assert_eq!(verdict(None, None), (Outcome::Unknown(Reason::NoBeat), None));
}

#[test]
fn what_the_target_says_of_itself_counts() {
    let heard =
        |state, duration_ms| verdict(Some(1_000), Some(&beat("2026-11-21T14:20:00Z", state, duration_ms)));
    assert_eq!(heard(BeatState::Up, Some(1_000)), (Outcome::Up, Some(1_000)));
    assert_eq!(heard(BeatState::Up, Some(1_001)), (Outcome::Degraded(Reason::Slow), Some(1_001)));
    assert_eq!(heard(BeatState::Up, None), (Outcome::Up, None));
    assert_eq!(heard(BeatState::Degraded, Some(5)), (Outcome::Degraded(Reason::Reported), Some(5)));
    assert_eq!(heard(BeatState::Down, Some(9_999)), (down(Reason::Reported), Some(9_999)));
    // What was said long ago counts no more.
    let stale = beat("2026-11-21T14:00:00Z", BeatState::Degraded, Some(5));
    assert_eq!(verdict(None, Some(&stale)), (down(Reason::Late), None));
}

proptest! {
    #[test]
    fn silence_only_makes_it_worse(received in 0i64..4_000_000_000, wait in 0i64..100_000, more in 0i64..100_000) {
        let (monitor, check) = nightly_backup(None);
        let received = Timestamp::from_second(received).unwrap();
        let beat = Beat { received_at: received, ..beat(NOW, BeatState::Up, None) };
        let late = |waited: i64| {
            let finding = heard(&monitor, &check, Some(&beat), received + waited.seconds());
            finding.outcome == down(Reason::Late)
        };
        prop_assert!(!late(wait) || late(wait + more));
        prop_assert_eq!(late(wait), wait > 7 * 60);
    }
}
