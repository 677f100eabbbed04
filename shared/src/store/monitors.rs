//! The table `monitors`: partition `SHARD#s0` holds `MONITOR#id`; partition `META` the shards' summaries and the
//! maintenance windows (and channels: `channels`); partition `INCIDENT#id` what people add to an incident.

use std::future::Future;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use serde::de::DeserializeOwned;

use super::item::{Item, item_of, key, n, s, text, unavailable, value_of};
use super::transaction::WRITES;
use super::{
    Broken, ReadMaintenance, ReadUpdates, Result, StoreError, Stored, WriteMaintenance, WriteUpdates,
};
use crate::account::AccountId;
use crate::incident::{IncidentId, MAX_UPDATES, Update};
use crate::maintenance::{Window, WindowId};
use crate::monitor::{Monitor, MonitorId, ShardId, ShardSummary};
use crate::text::Invalid;

/// The shards' summaries: all that `scheduler` reads.
pub trait ReadShards {
    /// Every shard's summary, by shard.
    fn shards(&self) -> impl Future<Output = Result<Vec<ShardSummary>>> + Send;
}

/// The configuration of monitors.
pub trait ReadMonitors {
    /// Every monitor of a shard, by id.
    fn monitors(&self, shard: ShardId) -> impl Future<Output = Result<Stored<Monitor>>> + Send;
}

/// One monitor.
pub trait ReadMonitor {
    /// The monitor of this id, as it is after every write that is over. One that is not, or no longer, valid is none.
    fn monitor(&self, id: &MonitorId) -> impl Future<Output = Result<Option<Monitor>>> + Send;
}

/// The monitors of an account. One that is not, or no longer, valid is left out, and said in the log.
pub trait ListMonitors {
    /// The account's monitors behind this one in the order of their ids as text, at most `limit`; as they were a moment
    /// ago.
    fn monitors_of(
        &self,
        account: &AccountId,
        after: Option<&MonitorId>,
        limit: u16,
    ) -> impl Future<Output = Result<Vec<Monitor>>> + Send;
    /// The shards behind this one in the order of their names as text, at most `limit`: the order of their monitors' ids.
    fn shards_behind(
        &self,
        after: Option<ShardId>,
        limit: u16,
    ) -> impl Future<Output = Result<Vec<ShardSummary>>> + Send;
    /// Those of the account's monitors that are in this shard, without a look at the others.
    fn monitors_in(
        &self,
        shard: ShardId,
        account: &AccountId,
        after: Option<&MonitorId>,
        limit: u16,
    ) -> impl Future<Output = Result<Vec<Monitor>>> + Send;
}

/// A change of one shard: its monitors and its summary change together or not at all.
#[derive(Debug, Clone)]
pub struct ShardChange {
    /// Monitors that are new or changed. A version of 1 must not exist yet, any other must follow the stored one.
    pub put: Vec<Monitor>,
    /// Monitors that go, with the version that is stored.
    pub delete: Vec<(MonitorId, u64)>,
    /// The summary that the shard has then; version 1 for a new shard, one more than the stored one otherwise.
    pub summary: ShardSummary,
}

/// Changes monitors.
pub trait WriteMonitors {
    /// Applies the change, or answers [`StoreError::Conflict`] when shard or monitors have changed meanwhile.
    fn change(&self, change: &ShardChange) -> impl Future<Output = Result<()>> + Send;
}

/// The partition of the registries.
pub(super) const META: &str = "META";

/// What the sort key of a shard's summary begins with.
const SHARD: &str = "SHARD#";

/// What the sort key of a monitor begins with.
const MONITOR: &str = "MONITOR#";

/// The index of monitors by account, in the order of their sort keys.
const BY_ACCOUNT: &str = "by_account";

/// The table of monitors; see [`ReadShards`], [`ReadMonitors`], [`WriteMonitors`], [`ReadMaintenance`],
/// [`WriteMaintenance`], [`ReadUpdates`], [`WriteUpdates`].
#[derive(Debug, Clone)]
pub struct MonitorsTable {
    pub(super) client: Client,
    pub(super) table: String,
    consistent: bool,
}

