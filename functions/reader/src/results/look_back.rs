//! Looks back over what was recorded of a monitor, newest first, a bounded part of the table at a time.
//!
//! Each part is a window of minutes; while little is found the next one is twice as long. What was given out is known by
//! its place, not by a count: blocks that come meanwhile shift nothing.

use serde::{Deserialize, Serialize};
use shared::monitor::{Monitor, Region};
use shared::out_of_turn::Told;
use shared::schedule::Slot;
use shared::store::{ReadChecks, Result};
use tokio::time::Instant;

use super::Seen;

/// Shortest window, in minutes.
const MIN_MINUTES: i64 = 10;

/// Longest window, in minutes: of a full shard, 400 KB and 3 MB as signals for each region.
const MAX_MINUTES: i64 = 180;

/// What is looked for.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) monitor: &'a Monitor,
    /// Nothing before this slot.
    pub(super) first: Slot,
    pub(super) region: Option<Region>,
    /// The name of an outcome.
    pub(super) outcome: Option<&'static str>,
    /// At most this many, 1 or more.
    pub(super) limit: usize,
}

/// How much one look may cost. One window is read in any case, so every look gets on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) windows: usize,
    /// No new window from then on.
    pub(super) until: Instant,
}

/// Where a look goes on: everything of later slots was given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub(super) slot: Slot,
    /// The last check of this slot that was given out, if any was.
    behind: Option<Order>,
}

/// Where a check stands in its slot: those out of turn come after the slot's own, and are given out before them.
type Order = (bool, Region);

impl Place {
    /// The end of this slot.
    pub(super) fn at(slot: Slot) -> Self {
        Self { slot, behind: None }
    }

    /// This place, or the end of that slot if it lies before.
    pub(super) fn up_to(self, last: Slot) -> Self {
        if self.slot > last { Self::at(last) } else { self }
    }

    /// Whether the check has yet to be given out.
    fn is_before(&self, seen: &Seen<'_>) -> bool {
        let order = (seen.out_of_turn, seen.region);
        let in_slot = || self.behind.as_ref().is_none_or(|(out, region)| order < (*out, region));
        seen.slot < self.slot || seen.slot == self.slot && in_slot()
    }
}

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Newest first.
    pub(super) checks: Vec<Told>,
    /// Where to go on, when there may be more.
    pub(super) next: Option<Place>,
}

/// Looks back from this place.
pub(super) async fn look_back<S: ReadChecks>(
    store: &S,
    wanted: &Wanted<'_>,
    mut place: Place,
    budget: Budget,
) -> Result<Found> {
    let mut found = Found::default();
    let mut minutes = minutes_of(wanted);
    let mut windows = 0;
    while place.slot >= wanted.first {
        let affords = windows == 0 || windows < budget.windows && Instant::now() < budget.until;
        if !affords || found.checks.len() >= wanted.limit {
            found.next = Some(place);
            break;
        }
        let begins = wanted.first.max(place.slot.plus(1 - minutes));
        if let Some(stopped) = window(store, wanted, begins, &place, &mut found.checks).await? {
            found.next = Some(stopped);
            break;
        }
        place = Place::at(begins.plus(-1));
        minutes = (minutes * 2).min(MAX_MINUTES);
        windows += 1;
    }
    Ok(found)
}

/// Gives out what lies between this slot and the place; where it stopped, if the limit was reached before the end.
async fn window<S: ReadChecks>(
    store: &S,
    wanted: &Wanted<'_>,
    begins: Slot,
    place: &Place,
    found: &mut Vec<Told>,
) -> Result<Option<Place>> {
    let Wanted { monitor, region, outcome, limit, .. } = wanted;
    let recorded = store.recorded(monitor.id.shard(), begins..=place.slot).await?;
    let is_wanted = |seen: &Seen<'_>| {
        place.is_before(seen)
            && region.as_ref().is_none_or(|region| region == seen.region)
            && outcome.is_none_or(|outcome| outcome == seen.signal.outcome.name())
    };
    let mut checks: Vec<Seen<'_>> = Seen::all(&recorded, monitor).filter(is_wanted).collect();
    checks.sort_by(|a, b| (b.slot, b.out_of_turn, b.region).cmp(&(a.slot, a.out_of_turn, a.region)));
    let room = limit.saturating_sub(found.len());
    found.extend(checks.iter().take(room).map(|seen| seen.told(monitor)));
    let last = room.checked_sub(1).and_then(|last| checks.get(last)).filter(|_| checks.len() > room);
    Ok(last.map(|last| Place { slot: last.slot, behind: Some((last.out_of_turn, last.region.clone())) }))
}

/// How long the first window is: as many checks as are wanted, if none is missing.
fn minutes_of(wanted: &Wanted<'_>) -> i64 {
    let interval = i64::from(wanted.monitor.interval_minutes.minutes());
    let checks = i64::try_from(wanted.limit).unwrap_or(MAX_MINUTES);
    checks.saturating_mul(interval).clamp(MIN_MINUTES, MAX_MINUTES)
}
