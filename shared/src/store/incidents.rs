//! The table `incidents`: `STATE`/`s0` holds what is remembered of a shard's monitors, `FOLDED`/`s0` how far it
//! is folded; partition `MONTH#2026-11` holds `opened_at#monitor`, one incident each; `GUESTS#2026-11` those of accounts
//! that are not the installation's own, so that these are in nobody's way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::batch::{Batch, KEYS, together};
use super::item::{
    Item, check_version, condition_failed, item_of, key, keyed, parsed, s, text, unavailable, value_of,
};
use super::{
    Folding, ListStates, MAX_FOLDED_INCIDENTS, Mark, ReadIncidents, ReadMarks, ReadStates, Result,
    StoreError, WriteJudgement,
};
use crate::account::AccountId;
use crate::incident::{Incident, IncidentId};
use crate::monitor::{MonitorId, ShardId};
use crate::schedule::Slot;
use crate::state::{self, ShardState};

/// The partition of the shards' states.
const STATE: &str = "STATE";

/// The partition of the last slots folded.
const FOLDED: &str = "FOLDED";

/// The index of incidents by monitor: `monitor`, `opened_at`.
const BY_MONITOR: &str = "by_monitor";

/// The index of guests' incidents by account: `account`, `sk`. The installation's own name none, and are not in it.
const BY_ACCOUNT: &str = "by_account";

/// Behind the slot in a sort key: sorts behind every monitor's id.
const BEHIND: &str = "#~";

/// Months that [`ReadIncidents::incidents`] looks through at most.
const MAX_MONTHS: usize = 13;

/// The table of incidents; see [`ReadStates`], [`ListStates`], [`ReadMarks`], [`WriteJudgement`], [`ReadIncidents`].
#[derive(Debug, Clone)]
pub struct IncidentsTable {
    client: Client,
    table: String,
}

impl IncidentsTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// One item, as it is after every write that is over.
    async fn item(&self, pk: impl Into<String>, sk: impl Into<String>) -> Result<Option<Item>> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let got = get.key("pk", s(pk)).key("sk", s(sk)).send().await;
        Ok(got.map_err(unavailable("reading the table of incidents"))?.item)
    }

    /// Moves the mark alone: half the price of a transaction, and most slots change nothing else.
    async fn move_mark(&self, folding: &Folding) -> Result<()> {
        let unmoved = Unmoved::since(folding.before);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(mark(folding)?))
            .condition_expression(unmoved.condition)
            .set_expression_attribute_names(unmoved.names)
            .set_expression_attribute_values(unmoved.values);
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) || at_the_same_moment(&error) => Err(conflict(folding)),
            Err(error) => Err(unavailable("moving the mark of a shard")(error)),
        }
    }

    fn transaction(&self, folding: &Folding) -> Result<Vec<TransactWriteItem>> {
        let put = |item| Put::builder().table_name(&self.table).set_item(Some(item));
        let unmoved = Unmoved::since(folding.before);
        let moved = put(mark(folding)?)
            .condition_expression(unmoved.condition)
            .set_expression_attribute_names(unmoved.names)
            .set_expression_attribute_values(unmoved.values);
        let mut puts = vec![moved];
        if let Some(state) = &folding.state {
            let mut item = keyed(STATE, folding.shard.to_string());
            item.insert("text".to_owned(), s(state::encode(folding.shard, state)));
            puts.push(put(item));
        }
        for incident in &folding.incidents {
            let id = incident.id();
            puts.push(put(item_of(partition(&incident.account, id.opened_at), id.to_string(), incident)?));
        }
        let writes = puts.into_iter().map(|put| {
            let put = put.build().map_err(|error| StoreError::Broken(error.to_string()))?;
            Ok(TransactWriteItem::builder().put(put).build())
        });
        writes.collect()
    }

    /// The first so many items of a query, newest first.
    async fn newest(&self, query: QueryFluentBuilder, limit: usize) -> Result<Vec<Incident>> {
        let page = i32::try_from(limit).unwrap_or(i32::MAX);
        let query = query.table_name(&self.table).scan_index_forward(false).limit(page);
        let mut items = query.into_paginator().items().send();
        let (mut read, mut incidents) = (0, Vec::new());
        while read < limit
            && let Some(item) = items.next().await
        {
            read += 1;
            match value_of(item.map_err(unavailable("reading incidents"))?) {
                Ok(incident) => incidents.push(incident),
                // One that cannot be read must not hide the others.
                Err(error) => tracing::error!(%error, "left out an incident"),
            }
        }
        Ok(incidents)
    }
}

