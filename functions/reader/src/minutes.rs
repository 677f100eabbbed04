//! The minutes of the shown hour: what the regions of a monitor found in each, and the verdict over it.

use std::collections::HashMap;

use shared::block::Block;
use shared::monitor::{Monitor, Region};
use shared::schedule::{Slot, is_due};
use shared::signal::Signal;
use shared::verdict::{Verdict, verdict};

use crate::hidden;

/// Minutes that are shown: an hour.
pub(crate) const MINUTES: i64 = 60;

/// What a shard's blocks say, minute by minute.
#[derive(Debug)]
pub(crate) struct Minutes<'a> {
    blocks: HashMap<Slot, Vec<&'a Block>>,
    now: Slot,
}

impl<'a> Minutes<'a> {
    /// The minutes of these blocks; `now` is the running one.
    pub(crate) fn of(blocks: &'a [Block], now: Slot) -> Self {
        let mut by_slot: HashMap<Slot, Vec<&Block>> = HashMap::new();
        for block in blocks {
            by_slot.entry(block.slot).or_default().push(block);
        }
        Self { blocks: by_slot, now }
    }

    /// The slots of the monitor's hour, oldest first. It ends with the running minute once all of the monitor's
    /// regions have reported that; until then a minute earlier, not with a gap.
    pub(crate) fn hour(&self, monitor: &Monitor) -> impl DoubleEndedIterator<Item = Slot> + use<> {
        let blocks = self.blocks(self.now);
        let reported = |region: &Region| blocks.iter().any(|block| block.region == *region);
        let last = if monitor.regions.iter().all(reported) { self.now } else { self.now.plus(-1) };
        (1 - MINUTES..=0).map(move |minutes| last.plus(minutes))
    }

    /// The newest slot of the hour in which the monitor was looked at, or should have been.
    pub(crate) fn newest(&self, monitor: &Monitor) -> Option<Slot> {
        self.hour(monitor).rev().find(|slot| self.counts(monitor, *slot))
    }

    /// Whether the monitor was looked at in this slot, or should have been.
    pub(crate) fn counts(&self, monitor: &Monitor, slot: Slot) -> bool {
        is_due(monitor, slot) || self.signals(monitor, slot).next().is_some()
    }

    /// What each of the monitor's regions found in this slot.
    pub(crate) fn signals(&self, monitor: &Monitor, slot: Slot) -> impl Iterator<Item = &'a Signal> {
        let of_region = |block: &&&Block| monitor.regions.contains(&block.region);
        self.shown(monitor, slot).iter().filter(of_region).filter_map(|block| block.signal(&monitor.id))
    }

    /// The verdict over this slot, as `judge` would make it. A block that came too late for `judge` is seen here.
    pub(crate) fn verdict(&self, monitor: &Monitor, slot: Slot) -> Verdict {
        verdict(monitor, self.shown(monitor, slot))
    }

    /// The blocks of this slot, if it is shown of this monitor.
    fn shown(&self, monitor: &Monitor, slot: Slot) -> &[&'a Block] {
        if hidden::shows(monitor, slot) { self.blocks(slot) } else { &[] }
    }

    fn blocks(&self, slot: Slot) -> &[&'a Block] {
        self.blocks.get(&slot).map_or(&[], Vec::as_slice)
    }
}
