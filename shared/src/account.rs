//! Accounts, and the people who sign in to them.
//!
//! An **account** owns what is watched, and is what its people see. `home` is the installation's own: what the shop sells,
//! the status page and maintenance windows belong to it. Others are of people who signed up where anybody may.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::email::normalised;
use crate::session::TokenHash;
use crate::text::{Invalid, as_text};

/// Letters and digits of a new id: 82 random bits.
const ID_CHARS: usize = 16;

/// Most people in one account.
pub const MAX_USERS: usize = 500;

pub(crate) fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|letters| {
        letters.len() == ID_CHARS && letters.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

pub(crate) fn random_id(prefix: &str, rng: &mut impl Rng) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let letters = (0..ID_CHARS).map(|_| char::from(LETTERS[rng.random_range(0..36)]));
    prefix.chars().chain(letters).collect()
}

/// Names an account: `home`, or `a-` and 16 letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(String);

impl AccountId {
    const HOME: &'static str = "home";
    const PREFIX: &'static str = "a-";

    /// A new random one.
    pub fn random(rng: &mut impl Rng) -> Self {
        Self(random_id(Self::PREFIX, rng))
    }

    /// Whether it is the installation's own.
    pub fn is_home(&self) -> bool {
        self.0 == Self::HOME
    }
}

impl Default for AccountId {
    /// The installation's own.
    fn default() -> Self {
        Self(Self::HOME.to_owned())
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AccountId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = text == Self::HOME || is_id(text, Self::PREFIX);
        valid.then(|| Self(text.to_owned())).ok_or_else(|| Invalid::new("an account such as home", text))
    }
}

/// Names a person: `u-` and 16 letters or digits; or `operator`, who has no account to sign in to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(String);

impl UserId {
    const OPERATOR: &'static str = "operator";
    const PREFIX: &'static str = "u-";

    /// A new random one.
    pub fn random(rng: &mut impl Rng) -> Self {
        Self(random_id(Self::PREFIX, rng))
    }

    /// Whoever has the owner's AWS credentials, and uses the operator's command.
    pub fn operator() -> Self {
        Self(Self::OPERATOR.to_owned())
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UserId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = text == Self::OPERATOR || is_id(text, Self::PREFIX);
        valid
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Invalid::new("a user such as u-7f3k2a9d0c1b2e4f", text))
    }
}

/// What a person may do in an account; each may what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Read.
    Viewer,
    /// Create, change and delete what is watched.
    Editor,
    /// Decide who belongs to the account, and as what.
    Owner,
}

impl Role {
    /// Every role with its name.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Viewer, "viewer"), (Self::Editor, "editor"), (Self::Owner, "owner")];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(role, _)| role == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for Role {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text).map(|(role, _)| *role);
        found.ok_or_else(|| Invalid::new("viewer, editor or owner", text))
    }
}

/// The address that a person signs in with, in its normal form. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// Longest address in characters, as mail servers take it (RFC 5321, section 4.5.3.1.3, errata 1690).
pub const MAX_EMAIL_CHARS: usize = 254;

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Email {
    type Err = Invalid;
    /// Something, one `@`, and a host behind it. What servers take for a mailbox is theirs to know.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let normal_of = |text: &str| String::from_utf8(normalised(text.as_bytes())?.into_owned()).ok();
        // Of a few letters with accents the lower case composes anew: an address that would change each time it is
        // read is refused.
        let normal = normal_of(text).filter(|email| normal_of(email).as_ref() == Some(email));
        let is_one = |email: &String| {
            let Some((mailbox, host)) = email.split_once('@') else { return false };
            let plain = |c: char| !c.is_whitespace() && !c.is_control();
            let host_ok = !host.starts_with('.') && !host.ends_with('.') && !host.contains("..");
            !mailbox.is_empty()
                && !host.is_empty()
                && !host.contains('@')
                && host_ok
                && email.chars().count() <= MAX_EMAIL_CHARS
                && email.chars().all(|c| plain(c) && !"<>()[]\\,;:\"".contains(c))
        };
        // Not repeated: an error travels into logs.
        normal
            .filter(is_one)
            .map(Self)
            .ok_or_else(|| Invalid::new("an e-mail address such as ada@shop.example", "none"))
    }
}

