//! Exports as the tests make them: their rows, and what these add up to.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

/// A purchase: a row of an export, or what the table or the analytics copy has of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// When, to the second: `2020-06-01T07:00:00`.
    pub at: String,
    /// Who: an e-mail address, or a token.
    pub buyer: String,
    /// What.
    pub item: u64,
    /// How many; negative: a return.
    pub quantity: i64,
    /// For how much apiece, in ten-thousandths.
    pub price: i64,
}

/// What was sold in some time. Amounts are in ten-thousandths; `None`: not known of buckets of this size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sold {
    /// Different buyers and instants with anything bought.
    pub orders: usize,
    /// Pieces, less those returned.
    pub quantity: i64,
    /// Quantity times price.
    pub revenue: i64,
    /// Rows with a negative quantity.
    pub returns: usize,
    /// Different buyers.
    pub buyers: Option<usize>,
    /// Buyers who had not bought before.
    pub new: Option<usize>,
    /// Buyers who had.
    pub returning: Option<usize>,
    /// Item, quantity and revenue of the twenty with most revenue.
    pub top: Option<Vec<(u64, i64, i64)>>,
}

/// A decimal of at most four places, in ten-thousandths.
///
/// # Panics
/// When it is none.
pub fn amount(decimal: &str) -> i64 {
    let (sign, digits) = decimal.strip_prefix('-').map_or((1, decimal), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(fraction.len() <= 4 || fraction[4..].bytes().all(|digit| digit == b'0'), "{decimal}");
    let fraction: String = fraction.chars().chain("0000".chars()).take(4).collect();
    sign * format!("{whole}{fraction}").parse::<i64>().expect("a decimal")
}

/// The rows of an export without a header.
///
/// # Panics
/// When a line is no row.
pub fn rows(export: &str) -> Vec<Row> {
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [buyer, item, quantity, price, at] = fields[..] else { panic!("{line}") };
        Row {
            at: at.to_owned(),
            buyer: buyer.to_owned(),
            item: item.parse().expect("an item"),
            quantity: quantity.parse().expect("a quantity"),
            price: amount(price),
        }
    };
    export.lines().map(row).collect()
}

/// What was sold in each day, or in each hour, in which anything was: named by its first characters, `2020-06-01` or
/// `2020-06-01T07`. Who bought before the first of the rows is not known here.
pub fn sold(rows: &[Row], name: usize) -> BTreeMap<String, Sold> {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    let mut buckets: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let day = &row.at[..10];
        first.entry(&row.buyer).and_modify(|first| *first = day.min(*first)).or_insert(day);
        buckets.entry(&row.at[..name]).or_default().push(row);
    }
    let is_day = name == 10;
    let bucket = |(name, rows): (&str, Vec<&Row>)| {
        let buyers: BTreeSet<&str> = rows.iter().map(|row| row.buyer.as_str()).collect();
        let bought = rows.iter().filter(|row| row.quantity > 0);
        let orders: BTreeSet<_> = bought.map(|row| (&row.buyer, &row.at)).collect();
        let new = buyers.iter().filter(|buyer| first[**buyer] == name).count();
        let sold = Sold {
            orders: orders.len(),
            quantity: rows.iter().map(|row| row.quantity).sum(),
            revenue: rows.iter().map(|row| row.quantity * row.price).sum(),
            returns: rows.iter().filter(|row| row.quantity < 0).count(),
            buyers: Some(buyers.len()),
            new: is_day.then_some(new),
            returning: is_day.then_some(buyers.len() - new),
            top: Some(top(&rows)),
        };
        (name.to_owned(), sold)
    };
    buckets.into_iter().map(bucket).collect()
}

/// The items with most revenue, most first; equal ones by number.
fn top(rows: &[&Row]) -> Vec<(u64, i64, i64)> {
    let mut items: BTreeMap<u64, (i64, i64)> = BTreeMap::new();
    for row in rows {
        let (quantity, revenue) = items.entry(row.item).or_default();
        (*quantity, *revenue) = (*quantity + row.quantity, *revenue + row.quantity * row.price);
    }
    let mut items: Vec<_> = items.into_iter().map(|(item, (q, r))| (item, q, r)).collect();
    items.sort_by_key(|(item, _, revenue)| (-revenue, *item));
    items.truncate(20);
    items
}
