//! The table `purchases`: partition `DAY#date#bucket` holds `instant#row_id`, one purchase each, for good.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use jiff::civil::Date;
use rand::Rng as _;

use super::item::{Item, check_version, keyed, n, parsed, s, text, unavailable};
use super::{BATCH, BucketPage, BucketQuery, ReadPurchases, Result, StoreError, Taken, WritePurchases};
use crate::purchase::{Position, Purchase, sortable};

/// How often what the service left over is sent again, with pauses that double up to [`MAX_PAUSE`]: a quarter of
/// an hour in all, the longest that a function runs. Its own deadline comes first.
const MAX_SENDS: u32 = 360;

/// What the service answers when it takes nothing of a batch because too much is asked of it:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>.
const TOO_MUCH: [&str; 3] =
    ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"];

/// Longest pause between two sends.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Shortest pause between two sends.
const MIN_PAUSE: Duration = Duration::from_millis(50);

/// The table of purchases; see [`WritePurchases`], [`ReadPurchases`].
#[derive(Debug, Clone)]
pub struct PurchasesTable {
    client: Client,
    table: String,
}

impl PurchasesTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

fn partition(date: Date, bucket: u8) -> String {
    format!("DAY#{date}#{bucket}")
}

/// Prices and numbers are DynamoDB numbers: exact to 38 digits.
fn item_of(purchase: &Purchase) -> Item {
    let position = purchase.position;
    let mut item = keyed(partition(position.date(), position.row_id.bucket()), position.to_string());
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

fn request_of(purchase: &Purchase) -> Result<WriteRequest> {
    let put = PutRequest::builder().set_item(Some(item_of(purchase))).build();
    let put = put.map_err(|error| StoreError::Broken(error.to_string()))?;
    Ok(WriteRequest::builder().put_request(put).build())
}

/// A random pause below twice the shortest after the first send, below the longest after many
/// (full jitter: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
fn pause_after(send: u32) -> Duration {
    let most = MIN_PAUSE.saturating_mul(1 << send.min(10)).min(MAX_PAUSE);
    rand::rng().random_range(MIN_PAUSE..=most)
}

impl WritePurchases for PurchasesTable {
    async fn put(&self, purchases: &[Purchase]) -> Result<Taken> {
        if purchases.len() > BATCH {
            return Err(StoreError::Broken(format!("a batch of {}, more than {BATCH}", purchases.len())));
        }
        let mut left: Vec<WriteRequest> = purchases.iter().map(request_of).collect::<Result<_>>()?;
        for send in 1..=MAX_SENDS {
            if left.is_empty() {
                return Ok(if send <= 2 { Taken::AtOnce } else { Taken::Throttled });
            }
            let sent = self.client.batch_write_item().request_items(&self.table, left.clone()).send().await;
            match sent {
                Ok(answer) => {
                    let unprocessed =
                        answer.unprocessed_items.and_then(|mut tables| tables.remove(&self.table));
                    left = unprocessed.unwrap_or_default();
                }
                // All of it is left over.
                Err(error) if error.code().is_some_and(|code| TOO_MUCH.contains(&code)) => {}
                Err(error) => return Err(unavailable("writing purchases")(error)),
            }
            if !left.is_empty() {
                tokio::time::sleep(pause_after(send)).await;
            }
        }
        let cause = format!("{} of {} items left over after {MAX_SENDS} sends", left.len(), purchases.len());
        if left.is_empty() {
            Ok(Taken::Throttled)
        } else {
            Err(StoreError::Unavailable { action: "writing purchases", cause })
        }
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
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :until")
            .expression_attribute_values(":pk", s(partition(query.date, query.bucket)))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":until", s(until));
        if let Some(item) = query.item {
            filters.push("item_id = :item");
            request = request.expression_attribute_values(":item", n(item));
        }
        if let Some(buyer) = &query.buyer {
            filters.push("buyer = :buyer");
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
