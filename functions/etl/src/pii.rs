//! PII: the secret's keys, and the buyer tokens made of them and of e-mail addresses in their normal form.

use std::collections::{BTreeMap, HashSet};

use hkdf::Hkdf;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use shared::email::normalised;
use shared::purchase::{BuyerToken, is_key_id};
use shared::store::FirstHmac;

use crate::mac::Mac;

/// Version of the rule that e-mail addresses are normalised by; in the ledger.
pub const NORMALISATION: u32 = 1;

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
    /// A name that says nothing.
    #[error("the PII secret has a name other than active, previous, previous_until and k1, k2 …")]
    Name,
    /// Too short to be a key.
    #[error("a key of the PII secret has less than {MIN_KEY} characters")]
    Short,
    /// `active` is missing, or names a key that is.
    #[error("the PII secret's active key is not among its keys")]
    Active,
    /// `previous` names a key that is missing.
    #[error("the PII secret's previous key is not among its keys")]
    Previous,
    /// `previous` and `previous_until` are not both there, or the latter is no instant.
    #[error(
        "the PII secret says previous and previous_until together or not at all, and the latter is an instant \
         such as 2026-11-21T14:00:00Z"
    )]
    PreviousUntil,
}

/// The keys, ready for use. Has no `Debug`: they must not be printed.
pub struct Pii {
    method: Method,
    /// Every key with its id, the first key first.
    keys: Vec<(String, Mac)>,
    /// Which of them is active.
    active: usize,
    /// Which of them was active before, while its tokens are linked to the active key's.
    previous: Option<usize>,
    row_key: [u8; 16],
    fingerprint: String,
    erased: HashSet<FirstHmac>,
}

/// Who a row's e-mail is.
pub struct Buyer {
    /// What is stored.
    pub token: BuyerToken,
    /// What is stored with it while buyers are linked after a rotation: the token under the previous key.
    pub linked: Option<BuyerToken>,
    /// The HMAC under the first key, which the row's identity is made of; not stored.
    pub hmac: FirstHmac,
}

impl Pii {
    /// Reads the secret's text: `{"active": "k1", "k1": "<at least 32 characters>"}`, with any number of keys, and
    /// after a rotation `"previous": "k1", "previous_until": "<RFC 3339>"`: until then buyers have both tokens. The
    /// first key is the one with the smallest number.
    ///
    /// # Errors
    /// Says what is wrong, without repeating any of it.
    pub fn parse(secret: &SecretString, method: Method, now: Timestamp) -> Result<Self, KeyError> {
        let mut texts: BTreeMap<String, String> =
            serde_json::from_str(secret.expose_secret()).map_err(|_| KeyError::NotKeys)?;
        let active_id = texts.remove("active").ok_or(KeyError::Active)?;
        let previous = match (texts.remove("previous"), texts.remove("previous_until")) {
            (None, None) => None,
            (Some(id), Some(until)) => {
                Some((id, until.parse::<Timestamp>().map_err(|_| KeyError::PreviousUntil)?))
            }
            _ => return Err(KeyError::PreviousUntil),
        };
        let mut keys = BTreeMap::new();
        for (id, key) in texts {
            let key = SecretString::from(key);
            let number = id.strip_prefix('k').filter(|_| is_key_id(&id)).and_then(|n| n.parse::<u16>().ok());
            let number = number.ok_or(KeyError::Name)?;
            if key.expose_secret().len() < MIN_KEY {
                return Err(KeyError::Short);
            }
            keys.insert(number, (id, key));
        }
        let named = |id: &str| keys.values().position(|(known, _)| known == id);
        let active = named(&active_id).ok_or(KeyError::Active)?;
        let previous = match previous {
            Some((id, until)) => Some(named(&id).ok_or(KeyError::Previous)?).filter(|_| now < until),
            None => None,
        };
        let (_, first) = keys.values().next().ok_or(KeyError::Active)?;
        let derived = Hkdf::<Sha256>::new(None, first.expose_secret().as_bytes());
        let (mut row_key, mut fingerprint) = ([0; 16], [0; 32]);
        derived.expand(ROW_ID_INFO, &mut row_key).map_err(|_| KeyError::NotKeys)?;
        derived.expand(FINGERPRINT_INFO, &mut fingerprint).map_err(|_| KeyError::NotKeys)?;
        let prepared = |(id, key): (String, SecretString)| (id, Mac::new(key.expose_secret().as_bytes()));
        Ok(Self {
            method,
            keys: keys.into_values().map(prepared).collect(),
            active,
            previous: previous.filter(|previous| *previous != active),
            row_key,
            fingerprint: faster_hex::hex_string(&fingerprint),
            erased: HashSet::new(),
        })
    }

