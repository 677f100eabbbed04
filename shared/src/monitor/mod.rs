//! A monitor: what is watched, and the shard it lives in.

mod check;
mod condition;
mod count;
mod flat;
mod host;
mod http;
mod ids;
mod json_path;
mod target;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::schedule::Slot;
use crate::text::Invalid;

pub use check::{
    CERTIFICATE_DAYS, Check, DnsCheck, HeartbeatCheck, MAX_EXPECTED, MAX_GRACE_MINUTES, RecordType, TcpCheck,
    TlsCheck,
};
pub use condition::{Condition, MAX_PATTERN_BYTES, MAX_VALUE_BYTES, Operator, Pattern, number};
pub use count::{Count, Retries, Streak};
#[cfg(all(test, feature = "openapi"))]
pub(crate) use flat::FIELDS;
pub use flat::{Asked, AskedCredentials, FieldError, flat, shown};
pub use host::TargetHost;
pub use http::{
    Expect, ExpectHeader, ExpectJson, HttpCheck, MAX_EXPECTATIONS, MAX_HEADERS, MAX_HEADERS_BYTES,
    MAX_METRICS, MAX_REQUEST_BODY_BYTES, Method, MetricName, StatusCodes,
};
pub use ids::{MonitorId, Region, SHARD_LIMIT, ShardId};
pub use json_path::{JsonPath, MAX_PATH_BYTES};
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

/// Most parents of a monitor.
pub const MAX_PARENTS: usize = 4;

/// Longest time that a check may be said to be slow at, in ms: the whole of its budget.
pub const MAX_DEGRADED_MS: u32 = 10_000;

/// The configuration of one monitor. Holds no state: that is `judge`'s; and no credentials: those are in `secrets`.
/// What is deserialised has yet to be [`Monitor::validated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitor {
    /// Its id; the shard is part of it.
    pub id: MonitorId,
    /// Whose it is.
    #[serde(default)]
    pub account: AccountId,
    /// What people call it, and a file knows it by.
    pub name: MonitorName,
    /// What is checked, and how.
    pub check: Check,
    /// How often; of a heartbeat, how often the target calls.
    pub interval_minutes: Interval,
    /// Whether anonymous readers see it on the status page and in `/signals`.
    pub public: bool,
    /// Whether it rests: no checks, no incident.
    #[serde(default, skip_serializing_if = "is_default")]
    pub paused: bool,
    /// Whether its checks only keep the target awake: no incident.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keep_warm: bool,
    /// Regions it is checked from, never empty.
    pub regions: Vec<Region>,
    /// Over which IP its target is connected to.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ip: IpFamily,
    /// A check that takes longer, in ms, is degraded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub degraded_ms: Option<u32>,
    /// How often a check that failed fast is made again, inside its time budget.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retries: Retries,
    /// In how many regions a slot must be down to be down.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quorum: Quorum,
    /// Slots in a row that must be down before the monitor is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub confirmations: Streak,
    /// Slots in a row that must be up before the monitor is again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub recoveries: Streak,
    /// Monitors without which this one cannot be up; at most [`MAX_PARENTS`]. While one of them is down, no incident
    /// is opened for this one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub depends_on: Vec<MonitorId>,
    /// What was recorded before is shown to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_before: Option<Slot>,
    /// Counts the changes, from 1: what an update is conditioned on.
    pub version: u64,
}

/// Whether it need not be stored: reading gives it back.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Monitor {
    /// A monitor of this check and nothing special about it: every minute, private.
    pub fn of(id: MonitorId, name: MonitorName, check: Check, region: Region) -> Self {
        Self {
            id,
            account: AccountId::default(),
            name,
            check,
            interval_minutes: Interval::default(),
            public: false,
            paused: false,
            keep_warm: false,
            regions: vec![region],
            ip: IpFamily::default(),
            degraded_ms: None,
            retries: Retries::default(),
            quorum: Quorum::default(),
            confirmations: Streak::default(),
            recoveries: Streak::default(),
            depends_on: Vec::new(),
            hidden_before: None,
            version: 1,
        }
    }

    /// The monitor, if it keeps the rules that types do not carry.
    ///
    /// # Errors
    /// Names the first rule that it breaks.
    pub fn validated(self) -> Result<Self, Invalid> {
        match self.broken_rule() {
            None => Ok(self),
            Some((_, rule)) => Err(rule),
        }
    }

    /// The first rule that it breaks, of those that types do not carry, with the field that breaks it.
    pub fn broken_rule(&self) -> Option<(&'static str, Invalid)> {
        if let Err(broken) = self.check.validate() {
            return Some(broken);
        }
        if self.regions.is_empty() {
            return Some(("regions", Invalid::new("at least one region", "none")));
        }
        if self.depends_on.len() > MAX_PARENTS || self.depends_on.contains(&self.id) {
            let expected = "at most 4 monitors to depend on, and not on itself";
            let rule = Invalid::new(expected, format_args!("{} of them", self.depends_on.len()));
            return Some(("depends_on", rule));
        }
        if let Some(ms) = self.degraded_ms.filter(|ms| !(1..=MAX_DEGRADED_MS).contains(ms)) {
            return Some(("degraded_ms", Invalid::new("degraded_ms from 1 to 10000", ms)));
        }
        if let Quorum::AtLeast(regions) = self.quorum
            && !(1..=self.regions.len()).contains(&usize::from(regions))
        {
            return Some(("quorum", Invalid::new("a quorum of 1 to as many regions as there are", regions)));
        }
        None
    }

    /// What it watches, for people and as `/signals` names it; a heartbeat is named by its monitor.
    pub fn target(&self) -> String {
        match &self.check {
            Check::Heartbeat(_) => format!("heartbeat:{}", self.id),
            check => check.to_string(),
        }
    }
}

