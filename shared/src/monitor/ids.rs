//! What names things: shards, monitors, regions.

use std::fmt;
use std::str::FromStr;

use crate::text::{Invalid, as_text};

/// Monitors in one shard at most: 96 monitors, their shard's state and its mark fit one DynamoDB
/// transaction of 100 actions.
pub const SHARD_LIMIT: usize = 96;

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

as_text!(ShardId, MonitorId, Region);

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
}
