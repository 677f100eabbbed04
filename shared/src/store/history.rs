//! The table `history`: partition `HOUR#shard#date` holds `HH#region`, for 400 days; `DAY#shard` the days and
//! `SUMMARY` the shards' summaries, for good. What monitors have is packed into one text an item. Trends and buyers
//! are in partitions of their own.

mod buyers;
mod trends;

pub use buyers::{ForgetBuyers, KnownBuyer, WriteBuyers};
pub use trends::{MAX_TREND_DAYS, ReadTrends, WriteTrends};

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use jiff::civil::Date;

use super::batch::Batch;
use super::item::{Item, check_version, condition_failed, keyed, n, parsed, s, text, unavailable};
use super::{ReadHistory, Result, StoreError, WriteHistory};
use crate::history::pack::{self, Packed};
use crate::history::{DayOfShard, Hour, Summary};
use crate::monitor::{MonitorId, ShardId};
use crate::schedule::Slot;

/// How long an hour is kept, in hours: 400 days.
const KEPT_HOURS: i64 = 400 * 24;

/// The partition of the summaries.
const SUMMARY: &str = "SUMMARY";

/// The condition that the result there, if any, is of a reading that began earlier.
const BEGAN_LATER: &str = "attribute_not_exists(pk) OR read_at < :mine";

/// The table of history; see [`WriteHistory`], [`ReadHistory`], [`super::WriteTrends`], [`super::ReadTrends`],
/// [`super::WriteBuyers`], [`super::ForgetBuyers`].
#[derive(Debug, Clone)]
pub struct HistoryTable {
    client: Client,
    table: String,
    consistent: bool,
}

impl HistoryTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), consistent: false }
    }

    /// The table, read as it is after every write that is over; costs twice as much.
    pub fn consistent(self) -> Self {
        Self { consistent: true, ..self }
    }

    fn batch(&self, action: &'static str) -> Batch {
        Batch { client: self.client.clone(), table: self.table.clone(), action }
    }

    /// Puts the item unless the result of a reading that began at the same time or later is there.
    async fn put(&self, item: Item, read_at: Timestamp) -> Result<bool> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put =
            put.condition_expression(BEGAN_LATER).expression_attribute_values(":mine", s(instant(read_at)));
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(unavailable("writing history")(error)),
        }
    }

    /// The items of a partition between two sort keys, both included.
    async fn query(&self, pk: String, from: String, to: String) -> Result<Vec<Item>> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s(to))
            .consistent_read(self.consistent)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(unavailable("reading history"))?);
        }
        Ok(items)
    }
}

fn hours_partition(shard: ShardId, date: Date) -> String {
    format!("HOUR#{shard}#{date}")
}

fn days_partition(shard: ShardId) -> String {
    format!("DAY#{shard}")
}

/// Instants are compared as texts: one width for all of them.
fn instant(at: Timestamp) -> String {
    format!("{at:.9}")
}

fn packed<T: Packed>(pk: String, sk: String, read_at: Timestamp, monitors: &BTreeMap<MonitorId, T>) -> Item {
    let mut item = keyed(pk, sk);
    item.insert("read_at".to_owned(), s(instant(read_at)));
    item.insert("text".to_owned(), s(pack::encode(monitors)));
    item
}

fn unpacked<T: Packed>(item: &Item, shard: ShardId) -> Result<BTreeMap<MonitorId, T>> {
    check_version(item)?;
    pack::decode(shard, text(item, "text")?).map_err(|error| {
        let part =
            |name| item.get(name).and_then(|v: &AttributeValue| v.as_s().ok()).map_or("?", String::as_str);
        StoreError::Broken(format!("{} {}: {error}", part("pk"), part("sk")))
    })
}

fn hour_item(hour: &Hour) -> Result<Item> {
    let sk = format!("{:02}#{}", hour.hour, hour.region);
    let mut item = packed(hours_partition(hour.shard, hour.date), sk, hour.read_at, &hour.monitors);
    let begins = Slot::at(hour.date, &format!("{:02}:00", hour.hour));
    let begins =
        begins.map_err(|error| StoreError::Broken(format!("an hour that cannot be stored: {error}")))?;
    let expires_at = begins.plus(KEPT_HOURS * 60).start();
    item.insert("expires_at".to_owned(), n(expires_at.as_second()));
    Ok(item)
}

fn hour_of(shard: ShardId, date: Date, item: &Item) -> Result<Hour> {
    let sk = text(item, "sk")?;
    let (hour, region) = sk
        .split_once('#')
        .and_then(|(hour, region)| Some((hour.parse().ok()?, region.parse().ok()?)))
        .ok_or_else(|| StoreError::Broken(format!("no hour's key: {sk}")))?;
    Ok(Hour {
        shard,
        date,
        hour,
        region,
        read_at: parsed(item, "read_at")?,
        monitors: unpacked(item, shard)?,
    })
}

fn day_item(day: &DayOfShard) -> Item {
    packed(days_partition(day.shard), day.date.to_string(), day.read_at, &day.monitors)
}

fn day_of(shard: ShardId, item: &Item) -> Result<DayOfShard> {
    let (date, read_at) = (parsed(item, "sk")?, parsed(item, "read_at")?);
    Ok(DayOfShard { shard, date, read_at, monitors: unpacked(item, shard)? })
}

fn summary_item(summary: &Summary) -> Item {
    packed(SUMMARY.to_owned(), summary.shard.to_string(), summary.read_at, &summary.monitors)
}

fn summary_of(shard: ShardId, item: &Item) -> Result<Summary> {
    Ok(Summary { shard, read_at: parsed(item, "read_at")?, monitors: unpacked(item, shard)? })
}

