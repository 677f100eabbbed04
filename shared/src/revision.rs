//! Which of several secrets that something has had is the one in use.

use std::fmt;
use std::str::FromStr;

use rand::Rng;

use crate::account::{is_id, random_id};
use crate::text::{Invalid, as_text};

/// Names one of the secrets that a monitor or a channel has had: 16 lower-case letters or digits. Others are another
/// revision, so that those in use are never overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(String);

impl Revision {
    /// The one there was before there were revisions, `0`.
    pub fn first() -> Self {
        Self("0".to_owned())
    }

    /// A new random one.
    pub fn random(rng: &mut impl Rng) -> Self {
        Self(random_id("", rng))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Revision {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        (text == "0" || is_id(text, ""))
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Invalid::new("16 lower-case letters or digits", text))
    }
}

as_text!(Revision);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_random_and_there_was_a_first_one() {
        let drawn = Revision::random(&mut rand::rng());
        assert_ne!(drawn, Revision::random(&mut rand::rng()));
        assert_eq!(drawn.to_string().parse(), Ok(drawn));
        assert_eq!("0".parse(), Ok(Revision::first()));
        for bad in ["", "1", "abcdefghijklmno", "abcdefghijklmnopq", "ABCDEFGHIJKLMNOP", "abcde#ghijklmnop"] {
            assert!(bad.parse::<Revision>().is_err(), "{bad}");
        }
    }
}
