//! Finds a person's purchases: the days from the buyer index, then the purchases of those days.

use std::collections::BTreeSet;

use anyhow::ensure;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use shared::purchase::{BUCKETS, BuyerToken, Purchase};
use shared::store::{BucketQuery, ForgetBuyers, ReadPurchases, StoreError};

/// Buckets of days that are read at once.
const AT_ONCE: usize = 16;

/// Purchases asked for at once.
const PAGE: u16 = 1_000;

/// Most tokens of one person.
const MAX_TOKENS: usize = 100;

/// Most purchases of one person that are held in memory.
const MAX_PURCHASES: usize = 1_000_000;

/// What there is of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The person's tokens: those that were asked for, and those linked with them.
    pub tokens: BTreeSet<BuyerToken>,
    /// The days that the index has of any of them.
    pub days: BTreeSet<Date>,
    /// The purchases of those days, in time order.
    pub purchases: Vec<Purchase>,
}

/// Finds the purchases of these tokens and of every token that is linked with one of them; `seen` is told how many of
/// how many parts of days have been read.
///
/// # Errors
/// When a table does not answer, or there is more of one person than a person buys.
pub async fn find(
    index: &impl ForgetBuyers,
    purchases: &impl ReadPurchases,
    tokens: &[BuyerToken],
    mut seen: impl FnMut(usize, usize),
) -> anyhow::Result<Found> {
    let mut found = Found { tokens: tokens.iter().cloned().collect(), ..Found::default() };
    loop {
        ensure!(found.tokens.len() <= MAX_TOKENS, "more than {MAX_TOKENS} tokens are linked with each other");
        for token in &found.tokens {
            found.days.extend(index.days_of(token).await?);
        }
        found.purchases = of_days(purchases, &found.days, &found.tokens, &mut seen).await?;
        let linked =
            found.purchases.iter().flat_map(|purchase| purchase.linked.iter().chain([&purchase.buyer]));
        let tokens: BTreeSet<BuyerToken> = linked.chain(&found.tokens).cloned().collect();
        // A token that was found on the way may have bought on days that were read without it.
        if tokens == found.tokens {
            return Ok(found);
        }
        found.tokens = tokens;
    }
}

async fn of_days(
    store: &impl ReadPurchases,
    days: &BTreeSet<Date>,
    tokens: &BTreeSet<BuyerToken>,
    seen: &mut impl FnMut(usize, usize),
) -> anyhow::Result<Vec<Purchase>> {
    let parts = days.iter().flat_map(|date| (0..BUCKETS).map(|bucket| (*date, bucket)));
    let total = days.len() * usize::from(BUCKETS);
    let reads = parts.map(|(date, bucket)| of_bucket(store, date, bucket, tokens));
    let mut reads = stream::iter(reads).buffer_unordered(AT_ONCE);
    let (mut purchases, mut read) = (Vec::new(), 0);
    while let Some(part) = reads.try_next().await? {
        purchases.extend(part);
        ensure!(purchases.len() <= MAX_PURCHASES, "more than {MAX_PURCHASES} purchases are of these tokens");
        read += 1;
        seen(read, total);
    }
    purchases.sort_unstable_by_key(|purchase| purchase.position);
    Ok(purchases)
}

/// Reads all of the bucket: a filter of DynamoDB's would read as much, once for each token, and pass over what a token
/// is only linked with.
async fn of_bucket(
    store: &impl ReadPurchases,
    date: Date,
    bucket: u8,
    tokens: &BTreeSet<BuyerToken>,
) -> Result<Vec<Purchase>, StoreError> {
    let start = |date: Date| TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok();
    let mut query = BucketQuery {
        date,
        bucket,
        from: start(date).unwrap_or(Timestamp::MIN),
        until: date.tomorrow().ok().and_then(start).unwrap_or(Timestamp::MAX),
        after: None,
        item: None,
        buyer: None,
        limit: PAGE,
    };
    let mut found = Vec::new();
    loop {
        let page = store.page(&query).await?;
        let is_of = |purchase: &Purchase| {
            tokens.contains(&purchase.buyer) || purchase.linked.as_ref().is_some_and(|t| tokens.contains(t))
        };
        found.extend(page.purchases.into_iter().filter(is_of));
        let Some(to) = page.read_to else { return Ok(found) };
        // Neither may it loop for ever, nor pass over what is behind.
        if query.after.is_some_and(|after| to <= after) {
            return Err(StoreError::Broken("a page of purchases that does not get on".to_owned()));
        }
        query.after = Some(to);
    }
}