impl MonitorsTable {
    /// The table of this name. Shards, monitors and maintenance windows are read as they were a moment ago, at half the
    /// price.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), consistent: false }
    }

    /// Everything is read as it is after every write that is over: for those who change it.
    #[must_use]
    pub fn consistent(self) -> Self {
        Self { consistent: true, ..self }
    }

    /// The first so many items in a partition whose sort key begins with this.
    async fn query(&self, pk: String, prefix: &str, consistent: bool, limit: usize) -> Result<Vec<Item>> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":prefix", s(prefix))
            .consistent_read(consistent)
            .into_paginator()
            .items()
            .send();
        let mut values = Vec::new();
        while values.len() < limit
            && let Some(item) = pages.next().await
        {
            values.push(item.map_err(unavailable("reading monitors"))?);
        }
        Ok(values)
    }

    /// Everything in a partition whose sort key begins with this, and that is valid.
    pub(super) async fn stored<T: DeserializeOwned>(
        &self,
        pk: String,
        prefix: &str,
        validated: impl Fn(T) -> std::result::Result<T, Invalid>,
    ) -> Result<Stored<T>> {
        let mut stored = Stored { values: Vec::new(), broken: Vec::new() };
        for item in self.query(pk, prefix, self.consistent, usize::MAX).await? {
            let sk = text(&item, "sk")?;
            let id = sk.strip_prefix(prefix).unwrap_or(sk).to_owned();
            let value = value_of(item).map_err(|error| error.to_string());
            match value.and_then(|value| validated(value).map_err(|error| error.to_string())) {
                Ok(value) => stored.values.push(value),
                Err(why) => stored.broken.push(Broken { id, why }),
            }
        }
        Ok(stored)
    }

    /// A put that holds only if nobody changed the item meanwhile.
    fn put(&self, item: Item, version: u64) -> Result<TransactWriteItem> {
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

    /// A deletion that holds only if nobody changed the monitor meanwhile.
    fn delete(&self, id: &MonitorId, version: u64) -> Result<TransactWriteItem> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key(format!("SHARD#{}", id.shard()), format!("{MONITOR}{id}"))))
            .condition_expression("#version = :before")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":before", n(version));
        let delete = delete.build().map_err(|error| StoreError::Broken(error.to_string()))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

/// The monitor of an item, if it is valid. Of another the log has the id alone: what is wrong with it may quote a secret.
fn valid(item: Item) -> Option<Monitor> {
    let id = text(&item, "sk").unwrap_or_default().to_owned();
    let monitor = value_of::<Monitor>(item).ok().and_then(|monitor| monitor.validated().ok());
    if monitor.is_none() {
        tracing::warn!(id, "left out a monitor that is not valid");
    }
    monitor
}

impl ReadShards for MonitorsTable {
    async fn shards(&self) -> Result<Vec<ShardSummary>> {
        let items = self.query(META.to_owned(), SHARD, self.consistent, usize::MAX).await?;
        let mut shards: Vec<ShardSummary> = items.into_iter().map(value_of).collect::<Result<_>>()?;
        shards.sort_by_key(|summary| summary.shard);
        Ok(shards)
    }
}

impl ReadMonitors for MonitorsTable {
    async fn monitors(&self, shard: ShardId) -> Result<Stored<Monitor>> {
        self.stored(format!("SHARD#{shard}"), MONITOR, Monitor::validated).await
    }
}

impl ReadMonitor for MonitorsTable {
    async fn monitor(&self, id: &MonitorId) -> Result<Option<Monitor>> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let get = get.set_key(Some(key(format!("SHARD#{}", id.shard()), format!("{MONITOR}{id}"))));
        let item = get.send().await.map_err(unavailable("reading a monitor"))?.item;
        Ok(item.and_then(valid))
    }
}

/// The first valid and wanted monitors behind this one of a query between `:from` and `:to`, at most `limit`.
async fn first(
    query: QueryFluentBuilder,
    after: Option<&MonitorId>,
    limit: u16,
    wanted: impl Fn(&Monitor) -> bool,
) -> Result<Vec<Monitor>> {
    // Behind every key that begins with the last one, or with the kind.
    let from = after.map_or_else(|| MONITOR.to_owned(), |id| format!("{MONITOR}{id}!"));
    let mut items = query
        .expression_attribute_values(":from", s(from))
        .expression_attribute_values(":to", s(format!("{MONITOR}~")))
        .limit(i32::from(limit))
        .into_paginator()
        .items()
        .send();
    let mut monitors = Vec::new();
    while monitors.len() < usize::from(limit)
        && let Some(item) = items.next().await
    {
        let item = item.map_err(unavailable("listing monitors"))?;
        monitors.extend(valid(item).filter(&wanted));
    }
    Ok(monitors)
}

