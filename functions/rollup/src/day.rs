//! A day of a shard: how long each monitor was in which state, by the quorum of its regions, slot by slot.
//!
//! A slot says something of a monitor when a block of it mentions the monitor, or when the monitor is due in it and
//! none of its regions has reported: that is a gap, and unknown. What a slot says stands until the next one that says
//! something, and no longer than the monitor's interval. A block that is there and does not mention a monitor shows
//! that it was not due then: it was paused, had another interval, or did not exist.

use std::collections::{BTreeMap, BTreeSet};

use shared::Invalid;
use shared::block::Block;
use shared::history::{HOURS, MonitorDay, Seconds};
use shared::monitor::{Check, HeartbeatCheck, Monitor, MonitorId, Region};
use shared::schedule::{Slot, is_due, reach};
use shared::signal::Outcome;
use shared::state::State;
use shared::verdict::{Verdict, verdict};

use crate::calendar::Calendar;
use crate::event::HOUR;
use crate::points::Points;

/// A day that is being read.
#[derive(Debug)]
pub(crate) struct Day<'a> {
    calendar: &'a Calendar,
    tracks: BTreeMap<MonitorId, Track>,
}

/// One monitor's day so far.
#[derive(Debug)]
struct Track {
    /// The monitor, checked from the regions that it is now checked from and from those that mention it.
    monitor: Monitor,
    /// How long what a slot says stands, in minutes.
    reach: u32,
    /// Whether a slot without a block is a gap: it has been seen before, and is still configured.
    misses_slots: bool,
    /// Whether it is configured.
    is_configured: bool,
    /// For each minute of the day whether it is worked on; empty when it never is.
    worked_on: Vec<bool>,
    /// What the last slot that said something said, and for how many minutes more that stands.
    stands: Option<(State, u32)>,
    /// The slot that last mentioned it, and whether all that was found then is that it is up.
    mentioned: Option<(Slot, bool)>,
    hours: [Seconds; HOURS],
    points: Points,
}

impl Track {
    fn of(monitor: Monitor, is_configured: bool, is_known: bool, calendar: &Calendar) -> Self {
        Self {
            reach: reach(&monitor),
            misses_slots: is_configured && is_known,
            is_configured,
            worked_on: calendar.of_monitor(&monitor),
            stands: None,
            mentioned: None,
            hours: Default::default(),
            points: Points::default(),
            monitor,
        }
    }

    /// Moves over one slot, whose blocks these are.
    fn pass(&mut self, slot: Slot, minute: usize, blocks: &[&Block]) {
        let says = match self.mentioned {
            // Whatever the quorum, and nearly always: nobody needs to be looked for in the blocks.
            Some((at, true)) if at == slot => Some(State::Up),
            Some((at, false)) if at == slot => Some(match verdict(&self.monitor, blocks) {
                Verdict::Up => State::Up,
                Verdict::Degraded(_) => State::Degraded,
                Verdict::Down(_) => State::Down,
                Verdict::Unknown => State::Unknown,
            }),
            _ => {
                let reported = || blocks.iter().any(|block| self.monitor.regions.contains(&block.region));
                (self.misses_slots && is_due(&self.monitor, slot) && !reported()).then_some(State::Unknown)
            }
        };
        if let Some(state) = says {
            self.stands = Some((state, self.reach));
        }
        let worked_on = self.worked_on.get(minute).is_some_and(|worked_on| *worked_on);
        if let (Some((state, left)), Some(hour)) = (&mut self.stands, self.hours.get_mut(minute / 60)) {
            *time_of(hour, if worked_on { State::Maintenance } else { *state }) += 60;
            *left -= 1;
            if *left == 0 {
                self.stands = None;
            }
        }
    }
}

/// Where the time in this state is kept; nobody looks at what is paused.
fn time_of(seconds: &mut Seconds, state: State) -> &mut u32 {
    match state {
        State::Up => &mut seconds.up,
        State::Degraded => &mut seconds.degraded,
        State::Down => &mut seconds.down,
        State::Maintenance => &mut seconds.maintenance,
        State::Paused | State::Unknown => &mut seconds.unknown,
    }
}

impl<'a> Day<'a> {
    /// The day of the calendar, of a shard with these monitors. Those that are `known` existed before it: for the
    /// others, time begins with the first block that mentions them.
    pub(crate) fn new(calendar: &'a Calendar, monitors: &[Monitor], known: &BTreeSet<MonitorId>) -> Self {
        let track = |monitor: &Monitor| {
            let is_known = known.contains(&monitor.id);
            (monitor.id.clone(), Track::of(monitor.clone(), true, is_known, calendar))
        };
        Self { calendar, tracks: monitors.iter().map(track).collect() }
    }

    /// Takes in the next slot of the day with its blocks, if it has any: every slot once, and in order.
    pub(crate) fn add(&mut self, slot: Slot, blocks: &[&Block]) -> Result<(), Invalid> {
        for block in blocks {
            for signal in &block.signals {
                if !self.tracks.contains_key(&signal.monitor) {
                    let monitor = stand_in(&signal.monitor, &block.region)?;
                    let track = Track::of(monitor, false, false, self.calendar);
                    self.tracks.insert(signal.monitor.clone(), track);
                }
                let Some(track) = self.tracks.get_mut(&signal.monitor) else { continue };
                track.points.add(signal);
                let so_far = track.mentioned.is_none_or(|(at, all_up)| at != slot || all_up);
                track.mentioned = Some((slot, so_far && signal.outcome == Outcome::Up));
                track.misses_slots = track.is_configured;
                if !track.monitor.regions.contains(&block.region) {
                    track.monitor.regions.push(block.region.clone());
                }
            }
        }
        let minute = usize::try_from(slot.minutes() - self.calendar.begins.minutes()).unwrap_or(usize::MAX);
        self.tracks.values_mut().for_each(|track| track.pass(slot, minute, blocks));
        Ok(())
    }

    /// What is known of each monitor; those of which nothing is are left out.
    pub(crate) fn finish(self) -> BTreeMap<MonitorId, MonitorDay> {
        let days = self.tracks.into_iter().map(|(id, track)| {
            let (checks, percentiles) = track.points.finish();
            (id, MonitorDay { hours: track.hours, checks, percentiles })
        });
        days.filter(|(_, day)| *day != MonitorDay::default()).collect()
    }
}

/// In place of a monitor that is no longer configured: by the majority of the regions that mention it, and a minute
/// for each slot.
fn stand_in(id: &MonitorId, region: &Region) -> Result<Monitor, Invalid> {
    let check = Check::Heartbeat(HeartbeatCheck { grace_minutes: 0 });
    Ok(Monitor::of(id.clone(), id.to_string().parse()?, check, region.clone()))
}

/// The number of the hour in its day that begins in this slot.
pub(crate) fn hour_of_day(begins: Slot) -> u8 {
    u8::try_from(begins.minutes().div_euclid(HOUR).rem_euclid(24)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
