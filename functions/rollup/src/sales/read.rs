//! Reads a day's purchases: its partitions side by side, page by page.

use std::pin::pin;

use anyhow::Context as _;
use futures_util::{TryStreamExt as _, stream};
use jiff::civil::Date;
use shared::purchase::{BUCKETS, Purchase};
use shared::store::{BucketQuery, ReadPurchases, Result, StoreError};

use crate::sales::purchases::{DayPurchases, Reading};

/// Purchases of a page: about 250 kB.
const PAGE: u16 = 1_000;

/// Reads all of a day. What is in memory besides it is a page of each partition.
pub(crate) async fn day(purchases: &impl ReadPurchases, date: Date) -> anyhow::Result<DayPurchases> {
    let mut reading = Reading::of(date)?;
    let (from, until) = reading.instants();
    let first =
        |bucket| BucketQuery { date, bucket, from, until, after: None, item: None, buyer: None, limit: PAGE };
    let pages = (0..BUCKETS).map(|bucket| Box::pin(pages(purchases, first(bucket))));
    let mut pages = pin!(stream::select_all(pages));
    while let Some(page) = pages.try_next().await.context("reading purchases")? {
        reading.add(&page)?;
    }
    Ok(reading.finish())
}

/// The pages from this query on.
fn pages(
    purchases: &impl ReadPurchases,
    first: BucketQuery,
) -> impl stream::Stream<Item = Result<Vec<Purchase>>> {
    stream::try_unfold(Some(first), async move |query| {
        let Some(query) = query else { return Ok(None) };
        let page = purchases.page(&query).await?;
        if page.read_to.is_some() && page.read_to <= query.after {
            return Err(StoreError::Broken("a page of purchases that does not get on".to_owned()));
        }
        let next = page.read_to.map(|read_to| BucketQuery { after: Some(read_to), ..query });
        Ok(Some((page.purchases, next)))
    })
}
