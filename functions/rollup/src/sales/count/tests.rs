//! Sales against their definition.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use shared::purchase::{BuyerToken, Position, Purchase, RowId};

use super::*;
use crate::sales::purchases::Reading;

fn token(key: &str, n: u8) -> BuyerToken {
    BuyerToken::keyed(key, &format!("{n:064x}"))
}

/// A purchase of 2024-02-29: this many seconds after midnight, by this person under the first key, the second, or
/// both.
fn purchase(second: i64, person: u8, keys: u8, item: u32, quantity: i32, price: u32) -> Purchase {
    let at: Timestamp = "2024-02-29T00:00:00Z".parse().unwrap();
    let row_id = RowId(u128::from(price) * 7 + u128::from(item) + u128::from(person) * 1_000_003);
    let (k1, k2) = (token("k1", person), token("k2", person));
    let (buyer, linked) = match keys {
        0 => (k1, None),
        1 => (k2, None),
        _ => (k2, Some(k1)),
    };
    Purchase {
        position: Position { at: at + jiff::SignedDuration::from_secs(second), row_id },
        buyer,
        linked,
        item_id: item.to_string().parse().unwrap(),
        quantity: quantity.to_string().parse().unwrap(),
        price: Decimal::new(i64::from(price), 4).to_string().parse().unwrap(),
    }
}

fn day(purchases: &[Purchase]) -> DayPurchases {
    let mut reading = Reading::of("2024-02-29".parse().unwrap()).unwrap();
    reading.add(purchases).unwrap();
    reading.finish()
}

#[test]
fn a_day_is_counted() {
    let day = day(&[
        // One order of two items, one of them back within the hour.
        purchase(39_600, 1, 0, 7, 2, 100_000),
        purchase(39_600, 1, 0, 8, 1, 25_500),
        purchase(39_700, 1, 0, 7, -1, 100_000),
        // Somebody else at the same instant, and an hour later the same two tokens of one person.
        purchase(39_600, 2, 1, 7, 1, 100_000),
        purchase(43_200, 2, 2, 9, 1, 1),
        purchase(43_200, 2, 0, 9, 1, 1),
    ]);
    let (whole, hours) = sales(&day).unwrap();
    let item = |id: &str, quantity, revenue: &str| ItemSales {
        item_id: id.parse().unwrap(),
        quantity,
        revenue: revenue.parse().unwrap(),
    };
    let wanted = Sales {
        orders: 3,
        quantity: 5,
        revenue: "22.5502".parse().unwrap(),
        buyers: 2,
        returns: 1,
        top_items: vec![item("7", 2, "20"), item("8", 1, "2.55"), item("9", 2, "0.0002")],
    };
    assert_eq!(whole, wanted);
    assert_eq!(whole.revenue.to_string(), "22.5502");
    assert_eq!(hours.keys().copied().collect::<Vec<_>>(), [11, 12]);
    assert_eq!((hours[&11].orders, hours[&11].buyers, hours[&11].quantity), (2, 2, 3));
    assert_eq!((hours[&12].orders, hours[&12].buyers), (1, 1));
    assert_eq!(hours[&11].top_items[0].revenue.to_string(), "20", "one text of each number");
}

#[test]
fn a_day_without_purchases_is_nothing() {
    assert_eq!(sales(&day(&[])).unwrap(), (Sales::default(), BTreeMap::new()));
}

#[test]
fn the_best_twenty_are_named_and_equal_ones_by_number() {
    let purchases: Vec<Purchase> =
        (0..30).map(|n| purchase(60, 1, 0, n, 1, if n < 15 { 10_000 } else { 20_000 })).collect();
    let (whole, _) = sales(&day(&purchases)).unwrap();
    let items: Vec<u64> = whole.top_items.iter().map(|item| item.item_id.get()).collect();
    assert_eq!(items, (15..30).chain(0..5).collect::<Vec<_>>());
}

#[test]
fn a_revenue_beyond_all_digits_is_an_error() {
    let most = |n: u32| Purchase {
        quantity: "2147483647".parse().unwrap(),
        price: "99999999999.9999".parse().unwrap(),
        ..purchase(60, 1, 0, n, 1, 1)
    };
    let purchases: Vec<Purchase> = (0..40_000).map(most).collect();
    let error = sales(&day(&purchases)).unwrap_err();
    assert!(format!("{error:#}").contains("28 digits"), "{error:#}");
}

/// Names the person of a purchase: the tokens of the same digits are one, once any of these purchases carries both.
fn person_of(all: &[Purchase]) -> impl Fn(&Purchase) -> String {
    let digits = |p: &Purchase| p.buyer.as_str()[3..].to_owned();
    let linked: BTreeSet<String> = all.iter().filter(|p| p.linked.is_some()).map(digits).collect();
    move |p| if linked.contains(&digits(p)) { digits(p) } else { p.buyer.to_string() }
}

/// By the definition, the slow way.
fn naive(purchases: &[Purchase], person: impl Fn(&Purchase) -> String) -> Sales {
    let revenue = |p: &Purchase| p.price.amount() * Decimal::from(p.quantity.get());
    let bought = purchases.iter().filter(|p| p.quantity.get() > 0);
    let mut items: BTreeMap<ItemId, ItemSales> = BTreeMap::new();
    for p in purchases {
        let none = ItemSales { item_id: p.item_id, quantity: 0, revenue: Decimal::ZERO };
        let item = items.entry(p.item_id).or_insert(none);
        item.quantity += i64::from(p.quantity.get());
        item.revenue += revenue(p);
    }
    let mut items: Vec<ItemSales> = items.into_values().collect();
    items.sort_by_key(|item| Reverse(item.revenue));
    items.truncate(TOP_ITEMS);
    Sales {
        orders: bought.map(|p| (person(p), p.position.at)).collect::<BTreeSet<_>>().len() as u64,
        quantity: purchases.iter().map(|p| i64::from(p.quantity.get())).sum(),
        revenue: purchases.iter().map(revenue).sum(),
        buyers: purchases.iter().map(&person).collect::<BTreeSet<_>>().len() as u64,
        returns: purchases.iter().filter(|p| p.quantity.get() < 0).count() as u64,
        top_items: items,
    }
}

proptest! {
    #[test]
    fn sales_are_as_defined(
        given in proptest::collection::vec(
            (0i64..5, 0i64..4, 0u8..6, 0u8..3, 0u32..30, prop_oneof![1i32..4, -3i32..0], 0u32..100_000), 0..60),
    ) {
        let purchases: Vec<Purchase> = given
            .iter()
            .map(|(hour, second, person, keys, item, quantity, price)| {
                purchase(hour * 3_600 * 5 + second, *person, *keys, *item, *quantity, *price)
            })
            .collect();
        let (whole, hours) = sales(&day(&purchases)).unwrap();
        // People are those of the day, in each hour too.
        let person = person_of(&purchases);
        prop_assert_eq!(&whole, &naive(&purchases, &person));
        let hour = |p: &Purchase| TimeZone::UTC.to_datetime(p.position.at).hour();
        let wanted: BTreeSet<i8> = purchases.iter().map(hour).collect();
        prop_assert!(hours.keys().eq(&wanted));
        for (of, found) in &hours {
            let some: Vec<Purchase> = purchases.iter().filter(|p| hour(p) == *of).cloned().collect();
            prop_assert_eq!(found, &naive(&some, &person));
        }
    }
}
