//! Everything that imports feed of a month: purchases, trends, the buyer index, the analytics copy.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde_json::Value;

use crate::analytics;
use crate::export::{Row, amount};
use crate::local_cloud::{Item, LocalCloud, text};
use crate::trends::{SOON, Trends};

/// What is there of a month.
#[derive(Debug, Clone, PartialEq)]
pub struct Fed {
    /// The table `purchases`, by its keys.
    pub purchases: BTreeMap<(String, String), Item>,
    /// What the API tells of days and hours.
    pub trends: Trends,
    /// The buyer index: token, and day or `FIRST` with its day.
    pub index: BTreeSet<(String, String)>,
    /// The rows of the analytics copy.
    pub analytics: Vec<Row>,
}

impl Fed {
    /// What is there of a month such as `2020-06`, of 30 days, now.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn of(cloud: &LocalCloud, key: &str, month: &str) -> Self {
        let (from, to) = (format!("{month}-01"), format!("{month}-30"));
        Self {
            purchases: cloud.items(&cloud.name("purchases"), &format!("DAY#{month}-")).await,
            trends: Trends::told(cloud, key, &from, &to).await,
            index: index(cloud, month).await,
            analytics: analytics::rows(cloud, &format!("{month}-")).await,
        }
    }

    /// The purchases in the form of rows, sorted.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.purchases.values().map(row).collect();
        rows.sort();
        rows
    }

    /// What the index has to be: every day of every token, and the first of them.
    pub fn index_of_purchases(&self) -> BTreeSet<(String, String)> {
        let mut days: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for item in self.purchases.values() {
            for name in ["buyer", "linked"].iter().filter(|name| item.contains_key(**name)) {
                days.entry(text(item, name)).or_default().insert(&text(item, "sk")[..10]);
            }
        }
        let entries = days.iter().flat_map(|(token, days)| {
            let first = days.first().map(|first| format!("FIRST {first}"));
            days.iter().map(|day| (*day).to_owned()).chain(first).map(|day| ((*token).to_owned(), day))
        });
        entries.collect()
    }

    /// All of it but who bought.
    #[must_use]
    pub fn without_tokens(mut self) -> Self {
        for item in self.purchases.values_mut() {
            item.retain(|name, _| name != "buyer" && name != "linked");
        }
        self.index.clear();
        self.analytics = anonymous(self.analytics);
        self
    }
}

/// Rows without their buyers, sorted.
pub fn anonymous(rows: Vec<Row>) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.into_iter().map(|row| Row { buyer: String::new(), ..row }).collect();
    rows.sort();
    rows
}

/// A purchase, whose instant is of whole seconds.
///
/// # Panics
/// When it is none.
pub fn row(item: &Item) -> Row {
    let number = |name: &str| item[name].as_n().expect("a number");
    Row {
        at: text(item, "sk").split_once(".000000000Z#").expect("whole seconds").0.to_owned(),
        buyer: text(item, "buyer").to_owned(),
        item: number("item_id").parse().expect("an item"),
        quantity: number("quantity").parse().expect("a quantity"),
        price: amount(number("price")),
    }
}

/// What the buyer index says of the days of a month.
async fn index(cloud: &LocalCloud, month: &str) -> BTreeSet<(String, String)> {
    let items = cloud.items(&cloud.name("history"), "BUYER#").await;
    let entries = items.into_iter().map(|((pk, sk), item)| {
        let token = pk.trim_start_matches("BUYER#").to_owned();
        (token, if sk == "FIRST" { format!("FIRST {}", text(&item, "date")) } else { sk })
    });
    entries.filter(|(_, day)| day.trim_start_matches("FIRST ").starts_with(month)).collect()
}

/// The entry of the last import under a key in the ledger, as the API tells it: the newest first.
///
/// # Panics
/// When there is none.
pub async fn import(cloud: &LocalCloud, key: &str, object: &str) -> Value {
    let imports = cloud.json("/imports", key).await;
    let mut imports = imports["imports"].as_array().expect("a list").iter();
    imports.find(|import| import["key"] == object).expect("an import").clone()
}

/// When reading the purchases began that the trend of a day was made of.
async fn read_at(cloud: &LocalCloud, date: &str) -> Option<Timestamp> {
    let [pk, sk] = [format!("TREND#{}", &date[..7]), date.to_owned()].map(AttributeValue::S);
    let get = aws_sdk_dynamodb::Client::new(&cloud.aws).get_item().table_name(cloud.name("history"));
    let found = get.consistent_read(true).key("pk", pk).key("sk", sk).send().await.expect("an answer");
    found.item.map(|item| text(&item, "read_at").parse().expect("an instant"))
}

/// Waits until every day that an import touched was recomputed after it ended: trend and analytics copy.
///
/// # Panics
/// When one was not.
pub async fn until_recomputed(cloud: &LocalCloud, import: &Value) {
    let ended: Timestamp = import["ended_at"].as_str().expect("an end").parse().expect("an instant");
    let (s3, bucket, begun) = (cloud.s3(), cloud.analytics_bucket().await, Instant::now());
    for day in import["days"].as_array().expect("days") {
        let date = day.as_str().expect("a day");
        let file = format!("analytics/date={date}/purchases.parquet");
        loop {
            let read_at = read_at(cloud, date).await;
            if let Some(read_at) = read_at.filter(|read_at| *read_at > ended) {
                let listed = s3.list_objects_v2().bucket(&bucket).prefix(&file).send().await.expect("a list");
                let written = listed.contents().first().and_then(|object| object.last_modified());
                let written = written.and_then(|at| Timestamp::from_nanosecond(at.as_nanos()).ok());
                if written.is_some_and(|written| written > read_at) {
                    break;
                }
            }
            assert!(begun.elapsed() < SOON, "{date} was not recomputed: {read_at:?}");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}
