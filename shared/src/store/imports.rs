//! The table `imports`: partition `OBJECT#key` holds `VERSION#id`, the ledger; `KEY`/`FIRST` the fingerprint of
//! the first PII key. Index `by_month` has the imports of a month by the time they began, index `by_id` those of an
//! id. People who have asked to be erased are in a partition of their own.

mod erased;
mod walk;

pub use erased::{FirstHmac, ReadErased, WriteErased};
pub use walk::{IMPORT_MONTHS, month_of, walk_imports};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::item::{Item, condition_failed, item_of, keyed, n, parsed, s, text, unavailable, value_of};
use super::{Claim, Heartbeat, ListImports, ReadImports, Result, StoreError, WriteImports};
use crate::import::{Import, ImportId, NOBODY, ObjectVersion};
use crate::purchase::sortable;

/// How long an entry is kept, in hours: 400 days.
const KEPT_HOURS: i64 = 400 * 24;

/// What [`crate::import::ImportCounts`] are stored as.
const COUNTS: [&str; 8] =
    ["bytes", "text_bytes", "rows", "loaded", "rejected", "erased", "ambiguous_times", "checkpoint"];

/// The keys of the first PII key's fingerprint.
const FIRST_KEY: (&str, &str) = ("KEY", "FIRST");

/// The index of imports by month and beginning.
const BY_MONTH: &str = "by_month";

/// The index of imports by id.
const BY_ID: &str = "by_id";

/// Most entries of a list that are passed over because they cannot be read.
const MAX_UNREADABLE: usize = 100;

/// The import ledger; see [`WriteImports`], [`ReadImports`], [`ListImports`], [`super::ReadErased`],
/// [`super::WriteErased`].
#[derive(Debug, Clone)]
pub struct ImportsTable {
    client: Client,
    table: String,
}

impl ImportsTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

fn keys(object: &ObjectVersion) -> (String, String) {
    (format!("OBJECT#{}", object.key), format!("VERSION#{}", object.version))
}

fn entry(import: &Import) -> Result<Item> {
    let (pk, sk) = keys(&import.object);
    let mut item = item_of(pk, sk, import)?;
    let month = import.started_at.strftime("%Y-%m").to_string();
    let expires_at = import.started_at + KEPT_HOURS.hours();
    // Instants are compared as texts: one width for all of them.
    item.insert("lease_until".to_owned(), s(sortable(import.lease_until)));
    item.insert("started_at".to_owned(), s(sortable(import.started_at)));
    item.insert("month".to_owned(), s(month));
    item.insert("expires_at".to_owned(), n(expires_at.as_second()));
    Ok(item)
}

