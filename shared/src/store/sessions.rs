//! The table `sessions`: partition `TOKEN#sha256` holds `TOKEN`, one API key; an index by user.

use aws_sdk_dynamodb::Client;

use super::item::{item_of, n, s, unavailable, value_of};
use super::{ReadSessions, Result, WriteSessions};
use crate::session::{ApiKey, TokenHash};

/// The index by user; the template names it too.
const BY_USER: &str = "by_user";

/// The table of API keys; see [`ReadSessions`], [`WriteSessions`].
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

fn key_text(hash: &TokenHash) -> String {
    format!("TOKEN#{hash}")
}

impl ReadSessions for SessionsTable {
    async fn key(&self, hash: &TokenHash) -> Result<Option<ApiKey>> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = get.key("pk", s(key_text(hash))).key("sk", s("TOKEN")).send().await;
        answer.map_err(unavailable("reading an API key"))?.item.map(value_of).transpose()
    }
}

impl WriteSessions for SessionsTable {
    async fn put_key(&self, key: &ApiKey) -> Result<()> {
        let mut item = item_of(key_text(&key.hash), "TOKEN", key)?;
        if let Some(end) = key.valid_until {
            item.insert("expires_at".to_owned(), n(end.as_second()));
        }
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let sent = put.condition_expression("attribute_not_exists(pk)").send().await;
        sent.map(drop).map_err(unavailable("storing an API key"))
    }

    async fn keys(&self, user: &str) -> Result<Vec<ApiKey>> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_USER)
            .key_condition_expression("#user = :user")
            .expression_attribute_names("#user", "user")
            .expression_attribute_values(":user", s(user))
            .into_paginator()
            .items()
            .send();
        let mut keys = Vec::new();
        while let Some(item) = items.next().await {
            keys.push(value_of(item.map_err(unavailable("reading API keys"))?)?);
        }
        Ok(keys)
    }

    async fn revoke(&self, hash: &TokenHash) -> Result<()> {
        let delete = self.client.delete_item().table_name(&self.table);
        let sent = delete.key("pk", s(key_text(hash))).key("sk", s("TOKEN")).send().await;
        sent.map(drop).map_err(unavailable("revoking an API key"))
    }
}
