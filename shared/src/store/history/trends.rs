//! Trends: partition `TREND#2026-11` holds `2026-11-21`, a day, and `2026-11-21#14`, an hour, for good. A day and its
//! hours change together.

mod item;

use std::future::Future;
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use jiff::ToSpan;
use jiff::civil::Date;

use self::item::{day_item, day_of, hour_item, hour_key, hour_of, partition, reading_of};
use super::super::batch::{KEYS, together};
use super::super::item::{Item, key, s, text, unavailable};
use super::super::transaction::{self, Ended};
use super::super::{Result, StoreError};
use super::{BEGAN_LATER, HistoryTable, instant, readable};
use crate::history::HOURS;
use crate::trend::{DaySales, DayTrend, HourSales, Sales, TrendReading};

/// Writes trends.
pub trait WriteTrends {
    /// Stores the day and its hours together, in place of those there; `false`, and nothing is written, when the result
    /// of a reading that began later is there.
    fn put_trend(&self, trend: &DayTrend) -> impl Future<Output = Result<bool>> + Send;
    /// The reading whose result is stored of this day.
    fn trend_reading(&self, date: Date) -> impl Future<Output = Result<Option<TrendReading>>> + Send;
}

/// Most days that one call of [`ReadTrends`] reads, the last of those asked for: ten years.
pub const MAX_TREND_DAYS: u16 = 3_700;

/// Reads trends.
pub trait ReadTrends {
    /// The days in which anything was sold, oldest first. What cannot be read is left out, and said in the log.
    fn day_sales(&self, dates: RangeInclusive<Date>) -> impl Future<Output = Result<Vec<DaySales>>> + Send;
    /// The hours in which anything was sold, oldest first.
    fn hour_sales(&self, dates: RangeInclusive<Date>) -> impl Future<Output = Result<Vec<HourSales>>> + Send;
}

impl HistoryTable {
    /// The day, and each of its hours: put where anything was sold, deleted where nothing was.
    fn transaction(&self, trend: &DayTrend) -> Result<Vec<TransactWriteItem>> {
        let read_at = s(instant(trend.read_at));
        let put = |item: Item| {
            let put = Put::builder().table_name(&self.table).set_item(Some(item));
            let put = put.condition_expression(BEGAN_LATER);
            let put = put.expression_attribute_values(":mine", read_at.clone()).build();
            put.map(|put| TransactWriteItem::builder().put(put).build())
        };
        let delete = |key: Item| {
            let delete = Delete::builder().table_name(&self.table).set_key(Some(key));
            let delete = delete.condition_expression(BEGAN_LATER);
            let delete = delete.expression_attribute_values(":mine", read_at.clone()).build();
            delete.map(|delete| TransactWriteItem::builder().delete(delete).build())
        };
        let mut writes = vec![put(day_item(trend))];
        for hour in (0_i8..).take(HOURS) {
            writes.push(match trend.hours.get(&hour).filter(|sales| **sales != Sales::default()) {
                Some(sales) => put(hour_item(trend, hour, sales)),
                None => delete(hour_key(trend.date, hour)),
            });
        }
        let writes: std::result::Result<_, _> = writes.into_iter().collect();
        writes.map_err(|error| StoreError::Broken(error.to_string()))
    }
}

impl WriteTrends for HistoryTable {
    async fn put_trend(&self, trend: &DayTrend) -> Result<bool> {
        if let Some(hour) = trend.hours.keys().find(|hour| !(0..24).contains(*hour)) {
            return Err(StoreError::Broken(format!("a trend with hour {hour}")));
        }
        match transaction::send(&self.client, "writing a trend", || self.transaction(trend)).await? {
            Ended::Written => Ok(true),
            Ended::Refused => Ok(false),
            Ended::Contended => Err(StoreError::Conflict(format!("the trend of {}", trend.date))),
        }
    }

    async fn trend_reading(&self, date: Date) -> Result<Option<TrendReading>> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let get = get.key("pk", s(partition(date))).key("sk", s(date.to_string()));
        let item = get.send().await.map_err(unavailable("reading a trend"))?.item;
        item.as_ref().map(reading_of).transpose()
    }
}

/// The last [`MAX_TREND_DAYS`] of these dates, the last first.
fn dates_read(dates: &RangeInclusive<Date>) -> impl Iterator<Item = Date> + use<> {
    let first = *dates.start();
    let before = |date: &Date| date.checked_sub(1.day()).ok();
    let all = std::iter::successors(Some(*dates.end()), before);
    all.take_while(move |date| *date >= first).take(usize::from(MAX_TREND_DAYS))
}

impl ReadTrends for HistoryTable {
    async fn day_sales(&self, dates: RangeInclusive<Date>) -> Result<Vec<DaySales>> {
        let read = |dates: Vec<Date>| {
            let (batch, consistent) = (self.batch("reading trends"), self.consistent);
            async move {
                let keys = dates.iter().map(|date| key(partition(*date), date.to_string()));
                batch.read(keys.collect(), consistent).await
            }
        };
        let items = together(dates_read(&dates).collect(), KEYS, read).await?;
        let mut days = readable(items.iter().flatten().map(day_of));
        days.retain(|day| day.sales != Sales::default());
        days.sort_by_key(|day| day.date);
        Ok(days)
    }

    async fn hour_sales(&self, dates: RangeInclusive<Date>) -> Result<Vec<HourSales>> {
        let (Some(last), Some(first)) = (dates_read(&dates).next(), dates_read(&dates).last()) else {
            return Ok(Vec::new());
        };
        let mut hours = Vec::new();
        // Bounded by the dates that are read.
        let mut from = first;
        while from <= last {
            let to = from.last_of_month().min(last);
            // `~` sorts behind every hour.
            let items = self.query(partition(from), from.to_string(), format!("{to}#~")).await?;
            let of_hours = items.iter().filter(|item| text(item, "sk").is_ok_and(|sk| sk.contains('#')));
            hours.extend(readable(of_hours.map(hour_of)));
            let Ok(next) = to.tomorrow() else { break };
            from = next;
        }
        Ok(hours)
    }
}
