//! What the API tells of what was sold, in the form of [`Sold`].
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::export::{Row, Sold, amount, sold};
use crate::local_cloud::LocalCloud;

/// What is not seen by then will not come: the days of an import are recomputed in invocations of their own.
pub const SOON: Duration = Duration::from_secs(90);

/// What was sold in days and hours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trends {
    /// By `2020-06-01`.
    pub days: BTreeMap<String, Sold>,
    /// By `2020-06-01T07`.
    pub hours: BTreeMap<String, Sold>,
}

impl Trends {
    /// What these rows add up to.
    pub fn expected(rows: &[Row]) -> Self {
        Self { days: sold(rows, 10), hours: sold(rows, 13) }
    }

    /// What the API tells between two days, at most 31 of them; what is empty is left out.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn told(cloud: &LocalCloud, key: &str, from: &str, to: &str) -> Self {
        let days = buckets(cloud, key, &format!("from={from}&to={to}&bucket=day"), 10).await;
        let hours = buckets(cloud, key, &format!("from={from}&to={to}&bucket=hour"), 13).await;
        Self { days, hours }
    }

    /// Waits until the API tells exactly this.
    ///
    /// # Panics
    /// When it does not.
    pub async fn wait(&self, cloud: &LocalCloud, key: &str, from: &str, to: &str) {
        let begun = Instant::now();
        loop {
            let told = Self::told(cloud, key, from, to).await;
            if told == *self {
                return;
            }
            assert!(begun.elapsed() < SOON, "{:#?}", self.differences(&told));
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// What is told, and what is expected instead: the first few.
    fn differences(&self, told: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for (expected, told) in [(&self.days, &told.days), (&self.hours, &told.hours)] {
            let names = expected.keys().chain(told.keys().filter(|name| !expected.contains_key(*name)));
            let differ = names.filter(|name| expected.get(*name) != told.get(*name));
            differences.extend(
                differ.map(|name| format!("{name}: {:?}, not {:?}", told.get(name), expected.get(name))),
            );
        }
        differences.truncate(3);
        differences
    }
}

/// The buckets of an answer in which anything was sold, by the first characters of their beginning.
///
/// # Panics
/// When there is no such answer.
pub async fn buckets(cloud: &LocalCloud, key: &str, query: &str, name: usize) -> BTreeMap<String, Sold> {
    let answer = cloud.json(&format!("/purchases/trends?{query}"), key).await;
    let buckets = answer["trends"].as_array().expect("a list").iter();
    let buckets =
        buckets.map(|bucket| (bucket["from"].as_str().expect("a text")[..name].to_owned(), of_json(bucket)));
    buckets.filter(|(_, sold)| sold.orders + sold.returns > 0).collect()
}

fn of_json(bucket: &Value) -> Sold {
    let count = |value: &Value| value.as_u64().map(|n| usize::try_from(n).expect("a count"));
    let whole = |value: &Value| value.as_i64().expect("a whole number");
    let revenue = |value: &Value| amount(&value.as_number().expect("a number").to_string());
    let item = |item: &Value| {
        (item["item_id"].as_u64().expect("an item"), whole(&item["quantity"]), revenue(&item["revenue"]))
    };
    Sold {
        orders: count(&bucket["orders"]).expect("a count"),
        quantity: whole(&bucket["quantity"]),
        revenue: revenue(&bucket["revenue"]),
        returns: count(&bucket["returns"]).expect("a count"),
        buyers: count(&bucket["buyers"]),
        new: count(&bucket["new_buyers"]),
        returning: count(&bucket["returning_buyers"]),
        top: bucket["top_items"].as_array().map(|items| items.iter().map(item).collect()),
    }
}
