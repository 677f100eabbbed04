//! One shard: reads its blocks hour by hour, and writes its hours, its days and its summary.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use anyhow::Context as _;
use jiff::Timestamp;
use shared::Invalid;
use shared::block::Block;
use shared::history::{DayOfShard, Hour, YEAR_DAYS};
use shared::monitor::{Monitor, MonitorId, ShardId};
use shared::schedule::Slot;
use shared::store::{ReadHistory, ReadMonitors, ReadSignals, StoreError, Stored, WriteHistory};

use crate::calendar::Calendar;
use crate::day::{Day, hour_of_day};
use crate::event::{DAY, HOUR, Work, every};
use crate::hour;
use crate::summary::{self, FRESH_DAYS};

/// How old a slot must be to count, in minutes.
const PENDING_MINUTES: i64 = 2;

/// How many days before its first one a run looks at, to know which monitors existed before: longer than blocks live,
/// so that a pause of this function does not make gaps look like times before a monitor.
const KNOWN_DAYS: i64 = 9;

/// What was written of a shard.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    /// Items that are there now.
    pub(crate) items: usize,
    /// Items that were not written, because somebody began to read later and was faster.
    pub(crate) overtaken: usize,
}

impl Written {
    fn count(&mut self, written: bool) {
        self.items += usize::from(written);
        self.overtaken += usize::from(!written);
    }
}

/// One shard that is being recomputed.
pub(crate) struct ShardRun<'a, M, S, H> {
    pub(crate) monitors: &'a M,
    pub(crate) signals: &'a S,
    pub(crate) history: &'a H,
    pub(crate) shard: ShardId,
    pub(crate) work: &'a Work,
    /// One of each day of the work.
    pub(crate) calendars: &'a [Calendar],
}

impl<M: ReadMonitors, S: ReadSignals, H: ReadHistory + WriteHistory> ShardRun<'_, M, S, H> {
    /// Recomputes the shard. Whatever it fails at, doing all of it again ends right.
    pub(crate) async fn run(&self, clock: &impl Fn() -> Timestamp) -> anyhow::Result<Written> {
        let read_at = clock();
        let Stored { values: monitors, broken } =
            self.monitors.monitors(self.shard).await.context("reading the shard's monitors")?;
        let mut written = Written::default();
        let mut known = self.known().await?;
        for calendar in self.calendars {
            let day = self.day(calendar, read_at, &monitors, &known, &mut written).await?;
            if !day.monitors.is_empty() {
                written.count(self.history.put_day(&day).await.context("writing a day")?);
            }
            known.extend(day.monitors.into_keys());
        }
        // Of a monitor that cannot be read nothing is measured; its history stays.
        let broken = broken.iter().filter_map(|broken| broken.id.parse::<MonitorId>().ok());
        let kept = monitors.into_iter().map(|monitor| monitor.id).chain(broken).collect();
        written.count(self.summarise(clock(), &kept).await?);
        Ok(written)
    }

    /// The monitors that existed before the first day of the work: those of the days before it.
    async fn known(&self) -> anyhow::Result<BTreeSet<MonitorId>> {
        let begins = self.work.days.start;
        let dates = begins.plus(-KNOWN_DAYS * DAY).date()..=begins.plus(-DAY).date();
        let days = self.history.days(self.shard, dates).await.context("reading the days before")?;
        Ok(days.into_iter().flat_map(|day| day.monitors.into_keys()).collect())
    }

    /// Reads a day, and writes the hours of it that are wanted.
    async fn day(
        &self,
        calendar: &Calendar,
        read_at: Timestamp,
        monitors: &[Monitor],
        known: &BTreeSet<MonitorId>,
        written: &mut Written,
    ) -> anyhow::Result<DayOfShard> {
        let mut day = Day::new(calendar, monitors, known);
        // A younger slot does not count yet: its blocks may still be on their way.
        let pending = Slot::containing(read_at).plus(1 - PENDING_MINUTES);
        let counted = calendar.begins..calendar.begins.plus(DAY).min(pending);
        for begins in every(&counted, HOUR) {
            let slots = begins..=begins.plus(HOUR - 1);
            let blocks = self.signals.blocks(self.shard, slots).await.context("reading blocks")?;
            add_slots(&mut day, &(begins..counted.end.min(begins.plus(HOUR))), &blocks)?;
            if self.work.hours.contains(&begins) {
                self.put_hours(begins, read_at, &blocks, monitors, written).await?;
            }
        }
        Ok(DayOfShard { shard: self.shard, date: calendar.begins.date(), read_at, monitors: day.finish() })
    }

    async fn put_hours(
        &self,
        begins: Slot,
        read_at: Timestamp,
        blocks: &[Block],
        configured: &[Monitor],
        written: &mut Written,
    ) -> anyhow::Result<()> {
        for (region, monitors) in hour::by_region(blocks, configured) {
            let (date, hour) = (begins.date(), hour_of_day(begins));
            let hour = Hour { shard: self.shard, date, hour, region, read_at, monitors };
            written.count(self.history.put_hour(&hour).await.context("writing an hour")?);
        }
        Ok(())
    }

    /// Makes the summary of what is written, and of these monitors. `read_at` is an instant of its own, after the
    /// days were written: so the last summary has seen every day that was there when it began.
    async fn summarise(&self, read_at: Timestamp, kept: &BTreeSet<MonitorId>) -> anyhow::Result<bool> {
        let stored = match self.history.summary(self.shard).await {
            Ok(stored) => stored.filter(|_| !self.work.asked),
            // It is made anew.
            Err(StoreError::Broken(_)) => None,
            Err(error) => return Err(error).context("reading the summary"),
        };
        let stored = stored.filter(|stored| summary::can_go_on(stored, read_at, kept));
        let days = if stored.is_some() { FRESH_DAYS } else { YEAR_DAYS };
        let dates = summary::first_of(days, read_at)..=Slot::containing(read_at).date();
        let days = self.history.days(self.shard, dates).await.context("reading days")?;
        let summary = summary::of_days(self.shard, read_at, kept, &days, stored.as_ref());
        self.history.put_summary(&summary).await.context("writing the summary")
    }
}

/// Takes these slots into the day, each with its blocks.
fn add_slots(day: &mut Day<'_>, slots: &Range<Slot>, blocks: &[Block]) -> Result<(), Invalid> {
    let mut by_slot: BTreeMap<Slot, Vec<&Block>> = BTreeMap::new();
    for block in blocks {
        by_slot.entry(block.slot).or_default().push(block);
    }
    every(slots, 1).try_for_each(|slot| day.add(slot, by_slot.get(&slot).map_or(&[], Vec::as_slice)))
}
