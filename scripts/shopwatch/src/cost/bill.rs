//! The bill: what is watched in, dollars out.

use std::iter::Sum;
use std::ops::{Add, Mul};

use serde::Serialize;
use shared::monitor::SHARD_LIMIT;
use shared::schedule::MAX_PINGED_MONITORS;

use super::lines::lines;
use super::prices::{
    ALARM_METRIC_MONTH, FREE_ALARM_METRICS, FREE_GB_SECONDS, FREE_LOGS_GB, FREE_REQUESTS,
    FREE_SCHEDULER_INVOCATIONS, LAMBDA_GB_SECOND, LAMBDA_REQUEST, LOGS_GB, SCHEDULER_INVOCATION,
};

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Watching {
    /// Monitors, 1 or more.
    pub monitors: u32,
    /// Minutes between two checks of each, 1 or more.
    pub interval_minutes: u32,
    /// Regions that each is checked from, 1 or more.
    pub regions: u32,
}

/// One shard of what is watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shard {
    /// Its monitors.
    pub(super) monitors: f64,
    /// How many of them are due in a slot, on average.
    pub(super) due: f64,
    /// In how many slots of all any of them is due.
    pub(super) any_due: f64,
}

/// What one invocation of `ping` checks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    /// Its monitors.
    pub(super) monitors: f64,
    /// In how many slots of all any of them is due.
    pub(super) any_due: f64,
    /// Its shards.
    pub(super) shards: f64,
}

impl Watching {
    /// A full shard, how many of those there are, and the last one, if it is not full.
    pub(super) fn shards(self) -> (Shard, u32, Option<Shard>) {
        let limit = u32::try_from(SHARD_LIMIT).unwrap_or(u32::MAX);
        let rest = self.monitors % limit;
        (self.shard(limit), self.monitors / limit, (rest > 0).then(|| self.shard(rest)))
    }

    /// The rounds that `ping` is asked for in a slot, and how many there are of each: a last shard of a few monitors is
    /// checked along with a full one.
    pub(super) fn rounds(self) -> Vec<(f64, Round)> {
        let (full, count, rest) = self.shards();
        let of = |shard: Shard| Round { monitors: shard.monitors, any_due: shard.any_due, shards: 1.0 };
        let mut rounds = vec![(f64::from(count), of(full))];
        let Some(rest) = rest else { return rounds };
        let monitors = full.monitors + rest.monitors;
        if count == 0 || monitors > MAX_PINGED_MONITORS as f64 {
            rounds.push((1.0, of(rest)));
        } else {
            let together = 1.0 - (1.0 - full.any_due) * (1.0 - rest.any_due);
            rounds[0].0 -= 1.0;
            rounds.push((1.0, Round { monitors, any_due: together, shards: 2.0 }));
        }
        rounds
    }

    /// How many shards there are.
    pub(super) fn shard_count(self) -> u32 {
        let (_, full, rest) = self.shards();
        full + u32::from(rest.is_some())
    }

    fn shard(self, monitors: u32) -> Shard {
        let (monitors, interval) = (f64::from(monitors), f64::from(self.interval_minutes.max(1)));
        // Phases are spread evenly: each monitor leaves a slot out with this chance.
        let not_due = 1.0 - 1.0 / interval;
        Shard { monitors, due: monitors / interval, any_due: 1.0 - not_due.powf(monitors) }
    }
}

/// Dollars a month, or what is counted towards them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Amounts {
    /// Every target answers.
    pub healthy_usd: f64,
    /// One target of each shard accepts and stays silent.
    pub black_holes_usd: f64,
    /// What is sent to the internet, on top of either.
    pub traffic_out_usd: f64,
}

impl Amounts {
    /// The smaller of each two; what is sent to the internet has had its own free part taken off.
    fn at_most(self, usd: f64) -> Self {
        Self {
            healthy_usd: self.healthy_usd.min(usd),
            black_holes_usd: self.black_holes_usd.min(usd),
            traffic_out_usd: 0.0,
        }
    }

    /// What is the same whether targets answer or not.
    pub(super) fn both(usd: f64) -> Self {
        Self { healthy_usd: usd, black_holes_usd: usd, traffic_out_usd: 0.0 }
    }
}

impl Add for Amounts {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            healthy_usd: self.healthy_usd + other.healthy_usd,
            black_holes_usd: self.black_holes_usd + other.black_holes_usd,
            traffic_out_usd: self.traffic_out_usd + other.traffic_out_usd,
        }
    }
}

impl Mul<f64> for Amounts {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self {
            healthy_usd: self.healthy_usd * factor,
            black_holes_usd: self.black_holes_usd * factor,
            traffic_out_usd: self.traffic_out_usd * factor,
        }
    }
}

impl Sum for Amounts {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

/// What every account has free for good, month by month, of one sort of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Free {
    Nothing,
    Schedules,
    Requests,
    Time,
    Logs,
    Alarms,
}

impl Free {
    const ALL: [Self; 5] = [Self::Schedules, Self::Requests, Self::Time, Self::Logs, Self::Alarms];

    /// What it is worth.
    fn usd(self) -> f64 {
        match self {
            Self::Nothing => 0.0,
            Self::Schedules => FREE_SCHEDULER_INVOCATIONS * SCHEDULER_INVOCATION,
            Self::Requests => FREE_REQUESTS * LAMBDA_REQUEST,
            Self::Time => FREE_GB_SECONDS * LAMBDA_GB_SECOND,
            Self::Logs => FREE_LOGS_GB * LOGS_GB,
            Self::Alarms => FREE_ALARM_METRICS * ALARM_METRIC_MONTH,
        }
    }
}

/// One line of a bill.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Line {
    /// What is paid for.
    pub what: &'static str,
    /// What is free of it.
    #[serde(skip)]
    pub(super) free: Free,
    /// What it costs in a month.
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// The monthly bill of watching; what is free for good is told beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill {
    /// What is watched.
    pub watching: Watching,
    /// How many shards that is.
    pub shards: u32,
    /// Line by line.
    pub lines: Vec<Line>,
    /// All of it.
    pub total: Amounts,
    /// Its share of one monitor in one region.
    pub per_monitor_and_region: Amounts,
    /// What an account that runs nothing else does not pay of it: what is free for good in each month.
    pub free: Amounts,
    /// The share of one monitor in one region of what such an account pays.
    pub per_monitor_and_region_beyond_free: Amounts,
}

impl Bill {
    /// What watching this costs.
    pub fn of(watching: Watching) -> Self {
        let lines = lines(watching);
        let sum = |lines: &mut dyn Iterator<Item = &Line>| lines.map(|line| line.amounts).sum::<Amounts>();
        let total = sum(&mut lines.iter());
        let free = Free::ALL.iter().map(|free| {
            let paid = sum(&mut lines.iter().filter(|line| line.free == *free));
            paid.at_most(free.usd())
        });
        let free: Amounts = free.sum();
        let share = 1.0 / (f64::from(watching.monitors.max(1)) * f64::from(watching.regions.max(1)));
        Self {
            watching,
            shards: watching.shard_count(),
            lines,
            total,
            per_monitor_and_region: total * share,
            free,
            per_monitor_and_region_beyond_free: (total + free * -1.0) * share,
        }
    }
}
