//! PII: the secret's keys, the normal form of an e-mail address, and the buyer tokens made of both.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use shared::purchase::{BuyerToken, is_key_id};
use unicode_normalization::UnicodeNormalization;

/// Longest normalised e-mail in bytes: 64 before the `@`, 255 behind it (RFC 5321, section 4.5.3.1).
const MAX_EMAIL: usize = 320;

/// Shortest key in characters; the stack generates 64.
const MIN_KEY: usize = 32;

/// What the keys that are derived from the first key are for (HKDF, RFC 5869). Never to be changed.
const ROW_ID_INFO: &[u8] = b"shopwatch row id v1";
const FINGERPRINT_INFO: &[u8] = b"shopwatch first key fingerprint v1";

/// How buyer tokens are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// HMAC-SHA256 under the secret's active key.
    Hmac,
    /// Plain SHA-1, for data that must match the original tutorial's: an address can be found by guessing.
    Sha1,
}

/// What is wrong with the secret. Never holds any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not what the stack generates.
    #[error("the PII secret is not a JSON object of texts such as {{\"active\": \"k1\", \"k1\": \"…\"}}")]
    NotKeys,
    /// A name other than `active` and `k<number>`.
    #[error("the PII secret has a name other than active and k1, k2 …")]
    Name,
    /// Too short to be a key.
    #[error("a key of the PII secret has less than {MIN_KEY} characters")]
    Short,
    /// `active` is missing, or names a key that is.
    #[error("the PII secret's active key is not among its keys")]
    Active,
}

/// The keys, ready for use. Has no `Debug`: they must not be printed.
pub struct Pii {
    method: Method,
    first: Hmac<Sha256>,
    /// The active key, when it is not the first.
    active: Option<Hmac<Sha256>>,
    active_id: String,
    row_key: [u8; 16],
    fingerprint: String,
}

/// Who a row's e-mail is.
pub struct Buyer {
    /// What is stored.
    pub token: BuyerToken,
    /// The HMAC under the first key, which the row's identity is made of; not stored.
    pub hmac: [u8; 32],
}

impl Pii {
    /// Reads the secret's text: `{"active": "k1", "k1": "<at least 32 characters>"}`, with any number of keys.
    /// The first key is the one with the smallest number.
    ///
    /// # Errors
    /// Says what is wrong, without repeating any of it.
    pub fn parse(secret: &SecretString, method: Method) -> Result<Self, KeyError> {
        let mut texts: BTreeMap<String, String> =
            serde_json::from_str(secret.expose_secret()).map_err(|_| KeyError::NotKeys)?;
        let active_id = texts.remove("active").ok_or(KeyError::Active)?;
        let mut keys = BTreeMap::new();
        for (id, key) in texts {
            let key = SecretString::from(key);
            let number = id.strip_prefix('k').filter(|_| is_key_id(&id)).and_then(|n| n.parse::<u16>().ok());
            if key.expose_secret().len() < MIN_KEY {
                return Err(KeyError::Short);
            }
            keys.insert(number.ok_or(KeyError::Name)?, (id, key));
        }
        let (first_id, first) = keys.values().next().ok_or(KeyError::Active)?;
        let (_, active) = keys.values().find(|(id, _)| *id == active_id).ok_or(KeyError::Active)?;
        let prepared = |key: &SecretString| {
            Hmac::new_from_slice(key.expose_secret().as_bytes()).map_err(|_| KeyError::NotKeys)
        };
        let derived = Hkdf::<Sha256>::new(None, first.expose_secret().as_bytes());
        let (mut row_key, mut fingerprint) = ([0; 16], [0; 32]);
        derived.expand(ROW_ID_INFO, &mut row_key).map_err(|_| KeyError::NotKeys)?;
        derived.expand(FINGERPRINT_INFO, &mut fingerprint).map_err(|_| KeyError::NotKeys)?;
        Ok(Self {
            method,
            active: if active_id == *first_id { None } else { Some(prepared(active)?) },
            first: prepared(first)?,
            active_id,
            row_key,
            fingerprint: faster_hex::hex_string(&fingerprint),
        })
    }

