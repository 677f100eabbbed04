//! The table `beats`: partition `SHARD#s0` holds `MONITOR#id`, the last beat of a monitor, and `TOKEN#id#sha256`, each of
//! its tokens; partition `TOKEN#sha256` holds `TOKEN`, whom the token beats for.

use std::future::Future;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::item::{
    Item, check_version, condition_failed, item_of, key, keyed, parsed, s, text, unavailable, value_of,
};
use super::{Result, StoreError};
use crate::beat::Beat;
use crate::monitor::{MonitorId, ShardId};
use crate::session::TokenHash;

/// What targets that call us have said.
pub trait ReadBeats {
    /// The last beat of each monitor of a shard that has ever had one, by id.
    fn beats(&self, shard: ShardId) -> impl Future<Output = Result<Vec<Beat>>> + Send;
}

/// Records beats.
pub trait WriteBeats {
    /// The monitor that this token beats for.
    fn beating(&self, token: &TokenHash) -> impl Future<Output = Result<Option<MonitorId>>> + Send;
    /// Records the beat unless a later one is there; recording it again changes nothing.
    fn put_beat(&self, beat: &Beat) -> impl Future<Output = Result<()>> + Send;
}

/// Hands out tokens to beat with, and takes them back.
pub trait WriteBeatTokens {
    /// Lets this token beat for the monitor.
    fn put_beat_token(
        &self,
        token: &TokenHash,
        monitor: &MonitorId,
    ) -> impl Future<Output = Result<()>> + Send;
    /// How many tokens beat for the monitor; whoever hands them out keeps to [`crate::beat::MAX_BEAT_TOKENS`].
    fn beat_tokens(&self, monitor: &MonitorId) -> impl Future<Output = Result<usize>> + Send;
    /// Lets none of the monitor's tokens beat any more.
    fn delete_beat_tokens(&self, monitor: &MonitorId) -> impl Future<Output = Result<()>> + Send;
    /// Forgets the monitor's last beat.
    fn delete_beat(&self, monitor: &MonitorId) -> impl Future<Output = Result<()>> + Send;
}

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

    /// Every item of a shard whose sort key begins with this.
    async fn query(&self, shard: ShardId, prefix: String) -> Result<Vec<Item>> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", s(partition(shard)))
            .expression_attribute_values(":prefix", s(prefix))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.push(item.map_err(unavailable("reading beats"))?);
        }
        Ok(found)
    }

    async fn delete(&self, pk: String, sk: String) -> Result<()> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(pk, sk)));
        delete.send().await.map(drop).map_err(unavailable("deleting beats"))
    }
}

fn partition(shard: ShardId) -> String {
    format!("SHARD#{shard}")
}

fn token_key(token: impl std::fmt::Display) -> String {
    format!("TOKEN#{token}")
}

/// What the sort keys of a monitor's tokens begin with.
fn tokens_of(monitor: &MonitorId) -> String {
    format!("TOKEN#{monitor}#")
}

impl ReadBeats for BeatsTable {
    async fn beats(&self, shard: ShardId) -> Result<Vec<Beat>> {
        let mut beats = Vec::new();
        for item in self.query(shard, "MONITOR#".to_owned()).await? {
            // A beat that cannot be read must not keep its neighbours from being judged.
            match value_of(item) {
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
        let mut item = item_of(partition(beat.monitor.shard()), format!("MONITOR#{}", beat.monitor), beat)?;
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
        let mut beats = keyed(token_key(token), "TOKEN");
        beats.insert("monitor".to_owned(), s(monitor.to_string()));
        let listed = keyed(partition(monitor.shard()), format!("{}{token}", tokens_of(monitor)));
        // Together: a token that beats and is not listed could not be taken back.
        let mut writes = Vec::new();
        for item in [beats, listed] {
            let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
            let put = put.map_err(|error| StoreError::Broken(error.to_string()))?;
            writes.push(TransactWriteItem::builder().put(put).build());
        }
        let sent = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        sent.map(drop).map_err(unavailable("storing a token to beat with"))
    }

    async fn beat_tokens(&self, monitor: &MonitorId) -> Result<usize> {
        Ok(self.query(monitor.shard(), tokens_of(monitor)).await?.len())
    }

    async fn delete_beat_tokens(&self, monitor: &MonitorId) -> Result<()> {
        let prefix = tokens_of(monitor);
        for item in self.query(monitor.shard(), prefix.clone()).await? {
            let sk = text(&item, "sk")?;
            // What lists it comes last: so whatever fails can be done again.
            self.delete(token_key(sk.strip_prefix(&prefix).unwrap_or(sk)), "TOKEN".to_owned()).await?;
            self.delete(partition(monitor.shard()), sk.to_owned()).await?;
        }
        Ok(())
    }

    async fn delete_beat(&self, monitor: &MonitorId) -> Result<()> {
        self.delete(partition(monitor.shard()), format!("MONITOR#{monitor}")).await
    }
}