impl ListMonitors for MonitorsTable {
    async fn monitors_of(
        &self,
        account: &AccountId,
        after: Option<&MonitorId>,
        limit: u16,
    ) -> Result<Vec<Monitor>> {
        let query = self.client.query().table_name(&self.table).index_name(BY_ACCOUNT);
        let query = query.key_condition_expression("account = :account AND sk BETWEEN :from AND :to");
        let query = query.expression_attribute_values(":account", s(account.to_string()));
        first(query, after, limit, |_| true).await
    }

    async fn shards_behind(&self, after: Option<ShardId>, limit: u16) -> Result<Vec<ShardSummary>> {
        let after = after.map(|shard| format!("{SHARD}{shard}!")).unwrap_or_else(|| SHARD.to_owned());
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(self.consistent)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", s(META))
            // Behind the shard itself, and in front of those whose names go on.
            .expression_attribute_values(":from", s(after))
            .expression_attribute_values(":to", s(format!("{SHARD}~")))
            .limit(i32::from(limit));
        let items = query.send().await.map_err(unavailable("listing shards"))?.items.unwrap_or_default();
        items.into_iter().map(value_of).collect()
    }

    async fn monitors_in(
        &self,
        shard: ShardId,
        account: &AccountId,
        after: Option<&MonitorId>,
        limit: u16,
    ) -> Result<Vec<Monitor>> {
        let query = self.client.query().table_name(&self.table).consistent_read(self.consistent);
        let query = query.key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to");
        let query = query.expression_attribute_values(":pk", s(format!("SHARD#{shard}")));
        // Not by a filter of the query: an item without an account is the installation's own.
        first(query, after, limit, |monitor| monitor.account == *account).await
    }
}

impl ReadMaintenance for MonitorsTable {
    async fn windows(&self) -> Result<Stored<Window>> {
        self.stored(META.to_owned(), "MAINTENANCE#", Window::validated).await
    }
}

impl WriteMaintenance for MonitorsTable {
    async fn put_window(&self, window: &Window) -> Result<()> {
        let item = item_of(META, format!("MAINTENANCE#{}", window.id), window)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(unavailable("storing a maintenance window"))
    }

    async fn delete_window(&self, id: &WindowId) -> Result<()> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.key("pk", s(META)).key("sk", s(format!("MAINTENANCE#{id}")));
        delete.send().await.map(drop).map_err(unavailable("deleting a maintenance window"))
    }
}

impl ReadUpdates for MonitorsTable {
    async fn updates(&self, incident: &IncidentId) -> Result<Vec<Update>> {
        // What was said before a slot began counts in it, so it has to be there.
        let items = self.query(format!("INCIDENT#{incident}"), "UPDATE#", true, 2 * MAX_UPDATES).await?;
        items.into_iter().map(value_of).collect()
    }
}

impl WriteUpdates for MonitorsTable {
    async fn add_update(&self, update: &Update) -> Result<()> {
        let item =
            item_of(format!("INCIDENT#{}", update.incident), format!("UPDATE#{:.9}", update.at), update)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(unavailable("updating an incident"))
    }
}

impl WriteMonitors for MonitorsTable {
    async fn change(&self, change: &ShardChange) -> Result<()> {
        let shard = change.summary.shard;
        let writes = change.put.len() + change.delete.len() + 1;
        if writes > WRITES {
            return Err(StoreError::Broken(format!("a change of shard {shard} with {writes} writes")));
        }
        let mut puts = Vec::with_capacity(writes);
        for monitor in &change.put {
            let item = item_of(format!("SHARD#{shard}"), format!("{MONITOR}{}", monitor.id), monitor)?;
            puts.push(self.put(item, monitor.version)?);
        }
        for (id, version) in &change.delete {
            puts.push(self.delete(id, *version)?);
        }
        let summary = item_of(META, format!("{SHARD}{shard}"), &change.summary)?;
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
