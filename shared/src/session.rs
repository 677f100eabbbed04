//! API keys: opaque tokens that are stored as a hash only.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rand::TryRngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::text::{Invalid, as_text, is_hex};

/// What every token begins with, so that a leaked one can be found by a search.
const PREFIX: &str = "shopwatch_";

/// A secret of 256 random bits, shown once to the one who creates it.
#[derive(Debug, Clone)]
pub struct Token(SecretString);

impl Token {
    /// A new random token.
    ///
    /// # Errors
    /// When the operating system has no random numbers.
    pub fn random() -> Result<Self, rand::rand_core::OsError> {
        let mut bits = [0; 32];
        rand::rngs::OsRng.try_fill_bytes(&mut bits)?;
        Ok(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bits)).into()))
    }

    /// The token's text: to be shown to its owner, and to nobody else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored in its place.
    pub fn hash(&self) -> TokenHash {
        TokenHash(faster_hex::hex_string(&Sha256::digest(self.expose().as_bytes())))
    }
}

impl FromStr for Token {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = text
            .strip_prefix(PREFIX)
            .and_then(|bits| URL_SAFE_NO_PAD.decode(bits).ok())
            .is_some_and(|bits| bits.len() == 32);
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new("a token of Shopwatch", "something else"))
        }
    }
}

/// SHA-256 of a token: 64 hex digits. Enough for 256 random bits; a password would need a slow hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

impl TokenHash {
    /// Nobody's: looked up in place of a malformed token's, so that refusing it takes as long as an unknown one.
    pub fn nobodys() -> Self {
        Self("0".repeat(64))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TokenHash {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = is_hex(text, 64);
        valid.then(|| Self(text.to_owned())).ok_or_else(|| Invalid::new("64 hex digits", text))
    }
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Read monitors and signals, private ones too.
    Read,
    /// Read purchases.
    Purchases,
}

impl Scope {
    /// Every scope with its name.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Read, "read"), (Self::Purchases, "purchases")];
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(scope, _)| scope == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for Scope {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text).map(|(scope, _)| *scope);
        found.ok_or_else(|| Invalid::new("read or purchases", text))
    }
}

as_text!(TokenHash, Scope);

/// One API key, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The hash of its token.
    pub hash: TokenHash,
    /// What its owner calls it.
    pub name: String,
    /// Whose it is; `operator` for keys made with the operator's command.
    pub user: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it holds; for good when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

impl ApiKey {
    /// Whether the key opens this at this instant. The table deletes expired keys late.
    pub fn allows(&self, scope: Scope, now: Timestamp) -> bool {
        self.valid_until.is_none_or(|end| now < end) && self.scopes.contains(&scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_secret_and_stored_as_its_hash() {
        let token = Token::random().unwrap();
        let again: Token = token.expose().parse().unwrap();
        assert_eq!(token.hash(), again.hash());
        assert_ne!(token.hash(), Token::random().unwrap().hash());
        assert!(!format!("{token:?}").contains(token.expose()));
        for bad in ["", "shopwatch_", "shopwatch_abc", &token.expose()[1..]] {
            assert!(bad.parse::<Token>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_opens_its_scopes_until_it_expires() {
        let now: Timestamp = "2026-11-21T14:25:00Z".parse().unwrap();
        let key = ApiKey {
            hash: Token::random().unwrap().hash(),
            name: "dashboard".into(),
            user: "operator".into(),
            scopes: vec![Scope::Read],
            created_at: now,
            valid_until: Some("2026-11-21T14:26:00Z".parse().unwrap()),
        };
        assert!(key.allows(Scope::Read, now));
        assert!(!key.allows(Scope::Purchases, now));
        assert!(!key.allows(Scope::Read, "2026-11-21T14:26:00Z".parse().unwrap()));
    }
}
