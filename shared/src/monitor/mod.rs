//! A monitor: what is watched, and the shard it lives in.

mod ids;
mod target;

use serde::{Deserialize, Serialize};

use crate::text::Invalid;

pub use ids::{MonitorId, Region, SHARD_LIMIT, ShardId};
pub use target::{MAX_NAME_CHARS, MAX_URL_BYTES, MonitorName, TargetUrl};

/// Longest interval between two checks: a day.
pub const MAX_INTERVAL_MINUTES: u32 = 1_440;

/// Whole minutes between two checks of a monitor, 1 to [`MAX_INTERVAL_MINUTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Interval(u32);

impl Interval {
    /// The interval in minutes, never 0.
    pub fn minutes(self) -> u32 {
        self.0
    }
}

impl Default for Interval {
    fn default() -> Self {
        Self(1)
    }
}

impl TryFrom<u32> for Interval {
    type Error = Invalid;
    fn try_from(minutes: u32) -> Result<Self, Invalid> {
        (1..=MAX_INTERVAL_MINUTES)
            .contains(&minutes)
            .then_some(Self(minutes))
            .ok_or_else(|| Invalid::new("an interval of 1 to 1440 minutes", minutes))
    }
}

impl From<Interval> for u32 {
    fn from(interval: Interval) -> Self {
        interval.0
    }
}

/// The configuration of one monitor. Holds no state: that is `judge`'s.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitor {
    /// Its id; the shard is part of it.
    pub id: MonitorId,
    /// What people call it; unique in an installation.
    pub name: MonitorName,
    /// What is checked.
    pub url: TargetUrl,
    /// How often.
    pub interval_minutes: Interval,
    /// Whether anonymous readers see it on the status page and in `/signals`.
    pub public: bool,
    /// Regions it is checked from, never empty.
    pub regions: Vec<Region>,
    /// Counts the changes, from 1: what an update is conditioned on.
    pub version: u64,
}

/// All that `scheduler` reads of a shard, recomputed from it in the transaction that changes a monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardSummary {
    /// The shard.
    pub shard: ShardId,
    /// Regions that check any of its monitors, sorted.
    pub regions: Vec<Region>,
    /// Monitors in the shard.
    pub count: usize,
    /// Counts the changes, from 1.
    pub version: u64,
}

impl ShardSummary {
    /// The summary of a shard that holds these monitors.
    pub fn of(shard: ShardId, monitors: &[Monitor], version: u64) -> Self {
        let mut regions: Vec<Region> = monitors.iter().flat_map(|m| m.regions.iter().cloned()).collect();
        regions.sort();
        regions.dedup();
        Self { shard, regions, count: monitors.len(), version }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_each_region_once() {
        let monitor = |regions: &[&str]| Monitor {
            id: MonitorId::random(ShardId(0), &mut rand::rng()),
            name: "Shop".parse().unwrap(),
            url: "http://shop.example/".parse().unwrap(),
            interval_minutes: Interval::default(),
            public: true,
            regions: regions.iter().map(|r| r.parse().unwrap()).collect(),
            version: 1,
        };
        let summary =
            ShardSummary::of(ShardId(0), &[monitor(&["us-east-1", "eu-west-1"]), monitor(&["us-east-1"])], 7);
        assert_eq!(
            summary.regions.iter().map(Region::as_str).collect::<Vec<_>>(),
            ["eu-west-1", "us-east-1"]
        );
        assert_eq!((summary.count, summary.version), (2, 7));
    }
}
