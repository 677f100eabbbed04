//! Channels: where alerts go.
//!
//! What lets anybody deliver to a channel, or names a person, is its [`Target`]: a secret, stored apart from the
//! [`Channel`], which says no more of it than may be shown.

mod target;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::account::{AccountId, is_id, random_id};
use crate::monitor::{MonitorId, MonitorName};
use crate::revision::Revision;
use crate::text::{Invalid, as_text};

pub use target::{HookUrl, MAX_ADDRESSES, MAX_HOOK_BYTES, MAX_SIGNING_CHARS, MIN_SIGNING_CHARS, Target};

/// Most channels of an installation.
pub const MAX_CHANNELS: usize = 100;

/// Most monitors of a channel: of more, it is for all of them.
pub const MAX_MONITORS: usize = 100;

/// Names a channel: `c-` and 16 letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(String);

impl ChannelId {
    const PREFIX: &'static str = "c-";

    /// A new random one.
    pub fn random(rng: &mut impl Rng) -> Self {
        Self(random_id(Self::PREFIX, rng))
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ChannelId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = is_id(text, Self::PREFIX);
        valid
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Invalid::new("a channel such as c-7f3k2a9d0c1b2e4f", text))
    }
}

as_text!(ChannelId);

/// How a channel is delivered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ChannelKind))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A request with JSON to a URL, signed if there is a secret to sign it with.
    Webhook,
    /// An incoming webhook of Slack, or of what takes the same.
    Slack,
    /// A message to each address.
    Email,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Webhook, Self::Slack, Self::Email];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Slack => "slack",
            Self::Email => "email",
        }
    }
}

/// What a monitor has become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Transition {
    /// It is down.
    Down,
    /// It is up, and worse than it should be.
    Degraded,
    /// It is up again.
    Up,
}

impl Transition {
    /// Every one: what a channel is for unless somebody says otherwise.
    pub fn all() -> BTreeSet<Self> {
        BTreeSet::from([Self::Down, Self::Degraded, Self::Up])
    }
}

/// Where alerts go, as it is stored: nothing of its target but what may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Whose it is. Stored by another name than that of a monitor's, whose index is for monitors alone.
    #[serde(rename = "owned_by")]
    pub account: AccountId,
    /// What people call it.
    pub name: MonitorName,
    /// How it is delivered to.
    pub kind: Kind,
    /// What may be shown of its target ([`Target::shown`]).
    pub target: String,
    /// Whether deliveries are signed.
    pub has_secret: bool,
    /// For which monitors; empty: for all of the account's.
    pub monitors: BTreeSet<MonitorId>,
    /// For what they have become; never empty.
    pub on: BTreeSet<Transition>,
    /// Whether it rests: nothing is delivered.
    pub paused: bool,
    /// Which of its targets is in use.
    pub revision: Revision,
    /// Counts the changes, from 1.
    pub version: u64,
}

/// A channel as answers show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Channel, example = json!({
    "id": "c-7f3k2a9d0c1b2e4f",
    "name": "On call",
    "kind": "webhook",
    "target": "https://hooks.shop.example",
    "has_secret": true,
    "monitors": ["s0-7f3k2a"],
    "on": ["down", "up"],
    "paused": false,
    "version": 1,
})))]
pub struct ChannelShown {
    /// Its id.
    pub id: ChannelId,
    /// What people call it.
    pub name: MonitorName,
    /// How it is delivered to.
    pub kind: Kind,
    /// What may be shown of where it leads: a URL's scheme, host and port, or how many addresses there are and at which
    /// domains.
    pub target: String,
    /// Whether deliveries are signed with a secret, which nobody reads.
    pub has_secret: bool,
    /// For which monitors; empty: for all of the account's.
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub monitors: BTreeSet<MonitorId>,
    /// For what they have become.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub on: BTreeSet<Transition>,
    /// Whether it rests: nothing is delivered.
    pub paused: bool,
    /// Counts the changes, from 1; what ETag and If-Match are about.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: u64,
}

impl From<Channel> for ChannelShown {
    fn from(channel: Channel) -> Self {
        let Channel { id, name, kind, target, has_secret, monitors, on, paused, version, .. } = channel;
        Self { id, name, kind, target, has_secret, monitors, on, paused, version }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_random_and_travel_as_text() {
        let mut rng = rand::rng();
        let id = ChannelId::random(&mut rng);
        assert_eq!(id.to_string().parse::<ChannelId>().unwrap(), id);
        assert_ne!(id, ChannelId::random(&mut rng));
        for bad in ["", "c-", "c-7f3k2a", "C-7F3K2A9D0C1B2E4F", "u-7f3k2a9d0c1b2e4f", "c-7f3k2a9d0c1b2e4f#"] {
            assert!(bad.parse::<ChannelId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_those_that_travel() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(serde_json::from_value::<Kind>(kind.name().into()).unwrap(), kind);
        }
        assert_eq!(serde_json::to_string(&Transition::all()).unwrap(), r#"["down","degraded","up"]"#);
    }
}
