//! The table `monitors`: partition `SHARD#s0` holds `MONITOR#id`; partition `META` the shards' summaries.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use serde::de::DeserializeOwned;

use super::item::{item_of, n, s, unavailable, value_of};
use super::{ReadMonitors, ReadShards, Result, ShardChange, StoreError, WriteMonitors};
use crate::monitor::{Monitor, ShardId, ShardSummary};

/// The partition of the registries.
const META: &str = "META";

/// The table of monitors; see [`ReadShards`], [`ReadMonitors`], [`WriteMonitors`].
#[derive(Debug, Clone)]
pub struct MonitorsTable {
    client: Client,
    table: String,
}

impl MonitorsTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Everything in a partition whose sort key begins with this.
    async fn query<T: DeserializeOwned>(&self, pk: String, prefix: &str) -> Result<Vec<T>> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":prefix", s(prefix))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut values = Vec::new();
        while let Some(item) = pages.next().await {
            values.push(value_of(item.map_err(unavailable("reading monitors"))?)?);
        }
        Ok(values)
    }

    /// A put that holds only if nobody changed the item meanwhile.
    fn put(&self, item: super::item::Item, version: u64) -> Result<TransactWriteItem> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = if version == 1 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#version = :before")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":before", n(version.saturating_sub(1)))
        };
        let put = put.build().map_err(|error| StoreError::Broken(error.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

impl ReadShards for MonitorsTable {
    async fn shards(&self) -> Result<Vec<ShardSummary>> {
        let mut shards: Vec<ShardSummary> = self.query(META.to_owned(), "SHARD#").await?;
        shards.sort_by_key(|summary| summary.shard);
        Ok(shards)
    }
}

impl ReadMonitors for MonitorsTable {
    async fn monitors(&self, shard: ShardId) -> Result<Vec<Monitor>> {
        self.query(format!("SHARD#{shard}"), "MONITOR#").await
    }
}

impl WriteMonitors for MonitorsTable {
    async fn change(&self, change: &ShardChange) -> Result<()> {
        let shard = change.summary.shard;
        let mut puts = Vec::with_capacity(change.put.len() + 1);
        for monitor in &change.put {
            let item = item_of(format!("SHARD#{shard}"), format!("MONITOR#{}", monitor.id), monitor)?;
            puts.push(self.put(item, monitor.version)?);
        }
        let summary = item_of(META, format!("SHARD#{shard}"), &change.summary)?;
        puts.push(self.put(summary, change.summary.version)?);
        let sent = self.client.transact_write_items().set_transact_items(Some(puts)).send().await;
        sent.map(drop).map_err(|error| match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(_)) => {
                StoreError::Conflict(format!("shard {shard}"))
            }
            _ => unavailable("changing monitors")(error),
        })
    }
}
