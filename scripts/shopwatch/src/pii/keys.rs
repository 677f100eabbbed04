//! The secret's text as keys, and the text that a rotation makes of it.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow, ensure};
use etl::pii::{Method, Pii};
use jiff::{Timestamp, ToSpan as _};
use rand::TryRngCore as _;
use secrecy::{ExposeSecret as _, SecretString};

/// Characters of a new key, as many as the stack generates for the first one.
const KEY_CHARS: usize = 64;

/// What a key is made of.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Highest number of a key (`k9999`).
const MAX_NUMBER: u16 = 9_999;

/// The keys of the secret, and which of them is active. Has no `Debug`.
pub struct Keys {
    active: u16,
    previous: Option<(u16, Timestamp)>,
    keys: BTreeMap<u16, SecretString>,
    fingerprint: String,
}

impl Keys {
    /// Reads the secret's text by the same rules as `etl`.
    ///
    /// # Errors
    /// When `etl` would refuse it. Repeats none of it.
    pub fn parse(text: &SecretString, now: Timestamp) -> anyhow::Result<Self> {
        const CHECKED: &str = "the PII secret is not one of keys";
        let fingerprint = Pii::parse(text, Method::Hmac, now)?.fingerprint().to_owned();
        let mut texts: BTreeMap<String, SecretString> =
            serde_json::from_str(text.expose_secret()).map_err(|_| anyhow!(CHECKED))?;
        let mut named = |name: &str| texts.remove(name).map(|text| text.expose_secret().to_owned());
        let active = named("active").as_deref().and_then(number).context(CHECKED)?;
        let previous = match (named("previous"), named("previous_until")) {
            (Some(id), Some(until)) => {
                Some((number(&id).context(CHECKED)?, until.parse().map_err(|_| anyhow!(CHECKED))?))
            }
            _ => None,
        };
        let keys = texts.into_iter().map(|(id, key)| Some((number(&id)?, key)));
        let keys = keys.collect::<Option<_>>().context(CHECKED)?;
        Ok(Self { active, previous, keys, fingerprint })
    }

    /// The ids of the keys, by number.
    pub fn ids(&self) -> Vec<String> {
        self.keys.keys().copied().map(id).collect()
    }

    /// The id of the key that new purchases are hashed under.
    pub fn active(&self) -> String {
        id(self.active)
    }

    /// The id of the key before it, and until when its tokens are written too.
    pub fn previous(&self) -> Option<(String, Timestamp)> {
        self.previous.map(|(number, until)| (id(number), until))
    }

    /// Tells the first key from every other without giving it away.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The keys with this one added and active; the one that was active is linked for so many days.
    ///
    /// # Errors
    /// When there is no number left, or no such day.
    pub fn rotated(self, key: SecretString, now: Timestamp, link_days: u16) -> anyhow::Result<Self> {
        let last = self.keys.keys().next_back().copied().unwrap_or(0);
        ensure!(last < MAX_NUMBER, "there is no key id left behind k{MAX_NUMBER}");
        let now = Timestamp::from_second(now.as_second())?;
        let until = now.checked_add((i64::from(link_days) * 24).hours())?;
        let mut keys = self.keys;
        keys.insert(last + 1, key);
        Ok(Self {
            active: last + 1,
            previous: Some((self.active, until)),
            keys,
            fingerprint: self.fingerprint,
        })
    }

    /// The secret's text.
    ///
    /// # Errors
    /// When `etl` would refuse it, or would take another key for the first.
    pub fn text(&self, now: Timestamp) -> anyhow::Result<SecretString> {
        let (active, ids) = (self.active(), self.ids());
        let previous = self.previous().map(|(id, until)| (id, until.to_string()));
        let mut texts = BTreeMap::from([("active", active.as_str())]);
        if let Some((id, until)) = &previous {
            texts.extend([("previous", id.as_str()), ("previous_until", until.as_str())]);
        }
        texts.extend(ids.iter().map(String::as_str).zip(self.keys.values().map(|key| key.expose_secret())));
        let text = SecretString::from(serde_json::to_string(&texts).context("writing the PII secret")?);
        let read = Pii::parse(&text, Method::Hmac, now)?;
        ensure!(
            read.fingerprint() == self.fingerprint && read.key_id() == active,
            "the rotated secret would not be read as it is meant: nothing was written"
        );
        Ok(text)
    }
}

fn id(number: u16) -> String {
    format!("k{number}")
}

fn number(id: &str) -> Option<u16> {
    id.strip_prefix('k')?.parse().ok()
}

