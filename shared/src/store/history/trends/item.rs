//! The items of a day's and of an hour's trend. Numbers are DynamoDB numbers, exact to 38 digits; the top items are
//! one text.

use jiff::civil::Date;

use super::super::super::item::{Item, check_version, key, keyed, n, parsed, s, text};
use super::super::super::{Result, StoreError};
use super::super::instant;
use crate::trend::{DaySales, DayTrend, HourSales, ItemSales, Sales, TrendReading};

/// The partition of the date's month.
pub(super) fn partition(date: Date) -> String {
    format!("TREND#{}", date.strftime("%Y-%m"))
}

fn hour_sort_key(date: Date, hour: i8) -> String {
    format!("{date}#{hour:02}")
}

/// The key of an hour's item.
pub(super) fn hour_key(date: Date, hour: i8) -> Item {
    key(partition(date), hour_sort_key(date, hour))
}

/// The item of a day.
pub(super) fn day_item(trend: &DayTrend) -> Item {
    let mut item = item_of(trend, trend.date.to_string(), &trend.sales);
    item.insert("new_buyers".to_owned(), n(trend.new_buyers));
    item.insert("returning_buyers".to_owned(), n(trend.returning_buyers));
    if let Some(since) = trend.since {
        item.insert("since".to_owned(), s(instant(since)));
    }
    item
}

/// The item of an hour of the day.
pub(super) fn hour_item(trend: &DayTrend, hour: i8, sales: &Sales) -> Item {
    item_of(trend, hour_sort_key(trend.date, hour), sales)
}

fn item_of(trend: &DayTrend, sk: String, sales: &Sales) -> Item {
    let mut item = keyed(partition(trend.date), sk);
    item.extend([
        ("orders".to_owned(), n(sales.orders)),
        ("quantity".to_owned(), n(sales.quantity)),
        ("revenue".to_owned(), n(sales.revenue.normalize())),
        ("buyers".to_owned(), n(sales.buyers)),
        ("returns".to_owned(), n(sales.returns)),
        ("top_items".to_owned(), s(encoded(&sales.top_items))),
        ("read_at".to_owned(), s(instant(trend.read_at))),
    ]);
    item
}

/// `item,quantity,revenue;…`, in their order.
fn encoded(items: &[ItemSales]) -> String {
    let texts = items.iter().map(|item| {
        let revenue = item.revenue.normalize();
        format!("{},{},{revenue}", item.item_id, item.quantity)
    });
    texts.collect::<Vec<_>>().join(";")
}

fn decoded(text: &str) -> Result<Vec<ItemSales>> {
    let entries = text.split(';').filter(|_| !text.is_empty());
    let items = entries.map(|entry| {
        let mut parts = entry.split(',');
        let mut part = || parts.next();
        let item = ItemSales {
            item_id: part()?.parse().ok()?,
            quantity: part()?.parse().ok()?,
            revenue: part()?.parse().ok()?,
        };
        part().is_none().then_some(item)
    });
    let items: Option<Vec<ItemSales>> = items.collect();
    items.ok_or_else(|| StoreError::Broken(format!("expected item,quantity,revenue;…, got {text:.80}")))
}

fn sales_of(item: &Item) -> Result<Sales> {
    check_version(item)?;
    Ok(Sales {
        orders: parsed(item, "orders")?,
        quantity: parsed(item, "quantity")?,
        revenue: parsed(item, "revenue")?,
        buyers: parsed(item, "buyers")?,
        returns: parsed(item, "returns")?,
        top_items: decoded(text(item, "top_items")?)?,
    })
}

/// What a day's item holds.
pub(super) fn day_of(item: &Item) -> Result<DaySales> {
    Ok(DaySales {
        date: parsed(item, "sk")?,
        sales: sales_of(item)?,
        new_buyers: parsed(item, "new_buyers")?,
        returning_buyers: parsed(item, "returning_buyers")?,
        read_at: parsed(item, "read_at")?,
    })
}

/// The reading that a day's item is of.
pub(super) fn reading_of(item: &Item) -> Result<TrendReading> {
    let since = item.contains_key("since").then(|| parsed(item, "since")).transpose()?;
    Ok(TrendReading { read_at: parsed(item, "read_at")?, since })
}

