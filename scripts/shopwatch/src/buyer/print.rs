//! A person's purchases for people and programs.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::RawValue;
use shared::purchase::{BuyerToken, CSV_COLUMNS, Purchase, written};

use super::Found;
use crate::table::{Table, counted};

/// How they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Columns for a terminal, and a summary.
    Table,
    /// A JSON array.
    Json,
    /// CSV with a header.
    Csv,
}

/// One purchase, with the names and types that `GET /purchases` has.
#[derive(Serialize)]
struct Row<'a> {
    buyer: &'a str,
    item_id: u64,
    quantity: i32,
    /// Digit by digit: no floating point number on the way.
    price: Box<RawValue>,
    purchase_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    linked: Option<&'a str>,
}

fn row(purchase: &Purchase) -> serde_json::Result<Row<'_>> {
    Ok(Row {
        buyer: purchase.buyer.as_str(),
        item_id: purchase.item_id.get(),
        quantity: purchase.quantity.get(),
        // Digits with at most one point are always JSON.
        price: RawValue::from_string(purchase.price.to_string())?,
        purchase_date: written(purchase.position.at),
        linked: purchase.linked.as_ref().map(BuyerToken::as_str),
    })
}

/// Prints the purchases, oldest first.
///
/// # Errors
/// When `out` cannot be written.
pub fn print(found: &Found, shape: Shape, out: &mut impl Write) -> io::Result<()> {
    match shape {
        Shape::Json => {
            let rows = found.purchases.iter().map(row).collect::<serde_json::Result<Vec<_>>>()?;
            serde_json::to_writer_pretty(&mut *out, &rows)?;
            writeln!(out)
        }
        Shape::Csv => csv(&found.purchases, out),
        Shape::Table => {
            let mut table = Table::new(["WHEN", "ITEM", "QUANTITY", "PRICE", "KEY"]);
            for purchase in &found.purchases {
                table.row([
                    written(purchase.position.at),
                    purchase.item_id.to_string(),
                    purchase.quantity.to_string(),
                    purchase.price.to_string(),
                    key(&purchase.buyer).to_owned(),
                ]);
            }
            if !found.purchases.is_empty() {
                table.print(out)?;
            }
            writeln!(out, "{}", summary(found))
        }
    }
}

fn csv(purchases: &[Purchase], out: &mut impl Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(CSV_COLUMNS)?;
    for purchase in purchases {
        csv.write_record([
            purchase.buyer.to_string(),
            purchase.item_id.to_string(),
            purchase.quantity.to_string(),
            purchase.price.to_string(),
            written(purchase.position.at),
            purchase.linked.as_ref().map(BuyerToken::to_string).unwrap_or_default(),
        ])?;
    }
    csv.flush()
}

/// Which key a token was made with.
fn key(token: &BuyerToken) -> &str {
    token.as_str().split_once('.').map_or("sha1", |(key, _)| key)
}

/// How much there is of a person.
fn summary(found: &Found) -> String {
    if found.purchases.is_empty() {
        return "no purchases".to_owned();
    }
    format!(
        "{} on {}",
        counted(found.purchases.len() as u64, "purchase"),
        counted(found.days.len() as u64, "day")
    )
}
