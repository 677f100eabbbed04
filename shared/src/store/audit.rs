//! The table `audit`: partition `AUDIT#account#2026-11` holds `instant#random`, an entry each, for 400 days.

use std::future::Future;

use aws_sdk_dynamodb::Client;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rand::Rng as _;

use super::item::{item_of, n, s, unavailable, value_of};
use super::{Result, StoreError};
use crate::account::AccountId;
use crate::audit::{AUDIT_DAYS, AuditEntry};

/// Writes down who changed what.
pub trait WriteAudit {
    /// Stores an entry. One that is sent twice may be there twice.
    fn put_entry(&self, entry: &AuditEntry) -> impl Future<Output = Result<()>> + Send;
}

/// Reads who changed what.
pub trait ReadAudit {
    /// The newest entries of an account and month (by its first day) before this instant, newest first.
    fn entries(
        &self,
        account: &AccountId,
        month: Date,
        before: Option<Timestamp>,
        limit: u16,
    ) -> impl Future<Output = Result<Vec<AuditEntry>>> + Send;
}

/// The table of audit entries; see [`WriteAudit`], [`ReadAudit`].
#[derive(Debug, Clone)]
pub struct AuditTable {
    client: Client,
    table: String,
}

impl AuditTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

fn partition(account: &AccountId, month: Date) -> String {
    format!("AUDIT#{account}#{}", month.strftime("%Y-%m"))
}

impl WriteAudit for AuditTable {
    async fn put_entry(&self, entry: &AuditEntry) -> Result<()> {
        let (at, random) = (entry.at, rand::rng().random::<u64>());
        let month = TimeZone::UTC.to_datetime(at).date();
        let mut item = item_of(partition(&entry.account, month), format!("{at:.9}#{random:016x}"), entry)?;
        let ends = at.checked_add((AUDIT_DAYS * 24).hours());
        let ends = ends.map_err(|error| StoreError::Broken(error.to_string()))?;
        item.insert("expires_at".to_owned(), n(ends.as_second()));
        // No entry is ever written over.
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk)").send().await;
        put.map(drop).map_err(unavailable("writing the audit"))
    }
}

impl ReadAudit for AuditTable {
    async fn entries(
        &self,
        account: &AccountId,
        month: Date,
        before: Option<Timestamp>,
        limit: u16,
    ) -> Result<Vec<AuditEntry>> {
        // `:` sorts behind every year.
        let to = before.map_or_else(|| ":".to_owned(), |before| format!("{before:.9}"));
        let query =
            self.client.query().table_name(&self.table).scan_index_forward(false).limit(i32::from(limit));
        let answer = query
            .key_condition_expression("pk = :pk AND sk < :to")
            .expression_attribute_values(":pk", s(partition(account, month)))
            .expression_attribute_values(":to", s(to))
            .send()
            .await
            .map_err(unavailable("reading the audit"))?;
        answer.items.unwrap_or_default().into_iter().map(value_of).collect()
    }
}
