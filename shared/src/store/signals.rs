//! The table `signals`: partition `BLOCK#shard#date` holds `HH:MM#region`, one block each, for 8 days.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::item::{Item, check_version, condition_failed, keyed, n, parsed, s, text, unavailable};
use super::{MAX_SLOTS, ReadSignals, Result, StoreError, WriteSignals};
use crate::block::{self, Block};
use crate::monitor::ShardId;
use crate::schedule::Slot;

/// How long a block is kept, in hours: 8 days.
const KEPT_HOURS: i64 = 8 * 24;

/// What a block's attribute `kind` says; the stream's filter asks for it.
const KIND: &str = "block";

/// The table of signals; see [`WriteSignals`], [`ReadSignals`].
#[derive(Debug, Clone)]
pub struct SignalsTable {
    client: Client,
    table: String,
    consistent: bool,
}

impl SignalsTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), consistent: false }
    }

    /// The table, read as it is after every write that is over; costs twice as much.
    pub fn consistent(self) -> Self {
        Self { consistent: true, ..self }
    }

    /// The blocks of one day between two times `HH:MM`, both included.
    async fn day(&self, shard: ShardId, date: Date, from: &str, to: &str) -> Result<Vec<Block>> {
        let now = Timestamp::now();
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", s(partition(shard, date)))
            .expression_attribute_values(":from", s(from))
            // `~` sorts behind every region's name.
            .expression_attribute_values(":to", s(format!("{to}#~")))
            .consistent_read(self.consistent)
            .into_paginator()
            .items()
            .send();
        let mut blocks = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(unavailable("reading signals"))?;
            match kept_block(shard, date, &item, now) {
                Ok(block) => blocks.extend(block),
                Err(error) => tracing::error!(%error, "left out a block"),
            }
        }
        Ok(blocks)
    }
}

/// The block of an item, unless it has expired or is something else than a block.
fn kept_block(shard: ShardId, date: Date, item: &Item, now: Timestamp) -> Result<Option<Block>> {
    let kept = text(item, "kind")? == KIND && parsed::<i64>(item, "expires_at")? > now.as_second();
    kept.then(|| block_of(shard, date, item)).transpose()
}

/// The block of an item as the table's stream hands it on.
///
/// # Errors
/// When it is none, or not as it is written.
pub fn streamed_block(item: &HashMap<String, AttributeValue>) -> Result<Block> {
    let pk = text(item, "pk")?;
    let (shard, date) = pk
        .strip_prefix("BLOCK#")
        .and_then(|rest| rest.split_once('#'))
        .and_then(|(shard, date)| Some((shard.parse().ok()?, date.parse().ok()?)))
        .ok_or_else(|| StoreError::Broken(format!("no block's key: {pk}")))?;
    block_of(shard, date, item)
}

fn partition(shard: ShardId, date: Date) -> String {
    format!("BLOCK#{shard}#{date}")
}

fn block_of(shard: ShardId, date: Date, item: &Item) -> Result<Block> {
    check_version(item)?;
    let sk = text(item, "sk")?;
    let broken =
        |error: &dyn std::fmt::Display| StoreError::Broken(format!("block {shard} {date} {sk}: {error}"));
    let (hour_minute, region) = sk.split_once('#').ok_or_else(|| broken(&"no region"))?;
    Ok(Block {
        shard,
        slot: Slot::at(date, hour_minute).map_err(|error| broken(&error))?,
        region: region.parse().map_err(|error| broken(&error))?,
        written_at: parsed(item, "written_at")?,
        signals: block::decode(shard, text(item, "text")?).map_err(|error| broken(&error))?,
    })
}

impl WriteSignals for SignalsTable {
    async fn put_block(&self, block: &Block) -> Result<bool> {
        let sk = format!("{}#{}", block.slot.hour_minute(), block.region);
        let mut item = keyed(partition(block.shard, block.slot.date()), sk);
        let expires_at = block.slot.start() + KEPT_HOURS.hours();
        item.extend([
            ("kind".to_owned(), s(KIND)),
            ("text".to_owned(), s(block::encode(&block.signals))),
            ("written_at".to_owned(), s(block.written_at.to_string())),
            ("expires_at".to_owned(), n(expires_at.as_second())),
        ]);
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(unavailable("writing a block")(error)),
        }
    }
}

impl ReadSignals for SignalsTable {
    async fn blocks(&self, shard: ShardId, slots: RangeInclusive<Slot>) -> Result<Vec<Block>> {
        let last = *slots.end();
        let mut from = last.plus(1 - MAX_SLOTS).max(*slots.start());
        let mut blocks = Vec::new();
        while from <= last {
            let date = from.date();
            let to = if last.date() == date { last.hour_minute() } else { "23:59".to_owned() };
            blocks.extend(self.day(shard, date, &from.hour_minute(), &to).await?);
            let minutes_left = 1_440 - from.minutes().rem_euclid(1_440);
            from = from.plus(minutes_left);
        }
        Ok(blocks)
    }
    async fn oldest(&self, shard: ShardId) -> Result<Option<Slot>> {
        let now = Slot::containing(Timestamp::now());
        for days_ago in (0..=KEPT_HOURS / 24).rev() {
            let date = now.plus(-1_440 * days_ago).date();
            let first = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", s(partition(shard, date)))
                .projection_expression("sk")
                .consistent_read(self.consistent)
                .limit(1)
                .send()
                .await
                .map_err(unavailable("reading signals"))?;
            if let Some(item) = first.items().first() {
                let hour_minute = text(item, "sk")?.split('#').next().unwrap_or_default();
                let slot = Slot::at(date, hour_minute);
                return slot
                    .map(Some)
                    .map_err(|error| StoreError::Broken(format!("{shard} {date}: {error}")));
            }
        }
        Ok(None)
    }
}
