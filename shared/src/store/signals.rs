//! The table `signals`: partition `BLOCK#shard#date` holds `HH:MM#region`, one block each, and
//! `HH:MM#region#monitor`, a check out of turn, for 8 days.

use std::collections::HashMap;
use std::future::Future;
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::item::{Item, check_version, condition_failed, keyed, n, parsed, s, text, unavailable};
use super::{Result, StoreError};
use crate::block::{self, Block};
use crate::monitor::ShardId;
use crate::schedule::Slot;

/// Records signals.
pub trait WriteSignals {
    /// Puts the block once: `false` when it was there already, whatever it holds.
    fn put_block(&self, block: &Block) -> impl Future<Output = Result<bool>> + Send;
}

/// Records checks out of turn.
pub trait WriteChecks {
    /// Stores a block of one signal that was made out of turn: it is shown, never judged or counted. One of the same
    /// monitor, slot and region takes the place of the one before.
    fn put_check(&self, check: &Block) -> impl Future<Output = Result<()>> + Send;
}

/// What was recorded of a shard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Blocks, oldest first.
    pub blocks: Vec<Block>,
    /// Checks out of turn, each a block of one signal, oldest first.
    pub checks: Vec<Block>,
}

/// Reads signals.
pub trait ReadSignals {
    /// The shard's blocks of these slots, oldest first; at most [`MAX_SLOTS`] slots. A block that cannot be read is
    /// left out, and said in the log: it is as if its region had not reported.
    fn blocks(
        &self,
        shard: ShardId,
        slots: RangeInclusive<Slot>,
    ) -> impl Future<Output = Result<Vec<Block>>> + Send;

    /// The slot of the shard's oldest block, if it has any.
    fn oldest(&self, shard: ShardId) -> impl Future<Output = Result<Option<Slot>>> + Send;
}

/// Reads signals, and the checks out of turn.
pub trait ReadChecks {
    /// What was recorded of the shard in these slots, by the rules of [`ReadSignals::blocks`].
    fn recorded(
        &self,
        shard: ShardId,
        slots: RangeInclusive<Slot>,
    ) -> impl Future<Output = Result<Recorded>> + Send;
}

/// Most slots that one call of [`ReadSignals::blocks`] reads: two days.
pub const MAX_SLOTS: i64 = 2_880;

/// How long a block is kept, in hours: 8 days.
const KEPT_HOURS: i64 = 8 * 24;

/// What a block's attribute `kind` says; the stream's filter asks for it.
const KIND: &str = "block";

/// What that of a check out of turn says.
const CHECK: &str = "check";

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

    /// What was recorded on one day between two times `HH:MM`, both included.
    async fn day(&self, shard: ShardId, date: Date, from: &str, to: &str) -> Result<Recorded> {
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
        let mut recorded = Recorded::default();
        while let Some(item) = items.next().await {
            let item = item.map_err(unavailable("reading signals"))?;
            if let Err(error) = keep(shard, date, &item, now, &mut recorded) {
                tracing::error!(%error, "left out a block");
            }
        }
        Ok(recorded)
    }
}

/// Adds the block of an item, unless it has expired or is something else.
fn keep(shard: ShardId, date: Date, item: &Item, now: Timestamp, recorded: &mut Recorded) -> Result<()> {
    let of_its_kind = match text(item, "kind")? {
        KIND => &mut recorded.blocks,
        CHECK => &mut recorded.checks,
        _ => return Ok(()),
    };
    if parsed::<i64>(item, "expires_at")? > now.as_second() {
        of_its_kind.push(block_of(shard, date, item)?);
    }
    Ok(())
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
    // Behind it a check out of turn names its monitor.
    let region = region.split('#').next().unwrap_or(region);
    Ok(Block {
        shard,
        slot: Slot::at(date, hour_minute).map_err(|error| broken(&error))?,
        region: region.parse().map_err(|error| broken(&error))?,
        written_at: parsed(item, "written_at")?,
        signals: block::decode(shard, text(item, "text")?).map_err(|error| broken(&error))?,
    })
}

/// The item of a block, or of a check out of turn.
fn item_with(block: &Block, kind: &str, sk: String) -> Item {
    let mut item = keyed(partition(block.shard, block.slot.date()), sk);
    let expires_at = block.slot.start() + KEPT_HOURS.hours();
    item.extend([
        ("kind".to_owned(), s(kind)),
        ("text".to_owned(), s(block::encode(&block.signals))),
        ("written_at".to_owned(), s(block.written_at.to_string())),
        ("expires_at".to_owned(), n(expires_at.as_second())),
    ]);
    item
}

impl WriteSignals for SignalsTable {
    async fn put_block(&self, block: &Block) -> Result<bool> {
        let sk = format!("{}#{}", block.slot.hour_minute(), block.region);
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item_with(block, KIND, sk)));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(unavailable("writing a block")(error)),
        }
    }
}

impl WriteChecks for SignalsTable {
    async fn put_check(&self, check: &Block) -> Result<()> {
        let [signal] = check.signals.as_slice() else {
            return Err(StoreError::Broken(format!(
                "a check out of turn with {} signals",
                check.signals.len()
            )));
        };
        let sk = format!("{}#{}#{}", check.slot.hour_minute(), check.region, signal.monitor);
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item_with(check, CHECK, sk)));
        put.send().await.map(drop).map_err(unavailable("writing a check"))
    }
}

impl ReadChecks for SignalsTable {
    async fn recorded(&self, shard: ShardId, slots: RangeInclusive<Slot>) -> Result<Recorded> {
        let last = *slots.end();
        let mut from = last.plus(1 - MAX_SLOTS).max(*slots.start());
        let mut recorded = Recorded::default();
        while from <= last {
            let date = from.date();
            let to = if last.date() == date { last.hour_minute() } else { "23:59".to_owned() };
            let Recorded { blocks, checks } = self.day(shard, date, &from.hour_minute(), &to).await?;
            recorded.blocks.extend(blocks);
            recorded.checks.extend(checks);
            let minutes_left = 1_440 - from.minutes().rem_euclid(1_440);
            from = from.plus(minutes_left);
        }
        Ok(recorded)
    }
}

impl ReadSignals for SignalsTable {
    async fn blocks(&self, shard: ShardId, slots: RangeInclusive<Slot>) -> Result<Vec<Block>> {
        Ok(self.recorded(shard, slots).await?.blocks)
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