    /// The key of the row ids, derived from the first key.
    pub fn row_key(&self) -> &[u8; 16] {
        &self.row_key
    }

    /// Tells the first key from every other without giving it away: 64 hex digits.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What buyers are hashed under: the active key's id, or `sha1`.
    pub fn key_id(&self) -> &str {
        match self.method {
            Method::Hmac => &self.active_id,
            Method::Sha1 => "sha1",
        }
    }

    /// Who this e-mail is; `None` when it is none.
    pub fn buyer(&self, email: &str) -> Option<Buyer> {
        let email = normalised(email)?;
        let email = email.as_bytes();
        let hmac = hmac(&self.first, email);
        let mut digits = [0; 64];
        let token = match (self.method, &self.active) {
            (Method::Hmac, None) => BuyerToken::keyed(&self.active_id, hex(&hmac, &mut digits)?),
            (Method::Hmac, Some(active)) => {
                BuyerToken::keyed(&self.active_id, hex(&self::hmac(active, email), &mut digits)?)
            }
            (Method::Sha1, _) => hex(&Sha1::digest(email), &mut digits)?.parse().ok()?,
        };
        Some(Buyer { token, hmac })
    }
}

/// The key's state is prepared once: that is two of the four compressions of a short HMAC.
fn hmac(key: &Hmac<Sha256>, email: &[u8]) -> [u8; 32] {
    let mut mac = key.clone();
    mac.update(email);
    mac.finalize().into_bytes().into()
}

/// Hex digits without an allocation; `None` never happens, as the space suffices.
fn hex<'a>(bytes: &[u8], space: &'a mut [u8; 64]) -> Option<&'a str> {
    let digits = &mut space[..2 * bytes.len()];
    faster_hex::hex_encode(bytes, digits).ok().map(|digits| &*digits)
}

