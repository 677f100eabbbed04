//! What was sold in each bucket: as it is stored of hours and days, added up for weeks and months.
//!
//! Different buyers, returning ones and the items of most revenue of two days cannot be told from those of each, so
//! weeks and months are without. New buyers can be added up: everybody is new on one day only.

use jiff::Timestamp;
use shared::trend::{DaySales, HourSales, Sales};

use super::bucket::{BucketSize, midnight};
use crate::range::Range;

/// Seconds of an hour.
const HOUR: i64 = 3_600;

/// What was sold in one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trend {
    /// What the bucket covers.
    pub(super) range: Range,
    /// What was sold. Without buyers and top items unless `is_whole`.
    pub(super) sales: Sales,
    /// Buyers who had never bought before; `None` of an hour.
    pub(super) new_buyers: Option<u64>,
    /// Buyers who had; of a day alone.
    pub(super) returning_buyers: Option<u64>,
    /// Whether this is an hour or a day as it is stored, and no sum.
    pub(super) is_whole: bool,
}

impl Trend {
    /// Different people who bought or returned anything.
    pub(super) fn buyers(&self) -> Option<u64> {
        self.is_whole.then_some(self.sales.buyers)
    }

    /// A bucket of this size in which nothing was sold.
    fn empty(size: BucketSize, range: Range) -> Self {
        Self {
            range,
            sales: Sales::default(),
            new_buyers: (size != BucketSize::Hour).then_some(0),
            returning_buyers: (size == BucketSize::Day).then_some(0),
            is_whole: matches!(size, BucketSize::Hour | BucketSize::Day),
        }
    }

    /// Adds what can be added; `None` when there is no room for the sum.
    fn add(&mut self, sales: &Sales) -> Option<()> {
        let sums = &mut self.sales;
        sums.orders = sums.orders.checked_add(sales.orders)?;
        sums.quantity = sums.quantity.checked_add(sales.quantity)?;
        sums.revenue = sums.revenue.checked_add(sales.revenue)?;
        sums.returns = sums.returns.checked_add(sales.returns)?;
        Some(())
    }
}

/// The hours of this range, those without sales too.
pub(super) fn of_hours(covered: Range, hours: &[HourSales]) -> Option<Vec<Trend>> {
    let mut trends = empty(BucketSize::Hour, covered);
    for hour in hours {
        let begins = midnight(hour.date)?.as_second() + i64::from(hour.hour) * HOUR;
        if let Some(trend) = bucket_of(&mut trends, Timestamp::from_second(begins).ok()?) {
            trend.sales = hour.sales.clone();
        }
    }
    Some(trends)
}

/// The days, weeks or months of this range, those without sales too; `None` when there is no room for a sum.
pub(super) fn of_days(size: BucketSize, covered: Range, days: &[DaySales]) -> Option<Vec<Trend>> {
    let mut trends = empty(size, covered);
    for day in days {
        let Some(trend) = bucket_of(&mut trends, midnight(day.date)?) else {
            continue;
        };
        if trend.is_whole {
            trend.sales = day.sales.clone();
            trend.returning_buyers = Some(day.returning_buyers);
        } else {
            trend.add(&day.sales)?;
        }
        trend.new_buyers = Some(trend.new_buyers.unwrap_or(0).checked_add(day.new_buyers)?);
    }
    Some(trends)
}

fn empty(size: BucketSize, covered: Range) -> Vec<Trend> {
    size.cut(covered).into_iter().map(|range| Trend::empty(size, range)).collect()
}

