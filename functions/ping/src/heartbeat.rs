//! A heartbeat: what the last call of a target says of it. No network, no clock.

use jiff::{SignedDuration, Timestamp};
use shared::beat::{Beat, BeatState};
use shared::monitor::{HeartbeatCheck, Monitor};
use shared::signal::{Outcome, Phases, Reason};

use crate::check::Finding;

/// What the last beat says at `now`, the start of the slot: so that all regions, and a second delivery, say the same.
pub fn heard(monitor: &Monitor, check: &HeartbeatCheck, beat: Option<&Beat>, now: Timestamp) -> Finding {
    let Some(beat) = beat else { return Finding::of(Outcome::Unknown(Reason::NoBeat)) };
    let allowed = monitor.interval_minutes.minutes().saturating_add(check.grace_minutes.into());
    if now.duration_since(beat.received_at) > SignedDuration::from_mins(allowed.into()) {
        return Finding::of(Outcome::Down(Reason::Late));
    }
    let slow = monitor.degraded_ms.zip(beat.duration_ms).is_some_and(|(limit, took)| took > limit);
    let outcome = match beat.state {
        BeatState::Down => Outcome::Down(Reason::Reported),
        BeatState::Degraded => Outcome::Degraded(Reason::Reported),
        BeatState::Up if slow => Outcome::Degraded(Reason::Slow),
        BeatState::Up => Outcome::Up,
    };
    let phases = Phases { total_ms: beat.duration_ms, ..Phases::default() };
    Finding { phases, ..Finding::of(outcome) }
}