/// Over which IP a target is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum IpFamily {
    /// IPv4, and IPv6 where there is no other.
    #[default]
    #[serde(rename = "any")]
    Any,
    /// IPv4 alone.
    #[serde(rename = "v4")]
    V4,
    /// IPv6 alone; where the machine has no way out over it, the check is unknown.
    #[serde(rename = "v6")]
    V6,
}

/// In how many of the regions that answered a slot must be down to be down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Quorum {
    /// In more than half of them.
    #[default]
    Majority,
    /// In at least this many; in all that answered, where fewer did.
    AtLeast(u8),
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
    /// Of them those of guests, of accounts that are not the installation's own: all of them or none.
    #[serde(default)]
    pub guests: usize,
    /// Other shards that parents of its monitors live in, sorted: `judge` waits for their blocks too.
    #[serde(default)]
    pub parents: Vec<ShardId>,
    /// Counts the changes, from 1.
    pub version: u64,
    /// When the shard was opened: before that no block is expected. Of a summary that does not say, long ago.
    #[serde(default = "long_ago")]
    pub since: Slot,
}

fn long_ago() -> Slot {
    Slot::of_minutes(0)
}

impl ShardSummary {
    /// Whether its monitors are guests': these share no shard with the installation's own, nor an invocation of `ping`, so
    /// that what they do to a shard they do to themselves.
    pub fn is_of_guests(&self) -> bool {
        self.guests > 0
    }

    /// The summary of a shard that holds these monitors. A change of the shard carries `since` over.
    pub fn of(shard: ShardId, monitors: &[Monitor], version: u64, since: Slot) -> Self {
        let mut regions: Vec<Region> = monitors.iter().flat_map(|m| m.regions.iter().cloned()).collect();
        regions.sort();
        regions.dedup();
        let mut parents: Vec<ShardId> = monitors
            .iter()
            .flat_map(|m| m.depends_on.iter().map(MonitorId::shard))
            .filter(|p| *p != shard)
            .collect();
        parents.sort_unstable();
        parents.dedup();
        let guests = monitors.iter().filter(|m| !m.account.is_home()).count();
        Self { shard, regions, count: monitors.len(), guests, parents, version, since }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_each_region_once() {
        let monitor = |regions: &[&str]| Monitor {
            regions: regions.iter().map(|r| r.parse().unwrap()).collect(),
            ..crate::example::monitor("7f3k2a")
        };
        let monitors = [monitor(&["us-east-1", "eu-west-1"]), monitor(&["us-east-1"])];
        let summary = ShardSummary::of(ShardId(0), &monitors, 7, long_ago());
        assert_eq!(
            summary.regions.iter().map(Region::as_str).collect::<Vec<_>>(),
            ["eu-west-1", "us-east-1"]
        );
        assert_eq!((summary.count, summary.version), (2, 7));
    }

    #[test]
    fn a_summary_that_does_not_say_since_when_is_old() {
        let now: Slot = "2026-11-21T14:25:00Z".parse().unwrap();
        let mut text = serde_json::to_value(ShardSummary::of(ShardId(0), &[], 1, now)).unwrap();
        assert_eq!(serde_json::from_value::<ShardSummary>(text.clone()).unwrap().since, now);
        text.as_object_mut().unwrap().remove("since");
        assert_eq!(serde_json::from_value::<ShardSummary>(text).unwrap().since, long_ago());
    }
}