    /// Knows who has asked to be erased.
    #[must_use]
    pub fn with_erased(self, erased: HashSet<FirstHmac>) -> Self {
        Self { erased, ..self }
    }

    /// Whether the person with this [`Buyer::hmac`] has asked to be erased.
    pub fn is_erased(&self, hmac: &FirstHmac) -> bool {
        !self.erased.is_empty() && self.erased.contains(hmac)
    }

    /// Whether nobody has asked to be erased.
    pub(crate) fn nobody_is_erased(&self) -> bool {
        self.erased.is_empty()
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
            Method::Hmac => &self.keys[self.active].0,
            Method::Sha1 => "sha1",
        }
    }

    /// Who this e-mail is; `None` when it is none.
    pub fn buyer(&self, email: &str) -> Option<Buyer> {
        self.buyer_of(email.as_bytes())
    }

    /// Who this e-mail is, which may be no text; `None` when it is none.
    #[inline(always)]
    pub fn buyer_of(&self, email: &[u8]) -> Option<Buyer> {
        let email = normalised(email)?;
        let email = email.as_ref();
        let hmac = self.hmac(0, email);
        Some(match self.method {
            Method::Hmac => Buyer {
                token: self.keyed(self.active, email, &hmac)?,
                linked: match self.previous {
                    Some(previous) => Some(self.keyed(previous, email, &hmac)?),
                    None => None,
                },
                hmac,
            },
            Method::Sha1 => Buyer { token: plain(email)?, linked: None, hmac },
        })
    }

    /// The HMAC of this e-mail under the first key, which people are erased by; `None` when it is none.
    pub fn first_hmac(&self, email: &str) -> Option<FirstHmac> {
        Some(self.hmac(0, &normalised(email.as_bytes())?))
    }

    /// Every token that this e-mail may be stored as: under each key of the secret, and the plain hash. None when it
    /// is no e-mail.
    pub fn tokens(&self, email: &str) -> Vec<BuyerToken> {
        let Some(email) = normalised(email.as_bytes()) else { return Vec::new() };
        let email = email.as_ref();
        let hmac = self.hmac(0, email);
        let keyed = (0..self.keys.len()).filter_map(|key| self.keyed(key, email, &hmac));
        keyed.chain(plain(email)).collect()
    }

    /// The token under a key; the first key's HMAC is there already.
    #[inline(always)]
    fn keyed(&self, key: usize, email: &[u8], first: &FirstHmac) -> Option<BuyerToken> {
        let mut digits = [0; 64];
        let digits = match key {
            0 => hex(first, &mut digits),
            key => hex(&self.hmac(key, email), &mut digits),
        };
        Some(BuyerToken::keyed(&self.keys[key].0, digits?))
    }

    #[inline]
    fn hmac(&self, key: usize, email: &[u8]) -> FirstHmac {
        self.keys[key].1.of(email)
    }
}

/// The tutorial's token.
fn plain(email: &[u8]) -> Option<BuyerToken> {
    hex(&Sha1::digest(email), &mut [0; 64])?.parse().ok()
}

