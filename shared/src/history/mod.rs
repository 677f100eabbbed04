//! History: what is left of signals when they have expired. Recomputed from blocks, never counted up.

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign};

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::monitor::{MetricName, MonitorId, Region, ShardId};
use crate::schedule::Slot;

pub(crate) mod pack;

/// Hours of a day, in UTC: no clocks are changed there.
pub const HOURS: usize = 24;

/// Points of an hour's series: one every five minutes.
pub const POINTS: usize = 12;

/// Days of a summary that have a bar of their own.
pub const SUMMARY_DAYS: usize = 90;

/// Days of a summary, those of [`SUMMARY_DAYS`] included.
pub const YEAR_DAYS: usize = 365;

/// How long a monitor was in which state, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seconds {
    /// It served its visitors.
    pub up: u32,
    /// It answered, but something about it needed looking after. Counts as up in the uptime.
    pub degraded: u32,
    /// It did not serve its visitors.
    pub down: u32,
    /// Nothing was found out, or a slot was missed.
    pub unknown: u32,
    /// It was being worked on.
    pub maintenance: u32,
}

impl Add for Seconds {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            up: self.up.saturating_add(other.up),
            degraded: self.degraded.saturating_add(other.degraded),
            down: self.down.saturating_add(other.down),
            unknown: self.unknown.saturating_add(other.unknown),
            maintenance: self.maintenance.saturating_add(other.maintenance),
        }
    }
}

impl AddAssign for Seconds {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Seconds {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), Add::add)
    }
}

/// How many checks found what, in one region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checks {
    /// Up.
    pub up: u32,
    /// Degraded.
    pub degraded: u32,
    /// Down.
    pub down: u32,
    /// Unknown or blocked.
    pub unknown: u32,
}

/// Times that so many of a hundred checks kept to, in ms, by the nearest rank: each is the time of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentiles {
    /// Half of them.
    pub p50: u32,
    /// 90 of a hundred.
    pub p90: u32,
    /// 95 of a hundred.
    pub p95: u32,
    /// 99 of a hundred.
    pub p99: u32,
}

/// One hour of one monitor, seen from one region.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MonitorHour {
    /// What its checks found.
    pub checks: Checks,
    /// Of the checks that found it up or degraded.
    pub percentiles: Option<Percentiles>,
    /// The median time of each five minutes, in ms, of the same checks.
    pub series: [Option<u32>; POINTS],
    /// The last number of each five minutes, by the metric's name.
    pub metrics: BTreeMap<MetricName, [Option<Decimal>; POINTS]>,
}

/// One hour of a shard, seen from one region.
#[derive(Debug, Clone, PartialEq)]
pub struct Hour {
    /// Whose monitors.
    pub shard: ShardId,
    /// On which day, in UTC.
    pub date: Date,
    /// 0 to 23.
    pub hour: u8,
    /// Seen from where.
    pub region: Region,
    /// When its blocks began to be read: a result replaces only one whose reading started earlier.
    pub read_at: Timestamp,
    /// By id.
    pub monitors: BTreeMap<MonitorId, MonitorHour>,
}

/// One day of one monitor, by the quorum of its regions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MonitorDay {
    /// How long it was in which state, in each hour.
    pub hours: [Seconds; HOURS],
    /// What its checks found, in all regions.
    pub checks: Checks,
    /// Of the checks that found it up or degraded, in all regions.
    pub percentiles: Option<Percentiles>,
}

impl MonitorDay {
    /// How long it was in which state on this day.
    pub fn seconds(&self) -> Seconds {
        self.hours.iter().copied().sum()
    }
}

/// One day of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOfShard {
    /// Whose monitors.
    pub shard: ShardId,
    /// Which day, in UTC.
    pub date: Date,
    /// When its blocks began to be read.
    pub read_at: Timestamp,
    /// By id.
    pub monitors: BTreeMap<MonitorId, MonitorDay>,
}

/// What the status page reads of a shard: the time up to [`Summary::read_at`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Whose monitors.
    pub shard: ShardId,
    /// When the days that it is made of began to be read. Its last hour and its last day, in UTC, are those that this
    /// instant lies in.
    pub read_at: Timestamp,
    /// By id: every monitor that is configured.
    pub monitors: BTreeMap<MonitorId, MonitorSummary>,
}

impl Summary {
    /// The last day of it, in UTC.
    pub fn until(&self) -> Date {
        Slot::containing(self.read_at).date()
    }
}

/// The last year of one monitor: its last 24 hours, its last 90 days, and all that was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorSummary {
    /// The last 24 hours, oldest first; the last one may be running.
    pub hours: [Seconds; HOURS],
    /// The last [`SUMMARY_DAYS`] days, oldest first; the last one is [`Summary::until`].
    pub days: [Seconds; SUMMARY_DAYS],
    /// The days before those, back to the [`YEAR_DAYS`]th.
    pub older: Seconds,
}

impl Default for MonitorSummary {
    fn default() -> Self {
        let none = Seconds::default();
        Self { hours: [none; HOURS], days: [none; SUMMARY_DAYS], older: none }
    }
}
