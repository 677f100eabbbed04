//! A day, from the table to trend, index and file.

use rust_decimal::Decimal;
use shared::store::{BucketPage, BucketQuery, ReadPurchases, Result, StoreError};

use super::*;

fn spring() -> World {
    World::of(&purchases([
        "2021-03-20T23:59:59 k1.1 7 1 1.00",
        "2021-03-21T00:00:00 k1.1 7 2 10.25",
        "2021-03-21T11:00:00 k1.2 8 1 0.0001",
        "2021-03-21T11:00:01 k1.2 7 -1 10.25",
        "2021-03-21T23:59:59 k1.3 9 3 2.50",
        "2021-03-22T00:00:00 k1.4 7 1 1.00",
    ]))
}

#[tokio::test]
async fn purchases_become_a_trend_an_index_and_a_file() {
    let world = spring();
    day(&world, "2021-03-20").await;
    day(&world, "2021-03-21").await;
    let written = written(&world);
    let trend = &written.trends[&date("2021-03-21")];
    assert_eq!((trend.sales.orders, trend.sales.quantity, trend.sales.returns), (3, 5, 1));
    assert_eq!(trend.sales.revenue, "17.7501".parse::<Decimal>().unwrap());
    assert_eq!(trend.hours.keys().copied().collect::<Vec<_>>(), [0, 11, 23]);
    assert_eq!(new_and_returning(&world, "2021-03-21"), (2, 1));
    assert_eq!(new_and_returning(&world, "2021-03-20"), (1, 0));
    let tokens = ["k1.1", "k1.2", "k1.3"].map(token);
    assert_eq!(tokens.each_ref().map(|t| written.firsts[t]), {
        let [before, day] = ["2021-03-20", "2021-03-21"].map(date);
        [before, day, day]
    });
    let noted: Vec<&BuyerToken> =
        written.days.iter().filter(|(_, day)| *day == date("2021-03-21")).map(|(token, _)| token).collect();
    assert_eq!(noted, tokens.iter().collect::<Vec<_>>());
    let file = &written.files[&date("2021-03-21")];
    assert_eq!(file.iter().map(|row| row.2).collect::<Vec<_>>(), [2, 1, -1, 3]);
    assert_eq!(file[0].0, token("k1.1").to_string());
}

#[tokio::test]
async fn the_same_day_twice_changes_nothing() {
    let world = spring();
    day(&world, "2021-03-21").await;
    let (once, bytes) = (written(&world), world.files.lock().unwrap().clone());
    day(&world, "2021-03-21").await;
    assert_eq!(written(&world), once);
    assert_eq!(*world.files.lock().unwrap(), bytes);
}

#[tokio::test]
async fn only_what_is_missing_in_the_index_is_written() {
    let world = spring();
    day(&world, "2021-03-21").await;
    // Of whom everything is known nothing is written: the day needs no more calls than reading.
    world.memory.fail_after(8 + 1 + 1 + 1 + 1);
    world.handle(json!({"day": "2021-03-21"})).await.unwrap();
    assert_eq!(
        world.memory.tables().calls_left,
        Some(0),
        "eight pages, the index, the trend, the file, whose trend it is"
    );
}

#[tokio::test]
async fn a_day_that_has_lost_its_purchases_is_empty() {
    let world = spring();
    day(&world, "2021-03-21").await;
    world.memory.tables().purchases.clear();
    day(&world, "2021-03-21").await;
    let written = written(&world);
    let trend = &written.trends[&date("2021-03-21")];
    assert_eq!((trend.sales.clone(), trend.hours.len()), (shared::trend::Sales::default(), 0));
    assert_eq!(new_and_returning(&world, "2021-03-21"), (0, 0));
    assert_eq!(written.files[&date("2021-03-21")], []);
    assert_eq!(written.days.len(), 3, "days are noted for good");
}