/// The mark as it is then.
fn mark(folding: &Folding) -> Result<Item> {
    item_of(FOLDED, folding.shard.to_string(), &folding.after)
}

/// The condition that nobody has moved the mark meanwhile.
struct Unmoved {
    condition: &'static str,
    names: Option<HashMap<String, String>>,
    values: Option<Item>,
}

impl Unmoved {
    fn since(before: Option<Slot>) -> Self {
        match before {
            Some(slot) => Self {
                condition: "#slot = :before",
                names: Some(HashMap::from([("#slot".to_owned(), "slot".to_owned())])),
                values: Some(HashMap::from([(":before".to_owned(), s(slot.to_string()))])),
            },
            None => Self { condition: "attribute_not_exists(pk)", names: None, values: None },
        }
    }
}

fn conflict(folding: &Folding) -> StoreError {
    StoreError::Conflict(format!("the state of shard {}", folding.shard))
}

/// Whether a single write met a transaction on the same item.
fn at_the_same_moment<R>(error: &SdkError<PutItemError, R>) -> bool {
    matches!(error.as_service_error(), Some(PutItemError::TransactionConflictException(_)))
}

/// Whether a transaction was cancelled because somebody else wrote first, or at the same moment.
fn somebody_else<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
    else {
        return false;
    };
    let mut codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    codes.any(|code| matches!(code, "ConditionalCheckFailed" | "TransactionConflict"))
}

/// The partition of the account's incidents that were opened in this slot's month.
fn partition(account: &AccountId, slot: Slot) -> String {
    if account.is_home() { month(slot) } else { guests_month(slot) }
}

/// The partition of the installation's own.
fn month(slot: Slot) -> String {
    format!("MONTH#{}", slot.date().strftime("%Y-%m"))
}

/// The partition of those of guests.
fn guests_month(slot: Slot) -> String {
    format!("GUESTS#{}", slot.date().strftime("%Y-%m"))
}

/// What an item says of this shard.
fn state_of(shard: ShardId, item: &Item) -> Result<ShardState> {
    check_version(item)?;
    let decoded = state::decode(shard, text(item, "text")?);
    decoded.map_err(|error| StoreError::Broken(format!("the state of shard {shard}: {error}")))
}

impl ReadStates for IncidentsTable {
    async fn state(&self, shard: ShardId) -> Result<Option<ShardState>> {
        let item = self.item(STATE, shard.to_string()).await?;
        item.map(|item| state_of(shard, &item)).transpose()
    }
}

impl ListStates for IncidentsTable {
    async fn states(&self, shards: &BTreeSet<ShardId>) -> Result<HashMap<ShardId, ShardState>> {
        let (client, table) = (self.client.clone(), self.table.clone());
        let batch = Batch { client, table, action: "reading the states of shards" };
        let keys: Vec<Item> = shards.iter().map(|shard| key(STATE, shard.to_string())).collect();
        let items = together(keys, KEYS, |keys| {
            let batch = batch.clone();
            async move { batch.read(keys, true).await }
        });
        let mut states = HashMap::new();
        for item in items.await?.into_iter().flatten() {
            match parsed(&item, "sk").and_then(|shard| Ok((shard, state_of(shard, &item)?))) {
                Ok((shard, state)) => drop(states.insert(shard, state)),
                // One that cannot be read must not hide the others.
                Err(error) => tracing::error!(%error, "left out the state of a shard"),
            }
        }
        Ok(states)
    }
}

impl ReadMarks for IncidentsTable {
    async fn marks(&self) -> Result<BTreeMap<ShardId, Mark>> {
        let query = self.client.query().table_name(&self.table).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", s(FOLDED));
        let mut items = query.into_paginator().items().send();
        let mut marks = BTreeMap::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(unavailable("reading how far shards are folded"))?;
            match parsed(&item, "sk").and_then(|shard| Ok((shard, value_of(item)?))) {
                Ok((shard, mark)) => drop(marks.insert(shard, mark)),
                // One that cannot be read must not hide the others.
                Err(error) => tracing::error!(%error, "left out the mark of a shard"),
            }
        }
        Ok(marks)
    }
}