/// A password as stored: argon2id with its parameters and salt, in PHC form
/// (<https://github.com/P-H-C/phc-string-format>). Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A person who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Names the person for good.
    pub id: UserId,
    /// What the person belongs to.
    pub account: AccountId,
    /// What the person signs in with; one person each.
    pub email: Email,
    /// What the person may do.
    pub role: Role,
    /// What the password is checked against.
    pub password: PasswordHash,
    /// When the person signed up.
    pub created_at: Timestamp,
    /// Counts the changes, from 1.
    pub version: u64,
}

/// What lets a person sign up to an account, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The hash of its token.
    pub hash: TokenHash,
    /// The account.
    pub account: AccountId,
    /// As what.
    pub role: Role,
    /// For this address alone, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Who has invited.
    pub invited_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Until when it holds.
    pub valid_until: Timestamp,
}

/// All that has to hold of an account whoever changes it at the same time: recomputed from its people in the
/// transaction that changes one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSummary {
    /// The account.
    pub account: AccountId,
    /// How many people it has.
    pub users: usize,
    /// How many of them are owners.
    pub owners: usize,
    /// Counts the changes, from 1.
    pub version: u64,
}

impl AccountSummary {
    /// The summary of an account of these people.
    pub fn of(account: AccountId, users: &[User], version: u64) -> Self {
        let owners = users.iter().filter(|user| user.role == Role::Owner).count();
        Self { account, users: users.len(), owners, version }
    }
}

as_text!(AccountId, Email, Role, UserId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_one_in_their_normal_form() {
        let email = |text: &str| text.parse::<Email>().map(|email| email.as_str().to_owned());
        assert_eq!(email(" Ada@Shop.Example\n").unwrap(), "ada@shop.example");
        assert_eq!(email("jose\u{301}@shop.example").unwrap(), "jos\u{e9}@shop.example");
        let long = format!("{}@shop.example", "a".repeat(255));
        for bad in [
            "",
            "@",
            "ada",
            "ada@",
            "@shop.example",
            "ada@shop@example",
            "ada shop@x.example",
            "ada@.example",
            "ada@shop..example",
            "ada@shop.example.",
            "<ada@shop.example>",
            "a,b@shop.example",
            "a\0@shop.example",
            "a\r\nb@shop.example",
            "J\u{30c}@shop.example",
            &long,
        ] {
            let error = email(bad).unwrap_err().to_string();
            assert_eq!(
                error, r#"expected an e-mail address such as ada@shop.example, got "none""#,
                "{bad:?}"
            );
        }
        assert_eq!(format!("{:?}", "ada@shop.example".parse::<Email>().unwrap()), "Email(…)");
    }

    #[test]
    fn ids_are_random_and_travel_as_text() {
        let mut rng = rand::rng();
        let (account, user): (AccountId, _) =
            ("a-7f3k2a9d0c1b2e4f".parse().unwrap(), UserId::random(&mut rng));
        assert_eq!(account.to_string().parse::<AccountId>().unwrap(), account);
        assert_eq!(user.to_string().parse::<UserId>().unwrap(), user);
        assert_ne!(user, UserId::random(&mut rng));
        let other = AccountId::random(&mut rng);
        assert!(!other.is_home() && other.to_string().parse::<AccountId>().unwrap() == other);
        assert!(AccountId::default().is_home() && !account.is_home());
        for bad in ["", "u-", "a-7f3k2a", "Home", "u-7F3K2A9D0C1B2E4F"] {
            assert!(bad.parse::<AccountId>().is_err() && bad.parse::<UserId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_role_may_what_those_before_it_may() {
        assert!(Role::Viewer < Role::Editor && Role::Editor < Role::Owner);
        for (role, name) in Role::ALL {
            assert_eq!((role.to_string().as_str(), name.parse::<Role>().unwrap()), (name, role));
        }
        assert!("admin".parse::<Role>().is_err());
    }
}
