//! Keys to a shop in memory.

use shared::account::{AccountId, Role, UserId};
use shared::session::Session;

use super::*;

/// An account that is not the shop's.
pub(super) fn elsewhere() -> AccountId {
    "a-7f3k2a9d0c1b2e4f".parse().unwrap()
}

impl Shop {
    /// A new API key of these scopes, and its token.
    pub(super) fn key(&self, scopes: &[Scope], valid_until: Option<Timestamp>) -> String {
        let token = Token::random().unwrap();
        self.add_key(&token, scopes, valid_until);
        token.expose().to_owned()
    }

    pub(super) fn add_key(&self, token: &Token, scopes: &[Scope], valid_until: Option<Timestamp>) {
        self.add_key_of(AccountId::default(), token, scopes, valid_until);
    }

    /// A new API key of another account than the shop's, and its token.
    pub(super) fn strangers_key(&self, scopes: &[Scope]) -> String {
        let token = Token::random().unwrap();
        self.add_key_of(elsewhere(), &token, scopes, None);
        token.expose().to_owned()
    }

    fn add_key_of(
        &self,
        account: AccountId,
        token: &Token,
        scopes: &[Scope],
        valid_until: Option<Timestamp>,
    ) {
        let key = Session {
            hash: token.hash(),
            kind: Kind::Key,
            name: "test".to_owned(),
            user: UserId::operator(),
            account,
            role: Role::Viewer,
            scopes: scopes.to_vec(),
            created_at: now(),
            valid_until,
            idle_until: None,
        };
        self.memory.tables().sessions.insert(key.hash.to_string(), key);
    }
}
