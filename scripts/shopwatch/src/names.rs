//! The physical names of a stack's resources: the one place in the command that knows them. The template builds
//! the same texts.

use std::fmt;
use std::str::FromStr;

use shared::monitor::Region;

/// Longest name of a stack: `STACK-uploads-ACCOUNT-REGION` must fit the 63 characters of a bucket's name,
/// with 12 digits of account and up to 14 characters of region.
pub const MAX_STACK_CHARS: usize = 27;

/// The name of a deployed stack, such as `shopwatch`: what every physical name begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack(String);

impl Stack {
    /// The table of monitors.
    pub fn monitors(&self) -> String {
        format!("{self}-monitors")
    }

    /// The table of what targets let us in with.
    pub fn secrets(&self) -> String {
        format!("{self}-secrets")
    }

    /// The table of beats.
    pub fn beats(&self) -> String {
        format!("{self}-beats")
    }

    /// The table of incidents.
    pub fn incidents(&self) -> String {
        format!("{self}-incidents")
    }

    /// The table of history.
    pub fn history(&self) -> String {
        format!("{self}-history")
    }

    /// The table of purchases.
    pub fn purchases(&self) -> String {
        format!("{self}-purchases")
    }

    /// The secret of the keys that e-mail addresses are hashed with.
    pub fn pii_secret(&self) -> String {
        format!("{self}/pii-key")
    }

    /// The function that recomputes days.
    pub fn rollup(&self) -> String {
        format!("{self}-rollup")
    }

    /// The import ledger.
    pub fn imports(&self) -> String {
        format!("{self}-imports")
    }

    /// The table of people and invitations.
    pub fn accounts(&self) -> String {
        format!("{self}-accounts")
    }

    /// The table of sessions and API keys.
    pub fn sessions(&self) -> String {
        format!("{self}-sessions")
    }

    /// The bucket that exports are uploaded to. Names of buckets are one name space for the whole world, so
    /// account and region are part of it.
    pub fn uploads(&self, account: &str, region: &Region) -> String {
        format!("{self}-uploads-{account}-{region}")
    }

    /// The bucket of the analytics copy.
    pub fn analytics(&self, account: &str, region: &Region) -> String {
        format!("{self}-analytics-{account}-{region}")
    }

    /// The logs of `etl`: where to look when an import does not begin.
    pub fn etl_logs(&self) -> String {
        format!("/aws/lambda/{self}-etl")
    }

    /// The queue of events that `etl` gave up on.
    pub fn dead_letters(&self) -> String {
        format!("{self}-dead-letters")
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Stack {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let valid = (1..=MAX_STACK_CHARS).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        valid.then(|| Self(text.to_owned())).ok_or_else(|| {
            format!("expected 1 to {MAX_STACK_CHARS} lower-case letters, digits and hyphens, a letter first")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_built_from_the_stacks() {
        let stack: Stack = "shop2".parse().unwrap();
        let region: Region = "eu-west-1".parse().unwrap();
        assert_eq!(stack.monitors(), "shop2-monitors");
        assert_eq!(stack.secrets(), "shop2-secrets");
        assert_eq!(stack.beats(), "shop2-beats");
        assert_eq!(stack.incidents(), "shop2-incidents");
        assert_eq!(stack.history(), "shop2-history");
        assert_eq!(stack.purchases(), "shop2-purchases");
        assert_eq!(stack.pii_secret(), "shop2/pii-key");
        assert_eq!(stack.rollup(), "shop2-rollup");
        assert_eq!(stack.imports(), "shop2-imports");
        assert_eq!((stack.accounts(), stack.sessions()), ("shop2-accounts".into(), "shop2-sessions".into()));
        assert_eq!(stack.uploads("123456789012", &region), "shop2-uploads-123456789012-eu-west-1");
        assert_eq!(stack.analytics("123456789012", &region), "shop2-analytics-123456789012-eu-west-1");
    }

    #[test]
    fn a_stacks_name_can_begin_a_buckets() {
        let longest = "a".repeat(MAX_STACK_CHARS);
        let region: Region = "ap-southeast-1".parse().unwrap();
        assert_eq!(longest.parse::<Stack>().unwrap().uploads("123456789012", &region).len(), 63);
        for bad in ["", "Shop", "1shop", "-shop", "shop_watch", "shop/x", &format!("{longest}a")] {
            assert!(bad.parse::<Stack>().is_err(), "{bad}");
        }
    }
}