#[tokio::test]
async fn two_tokens_of_one_person_are_one_buyer() {
    let world = World::of(&purchases([
        "2021-03-20T10:00:00 k1.1 7 1 1.00",
        "2021-03-21T10:00:00 k1.1 7 1 1.00",
        "2021-03-21T10:00:00 k2.1+k1.1 8 1 1.00",
        "2021-03-21T11:00:00 k2.1 8 1 1.00",
        "2021-03-21T12:00:00 k2.2+k1.2 8 1 1.00",
        "2021-03-22T12:00:00 k2.1 8 1 1.00",
    ]));
    for date in ["2021-03-20", "2021-03-21", "2021-03-22"] {
        day(&world, date).await;
    }
    let written = written(&world);
    let sales = &written.trends[&date("2021-03-21")].sales;
    assert_eq!((sales.buyers, sales.orders), (2, 3));
    assert_eq!(new_and_returning(&world, "2021-03-21"), (1, 1), "known under the former key");
    assert_eq!(new_and_returning(&world, "2021-03-22"), (0, 1), "known under the new one");
    let of = |day: &str| written.days.iter().filter(|(_, noted)| *noted == date(day)).count();
    assert_eq!(of("2021-03-21"), 4, "linked tokens are noted too");
    assert!(written.files[&date("2021-03-21")].iter().all(|row| row.0 != token("k1.2").to_string()));
}

#[tokio::test]
async fn many_pages_of_each_partition_are_read() {
    let minute =
        |n: u32| format!("2021-03-21T{:02}:{:02}:00 k1.{} {} 1 0.01", n / 60 % 24, n % 60, n % 700, n);
    let many: Vec<Purchase> = (0..20_000).map(|n| purchase(&minute(n))).collect();
    let world = World::of(&many);
    day(&world, "2021-03-21").await;
    let trend = &written(&world).trends[&date("2021-03-21")];
    assert_eq!((trend.sales.quantity, trend.sales.buyers), (20_000, 700));
    assert_eq!(trend.sales.revenue, "200".parse::<Decimal>().unwrap());
}

/// Purchases of which one partition holds something that cannot be read.
struct Unreadable(World);

impl ReadPurchases for Unreadable {
    async fn page(&self, query: &BucketQuery) -> Result<BucketPage> {
        if query.bucket == 5 {
            return Err(StoreError::Broken("DAY#2021-03-21#5 …: price".to_owned()));
        }
        self.0.page(query).await
    }
}

#[tokio::test]
async fn a_purchase_that_cannot_be_read_fails_the_day_and_changes_nothing() {
    let world = spring();
    let rollup = rollup::SalesRollup {
        purchases: Unreadable(world.clone()),
        history: world.clone(),
        imports: world.clone(),
        analytics: world.clone(),
        itself: world.clone(),
    };
    let before = written(&world);
    let asked = rollup::DayRequest::of(date("2021-03-21"));
    let error = rollup.day(&asked, || world.now()).await.unwrap_err();
    let error = format!("{error:#}");
    assert!(error.contains("2021-03-21") && error.contains("stored item is broken"), "{error}");
    assert_eq!(written(&world), before);
}

/// Purchases of which a page says that there is more, and never gets there.
struct Stuck(World);

impl ReadPurchases for Stuck {
    async fn page(&self, query: &BucketQuery) -> Result<BucketPage> {
        let read_to = Some(purchase("2021-03-21T00:00:00 k1.1 7 2 10.25").position);
        Ok(BucketPage { read_to, ..self.0.page(query).await? })
    }
}

#[tokio::test]
async fn pages_that_do_not_get_on_end_in_an_error() {
    let world = spring();
    let rollup = rollup::SalesRollup {
        purchases: Stuck(world.clone()),
        history: world.clone(),
        imports: world.clone(),
        analytics: world.clone(),
        itself: world.clone(),
    };
    let asked = rollup::DayRequest::of(date("2021-03-21"));
    let error = format!("{:#}", rollup.day(&asked, || world.now()).await.unwrap_err());
    assert!(error.contains("does not get on"), "{error}");
}
