//! A day's purchases in memory: 48 bytes each, and each token once.

use anyhow::{Context as _, ensure};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use shared::purchase::{ItemId, Purchase, RowId};

use crate::sales::people::{Joining, People};

/// Most purchases of a day. What they need in memory is in the README; a day that has more fails.
pub const MAX_PURCHASES: usize = 5_000_000;

/// Prices are whole numbers of ten thousandths: four decimal places.
pub(crate) const PRICE_SCALE: u32 = 4;

/// One purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) row_id: RowId,
    /// Nanoseconds since the day began.
    pub(crate) at: u64,
    pub(crate) item: ItemId,
    /// In ten thousandths.
    pub(crate) price: i64,
    /// The number of the buyer's token.
    pub(crate) buyer: u32,
    pub(crate) quantity: i32,
}

impl Row {
    /// The hour, 0 to 23.
    pub(crate) fn hour(&self) -> i8 {
        i8::try_from(self.at / 3_600_000_000_000).unwrap_or(23)
    }

    /// Quantity times price, in ten thousandths.
    pub(crate) fn revenue(&self) -> i128 {
        i128::from(self.quantity) * i128::from(self.price)
    }
}

/// A day that is being read, in any order.
#[derive(Debug)]
pub(crate) struct Reading {
    begins: Timestamp,
    ends: Timestamp,
    rows: Vec<Row>,
    people: Joining,
}

impl Reading {
    /// Of a day in UTC.
    ///
    /// # Errors
    /// When it is not wholly within the instants that can be written.
    pub(crate) fn of(date: Date) -> anyhow::Result<Self> {
        let begins = date.to_zoned(TimeZone::UTC).context("the day's first instant")?.timestamp();
        let ends = begins.checked_add(SignedDuration::from_hours(24)).context("the day's end")?;
        Ok(Self { begins, ends, rows: Vec::new(), people: Joining::default() })
    }

    /// The instants of the day: from the first, and before the second.
    pub(crate) fn instants(&self) -> (Timestamp, Timestamp) {
        (self.begins, self.ends)
    }

    /// Takes these purchases of the day into it.
    ///
    /// # Errors
    /// When one is of another day, or there are more than [`MAX_PURCHASES`].
    pub(crate) fn add(&mut self, purchases: &[Purchase]) -> anyhow::Result<()> {
        ensure!(
            self.rows.len() + purchases.len() <= MAX_PURCHASES,
            "more than {MAX_PURCHASES} purchases on one day"
        );
        for purchase in purchases {
            let row = self.row(purchase).with_context(|| format!("the purchase {}", purchase.position))?;
            self.rows.push(row);
        }
        Ok(())
    }

    fn row(&mut self, purchase: &Purchase) -> anyhow::Result<Row> {
        let at = purchase.position.at.as_nanosecond() - self.begins.as_nanosecond();
        let at = u64::try_from(at).ok().filter(|_| purchase.position.at < self.ends);
        let at = at.context("is of another day")?;
        let buyer = self.people.number(&purchase.buyer)?;
        if let Some(linked) = &purchase.linked {
            let linked = self.people.number(linked)?;
            self.people.join(buyer, linked);
        }
        let amount = purchase.price.amount();
        let finer = PRICE_SCALE.checked_sub(amount.scale()).context("has a price of too many places")?;
        let price = i64::try_from(amount.mantissa() * 10_i128.pow(finer)).context("has too high a price")?;
        Ok(Row {
            row_id: purchase.position.row_id,
            at,
            item: purchase.item_id,
            price,
            buyer,
            quantity: purchase.quantity.get(),
        })
    }

    /// The day.
    pub(crate) fn finish(mut self) -> DayPurchases {
        self.rows.sort_unstable_by_key(|row| (row.at, row.row_id));
        DayPurchases { begins: self.begins, rows: self.rows, people: self.people.finish() }
    }
}

/// A day's purchases and who made them.
#[derive(Debug)]
pub(crate) struct DayPurchases {
    /// The day's first instant.
    pub(crate) begins: Timestamp,
    /// The purchases, by position.
    pub(crate) rows: Vec<Row>,
    /// Who made them.
    pub(crate) people: People,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purchase(at: &str, price: &str) -> Purchase {
        Purchase {
            position: format!("{at}Z#{:032x}", 7).parse().unwrap(),
            buyer: format!("k1.{:064x}", 1).parse().unwrap(),
            linked: None,
            item_id: "7".parse().unwrap(),
            quantity: "-2".parse().unwrap(),
            price: price.parse().unwrap(),
        }
    }

    #[test]
    fn a_purchase_is_kept_exactly() {
        assert_eq!(size_of::<Row>(), 48);
        let mut reading = Reading::of("2024-02-29".parse().unwrap()).unwrap();
        let first = purchase("2024-02-29T00:00:00.000000000", "99999999999.9999");
        let last = purchase("2024-02-29T23:59:59.999999999", "12.5");
        reading.add(&[last, first]).unwrap();
        let rows = reading.finish().rows;
        assert_eq!((rows[0].at, rows[0].hour(), rows[0].price), (0, 0, 999_999_999_999_999));
        assert_eq!((rows[1].at, rows[1].hour(), rows[1].price), (86_399_999_999_999, 23, 125_000));
        assert_eq!((rows[0].revenue(), rows[1].revenue()), (-1_999_999_999_999_998, -250_000));
    }

    #[test]
    fn what_is_of_another_day_is_an_error() {
        for other in ["2024-02-28T23:59:59.999999999", "2024-03-01T00:00:00.000000000"] {
            let mut reading = Reading::of("2024-02-29".parse().unwrap()).unwrap();
            let error = reading.add(&[purchase(other, "1")]).unwrap_err();
            assert!(format!("{error:#}").contains("another day"), "{error:#}");
        }
        assert!(Reading::of(Date::MAX).is_err());
        assert!(Reading::of(Date::MIN).is_err());
    }
}
