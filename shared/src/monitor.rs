//! A monitor: what is watched, and the shard it lives in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::text::{Invalid, as_text};

/// Monitors in one shard at most: 96 monitors, their shard's state and its mark fit one DynamoDB
/// transaction of 100 actions.
pub const SHARD_LIMIT: usize = 96;

/// Longest interval between two checks: a day.
pub const MAX_INTERVAL_MINUTES: u32 = 1_440;

/// Longest name of a monitor, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// Longest URL of a monitor, in bytes.
pub const MAX_URL_BYTES: usize = 2_048;

/// Up to [`SHARD_LIMIT`] monitors that one `ping` invocation checks and that are stored together: `s0`, `s1`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardId(pub u16);

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

impl FromStr for ShardId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.strip_prefix('s')
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            .filter(|digits| *digits == "0" || !digits.starts_with('0'))
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            .ok_or_else(|| Invalid::new("a shard such as s0", text))
    }
}

/// Names one monitor for good: its shard and six letters or digits, such as `s0-7f3k2a`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MonitorId {
    shard: ShardId,
    suffix: String,
}

impl MonitorId {
    /// Length of the part after the shard.
    pub const SUFFIX_LEN: usize = 6;

    /// The id with this suffix in this shard.
    pub fn new(shard: ShardId, suffix: &str) -> Result<Self, Invalid> {
        let valid = suffix.len() == Self::SUFFIX_LEN
            && suffix.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !valid {
            return Err(Invalid::new("six lower-case letters or digits", suffix));
        }
        Ok(Self { shard, suffix: suffix.to_owned() })
    }

    /// A new random id in this shard.
    pub fn random(shard: ShardId, rng: &mut impl rand::Rng) -> Self {
        const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let suffix = (0..Self::SUFFIX_LEN).map(|_| char::from(LETTERS[rng.random_range(0..36)])).collect();
        Self { shard, suffix }
    }

    /// The shard the monitor lives in.
    pub fn shard(&self) -> ShardId {
        self.shard
    }

    /// The part after the shard: what a block stores.
    pub fn suffix(&self) -> &str {
        &self.suffix
    }
}

impl fmt::Display for MonitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.shard, self.suffix)
    }
}

impl FromStr for MonitorId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.split_once('-')
            .and_then(|(shard, suffix)| Self::new(shard.parse().ok()?, suffix).ok())
            .ok_or_else(|| Invalid::new("a monitor id such as s0-7f3k2a", text))
    }
}

/// An AWS region that checks run in, such as `eu-west-1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(String);

impl Region {
    /// The region's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Region {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        valid.then(|| Self(text.to_owned())).ok_or_else(|| Invalid::new("a region such as us-east-1", text))
    }
}

/// The name people see: 1 to [`MAX_NAME_CHARS`] characters, no control characters, no white space around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MonitorName(String);

impl MonitorName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MonitorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for MonitorName {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = (1..=MAX_NAME_CHARS).contains(&text.chars().count())
            && text.trim() == text
            && !text.chars().any(char::is_control);
        valid
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Invalid::new("a name of 1 to 100 characters, no control characters", text))
    }
}

/// An `http` or `https` URL with a host and without user name or password.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetUrl(Url);

impl TargetUrl {
    /// The URL, normalised as the WHATWG standard says.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Checks the rules of a target on an URL that is parsed already, such as a redirect's.
    pub fn from_url(url: Url) -> Result<Self, Invalid> {
        let expected = if !matches!(url.scheme(), "http" | "https") {
            "an http or https URL"
        } else if !url.has_host() {
            "a URL with a host"
        } else if !url.username().is_empty() || url.password().is_some() {
            "a URL without user name and password"
        } else if url.as_str().len() > MAX_URL_BYTES {
            "a URL of at most 2048 bytes"
        } else {
            return Ok(Self(url));
        };
        // User name and password are secrets: an error may be shown and logged.
        Err(Invalid::new(expected, format_args!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())))
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl FromStr for TargetUrl {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match Url::parse(text) {
            Ok(url) => Self::from_url(url),
            // What cannot be parsed may hold a password all the same.
            Err(_) if text.contains('@') => {
                Err(Invalid::new("a URL such as https://shop.example/", "something else with an @"))
            }
            Err(_) => Err(Invalid::new("a URL such as https://shop.example/", text)),
        }
    }
}

as_text!(ShardId, MonitorId, Region, MonitorName, TargetUrl);

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
    fn an_id_is_its_shard_and_six_characters() {
        let id: MonitorId = "s12-7f3k2a".parse().unwrap();
        assert_eq!((id.shard(), id.suffix(), id.to_string().as_str()), (ShardId(12), "7f3k2a", "s12-7f3k2a"));
        for bad in [
            "",
            "s0",
            "s0-",
            "s0-7F3K2A",
            "s0-7f3k2",
            "s0-7f3k2ab",
            "x0-7f3k2a",
            "s00-7f3k2a",
            "s+1-7f3k2a",
            "s99999-7f3k2a",
        ] {
            assert!(bad.parse::<MonitorId>().is_err(), "{bad} must not be an id");
        }
    }

    #[test]
    fn a_target_is_http_with_a_host_and_no_credentials() {
        assert!("https://shop.example/a?b=c".parse::<TargetUrl>().is_ok());
        for bad in [
            "",
            "shop.example",
            "ftp://shop.example/",
            "file:///etc/passwd",
            "http://u:p@shop.example/",
            "http://@",
            "javascript:alert(1)",
        ] {
            assert!(bad.parse::<TargetUrl>().is_err(), "{bad} must not be a target");
        }
        for secret in ["http://user:hunter2@shop.example/", "https://user:hunter2@shop.example:99999/"] {
            let error = secret.parse::<TargetUrl>().unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

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
