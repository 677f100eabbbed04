//! What was sold: in an hour, in a day. Recomputed from the purchases, never counted up.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::purchase::ItemId;

/// Where the analytics copy keeps the purchases of a day: readers take `date` for a column (Hive's partitions).
pub fn analytics_key(date: Date) -> String {
    format!("analytics/date={date}/purchases.parquet")
}

/// Items that sales name at most: those with the most revenue.
pub const TOP_ITEMS: usize = 20;

/// What was sold in an hour or in a day (UTC). Returns count against quantity and revenue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sales {
    /// Orders: different buyers and instants with anything bought; a buyer's purchases of one instant are one order.
    pub orders: u64,
    /// Pieces sold, less those returned.
    pub quantity: i64,
    /// Quantity times price, less what was returned.
    #[serde(with = "rust_decimal::serde::str")]
    pub revenue: Decimal,
    /// Different people who bought or returned anything. Cannot be added up over hours or days.
    pub buyers: u64,
    /// Purchases with a negative quantity.
    pub returns: u64,
    /// The [`TOP_ITEMS`] items of most revenue, most first; equal ones by number. Cannot be added up either.
    pub top_items: Vec<ItemSales>,
}

/// What was sold of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemSales {
    /// Which.
    pub item_id: ItemId,
    /// Pieces sold, less those returned.
    pub quantity: i64,
    /// Quantity times price, less what was returned.
    #[serde(with = "rust_decimal::serde::str")]
    pub revenue: Decimal,
}

/// What was sold in a day, and hour by hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayTrend {
    /// The day in UTC.
    pub date: Date,
    /// All of it.
    pub sales: Sales,
    /// Buyers who had never bought before this day.
    pub new_buyers: u64,
    /// Buyers who had.
    pub returning_buyers: u64,
    /// The hours in which anything was sold or returned, 0 to 23.
    pub hours: BTreeMap<i8, Sales>,
    /// When reading the purchases began: of two results the later one stays.
    pub read_at: Timestamp,
    /// The `since` of the request that it answers, if that had one: a day that follows another.
    pub since: Option<Timestamp>,
}

/// Which reading a day's trend is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrendReading {
    /// When it began.
    pub read_at: Timestamp,
    /// The `since` of the request that it was for, if that had one.
    pub since: Option<Timestamp>,
}

/// What a day's item holds: everything but the hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySales {
    /// The day in UTC.
    pub date: Date,
    /// All of it.
    pub sales: Sales,
    /// Buyers who had never bought before this day.
    pub new_buyers: u64,
    /// Buyers who had.
    pub returning_buyers: u64,
    /// When reading the purchases began.
    pub read_at: Timestamp,
}

/// What an hour's item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourSales {
    /// The day in UTC.
    pub date: Date,
    /// 0 to 23.
    pub hour: i8,
    /// What was sold.
    pub sales: Sales,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_place() {
        assert_eq!(
            analytics_key("2021-03-21".parse().unwrap()),
            "analytics/date=2021-03-21/purchases.parquet"
        );
    }
}
