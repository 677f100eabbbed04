//! What is told of the last 24 hours, 7, 30 and 90 days of one monitor.
//!
//! 24 hours are whole hours in UTC, the running one included, and days are whole days, the running one included: as on
//! the status page. What `rollup` has made is taken as it is; the minutes behind it are made of blocks.

use serde::Serialize;
use shared::history::{Checks, DayOfShard, Hour, MonitorDay, MonitorHour, Seconds};
use shared::monitor::Monitor;
use shared::openapi::one_of;
use shared::schedule::{Slot, reach};
use shared::uptime::Period;
use utoipa::openapi::Object;

use super::fresh::Fresh;
use super::percentiles::{Are, Part, Times, mixed};
use crate::hidden::{self, DAY, HOUR, begin_of};

/// The periods with their lengths in days.
pub(super) const PERIODS: [(Period, i64); 4] =
    [(Period::Day, 1), (Period::Week, 7), (Period::Month, 30), (Period::Quarter, 90)];

/// Days that are read.
pub(super) const DAYS: i64 = 90;

/// Minutes that history lags behind at most, so that they are read from blocks: a day.
const MAX_LAG: i64 = DAY;

/// A slot younger than this, in minutes, does not count yet: its blocks may still be on their way.
const PENDING_MINUTES: i64 = 2;

fn names() -> Object {
    one_of(["24h", "7d", "30d", "90d"]).build()
}

/// What is told of one period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Period)]
pub(super) struct Told {
    #[schema(schema_with = names)]
    period: &'static str,
    /// Its first minute.
    from: Slot,
    /// Of 0 to 1: degraded counts as up, unknown and maintenance do not count. `None` when nothing is known.
    uptime: Option<f64>,
    seconds: ToldSeconds,
    checks: ToldChecks,
    percentiles: Option<Times>,
    /// What the percentiles are: those of one part of the period, or mixed from several (see `percentiles`).
    percentiles_are: Option<Are>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PeriodSeconds)]
struct ToldSeconds {
    up: u32,
    degraded: u32,
    down: u32,
    unknown: u32,
    maintenance: u32,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PeriodChecks)]
struct ToldChecks {
    up: u32,
    degraded: u32,
    down: u32,
    /// Blocked ones too.
    unknown: u32,
}

/// A day or an hour that a check belongs to, and what its checks found.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    checks: Checks,
    part: Option<Part>,
}

/// What history has of one monitor.
#[derive(Debug)]
pub(super) struct History {
    /// Each with its first slot.
    days: Vec<(Slot, MonitorDay)>,
    /// Each with its first slot, of every region: those of the last two days, and of the day in which it was hidden.
    hours: Vec<(Slot, MonitorHour)>,
    /// The first slot that days do not have.
    days_end: Slot,
    /// The first slot that hours do not have.
    hours_end: Slot,
}

impl History {
    /// What these days and hours of its shard have of the monitor.
    pub(super) fn of(monitor: &Monitor, days: Vec<DayOfShard>, hours: Vec<Hour>, now: Slot) -> Self {
        let least = now.plus(-MAX_LAG);
        let begins = |of: &DayOfShard| Slot::at(of.date, "00:00").ok();
        let end = |of: &DayOfShard| {
            let pending = Slot::containing(of.read_at).plus(1 - PENDING_MINUTES);
            Some(pending.min(begins(of)?.plus(DAY)))
        };
        let days_end = days.iter().filter_map(end).max().unwrap_or(least).max(least);
        let days = days.into_iter().filter_map(|mut of| {
            let slot = begins(&of)?;
            of.monitors.remove(&monitor.id).map(|day| (slot, day))
        });
        let begins = |of: &Hour| Slot::at(of.date, &format!("{:02}:00", of.hour)).ok();
        let hours_end =
            hours.iter().filter_map(begins).max().map_or(least, |last| last.plus(HOUR)).max(least);
        let hours_of = |mut of: Hour| {
            let slot = begins(&of)?;
            of.monitors.remove(&monitor.id).map(|hour| (slot, hour))
        };
        let hours = hours.into_iter().filter_map(hours_of).collect();
        Self { days: days.collect(), hours, days_end, hours_end }
    }

    /// Whether any of its days knows the monitor: then a minute without a block is a gap.
    pub(super) fn knows(&self) -> bool {
        !self.days.is_empty()
    }