/// A new key: 64 letters and digits from the operating system's random numbers, 381 bits.
///
/// # Errors
/// When the operating system has none.
pub fn new_key() -> anyhow::Result<SecretString> {
    let mut key = String::with_capacity(KEY_CHARS);
    let mut bytes = [0; 2 * KEY_CHARS];
    while key.len() < KEY_CHARS {
        rand::rngs::OsRng.try_fill_bytes(&mut bytes).context("the system has no random numbers")?;
        // Of 256 values the last 8 are left out: every character is as likely as the others.
        let drawn = bytes.iter().filter(|byte| **byte < 248).map(|byte| ALPHABET[usize::from(*byte) % 62]);
        key.extend(drawn.take(KEY_CHARS - key.len()).map(char::from));
    }
    Ok(key.into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use secrecy::ExposeSecret;

    use super::super::tests::{FIRST, SECOND, now, secret};
    use super::*;

    #[test]
    fn a_new_key_is_64_letters_and_digits() {
        let keys: Vec<SecretString> = (0..50).map(|_| new_key().unwrap()).collect();
        let mut used = HashSet::new();
        for key in &keys {
            assert_eq!(key.expose_secret().len(), 64);
            assert!(key.expose_secret().bytes().all(|b| b.is_ascii_alphanumeric()));
            used.extend(key.expose_secret().chars());
        }
        assert_eq!(used.len(), 62, "3,200 characters, and not every one of 62 among them");
        assert_eq!(keys.iter().map(ExposeSecret::expose_secret).collect::<HashSet<_>>().len(), 50);
    }

    #[test]
    fn a_rotation_adds_a_key_and_links_the_former_one() {
        let text = secret(&format!(r#"{{"active":"k1","k1":"{FIRST}"}}"#));
        let rotated = Keys::parse(&text, now()).unwrap().rotated(SECOND.into(), now(), 90).unwrap();
        let expected = format!(
            r#"{{"active":"k2","k1":"{FIRST}","k2":"{SECOND}","previous":"k1","previous_until":"2027-02-19T14:25:30Z"}}"#
        );
        assert_eq!(rotated.text(now()).unwrap().expose_secret(), expected);
        // Again: k1 stays, k2 is linked instead.
        let third = new_key().unwrap();
        let again = Keys::parse(&rotated.text(now()).unwrap(), now()).unwrap();
        let again = again.rotated(third, now(), 1).unwrap();
        assert_eq!(again.ids(), ["k1", "k2", "k3"]);
        assert_eq!(again.active(), "k3");
        assert_eq!(again.previous(), Some(("k2".to_owned(), "2026-11-22T14:25:30Z".parse().unwrap())));
        assert!(again.text(now()).unwrap().expose_secret().contains(FIRST));
    }

    #[test]
    fn numbers_go_on_behind_the_highest_whichever_is_active() {
        let text = secret(&format!(r#"{{"active":"k2","k10":"{FIRST}","k2":"{SECOND}"}}"#));
        let keys = Keys::parse(&text, now()).unwrap();
        assert_eq!(keys.ids(), ["k2", "k10"]);
        let rotated = keys.rotated(new_key().unwrap(), now(), 90).unwrap();
        assert_eq!((rotated.active().as_str(), rotated.previous().unwrap().0.as_str()), ("k11", "k2"));
        let last = secret(&format!(r#"{{"active":"k9999","k9999":"{FIRST}"}}"#));
        let full = Keys::parse(&last, now()).unwrap().rotated(new_key().unwrap(), now(), 90);
        assert!(full.err().unwrap().to_string().contains("k9999"));
    }

    #[test]
    fn what_etl_refuses_is_refused_here_without_repeating_it() {
        for bad in [
            FIRST.to_owned(),
            format!(r#"{{"active":"k2","k1":"{FIRST}"}}"#),
            format!(r#"{{"active":"k1","k1":"{FIRST}","other":"{SECOND}"}}"#),
            format!(r#"{{"active":"k1","previous":"k3","previous_until":"soon","k1":"{FIRST}"}}"#),
        ] {
            let error = format!("{:#}", Keys::parse(&secret(&bad), now()).err().unwrap());
            assert!(!error.contains(FIRST) && !error.contains(SECOND), "{error}");
        }
    }

    proptest! {
        #[test]
        fn rotating_often_keeps_every_key_and_the_first_one_first(
            days in proptest::collection::vec(1u16..1_000, 1..8),
        ) {
            let text = secret(&format!(r#"{{"active":"k1","k1":"{FIRST}"}}"#));
            let mut keys = Keys::parse(&text, now()).unwrap();
            let first = keys.fingerprint().to_owned();
            for (rotation, days) in days.iter().enumerate() {
                let before = keys.ids();
                keys = keys.rotated(new_key().unwrap(), now(), *days).unwrap();
                keys = Keys::parse(&keys.text(now()).unwrap(), now()).unwrap();
                prop_assert_eq!(&keys.ids()[..before.len()], &before[..]);
                prop_assert_eq!(keys.ids().len(), rotation + 2);
                prop_assert_eq!(keys.fingerprint(), &first);
                let ids = keys.ids();
                prop_assert_eq!(&keys.active(), ids.last().unwrap());
            }
        }
    }
}