/// The e-mail as it is hashed: byte order mark and white space off, NFC, lower case. `None` when that is empty,
/// has no `@` or more than [`MAX_EMAIL`] bytes.
fn normalised(email: &str) -> Option<Cow<'_, str>> {
    let email = email.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if !email.contains('@') {
        return None;
    }
    let normal = if !email.is_ascii() {
        Cow::Owned(email.nfc().collect::<String>().to_lowercase())
    } else if email.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(email.to_ascii_lowercase())
    } else {
        Cow::Borrowed(email)
    };
    (normal.len() <= MAX_EMAIL).then_some(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";
    const OTHER: &str = "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba987654321098";

    fn pii(secret: &str, method: Method) -> Result<Pii, KeyError> {
        Pii::parse(&SecretString::from(secret), method)
    }

    fn one_key() -> Pii {
        pii(&format!(r#"{{"active":"k1","k1":"{KEY}"}}"#), Method::Hmac).unwrap()
    }

    fn rotated() -> Pii {
        pii(&format!(r#"{{"active":"k2","k1":"{KEY}","k2":"{OTHER}"}}"#), Method::Hmac).unwrap()
    }

    fn normal(email: &str) -> Option<String> {
        normalised(email).map(Cow::into_owned)
    }

    /// Computed with Python's `hmac` and `hashlib`. These tokens and keys are stored for good.
    #[test]
    fn tokens_and_derived_keys_never_change() {
        let pii = one_key();
        let token = pii.buyer("  Ada@Shop.Example ").unwrap().token;
        insta::assert_snapshot!(token, @"k1.eb02b24122d6767493e75bed17f9cd2e86e4018d37be15e2c0270f91077ca21d");
        insta::assert_snapshot!(pii.fingerprint(), @"eea2984f2388a2bdbd764a26ffc89609543dce407c98b8e67a834e75d70c5301");
        insta::assert_snapshot!(faster_hex::hex_string(pii.row_key()), @"7ed2c9d8f65b94d5268ef04e0ba697fb");
        let sha1 = pii_of_sha1().buyer("ada@shop.example").unwrap().token;
        insta::assert_snapshot!(sha1, @"fb2184565adb0835f0bfe7ea315ef6825c6bbc25");
    }

    fn pii_of_sha1() -> Pii {
        pii(&format!(r#"{{"active":"k1","k1":"{KEY}"}}"#), Method::Sha1).unwrap()
    }

    #[test]
    fn a_rotation_changes_tokens_and_nothing_else() {
        let (before, after) = (one_key(), rotated());
        let (old, new) =
            (before.buyer("ada@shop.example").unwrap(), after.buyer("ada@shop.example").unwrap());
        assert_eq!(old.hmac, new.hmac);
        assert_eq!(before.row_key(), after.row_key());
        assert_eq!(before.fingerprint(), after.fingerprint());
        assert!(old.token.as_str().starts_with("k1.") && new.token.as_str().starts_with("k2."));
        assert_ne!(old.token.as_str()[3..], new.token.as_str()[3..]);
        assert_eq!(pii_of_sha1().buyer("ada@shop.example").unwrap().hmac, old.hmac);
        assert_eq!((after.key_id(), pii_of_sha1().key_id()), ("k2", "sha1"));
    }

    #[test]
    fn the_first_key_is_the_one_with_the_smallest_number() {
        let ten = pii(&format!(r#"{{"active":"k10","k10":"{KEY}","k9":"{OTHER}"}}"#), Method::Hmac).unwrap();
        let nine = pii(&format!(r#"{{"active":"k9","k9":"{OTHER}"}}"#), Method::Hmac).unwrap();
        assert_eq!(ten.fingerprint(), nine.fingerprint());
        assert_ne!(ten.fingerprint(), one_key().fingerprint());
    }

    #[test]
    fn a_broken_secret_is_refused_without_repeating_it() {
        for (secret, expected) in [
            (String::new(), KeyError::NotKeys),
            (KEY.to_owned(), KeyError::NotKeys),
            (format!(r#"{{"active":"k1","k1":["{KEY}"]}}"#), KeyError::NotKeys),
            (format!(r#"{{"k1":"{KEY}"}}"#), KeyError::Active),
            (format!(r#"{{"active":"k2","k1":"{KEY}"}}"#), KeyError::Active),
            (r#"{"active":"k1"}"#.to_owned(), KeyError::Active),
            (format!(r#"{{"active":"k1","k1":"{KEY}","key":"{KEY}"}}"#), KeyError::Name),
            (format!(r#"{{"active":"k1","k1":"{KEY}","k0":"{KEY}"}}"#), KeyError::Name),
            (r#"{"active":"k1","k1":"0123456789"}"#.to_owned(), KeyError::Short),
        ] {
            let error = pii(&secret, Method::Hmac).err();
            assert_eq!(error, Some(expected));
            assert!(!expected.to_string().contains("0123456789"));
        }
    }

    #[test]
    fn an_email_has_one_normal_form() {
        for (email, expected) in [
            ("\u{feff}ada@shop.example\r\n", Some("ada@shop.example")),
            (" \tADA@Shop.Example\u{a0}", Some("ada@shop.example")),
            ("Jose\u{301}@shop.example", Some("jos\u{e9}@shop.example")),
            ("JOS\u{c9}@shop.example", Some("jos\u{e9}@shop.example")),
            ("@", Some("@")),
            ("", None),
            ("  ", None),
            ("ada", None),
        ] {
            assert_eq!(normal(email).as_deref(), expected);
        }
        let longest = format!("{}@shop.example", "a".repeat(MAX_EMAIL - 13));
        assert_eq!(normal(&longest), Some(longest.clone()));
        assert_eq!(normal(&format!("a{longest}")), None);
        assert_eq!(normal(&format!("\u{e9}{}", &longest[1..])), None);
    }

    proptest::proptest! {
        #[test]
        fn case_and_spaces_around_do_not_matter(email in "[a-zA-Z0-9.éÉüÜñÑ]{1,20}@[a-z]{1,10}", around in "[ \t\r\n]{0,3}") {
            let shouted = format!("{around}{}{around}", email.to_uppercase());
            proptest::prop_assert_eq!(normal(&email), normal(&shouted));
        }
    }
}
