//! The table `beats`: partition `SHARD#s0` holds `MONITOR#id`, the last beat of a monitor; partition `TOKEN#sha256`
//! holds `TOKEN`, whom the token beats for.

use aws_sdk_dynamodb::Client;

use super::item::{check_version, condition_failed, item_of, keyed, parsed, s, unavailable, value_of};
use super::{ReadBeats, Result, WriteBeatTokens, WriteBeats};
use crate::beat::Beat;
use crate::monitor::{MonitorId, ShardId};
use crate::session::TokenHash;

/// The table of beats; see [`ReadBeats`], [`WriteBeats`], [`WriteBeatTokens`].
#[derive(Debug, Clone)]
pub struct BeatsTable {
    client: Client,
    table: String,
}

impl BeatsTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

fn token_key(token: &TokenHash) -> String {
    format!("TOKEN#{token}")
}

impl ReadBeats for BeatsTable {
    async fn beats(&self, shard: ShardId) -> Result<Vec<Beat>> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", s(format!("SHARD#{shard}")))
            .expression_attribute_values(":prefix", s("MONITOR#"))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut beats = Vec::new();
        while let Some(item) = items.next().await {
            // A beat that cannot be read must not keep its neighbours from being judged.
            match value_of(item.map_err(unavailable("reading beats"))?) {
                Ok(beat) => beats.push(beat),
                Err(error) => tracing::error!(%error, "left out a beat"),
            }
        }
        Ok(beats)
    }
}

impl WriteBeats for BeatsTable {
    async fn beating(&self, token: &TokenHash) -> Result<Option<MonitorId>> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = get.key("pk", s(token_key(token))).key("sk", s("TOKEN")).send().await;
        let item = answer.map_err(unavailable("reading a token to beat with"))?.item;
        let Some(item) = item else { return Ok(None) };
        check_version(&item)?;
        parsed(&item, "monitor").map(Some)
    }

    async fn put_beat(&self, beat: &Beat) -> Result<()> {
        let mut item =
            item_of(format!("SHARD#{}", beat.monitor.shard()), format!("MONITOR#{}", beat.monitor), beat)?;
        // Always nine digits: texts of one length compare as the instants do.
        let received_at = s(format!("{:.9}", beat.received_at));
        item.insert("received_at".to_owned(), received_at.clone());
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk) OR received_at <= :received_at");
        match put.expression_attribute_values(":received_at", received_at).send().await {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(unavailable("recording a beat")(error)),
        }
    }
}

impl WriteBeatTokens for BeatsTable {
    async fn put_beat_token(&self, token: &TokenHash, monitor: &MonitorId) -> Result<()> {
        let mut item = keyed(token_key(token), "TOKEN");
        item.insert("monitor".to_owned(), s(monitor.to_string()));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(unavailable("storing a token to beat with"))
    }
}
