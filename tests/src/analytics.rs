//! The analytics copy, as DuckDB and pandas read it.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

use crate::export::{Row, amount};
use crate::local_cloud::{LocalCloud, python};

/// What a reader adds up of a day: rows, pieces, revenue, different buyers, first and last instant.
type Sums = (usize, i64, i64, usize, String, String);

/// Every row of the copy of the days that begin with this text, sorted.
///
/// # Panics
/// When DuckDB and pandas do not both read them, find other sums than those of these rows, or there are none.
pub async fn rows(cloud: &LocalCloud, days: &str) -> Vec<Row> {
    let folder = tempfile::tempdir().expect("a folder");
    let (s3, bucket) = (cloud.s3(), cloud.analytics_bucket().await);
    let mut objects =
        s3.list_objects_v2().bucket(&bucket).prefix(format!("analytics/date={days}")).into_paginator().send();
    while let Some(page) = objects.next().await {
        for object in page.expect("a list").contents() {
            let key = object.key().expect("a key");
            let body = s3.get_object().bucket(&bucket).key(key).send().await.expect("a file").body;
            let file = folder.path().join(key.strip_prefix("analytics/").expect("a file of the copy"));
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, body.collect().await.expect("a file").to_vec()).expect("a file");
        }
    }
    let told = python("analytics", "analytics.py", folder.path().to_str().expect("a path"));
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["columns"], json!(["purchase_date", "buyer", "item_id", "quantity", "price"]));
    let rows: Vec<Row> = told["rows"].as_array().expect("rows").iter().map(row).collect();
    let sums = sums(&rows);
    for reader in ["duckdb", "pandas"] {
        let found: BTreeMap<String, Sums> = told[reader]
            .as_object()
            .expect("days")
            .iter()
            .map(|(date, day)| (date.clone(), sums_of(day)))
            .collect();
        assert_eq!(found, sums, "{reader}");
    }
    let mut rows = rows;
    rows.sort();
    rows
}

/// An instant of whole seconds, as tests have them.
fn instant(value: &Value) -> String {
    let text = value.as_str().expect("an instant");
    text.strip_suffix(".000000").expect("whole seconds").to_owned()
}

fn row(told: &Value) -> Row {
    let row = Row {
        at: instant(&told[1]),
        buyer: told[2].as_str().expect("a buyer").to_owned(),
        item: told[3].as_u64().expect("an item"),
        quantity: told[4].as_i64().expect("a quantity"),
        price: amount(told[5].as_str().expect("a price")),
    };
    assert_eq!(told[0], row.at[..10], "a purchase of another day");
    row
}

fn sums_of(day: &Value) -> Sums {
    let count = |value: &Value| usize::try_from(value.as_u64().expect("a count")).expect("a count");
    let revenue = amount(day[2].as_str().expect("a revenue"));
    let pieces = day[1].as_i64().expect("pieces");
    (count(&day[0]), pieces, revenue, count(&day[3]), instant(&day[4]), instant(&day[5]))
}

fn sums(rows: &[Row]) -> BTreeMap<String, Sums> {
    let mut days: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        days.entry(&row.at[..10]).or_default().push(row);
    }
    let sums = |rows: Vec<&Row>| {
        let instants = || rows.iter().map(|row| row.at.clone());
        let buyers: BTreeSet<_> = rows.iter().map(|row| &row.buyer).collect();
        let pieces = rows.iter().map(|row| row.quantity).sum();
        let revenue = rows.iter().map(|row| row.quantity * row.price).sum();
        let (first, last) = (instants().min(), instants().max());
        (rows.len(), pieces, revenue, buyers.len(), first.unwrap_or_default(), last.unwrap_or_default())
    };
    days.into_iter().map(|(date, rows)| (date.to_owned(), sums(rows))).collect()
}