/// What an hour's item holds.
pub(super) fn hour_of(item: &Item) -> Result<HourSales> {
    let sk = text(item, "sk")?;
    let (date, hour) = sk
        .split_once('#')
        .and_then(|(date, hour)| Some((date.parse().ok()?, hour.parse().ok()?)))
        .filter(|(_, hour)| (0..24).contains(hour))
        .ok_or_else(|| StoreError::Broken(format!("no key of an hour: {sk}")))?;
    Ok(HourSales { date, hour, sales: sales_of(item)? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;

    fn sales() -> Sales {
        let item = |id: &str, quantity, revenue: &str| ItemSales {
            item_id: id.parse().unwrap(),
            quantity,
            revenue: revenue.parse().unwrap(),
        };
        Sales {
            orders: 3,
            quantity: -2,
            revenue: "-12.50".parse().unwrap(),
            buyers: 4,
            returns: 1,
            top_items: vec![
                item("9007199254740991", 1, "79228162514264337593543950335"),
                item("7", -3, "-0.0001"),
            ],
        }
    }

    fn trend() -> DayTrend {
        DayTrend {
            date: "2026-11-21".parse().unwrap(),
            sales: sales(),
            new_buyers: 1,
            returning_buyers: 3,
            hours: [(7, sales())].into(),
            read_at: "2026-11-22T00:04:00.5Z".parse().unwrap(),
            since: None,
        }
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let trend = trend();
        let item = day_item(&trend);
        assert_eq!((&item["pk"], &item["sk"]), (&s("TREND#2026-11"), &s("2026-11-21")));
        assert_eq!(item["read_at"], s("2026-11-22T00:04:00.500000000Z"));
        assert_eq!(item["revenue"], n("-12.5"));
        assert!(!item.contains_key("expires_at"));
        let day = day_of(&item).unwrap();
        assert_eq!((&day.sales, day.date, day.read_at), (&trend.sales, trend.date, trend.read_at));
        assert_eq!((day.new_buyers, day.returning_buyers), (1, 3));
        let since = "2026-11-22T00:03:00.000000001Z".parse().ok();
        for since in [None, since] {
            let item = day_item(&DayTrend { since, ..trend.clone() });
            assert_eq!(reading_of(&item).unwrap(), TrendReading { read_at: trend.read_at, since });
        }

        let item = hour_item(&trend, 7, &trend.sales);
        assert_eq!((&item["pk"], &item["sk"]), (&s("TREND#2026-11"), &s("2026-11-21#07")));
        assert_eq!(hour_of(&item).unwrap(), HourSales { date: trend.date, hour: 7, sales: sales() });
        assert_eq!(hour_key(trend.date, 7)["sk"], item["sk"]);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let with = |name: &str, value| {
            let mut item = hour_item(&trend(), 7, &sales());
            item.insert(name.to_owned(), value);
            hour_of(&item)
        };
        assert!(with("v", n(1)).is_ok());
        for (name, value) in [
            ("v", n(2)),
            ("sk", s("2026-11-21")),
            ("sk", s("2026-11-21#24")),
            ("orders", n(-1)),
            ("revenue", s("much")),
            ("top_items", s("7,1")),
            ("top_items", s("7,1,1,1")),
            ("top_items", s("7,1,1;")),
        ] {
            assert!(with(name, value.clone()).is_err(), "{name} {value:?}");
        }
    }

    proptest! {
        #[test]
        fn any_top_items_are_read_again(
            items in proptest::collection::vec((0_u64..1 << 53, any::<i64>(), any::<i64>(), 0_u32..5), 0..25),
        ) {
            let items: Vec<ItemSales> = items
                .into_iter()
                .map(|(id, quantity, revenue, scale)| ItemSales {
                    item_id: id.to_string().parse().unwrap(),
                    quantity,
                    revenue: Decimal::new(revenue, scale),
                })
                .collect();
            prop_assert_eq!(decoded(&encoded(&items)).unwrap(), items);
        }

        #[test]
        fn any_text_is_top_items_or_an_error(text in "[0-9,;.-]{0,40}") {
            let _ = decoded(&text);
        }
    }
}
