//! The table `sessions`: partition `TOKEN#sha256` holds `TOKEN`, one session or API key; an index by user. And partition
//! `ATTEMPTS#…` holds attempts to sign in, for as long as they count.

use std::future::Future;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::Select;
use jiff::{SignedDuration, Timestamp};
use rand::Rng as _;

use super::item::{condition_failed, item_of, key, keyed, n, s, unavailable, value_of};
use super::{Result, StoreError};
use crate::account::{Role, UserId};
use crate::session::{Session, TokenHash};

/// The index by user; the template names it too.
const BY_USER: &str = "by_user";

/// Most sessions and keys of one person that are listed; the oldest come first.
pub const MAX_SESSIONS: usize = 10_000;

/// Looks up sessions and API keys.
pub trait ReadSessions {
    /// The session or key with this hash, expired or not.
    fn session(&self, hash: &TokenHash) -> impl Future<Output = Result<Option<Session>>> + Send;
}

/// Makes, changes and revokes sessions and API keys.
pub trait WriteSessions {
    /// Stores a new one.
    fn put_session(&self, session: &Session) -> impl Future<Output = Result<()>> + Send;
    /// Every one of a user, oldest first; at most [`MAX_SESSIONS`].
    fn sessions(&self, user: &UserId) -> impl Future<Output = Result<Vec<Session>>> + Send;
    /// Moves the end that it has if nothing is done with it. Does nothing when there is none any more: what was revoked
    /// stays so.
    fn keep_awake(&self, hash: &TokenHash, idle_until: Timestamp) -> impl Future<Output = Result<()>> + Send;
    /// Writes its owner's role. Does nothing when there is none any more.
    fn change_role(&self, hash: &TokenHash, role: Role) -> impl Future<Output = Result<()>> + Send;
    /// Deletes one: it holds no longer. Does nothing when there is none.
    fn revoke(&self, hash: &TokenHash) -> impl Future<Output = Result<()>> + Send;
}

/// Counts attempts to sign in.
pub trait CountAttempts {
    /// Notes an attempt at this instant, and answers whether there were more than `most` of this name in the time before
    /// it, this one among them. `name` is a hash: it names a person or an address.
    fn attempt(
        &self,
        name: &str,
        at: Timestamp,
        before: SignedDuration,
        most: u16,
    ) -> impl Future<Output = Result<bool>> + Send;
}

/// The table of sessions and API keys; see [`ReadSessions`], [`WriteSessions`], [`CountAttempts`].
#[derive(Debug, Clone)]
pub struct SessionsTable {
    client: Client,
    table: String,
}

impl SessionsTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

impl SessionsTable {
    /// Changes one attribute and no other: what others change at the same moment stays.
    async fn set(&self, hash: &TokenHash, name: &str, text: String) -> Result<()> {
        let update = self.client.update_item().table_name(&self.table);
        let update = update.set_key(Some(key(key_text(hash), "TOKEN")));
        let update =
            update.update_expression("SET #name = :text").condition_expression("attribute_exists(pk)");
        let update =
            update.expression_attribute_names("#name", name).expression_attribute_values(":text", s(text));
        match update.send().await {
            Err(error) if !condition_failed(&error) => Err(unavailable("changing a session")(error)),
            _ => Ok(()),
        }
    }
}

fn key_text(hash: &TokenHash) -> String {
    format!("TOKEN#{hash}")
}

/// The item, with the instant that the table may delete it at.
fn item(session: &Session) -> Result<super::item::Item> {
    let mut item = item_of(key_text(&session.hash), "TOKEN", session)?;
    // Not by the idle end, which moves.
    if let Some(end) = session.valid_until {
        item.insert("expires_at".to_owned(), n(end.as_second()));
    }
    Ok(item)
}

impl ReadSessions for SessionsTable {
    async fn session(&self, hash: &TokenHash) -> Result<Option<Session>> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = get.key("pk", s(key_text(hash))).key("sk", s("TOKEN")).send().await;
        answer.map_err(unavailable("reading a session"))?.item.map(value_of).transpose()
    }
}

impl WriteSessions for SessionsTable {
    async fn put_session(&self, session: &Session) -> Result<()> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item(session)?));
        let sent = put.condition_expression("attribute_not_exists(pk)").send().await;
        sent.map(drop).map_err(unavailable("storing a session"))
    }

    async fn sessions(&self, user: &UserId) -> Result<Vec<Session>> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_USER)
            .key_condition_expression("#user = :user")
            .expression_attribute_names("#user", "user")
            .expression_attribute_values(":user", s(user.as_str()))
            .into_paginator()
            .items()
            .send();
        let mut sessions = Vec::new();
        while sessions.len() < MAX_SESSIONS
            && let Some(item) = items.next().await
        {
            sessions.push(value_of(item.map_err(unavailable("reading sessions"))?)?);
        }
        Ok(sessions)
    }

    async fn keep_awake(&self, hash: &TokenHash, idle_until: Timestamp) -> Result<()> {
        self.set(hash, "idle_until", idle_until.to_string()).await
    }

    async fn change_role(&self, hash: &TokenHash, role: Role) -> Result<()> {
        self.set(hash, "role", role.to_string()).await
    }

    async fn revoke(&self, hash: &TokenHash) -> Result<()> {
        let delete = self.client.delete_item().table_name(&self.table);
        let sent = delete.key("pk", s(key_text(hash))).key("sk", s("TOKEN")).send().await;
        sent.map(drop).map_err(unavailable("revoking a session"))
    }
}

impl CountAttempts for SessionsTable {
    async fn attempt(&self, name: &str, at: Timestamp, before: SignedDuration, most: u16) -> Result<bool> {
        let (pk, random) = (format!("ATTEMPTS#{name}"), rand::rng().random::<u64>());
        let bound = |at: std::result::Result<Timestamp, jiff::Error>| {
            at.map_err(|error| StoreError::Broken(error.to_string()))
        };
        let (from, ends) = (bound(at.checked_sub(before))?, bound(at.checked_add(before))?);
        // Each is an item of its own, so that one sent twice counts once and none is lost.
        let mut item = keyed(pk.clone(), format!("{at:.9}#{random:016x}"));
        item.insert("expires_at".to_owned(), n(ends.as_second()));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        put.map_err(unavailable("noting an attempt"))?;
        let count = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .select(Select::Count)
            .limit(i32::from(most) + 1)
            .key_condition_expression("pk = :pk AND sk > :from")
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":from", s(format!("{from:.9}")))
            .send()
            .await
            .map_err(unavailable("counting attempts"))?
            .count;
        Ok(count > i32::from(most))
    }
}