impl WriteJudgement for IncidentsTable {
    async fn folded(&self, shard: ShardId) -> Result<Option<Mark>> {
        self.item(FOLDED, shard.to_string()).await?.map(value_of).transpose()
    }

    async fn fold(&self, folding: &Folding) -> Result<()> {
        if folding.incidents.len() > MAX_FOLDED_INCIDENTS {
            return Err(StoreError::Broken(format!("a folding of {} incidents", folding.incidents.len())));
        }
        if folding.state.is_none() && folding.incidents.is_empty() {
            return self.move_mark(folding).await;
        }
        let writes = self.transaction(folding)?;
        let sent = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        sent.map(drop).map_err(|error| match somebody_else(&error) {
            true => conflict(folding),
            false => unavailable("judging a shard")(error),
        })
    }
}

impl ReadIncidents for IncidentsTable {
    async fn incident(&self, id: &IncidentId) -> Result<Option<Incident>> {
        // An id does not say whose it is. Nearly all are the installation's own.
        let own = self.item(month(id.opened_at), id.to_string()).await?;
        let item = match own {
            None => self.item(guests_month(id.opened_at), id.to_string()).await?,
            own => own,
        };
        item.map(value_of).transpose()
    }

    async fn incidents(
        &self,
        account: &AccountId,
        opened: RangeInclusive<Slot>,
        limit: usize,
    ) -> Result<Vec<Incident>> {
        let (first, mut last) = (*opened.start(), *opened.end());
        if first > last {
            return Ok(Vec::new());
        }
        if !account.is_home() {
            let query = self
                .client
                .query()
                .index_name(BY_ACCOUNT)
                .key_condition_expression("account = :account AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":account", s(account.to_string()))
                .expression_attribute_values(":from", s(first.to_string()))
                .expression_attribute_values(":to", s(format!("{last}{BEHIND}")));
            return self.newest(query, limit).await;
        }
        let mut incidents = Vec::new();
        for _ in 0..MAX_MONTHS {
            if first > last || incidents.len() >= limit {
                break;
            }
            let Ok(begins) = Slot::at(last.date().first_of_month(), "00:00") else { break };
            let query = self
                .client
                .query()
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":pk", s(month(last)))
                .expression_attribute_values(":from", s(first.max(begins).to_string()))
                .expression_attribute_values(":to", s(format!("{last}{BEHIND}")));
            incidents.extend(self.newest(query, limit - incidents.len()).await?);
            last = begins.plus(-1);
        }
        Ok(incidents)
    }

    async fn incidents_of(&self, monitor: &MonitorId, limit: usize) -> Result<Vec<Incident>> {
        let query = self
            .client
            .query()
            .index_name(BY_MONITOR)
            .key_condition_expression("monitor = :monitor")
            .expression_attribute_values(":monitor", s(monitor.to_string()));
        self.newest(query, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_survives_its_item_and_one_that_is_none_is_refused() {
        let slot: Slot = "2026-11-21T14:25:00Z".parse().unwrap();
        let reported = "2026-11-21T14:20:00Z/003f".parse().unwrap();
        let mark = Mark { slot, reported: [("us-east-1".parse().unwrap(), reported)].into() };
        let item = item_of(FOLDED, "s0", &mark).unwrap();
        assert_eq!(value_of::<Mark>(item.clone()).unwrap(), mark);
        let mut older = item.clone();
        let regions = older.remove("regions").unwrap();
        older.insert("reported".to_owned(), regions);
        assert_eq!(value_of::<Mark>(older).unwrap(), Mark { slot, reported: BTreeMap::new() });
        for (name, broken) in [("slot", s("soon")), ("regions", s("none")), ("v", s("1"))] {
            let mut item = item.clone();
            item.insert(name.to_owned(), broken);
            assert!(value_of::<Mark>(item).is_err(), "{name}");
        }
    }
}