/// What could be read; what could not is said in the log.
fn readable<T>(results: impl Iterator<Item = Result<T>>) -> Vec<T> {
    results
        .filter_map(|result| {
            result.inspect_err(|error| tracing::error!(%error, "left out a part of history")).ok()
        })
        .collect()
}

impl WriteHistory for HistoryTable {
    async fn put_hour(&self, hour: &Hour) -> Result<bool> {
        self.put(hour_item(hour)?, hour.read_at).await
    }

    async fn put_day(&self, day: &DayOfShard) -> Result<bool> {
        self.put(day_item(day), day.read_at).await
    }

    async fn put_summary(&self, summary: &Summary) -> Result<bool> {
        self.put(summary_item(summary), summary.read_at).await
    }
}

impl ReadHistory for HistoryTable {
    async fn hours(&self, shard: ShardId, date: Date) -> Result<Vec<Hour>> {
        let now = Timestamp::now().as_second();
        // `~` sorts behind every digit.
        let items = self.query(hours_partition(shard, date), "0".to_owned(), "~".to_owned()).await?;
        let kept = items.iter().filter(|item| parsed::<i64>(item, "expires_at").is_ok_and(|at| at > now));
        Ok(readable(kept.map(|item| hour_of(shard, date, item))))
    }

    async fn days(&self, shard: ShardId, dates: RangeInclusive<Date>) -> Result<Vec<DayOfShard>> {
        // DynamoDB refuses a range that ends before it begins.
        if dates.is_empty() {
            return Ok(Vec::new());
        }
        let (from, to) = (dates.start().to_string(), dates.end().to_string());
        let items = self.query(days_partition(shard), from, to).await?;
        Ok(readable(items.iter().map(|item| day_of(shard, item))))
    }

    async fn summary(&self, shard: ShardId) -> Result<Option<Summary>> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(self.consistent);
        let get = get.key("pk", s(SUMMARY)).key("sk", s(shard.to_string()));
        let item = get.send().await.map_err(unavailable("reading a summary"))?.item;
        item.map(|item| summary_of(shard, &item)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{MonitorDay, MonitorHour, MonitorSummary, Seconds};

    fn read_at() -> Timestamp {
        "2028-03-01T00:03:00.1Z".parse().unwrap()
    }

    fn monitors<T>(monitor: T) -> BTreeMap<MonitorId, T> {
        BTreeMap::from([("s3-7f3k2a".parse().unwrap(), monitor)])
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let (shard, date, up) =
            (ShardId(3), "2028-02-29".parse().unwrap(), Seconds { up: 60, ..Seconds::default() });
        let region = "us-east-1".parse().unwrap();
        let of_hour = MonitorHour { series: [Some(31); 12], ..MonitorHour::default() };
        let hour = Hour { shard, date, hour: 7, region, read_at: read_at(), monitors: monitors(of_hour) };
        let item = hour_item(&hour).unwrap();
        assert_eq!((&item["pk"], &item["sk"]), (&s("HOUR#s3#2028-02-29"), &s("07#us-east-1")));
        assert_eq!(item["read_at"], s("2028-03-01T00:03:00.100000000Z"));
        let expires_at = "2029-04-04T07:00:00Z".parse::<Timestamp>().unwrap();
        assert_eq!(item["expires_at"], n(expires_at.as_second()));
        assert_eq!(hour_of(shard, date, &item).unwrap(), hour);
        assert!(hour_item(&Hour { hour: 24, ..hour }).is_err());

        let of_day = monitors(MonitorDay { hours: [up; 24], ..MonitorDay::default() });
        let day = DayOfShard { shard, date, read_at: read_at(), monitors: of_day };
        let item = day_item(&day);
        assert_eq!((&item["pk"], &item["sk"]), (&s("DAY#s3"), &s("2028-02-29")));
        assert!(!item.contains_key("expires_at"));
        assert_eq!(day_of(shard, &item).unwrap(), day);

        let of_summary = monitors(MonitorSummary { older: up, ..MonitorSummary::default() });
        let summary = Summary { shard, read_at: read_at(), monitors: of_summary };
        let item = summary_item(&summary);
        assert_eq!((&item["pk"], &item["sk"]), (&s("SUMMARY"), &s("s3")));
        assert_eq!(summary_of(shard, &item).unwrap(), summary);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let (shard, date) = (ShardId(3), "2028-02-29".parse().unwrap());
        let day = DayOfShard { shard, date, read_at: read_at(), monitors: monitors(MonitorDay::default()) };
        let with = |name: &str, value| {
            let mut item = day_item(&day);
            item.insert(name.to_owned(), value);
            item
        };
        let items = [day_item(&day), with("text", s("2;")), with("v", n(2)), with("sk", s("yesterday"))];
        assert_eq!(readable(items.iter().map(|item| day_of(shard, item))), std::slice::from_ref(&day));
        let error = day_of(shard, &with("text", s("1;7f3k2a,x"))).unwrap_err().to_string();
        assert!(error.contains("DAY#s3 2028-02-29: expected an entry of history"), "{error}");
    }

    #[test]
    fn instants_sort_as_texts() {
        let mut instants: Vec<Timestamp> =
            ["2026-11-21T14:03:00Z", "2026-11-21T14:03:00.5Z", "2026-11-21T14:03:00.000000001Z"]
                .map(|text| text.parse().unwrap())
                .into();
        let mut texts: Vec<String> = instants.iter().copied().map(instant).collect();
        texts.sort();
        instants.sort();
        assert_eq!(texts, instants.into_iter().map(instant).collect::<Vec<_>>());
    }
}
