//! What was sold on a day and in each of its hours: a pure function of the day's purchases.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use rust_decimal::Decimal;
use shared::purchase::ItemId;
use shared::trend::{ItemSales, Sales, TOP_ITEMS};

use crate::sales::people::People;
use crate::sales::purchases::{DayPurchases, PRICE_SCALE, Row};

/// What was sold on the day, and in each hour in which anything was sold or returned.
///
/// # Errors
/// When a revenue has more digits than a [`Decimal`]: 28.
pub(crate) fn sales(day: &DayPurchases) -> anyhow::Result<(Sales, BTreeMap<i8, Sales>)> {
    let mut hours = BTreeMap::new();
    let mut whole = Tally::default();
    for rows in day.rows.chunk_by(|one, next| one.hour() == next.hour()) {
        let tally = Tally::of(rows, &day.people);
        whole.add(&tally);
        if let Some(first) = rows.first() {
            hours.insert(first.hour(), tally.sales()?);
        }
    }
    // The one number that hours do not add up to.
    whole.buyers = u64::from(day.people.count);
    Ok((whole.sales()?, hours))
}

/// What some purchases add up to.
#[derive(Debug, Default)]
struct Tally {
    orders: u64,
    buyers: u64,
    returns: u64,
    sold: Sold,
    items: HashMap<ItemId, Sold>,
}

/// Pieces and revenue, in ten thousandths.
#[derive(Debug, Clone, Copy, Default)]
struct Sold {
    quantity: i64,
    revenue: i128,
}

impl Sold {
    fn add(&mut self, other: Self) {
        self.quantity += other.quantity;
        self.revenue += other.revenue;
    }
}

impl Tally {
    /// Of purchases in the order of time.
    fn of(rows: &[Row], people: &People) -> Self {
        let mut tally = Self::default();
        let mut bought = Vec::new();
        for at_once in rows.chunk_by(|one, next| one.at == next.at) {
            bought.clear();
            for row in at_once {
                let sold = Sold { quantity: i64::from(row.quantity), revenue: row.revenue() };
                tally.sold.add(sold);
                tally.items.entry(row.item).or_default().add(sold);
                if row.quantity > 0 {
                    bought.push(people.person(row.buyer));
                } else {
                    tally.returns += 1;
                }
            }
            tally.orders += different(&mut bought);
        }
        let mut everybody: Vec<u32> = rows.iter().map(|row| people.person(row.buyer)).collect();
        tally.buyers = different(&mut everybody);
        tally
    }

    /// Adds all but the buyers.
    fn add(&mut self, hour: &Self) {
        self.orders += hour.orders;
        self.returns += hour.returns;
        self.sold.add(hour.sold);
        for (item, sold) in &hour.items {
            self.items.entry(*item).or_default().add(*sold);
        }
    }

    fn sales(&self) -> anyhow::Result<Sales> {
        let mut items: Vec<(ItemId, Sold)> = self.items.iter().map(|(item, sold)| (*item, *sold)).collect();
        items.sort_unstable_by_key(|(item, sold)| (Reverse(sold.revenue), *item));
        let top = items.into_iter().take(TOP_ITEMS).map(|(item_id, sold)| {
            Ok(ItemSales { item_id, quantity: sold.quantity, revenue: money(sold.revenue)? })
        });
        Ok(Sales {
            orders: self.orders,
            quantity: self.sold.quantity,
            revenue: money(self.sold.revenue)?,
            buyers: self.buyers,
            returns: self.returns,
            top_items: top.collect::<anyhow::Result<_>>()?,
        })
    }
}

fn different(people: &mut Vec<u32>) -> u64 {
    people.sort_unstable();
    people.dedup();
    people.len() as u64
}

fn money(ten_thousandths: i128) -> anyhow::Result<Decimal> {
    let exact = Decimal::try_from_i128_with_scale(ten_thousandths, PRICE_SCALE);
    Ok(exact.context("a revenue of more than 28 digits")?.normalize())
}

#[cfg(test)]
mod tests;
