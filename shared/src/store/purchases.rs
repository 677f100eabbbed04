//! The table `purchases`: partition `DAY#date#bucket` holds `instant#row_id`, one purchase each, for good.

use std::collections::BTreeSet;
use std::future::Future;

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use jiff::civil::Date;

use super::batch::{self, Batch};
use super::item::{Item, check_version, key, keyed, n, parsed, s, text, unavailable};
use super::{Result, StoreError};
use crate::purchase::{BuyerToken, ItemId, Position, Purchase, sortable};

/// Most purchases in one call of [`WritePurchases::put`] (DynamoDB's limit of BatchWriteItem).
pub const BATCH: usize = 25;

/// Loads purchases.
pub trait WritePurchases {
    /// Puts up to [`BATCH`] purchases with different positions, each of them or an error: what the service
    /// leaves over is sent again. Putting a purchase again changes nothing.
    fn put(&self, purchases: &[Purchase]) -> impl Future<Output = Result<Taken>> + Send;
}

/// How the service took what was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// All of it the first time.
    AtOnce,
    /// Some of it only when it was sent again: more is asked of the table than it takes.
    Throttled,
}

/// Deletes purchases, for people who ask to be erased.
pub trait DeletePurchases {
    /// Deletes up to [`BATCH`] purchases. Deleting one again changes nothing.
    fn delete(&self, positions: &[Position]) -> impl Future<Output = Result<()>> + Send;
}

/// A part of one bucket of one day.
#[derive(Debug, Clone)]
pub struct BucketQuery {
    /// The day in UTC.
    pub date: Date,
    /// 0 to [`crate::purchase::BUCKETS`] − 1.
    pub bucket: u8,
    /// From this instant on.
    pub from: Timestamp,
    /// Before this instant.
    pub until: Timestamp,
    /// Only behind this position.
    pub after: Option<Position>,
    /// Only purchases of this item.
    pub item: Option<ItemId>,
    /// Only purchases whose buyer, or linked buyer, this is.
    pub buyer: Option<BuyerToken>,
    /// At most this many, 1 to 1,000.
    pub limit: u16,
}

/// What a [`BucketQuery`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketPage {
    /// In the order of their positions.
    pub purchases: Vec<Purchase>,
    /// How far the table was read, when there may be more: everything up to here is in `purchases`.
    pub read_to: Option<Position>,
}

/// Reads purchases.
pub trait ReadPurchases {
    /// One page of one bucket: at most `limit` purchases, and at most what DynamoDB reads in one go (1 MB).
    fn page(&self, query: &BucketQuery) -> impl Future<Output = Result<BucketPage>> + Send;
}

/// The table of purchases; see [`WritePurchases`], [`ReadPurchases`].
#[derive(Debug, Clone)]
pub struct PurchasesTable {
    client: Client,
    table: String,
    consistent: bool,
}

impl PurchasesTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), consistent: false }
    }

    /// The table, read as it is after every write that is over; costs twice as much.
    pub fn consistent(self) -> Self {
        Self { consistent: true, ..self }
    }

    fn batch(&self, action: &'static str) -> Batch {
        Batch { client: self.client.clone(), table: self.table.clone(), action }
    }
}

fn partition(date: Date, bucket: u8) -> String {
    format!("DAY#{date}#{bucket}")
}

fn keys(position: &Position) -> (String, String) {
    (partition(position.date(), position.row_id.bucket()), position.to_string())
}

/// Prices and numbers are DynamoDB numbers: exact to 38 digits.
fn item_of(purchase: &Purchase) -> Item {
    let (pk, sk) = keys(&purchase.position);
    let mut item = keyed(pk, sk);
    item.extend([
        ("buyer".to_owned(), s(purchase.buyer.as_str())),
        ("item_id".to_owned(), n(purchase.item_id)),
        ("quantity".to_owned(), n(purchase.quantity)),
        ("price".to_owned(), n(purchase.price)),
    ]);
    if let Some(linked) = &purchase.linked {
        item.insert("linked".to_owned(), s(linked.as_str()));
    }
    item
}

fn purchase_of(item: &Item) -> Result<Purchase> {
    check_version(item)?;
    Ok(Purchase {
        position: parsed(item, "sk")?,
        buyer: parsed(item, "buyer")?,
        linked: if item.contains_key("linked") { Some(parsed(item, "linked")?) } else { None },
        item_id: parsed(item, "item_id")?,
        quantity: parsed(item, "quantity")?,
        price: parsed(item, "price")?,
    })
}

fn bounded(batch: usize) -> Result<()> {
    if batch > BATCH {
        return Err(StoreError::Broken(format!("a batch of {batch}, more than {BATCH}")));
    }
    Ok(())
}

impl WritePurchases for PurchasesTable {
    async fn put(&self, purchases: &[Purchase]) -> Result<Taken> {
        bounded(purchases.len())?;
        let requests = || purchases.iter().map(|purchase| batch::put(item_of(purchase))).collect();
        let sends = self.batch("writing purchases").write(requests).await?;
        Ok(if sends <= 1 { Taken::AtOnce } else { Taken::Throttled })
    }
}

impl DeletePurchases for PurchasesTable {
    async fn delete(&self, positions: &[Position]) -> Result<()> {
        bounded(positions.len())?;
        // DynamoDB refuses a batch that names an item twice.
        let different: BTreeSet<&Position> = positions.iter().collect();
        let keys = || different.iter().map(|position| keys(position)).map(|(pk, sk)| key(pk, sk));
        let requests = || keys().map(batch::delete).collect();
        self.batch("deleting purchases").write(requests).await.map(drop)
    }
}

impl ReadPurchases for PurchasesTable {
    async fn page(&self, query: &BucketQuery) -> Result<BucketPage> {
        // Sort keys are longer than an instant, so `BETWEEN a AND b` leaves `b` itself out; and `!` sorts behind
        // the end of a key, before everything else that is greater.
        let from =
            query.after.map_or_else(|| sortable(query.from), |p| format!("{p}!").max(sortable(query.from)));
        let until = sortable(query.until);
        if from > until {
            return Ok(BucketPage::default());
        }
        let mut filters = Vec::new();
        let mut request = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(self.consistent)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :until")
            .expression_attribute_values(":pk", s(partition(query.date, query.bucket)))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":until", s(until));
        if let Some(item) = query.item {
            filters.push("item_id = :item");
            request = request.expression_attribute_values(":item", n(item));
        }
        if let Some(buyer) = &query.buyer {
            filters.push("(buyer = :buyer OR linked = :buyer)");
            request = request.expression_attribute_values(":buyer", s(buyer.as_str()));
        }
        // DynamoDB counts its limit before it filters: a filtered page reads a whole megabyte.
        let request = if filters.is_empty() {
            request.limit(i32::from(query.limit))
        } else {
            request.filter_expression(filters.join(" AND "))
        };
        let answer = request.send().await.map_err(unavailable("reading purchases"))?;
        let mut read_to = match &answer.last_evaluated_key {
            Some(key) => Some(
                text(key, "sk")?
                    .parse::<Position>()
                    .map_err(|error| StoreError::Broken(error.to_string()))?,
            ),
            None => None,
        };
        let mut purchases: Vec<Purchase> = answer.items().iter().map(purchase_of).collect::<Result<_>>()?;
        if purchases.len() > usize::from(query.limit) {
            purchases.truncate(usize::from(query.limit));
            read_to = purchases.last().map(|last| last.position);
        }
        Ok(BucketPage { purchases, read_to })
    }
}