/// Hex digits without an allocation; `None` never happens, as the space suffices.
fn hex<'a>(bytes: &[u8], space: &'a mut [u8; 64]) -> Option<&'a str> {
    let digits = &mut space[..2 * bytes.len()];
    faster_hex::hex_encode(bytes, digits).ok().map(|digits| &*digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";
    const OTHER: &str = "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba987654321098";

    const NOW: &str = "2026-11-21T14:00:00Z";

    fn pii(secret: &str, method: Method) -> Result<Pii, KeyError> {
        Pii::parse(&SecretString::from(secret), method, NOW.parse().unwrap())
    }

    fn one_key() -> Pii {
        pii(&format!(r#"{{"active":"k1","k1":"{KEY}"}}"#), Method::Hmac).unwrap()
    }

    fn rotated() -> Pii {
        pii(&format!(r#"{{"active":"k2","k1":"{KEY}","k2":"{OTHER}"}}"#), Method::Hmac).unwrap()
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

    fn linking(active: &str, until: &str, method: Method) -> Pii {
        let keys = format!(r#""k1":"{KEY}","k2":"{OTHER}","k3":"{KEY}""#);
        let secret = format!(r#"{{"active":"{active}","previous":"k2","previous_until":"{until}",{keys}}}"#);
        pii(&secret, method).unwrap()
    }

    #[test]
    fn buyers_are_linked_until_the_window_is_over() {
        let token = |buyer: &Buyer| buyer.token.as_str()[..2].to_owned();
        let linked = |pii: &Pii| {
            let buyer = pii.buyer("ada@shop.example").unwrap();
            (token(&buyer), buyer.linked)
        };
        let before = rotated().buyer("ada@shop.example").unwrap().token;
        let later = "2026-11-21T15:00:01+01:00";
        assert_eq!(linked(&linking("k3", later, Method::Hmac)), ("k3".to_owned(), Some(before)));
        assert_eq!(linked(&linking("k3", NOW, Method::Hmac)), ("k3".to_owned(), None), "the window is over");
        assert_eq!(linked(&linking("k2", later, Method::Hmac)), ("k2".to_owned(), None), "linked to itself");
        assert_eq!(linked(&linking("k3", later, Method::Sha1)).1, None);
        // Back to the first key, whose HMAC is there already.
        let first = one_key().buyer("ada@shop.example").unwrap().token;
        assert_eq!(linking("k1", later, Method::Hmac).buyer("ada@shop.example").unwrap().token, first);
    }

    #[test]
    fn a_person_is_found_under_every_key() {
        let pii = linking("k2", NOW, Method::Hmac);
        let tokens = pii.tokens(" Ada@shop.example");
        let mut expected = vec![one_key().buyer("ada@shop.example").unwrap().token];
        expected.push(rotated().buyer("ada@shop.example").unwrap().token);
        expected.push(format!("k3.{}", &expected[0].as_str()[3..]).parse().unwrap());
        expected.push(pii_of_sha1().buyer("ada@shop.example").unwrap().token);
        assert_eq!(tokens, expected);
        assert_eq!(pii.tokens("nobody"), []);
    }

    #[test]
    fn who_is_erased_is_known_by_the_first_key() {
        let person = one_key().first_hmac("ADA@shop.example").unwrap();
        assert_eq!(one_key().first_hmac("nobody"), None);
        let rotated = rotated().with_erased([person].into());
        assert!(rotated.is_erased(&rotated.buyer("ada@shop.example").unwrap().hmac));
        assert!(!rotated.is_erased(&rotated.buyer("eve@shop.example").unwrap().hmac));
        for row in
            ["ADA@shop.example,x", "7;\"ada@shop.example\";", "x,ada@shop.example\0", "<ada@shop.example>"]
        {
            assert!(rotated.names_erased(row.as_bytes()), "{row}");
            assert!(!one_key().names_erased(row.as_bytes()), "nobody was erased");
        }
        assert!(rotated.names_erased(b"jos\xe9@shop.example,ada@shop.example"));
        assert!(!rotated.names_erased(b"eve@shop.example,@,ada"));
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
            (format!(r#"{{"active":"k1","k1":"{KEY}","previous":"k1"}}"#), KeyError::PreviousUntil),
            (format!(r#"{{"active":"k1","k1":"{KEY}","previous_until":"{NOW}"}}"#), KeyError::PreviousUntil),
            (
                format!(
                    r#"{{"active":"k1","k1":"{KEY}","previous":"k1","previous_until":"{}"}}"#,
                    &KEY[..10]
                ),
                KeyError::PreviousUntil,
            ),
            (
                format!(r#"{{"active":"k1","k1":"{KEY}","previous":"k2","previous_until":"{NOW}"}}"#),
                KeyError::Previous,
            ),
        ] {
            let error = pii(&secret, Method::Hmac).err();
            assert_eq!(error, Some(expected));
            assert!(!expected.to_string().contains("0123456789"));
        }
    }
}