impl WriteImports for ImportsTable {
    async fn claim(&self, import: &Import, now: Timestamp) -> Result<Claim> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(entry(import)?))
            .condition_expression(
                "attribute_not_exists(pk) OR #state = :failed OR \
                 (#state = :running AND (#owner = :nobody OR lease_until < :now))",
            )
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":failed", s("failed"))
            .expression_attribute_values(":running", s("running"))
            .expression_attribute_values(":nobody", s(NOBODY))
            .expression_attribute_values(":now", s(sortable(now)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else {
            return Ok(Claim::Granted);
        };
        let there = match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => failed.item().cloned(),
            _ => return Err(unavailable("claiming an import")(error)),
        };
        let there = match there {
            Some(item) => value_of::<Import>(item)?,
            None => self
                .import(&import.object)
                .await?
                .ok_or_else(|| StoreError::Conflict("the import".to_owned()))?,
        };
        Ok(match there {
            // The client sent it twice, because the first answer was lost.
            there if there.owner == import.owner && there.state == import.state => Claim::Granted,
            there if there.state.is_final() => Claim::Ended(Box::new(there)),
            there => Claim::Leased(there.lease_until),
        })
    }

    async fn progress(&self, object: &ObjectVersion, owner: &str, heartbeat: &Heartbeat) -> Result<()> {
        let (pk, sk) = keys(object);
        let broken = |error| StoreError::Broken(format!("progress that cannot be stored: {error}"));
        let counts: Item = serde_dynamo::to_item(&heartbeat.counts).map_err(broken)?;
        let mut set =
            "SET lease_until = :until, unsorted = :unsorted, #bytes = :bytes, text_bytes = :text_bytes, \
                       #rows = :rows, loaded = :loaded, rejected = :rejected, erased = :erased, \
                       ambiguous_times = :ambiguous_times, checkpoint = :checkpoint"
                .to_owned();
        if heartbeat.days.is_some() {
            set.push_str(", days = :days");
        }
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", s(pk))
            .key("sk", s(sk))
            .condition_expression("#owner = :owner AND #state = :running")
            .update_expression(set)
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#bytes", "bytes")
            .expression_attribute_names("#rows", "rows")
            .expression_attribute_values(":owner", s(owner))
            .expression_attribute_values(":running", s("running"))
            .expression_attribute_values(":until", s(sortable(heartbeat.lease_until)))
            .expression_attribute_values(":unsorted", AttributeValue::Bool(heartbeat.unsorted));
        if let Some(days) = &heartbeat.days {
            let days = serde_dynamo::to_attribute_value(days).map_err(broken)?;
            update = update.expression_attribute_values(":days", days);
        }
        for name in COUNTS {
            let value = counts.get(name).cloned().unwrap_or(AttributeValue::Null(true));
            update = update.expression_attribute_values(format!(":{name}"), value);
        }
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => {
                Err(StoreError::Conflict("the lease of the import".to_owned()))
            }
            Err(error) => Err(unavailable("recording progress")(error)),
        }
    }

    async fn finish(&self, import: &Import) -> Result<()> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(entry(import)?))
            // Ended already by the same write: the client sent it twice, because the first answer was lost.
            .condition_expression("#owner = :owner AND (#state = :running OR ended_at = :ended_at)")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":owner", s(&import.owner))
            .expression_attribute_values(":running", s("running"))
            .expression_attribute_values(":ended_at", s(import.ended_at.unwrap_or_default().to_string()));
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => {
                Err(StoreError::Conflict("the lease of the import".to_owned()))
            }
            Err(error) => Err(unavailable("ending an import")(error)),
        }
    }

    async fn release(&self, import: &Import) -> Result<()> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(entry(&Import { owner: NOBODY.to_owned(), ..import.clone() })?))
            // Released already by the same write: the client sent it twice, because the first answer was lost.
            .condition_expression(
                "#state = :running AND (#owner = :owner OR (#owner = :nobody AND lease_until = :until))",
            )
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":owner", s(&import.owner))
            .expression_attribute_values(":nobody", s(NOBODY))
            .expression_attribute_values(":until", s(sortable(import.lease_until)))
            .expression_attribute_values(":running", s("running"));
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => {
                Err(StoreError::Conflict("the lease of the import".to_owned()))
            }
            Err(error) => Err(unavailable("handing an import on")(error)),
        }
    }

    async fn first_key(&self, fingerprint: &str) -> Result<String> {
        let mut item = keyed(FIRST_KEY.0, FIRST_KEY.1);
        item.insert("fingerprint".to_owned(), s(fingerprint));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Ok(_) => return Ok(fingerprint.to_owned()),
            Err(error) if condition_failed(&error) => {}
            Err(error) => return Err(unavailable("recording the first key")(error)),
        }
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = get.key("pk", s(FIRST_KEY.0)).key("sk", s(FIRST_KEY.1)).send().await;
        let item = answer.map_err(unavailable("reading the first key"))?.item;
        let item = item.ok_or_else(|| StoreError::Conflict("the first key".to_owned()))?;
        text(&item, "fingerprint").map(str::to_owned)
    }
}

impl ReadImports for ImportsTable {
    async fn import(&self, object: &ObjectVersion) -> Result<Option<Import>> {
        let (pk, sk) = keys(object);
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer =
            get.key("pk", s(pk)).key("sk", s(sk)).send().await.map_err(unavailable("reading an import"))?;
        answer.item.map(value_of).transpose()
    }
}

/// The import of an entry, unless it has expired.
fn kept(item: Item, now: Timestamp) -> Result<Option<Import>> {
    let kept = parsed::<i64>(&item, "expires_at")? > now.as_second();
    kept.then(|| value_of(item)).transpose()
}

impl ListImports for ImportsTable {
    async fn import_by_id(&self, id: &ImportId) -> Result<Option<Import>> {
        let query = self.client.query().table_name(&self.table).index_name(BY_ID).limit(1);
        let query = query.key_condition_expression("import_id = :id");
        let answer = query.expression_attribute_values(":id", s(id.to_string())).send().await;
        let mut items = answer.map_err(unavailable("reading an import"))?.items.unwrap_or_default();
        items.pop().map_or(Ok(None), |item| kept(item, Timestamp::now()))
    }

    async fn imports(&self, month: Date, before: Option<Timestamp>, limit: usize) -> Result<Vec<Import>> {
        let now = Timestamp::now();
        let query = self.client.query().table_name(&self.table).index_name(BY_MONTH);
        let query = query.expression_attribute_values(":month", s(month.strftime("%Y-%m").to_string()));
        let query = match before {
            None => query.key_condition_expression("#month = :month"),
            Some(before) => query
                .key_condition_expression("#month = :month AND started_at < :before")
                .expression_attribute_values(":before", s(sortable(before))),
        };
        let query = query.expression_attribute_names("#month", "month").scan_index_forward(false);
        let page = i32::try_from(limit).unwrap_or(i32::MAX);
        let mut items = query.limit(page).into_paginator().items().send();
        let mut imports = Vec::new();
        for _ in 0..limit.saturating_add(MAX_UNREADABLE) {
            if imports.len() == limit {
                break;
            }
            let Some(item) = items.next().await else { break };
            match kept(item.map_err(unavailable("reading imports"))?, now) {
                Ok(import) => imports.extend(import),
                // One that cannot be read must not hide the others.
                Err(error) => tracing::error!(%error, "left out an import"),
            }
        }
        Ok(imports)
    }
}