/// The bucket that holds this instant, if any does.
fn bucket_of(trends: &mut [Trend], instant: Timestamp) -> Option<&mut Trend> {
    let index = trends.partition_point(|trend| trend.range.until() <= instant);
    trends.get_mut(index).filter(|trend| trend.range.contains(instant))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::Date;
    use jiff::{SignedDuration, ToSpan as _};
    use proptest::prelude::*;
    use shared::trend::ItemSales;

    use super::*;

    /// What one day sold: orders, quantity, revenue in ten-thousandths, returns, new buyers.
    type Sold = (u64, i64, i64, u64, u64);

    const FIRST: Date = jiff::civil::date(2027, 12, 20);

    fn day(offset: i64, (orders, quantity, revenue, returns, new_buyers): Sold) -> DaySales {
        let item = ItemSales { item_id: "7".parse().unwrap(), quantity, revenue: "1".parse().unwrap() };
        let sales = Sales {
            orders,
            quantity,
            revenue: amount(i128::from(revenue)).parse().unwrap(),
            buyers: orders + 1,
            returns,
            top_items: vec![item],
        };
        let date = FIRST.checked_add(offset.days()).unwrap();
        DaySales { date, sales, new_buyers, returning_buyers: 5, read_at: Timestamp::UNIX_EPOCH }
    }

    fn amount(ten_thousandths: i128) -> String {
        let sign = if ten_thousandths < 0 { "-" } else { "" };
        let number = ten_thousandths.unsigned_abs();
        format!("{sign}{}.{:04}", number / 10_000, number % 10_000)
    }

    fn covered(from: i64, days: i64) -> Range {
        let first = midnight(FIRST).unwrap() + SignedDuration::from_hours(24 * from);
        Range::new(first, first + SignedDuration::from_hours(24 * days)).unwrap()
    }

    /// Names the bucket of a day.
    fn name(size: BucketSize, date: Date) -> String {
        match size {
            BucketSize::Week => format!("{:?}", date.iso_week_date().first_of_week().unwrap()),
            BucketSize::Month => date.strftime("%Y-%m").to_string(),
            BucketSize::Hour | BucketSize::Day => date.to_string(),
        }
    }

    proptest! {
        #[test]
        fn weeks_and_months_are_the_sums_of_their_days(
            // Two years around a leap day; a range that need not hold all of them.
            sold in proptest::collection::btree_map(
                0i64..800,
                (0u64..1_000, -1_000i64..1_000, -9_999_999_999i64..9_999_999_999, 0u64..9, 0u64..9),
                0..200,
            ),
            from in 0i64..400,
            days in 1i64..500,
            size in proptest::sample::select(vec![BucketSize::Day, BucketSize::Week, BucketSize::Month]),
        ) {
            let stored: Vec<DaySales> = sold.iter().map(|(offset, sold)| day(*offset, *sold)).collect();
            let range = covered(from, days);
            let trends = of_days(size, range, &stored).unwrap();

            let mut expected: BTreeMap<String, (u64, i64, i128, u64, u64)> = BTreeMap::new();
            for offset in from..from + days {
                let date = FIRST.checked_add(offset.days()).unwrap();
                let sums = expected.entry(name(size, date)).or_default();
                if let Some((orders, quantity, revenue, returns, new_buyers)) = sold.get(&offset) {
                    sums.0 += orders;
                    sums.1 += quantity;
                    sums.2 += i128::from(*revenue);
                    sums.3 += returns;
                    sums.4 += new_buyers;
                }
            }
            let found: BTreeMap<String, &Trend> =
                trends.iter().map(|trend| (name(size, trend.range.first_day()), trend)).collect();
            prop_assert_eq!(found.len(), trends.len());
            prop_assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            for (name, (orders, quantity, revenue, returns, new_buyers)) in &expected {
                let trend = found[name];
                let sales = &trend.sales;
                prop_assert_eq!(
                    (sales.orders, sales.quantity, sales.returns, trend.new_buyers),
                    (*orders, *quantity, *returns, Some(*new_buyers))
                );
                prop_assert_eq!(sales.revenue, amount(*revenue).parse().unwrap());
                let is_day = size == BucketSize::Day;
                prop_assert_eq!((trend.buyers().is_some(), trend.returning_buyers.is_some()), (is_day, is_day));
                prop_assert!(is_day || sales.top_items.is_empty());
            }
        }
    }

    #[test]
    fn what_has_no_room_is_no_sum() {
        let days = [day(0, (u64::MAX - 1, 1, 1, 1, 1)), day(1, (2, 1, 1, 1, 1))];
        assert_eq!(of_days(BucketSize::Week, covered(0, 7), &days), None);
        assert!(of_days(BucketSize::Day, covered(0, 7), &days).is_some());
    }

    #[test]
    fn an_hour_stands_where_it_was() {
        let hour =
            |hour, orders| HourSales { date: FIRST, hour, sales: Sales { orders, ..Sales::default() } };
        let begin = midnight(FIRST).unwrap() + SignedDuration::from_hours(13);
        let range = Range::new(begin, begin + SignedDuration::from_hours(11)).unwrap();
        let trends = of_hours(range, &[hour(12, 1), hour(13, 2), hour(23, 3)]).unwrap();
        let orders: Vec<u64> = trends.iter().map(|trend| trend.sales.orders).collect();
        assert_eq!(orders, [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
    }
}
