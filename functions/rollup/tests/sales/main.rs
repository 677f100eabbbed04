//! The sales' handlers over the stores in memory.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crashes;
mod day;
mod events;
mod follow;
mod nightly;
mod races;
mod world;

use std::collections::BTreeMap;

use jiff::civil::Date;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use serde_json::{Value, json};
use shared::purchase::{BuyerToken, Purchase};
use shared::trend::DayTrend;
use world::World;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn token(name: &str) -> BuyerToken {
    let (key, person) = name.split_once('.').unwrap();
    BuyerToken::keyed(key, &format!("{person:0>64}"))
}

/// A purchase such as `2021-03-21T11:00:00 k1.1 7 2 12.50`; `k2.1+k1.1` carries a linked token.
fn purchase(text: &str) -> Purchase {
    let [at, buyer, item, quantity, price] = text.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{text}")
    };
    let (buyer, linked) =
        buyer.split_once('+').map_or((buyer, None), |(buyer, linked)| (buyer, Some(token(linked))));
    // Any number will do that is the purchase's own.
    let row_id =
        text.bytes().fold(7u128, |hash, byte| hash.wrapping_mul(0x0100_0193).wrapping_add(u128::from(byte)));
    Purchase {
        position: format!("{at}.000000000Z#{row_id:032x}").parse().unwrap(),
        buyer: token(buyer),
        linked,
        item_id: item.parse().unwrap(),
        quantity: quantity.parse().unwrap(),
        price: price.parse().unwrap(),
    }
}

fn purchases<const N: usize>(texts: [&str; N]) -> Vec<Purchase> {
    texts.into_iter().map(purchase).collect()
}

/// Everything that is written: trends without when and since when they were read, the index, and the rows of each file.
#[derive(Debug, Clone, PartialEq)]
struct Written {
    trends: BTreeMap<Date, DayTrend>,
    firsts: BTreeMap<BuyerToken, Date>,
    days: Vec<(BuyerToken, Date)>,
    files: BTreeMap<Date, Vec<(String, i64, i32)>>,
}

fn written(world: &World) -> Written {
    let tables = world.memory.tables();
    let read_at = jiff::Timestamp::UNIX_EPOCH;
    let trends =
        tables.trends.iter().map(|(date, trend)| (*date, DayTrend { read_at, since: None, ..trend.clone() }));
    let rows = |file: &bytes::Bytes| {
        let reader = SerializedFileReader::new(file.clone()).unwrap();
        let rows = reader.get_row_iter(None).unwrap().map(|row| {
            let row = row.unwrap();
            (row.get_string(1).unwrap().clone(), row.get_long(2).unwrap(), row.get_int(3).unwrap())
        });
        rows.collect()
    };
    Written {
        trends: trends.collect(),
        firsts: tables.first_bought.clone(),
        days: tables.bought.iter().cloned().collect(),
        files: world.files.lock().unwrap().iter().map(|(date, file)| (*date, rows(file))).collect(),
    }
}

/// Does what the event asks for, and all that it leads to.
async fn done(world: &World, event: Value) {
    world.handle(event).await.unwrap();
    world.drain().await;
}

async fn day(world: &World, date: &str) {
    done(world, json!({"day": date})).await;
}

/// New and returning buyers of a day.
fn new_and_returning(world: &World, day: &str) -> (u64, u64) {
    let tables = world.memory.tables();
    let trend = &tables.trends[&date(day)];
    assert_eq!(trend.new_buyers + trend.returning_buyers, trend.sales.buyers);
    (trend.new_buyers, trend.returning_buyers)
}