    /// The minutes that history does not have, if there are any, from the one on that decides the first of them.
    pub(super) fn lags(&self, monitor: &Monitor, now: Slot) -> Option<(Slot, Slot)> {
        let first = self.days_end.min(self.hours_end);
        let decides = first.plus(1 - i64::from(reach(monitor))).max(begin_of(DAY, first));
        let (first, last) = (hidden::shown_from(monitor, decides), now.plus(-PENDING_MINUTES));
        (first <= last).then_some((first, last))
    }

    /// What is told of a period.
    pub(super) fn period(
        &self,
        monitor: &Monitor,
        fresh: &Fresh,
        now: Slot,
        (period, days): (Period, i64),
    ) -> Told {
        let is_day = period == Period::Day;
        let from = if is_day {
            begin_of(HOUR, now).plus(HOUR - DAY)
        } else {
            begin_of(DAY, now).plus(DAY - DAY * days)
        };
        let seconds = self.seconds(monitor, from) + fresh.seconds(from.max(self.days_end));
        let (mut sums, checks_end) = if is_day {
            (self.sums_of_hours(monitor, from, from.plus(DAY)), self.hours_end)
        } else {
            self.sums_of_days(monitor, from)
        };
        let (checks, part) = fresh.checks(from.max(checks_end));
        sums.push(Sum { checks, part });
        let parts: Vec<Part> = sums.iter().filter_map(|sum| sum.part).collect();
        let mixed = mixed(&parts);
        let name = Period::ALL.iter().find(|(other, _)| *other == period).map_or("", |(_, name)| *name);
        Told {
            period: name,
            from: hidden::shown_from(monitor, from),
            uptime: seconds.uptime(),
            seconds: told_seconds(seconds),
            checks: told_checks(&sums),
            percentiles: mixed.map(|(times, _)| times),
            percentiles_are: mixed.map(|(_, are)| are),
        }
    }

    /// How long it was in which state, by the hours of the days from this slot on.
    fn seconds(&self, monitor: &Monitor, from: Slot) -> Seconds {
        let hours = self.days.iter().flat_map(|(begins, day)| {
            (0..).zip(&day.hours).map(|(hour, seconds)| (begins.plus(HOUR * hour), *seconds))
        });
        let is_shown = |slot: Slot| slot >= from && hidden::shows(monitor, slot);
        hours.filter(|(slot, _)| is_shown(*slot)).map(|(_, seconds)| seconds).sum()
    }

    /// The days from this slot on, and the first slot that they do not have. The day in which it was hidden is taken by
    /// its hours.
    fn sums_of_days(&self, monitor: &Monitor, from: Slot) -> (Vec<Sum>, Slot) {
        let mut sums = Vec::new();
        let mut end = self.days_end;
        for (begins, day) in self.days.iter().filter(|(begins, _)| *begins >= from) {
            let ends = begins.plus(DAY);
            if hidden::shows(monitor, *begins) {
                sums.push(Sum { checks: day.checks, part: Part::of(day.checks, day.percentiles) });
            } else if hidden::shows(monitor, ends.plus(-1)) {
                sums.extend(self.sums_of_hours(monitor, *begins, ends));
                if (*begins..ends).contains(&self.days_end) {
                    end = self.hours_end;
                }
            }
        }
        (sums, end)
    }

    /// The hours, of every region, that begin between these slots.
    fn sums_of_hours(&self, monitor: &Monitor, from: Slot, until: Slot) -> Vec<Sum> {
        let is_shown = |slot: Slot| (from..until).contains(&slot) && hidden::shows(monitor, slot);
        let hours = self.hours.iter().filter(|(slot, _)| is_shown(*slot));
        let sum =
            |hour: &MonitorHour| Sum { checks: hour.checks, part: Part::of(hour.checks, hour.percentiles) };
        hours.map(|(_, hour)| sum(hour)).collect()
    }
}

fn told_seconds(of: Seconds) -> ToldSeconds {
    let Seconds { up, degraded, down, unknown, maintenance } = of;
    ToldSeconds { up, degraded, down, unknown, maintenance }
}

fn told_checks(sums: &[Sum]) -> ToldChecks {
    let sum =
        |of: fn(&Checks) -> u32| sums.iter().fold(0, |all: u32, one| all.saturating_add(of(&one.checks)));
    ToldChecks {
        up: sum(|checks| checks.up),
        degraded: sum(|checks| checks.degraded),
        down: sum(|checks| checks.down),
        unknown: sum(|checks| checks.unknown),
    }
}
