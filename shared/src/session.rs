//! Sessions and API keys: opaque tokens that are stored as a hash only, each with whose it is and what it opens.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rand::TryRngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::account::{AccountId, Role, UserId};
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

    /// What a page has to show beside a cookie with this token when it changes something: a page of another site sends
    /// the cookie along, but cannot know this. Made of the token, so that nothing has to be stored.
    pub fn csrf(&self) -> String {
        let digest = Sha256::new().chain_update(b"shopwatch csrf 1 ").chain_update(self.expose().as_bytes());
        URL_SAFE_NO_PAD.encode(digest.finalize())
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash(String);

impl TokenHash {
    /// Hex digits that name a token to people: enough to tell those of one person apart.
    const ID_DIGITS: usize = 12;

    /// Nobody's: looked up in place of a malformed token's, so that refusing it takes as long as an unknown one.
    pub fn nobodys() -> Self {
        Self("0".repeat(64))
    }

    /// The first digits: what people are shown, and what opens nothing.
    pub fn id(&self) -> &str {
        self.0.get(..Self::ID_DIGITS).unwrap_or(&self.0)
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

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Read monitors and signals, private ones too.
    Read,
    /// Create, change and delete what is watched.
    Write,
    /// Read purchases.
    Purchases,
    /// Read metrics.
    Metrics,
}

impl Scope {
    /// Every scope with its name.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Read, "read"),
        (Self::Write, "write"),
        (Self::Purchases, "purchases"),
        (Self::Metrics, "metrics"),
    ];
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
        found.ok_or_else(|| Invalid::new("read, write, purchases or metrics", text))
    }
}

as_text!(KeyName, Scope, TokenHash);

/// Longest name of a key, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// What its owner calls an API key: 1 to [`MAX_NAME_CHARS`] characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName(String);

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KeyName {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid =
            (1..=MAX_NAME_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        let expected = "a name of 1 to 100 characters, no control characters";
        valid.then(|| Self(text.to_owned())).ok_or_else(|| Invalid::new(expected, text))
    }
}

/// How a token is carried, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SessionKind))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An API key: for a program, with a name and scopes of its own.
    #[default]
    Key,
    /// A person's session in a program, as a bearer token.
    Bearer,
    /// A person's session in a browser, as a cookie. Ends when nothing is done for a while.
    Cookie,
}

/// Longest time of a person's session, in hours: 30 days.
pub const SESSION_HOURS: i64 = 30 * 24;

/// How long a cookie lasts with nothing done, in hours.
pub const IDLE_HOURS: i64 = 24;

/// A session or an API key, as stored. Those of a person end when the person leaves, and their role is the person's:
/// it is written anew when that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The hash of its token.
    pub hash: TokenHash,
    /// How it is carried.
    #[serde(default)]
    pub kind: Kind,
    /// What its owner calls it; empty for sessions.
    pub name: String,
    /// Whose it is.
    pub user: UserId,
    /// What it is good in.
    #[serde(default)]
    pub account: AccountId,
    /// As what. Keys of before there were people are the operator's.
    #[serde(default = "operators")]
    pub role: Role,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it holds; for good when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Until when it holds if nothing is done with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_until: Option<Timestamp>,
}

fn operators() -> Role {
    Role::Owner
}

impl Session {
    /// Whether it holds at this instant. The table deletes what has expired late.
    pub fn holds(&self, now: Timestamp) -> bool {
        [self.valid_until, self.idle_until].into_iter().flatten().all(|end| now < end)
    }

    /// Whether it opens this at this instant: its scope is one thing, what its owner may do another.
    pub fn allows(&self, scope: Scope, now: Timestamp) -> bool {
        let may = match scope {
            Scope::Read | Scope::Metrics => true,
            Scope::Write => self.role >= Role::Editor,
            // The shop is the installation's, not everybody's who watches pages with it.
            Scope::Purchases => self.account.is_home(),
        };
        may && self.holds(now) && self.scopes.contains(&scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T14:25:00Z".parse().unwrap()
    }

    fn session(role: Role, scopes: &[Scope]) -> Session {
        Session {
            hash: Token::random().unwrap().hash(),
            kind: Kind::Key,
            name: "dashboard".into(),
            user: UserId::operator(),
            account: AccountId::default(),
            role,
            scopes: scopes.to_vec(),
            created_at: now(),
            valid_until: None,
            idle_until: None,
        }
    }

    #[test]
    fn a_token_is_secret_and_stored_as_its_hash() {
        let token = Token::random().unwrap();
        let again: Token = token.expose().parse().unwrap();
        assert_eq!(token.hash(), again.hash());
        assert_ne!(token.hash(), Token::random().unwrap().hash());
        assert!(!format!("{token:?}").contains(token.expose()));
        assert!(token.hash().to_string().starts_with(token.hash().id()));
        for bad in ["", "shopwatch_", "shopwatch_abc", &token.expose()[1..]] {
            assert!(bad.parse::<Token>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_page_shows_beside_a_cookie_is_the_tokens_own_and_does_not_give_it_away() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_eq!(one.csrf(), one.expose().parse::<Token>().unwrap().csrf());
        assert_ne!(one.csrf(), other.csrf());
        assert!(!one.expose().contains(&one.csrf()) && !one.hash().to_string().contains(&one.csrf()));
    }

    #[test]
    fn a_key_opens_its_scopes_until_it_expires() {
        let end: Timestamp = "2026-11-21T14:26:00Z".parse().unwrap();
        for key in [
            Session { valid_until: Some(end), ..session(Role::Viewer, &[Scope::Read]) },
            Session { idle_until: Some(end), ..session(Role::Viewer, &[Scope::Read]) },
        ] {
            assert!(key.allows(Scope::Read, now()));
            assert!(!key.allows(Scope::Purchases, now()));
            assert!(!key.allows(Scope::Read, end));
        }
    }

    #[test]
    fn a_scope_gives_nobody_more_than_they_may() {
        let all: Vec<Scope> = Scope::ALL.map(|(scope, _)| scope).to_vec();
        for (role, writes) in [(Role::Viewer, false), (Role::Editor, true), (Role::Owner, true)] {
            assert_eq!(session(role, &all).allows(Scope::Write, now()), writes, "{role}");
        }
        let elsewhere: AccountId = "a-7f3k2a9d0c1b2e4f".parse().unwrap();
        let stranger = Session { account: elsewhere, ..session(Role::Owner, &all) };
        assert!(stranger.allows(Scope::Read, now()) && !stranger.allows(Scope::Purchases, now()));
    }

    #[test]
    fn keys_of_before_there_were_people_are_the_operators() {
        let mut text = serde_json::to_value(session(Role::Owner, &[Scope::Read])).unwrap();
        for later in ["kind", "account", "role"] {
            text.as_object_mut().unwrap().remove(later);
        }
        let key: Session = serde_json::from_value(text).unwrap();
        assert_eq!((key.kind, key.role, key.user), (Kind::Key, Role::Owner, UserId::operator()));
        assert!(key.account.is_home());
    }
}
