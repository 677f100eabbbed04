//! The buyer index: partition `BUYER#token` holds `FIRST`, with the first day that the token bought on, and
//! `2026-11-21` for each day, for good. `FIRST` also tells the later day that it was moved from last.

use std::collections::{HashMap, HashSet};
use std::future::Future;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use jiff::civil::Date;

use super::super::batch::{self, KEYS, pause_after, together};
use super::super::item::{Item, check_version, key, keyed, parsed, s, text, unavailable, version};
use super::super::transaction::{self, Ended, MAX_SENDS, WRITES};
use super::super::{BATCH, Result, StoreError};
use super::HistoryTable;
use crate::purchase::BuyerToken;

/// What the buyer index knows of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnownBuyer {
    /// The first day that it bought on, as far as is known.
    pub first: Option<Date>,
    /// Whether the day asked about is noted.
    pub noted: bool,
}

/// Keeps the buyer index: the days that each token bought on.
pub trait WriteBuyers {
    /// What is known of these tokens, in their order, read in batches; `date` is the day asked about.
    fn known(
        &self,
        date: Date,
        tokens: &[BuyerToken],
    ) -> impl Future<Output = Result<Vec<KnownBuyer>>> + Send;
    /// Notes that these tokens bought on this day, in batches. Noting it again changes nothing.
    fn note(&self, date: Date, tokens: &[BuyerToken]) -> impl Future<Output = Result<()>> + Send;
    /// Makes this the first day of these tokens, many together; each is known to have this later first day, or none.
    /// Answers those left out: nothing was changed for them, because one of those written together is not as it was
    /// known, or is being written. They are for [`WriteBuyers::first_bought`].
    fn first_bought_together(
        &self,
        tokens: &[(BuyerToken, Option<Date>)],
        date: Date,
    ) -> impl Future<Output = Result<Vec<BuyerToken>>> + Send;
    /// Makes this the first day of a token unless an earlier one is stored; answers the later day that was stored
    /// before, if one was: its trend counts the buyer as new, and has to be recomputed. Sent again, because an answer
    /// was lost, it answers the same.
    fn first_bought(
        &self,
        token: &BuyerToken,
        date: Date,
    ) -> impl Future<Output = Result<Option<Date>>> + Send;
}

/// Reads the buyer index, and takes people out of it.
pub trait ForgetBuyers {
    /// The days that the token bought on, oldest first.
    fn days_of(&self, token: &BuyerToken) -> impl Future<Output = Result<Vec<Date>>> + Send;
    /// Deletes everything about the token.
    fn forget(&self, token: &BuyerToken) -> impl Future<Output = Result<()>> + Send;
}

/// The sort key of a buyer's first day.
const FIRST: &str = "FIRST";

/// The attribute of a first day with the day that it was moved from; itself when it was not.
const MOVED_FROM: &str = "moved_from";

/// What a buyer's partition is called before its token.
const PREFIX: &str = "BUYER#";

/// Buyers of one BatchGetItem: each has two keys.
const BUYERS: usize = KEYS / 2;

fn partition(token: &BuyerToken) -> String {
    format!("{PREFIX}{token}")
}

/// These, each token once: DynamoDB refuses a call that names an item twice.
fn different<T: Clone>(all: &[T], token: impl Fn(&T) -> &BuyerToken) -> Vec<T> {
    let mut seen = HashSet::with_capacity(all.len());
    all.iter().filter(|one| seen.insert(token(one))).cloned().collect()
}

impl HistoryTable {
    /// Puts a token's first day in place of this later one, or of none.
    fn put_first(&self, token: &BuyerToken, later: Option<Date>, date: Date) -> Result<TransactWriteItem> {
        let mut item = keyed(partition(token), FIRST);
        item.insert("date".to_owned(), s(date.to_string()));
        item.insert(MOVED_FROM.to_owned(), s(later.unwrap_or(date).to_string()));
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = match later {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(later) => put
                .condition_expression("#date = :later")
                .expression_attribute_names("#date", "date")
                .expression_attribute_values(":later", s(later.to_string())),
        };
        let put = put.build().map_err(|error| StoreError::Broken(error.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// Adds what an item says to what is known of its buyer.
fn learn(known: &mut HashMap<String, KnownBuyer>, item: &Item) -> Result<()> {
    check_version(item)?;
    let (pk, sk) = (text(item, "pk")?, text(item, "sk")?);
    let token = pk.strip_prefix(PREFIX).unwrap_or(pk);
    let buyer = known.entry(token.to_owned()).or_default();
    match sk {
        FIRST => buyer.first = Some(parsed(item, "date")?),
        _ => buyer.noted = true,
    }
    Ok(())
}

impl WriteBuyers for HistoryTable {
    async fn known(&self, date: Date, tokens: &[BuyerToken]) -> Result<Vec<KnownBuyer>> {
        let read = |tokens: Vec<BuyerToken>| {
            let batch = self.batch("reading buyers");
            async move {
                let keys = |token| [key(partition(token), FIRST), key(partition(token), date.to_string())];
                batch.read(tokens.iter().flat_map(keys).collect(), true).await
            }
        };
        let mut known = HashMap::with_capacity(tokens.len());
        for item in together(different(tokens, |token| token), BUYERS, read).await?.iter().flatten() {
            learn(&mut known, item)?;
        }
        Ok(tokens.iter().map(|token| known.get(token.as_str()).copied().unwrap_or_default()).collect())
    }

    async fn note(&self, date: Date, tokens: &[BuyerToken]) -> Result<()> {
        let note = |tokens: Vec<BuyerToken>| {
            let batch = self.batch("noting buyers");
            async move {
                let items = || tokens.iter().map(|token| keyed(partition(token), date.to_string()));
                batch.write(|| items().map(batch::put).collect()).await
            }
        };
        together(different(tokens, |token| token), BATCH, note).await.map(drop)
    }

    async fn first_bought_together(
        &self,
        tokens: &[(BuyerToken, Option<Date>)],
        date: Date,
    ) -> Result<Vec<BuyerToken>> {
        let put = |tokens: Vec<(BuyerToken, Option<Date>)>| {
            let table = self.clone();
            async move {
                let puts =
                    || tokens.iter().map(|(token, later)| table.put_first(token, *later, date)).collect();
                Ok(match transaction::send(&table.client, "noting first purchases", puts).await? {
                    Ended::Written => Vec::new(),
                    Ended::Refused | Ended::Contended => tokens.into_iter().map(|(token, _)| token).collect(),
                })
            }
        };
        Ok(together(different(tokens, |(token, _)| token), WRITES, put).await?.concat())
    }

    async fn first_bought(&self, token: &BuyerToken, date: Date) -> Result<Option<Date>> {
        for send in 1..=MAX_SENDS {
            match self.move_first(token, date).await? {
                Some(there) => return moved_from(&there, date),
                None => tokio::time::sleep(pause_after(send)).await,
            }
        }
        Err(StoreError::Conflict("a buyer's first day".to_owned()))
    }
}

impl HistoryTable {
    /// The item as it is after this day was made the first one, unless an earlier one is there; none when another day's
    /// transaction is at it at this moment: the client does not send that again.
    async fn move_first(&self, token: &BuyerToken, date: Date) -> Result<Option<Item>> {
        // All of the right-hand sides are of the item as it was.
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(partition(token), FIRST)))
            .update_expression(format!(
                "SET {MOVED_FROM} = if_not_exists(#date, :date), #date = :date, v = :v"
            ))
            .condition_expression("attribute_not_exists(pk) OR #date > :date")
            .expression_attribute_names("#date", "date")
            .expression_attribute_values(":date", s(date.to_string()))
            .expression_attribute_values(":v", version())
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(answer) => Ok(Some(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Some(failed.item().cloned().unwrap_or_default()))
                }
                Some(UpdateItemError::TransactionConflictException(_)) => Ok(None),
                _ => Err(unavailable("noting a first purchase")(error)),
            },
        }
    }
}

/// The later day that an item of a first day was moved from, if that was to this day. It is the same whether this call
/// has moved it, or has found it moved because it was sent twice and the first answer was lost.
fn moved_from(item: &Item, date: Date) -> Result<Option<Date>> {
    check_version(item)?;
    let there: Date = parsed(item, "date")?;
    // Items of before there was this attribute do without.
    let from = item.contains_key(MOVED_FROM).then(|| parsed::<Date>(item, MOVED_FROM)).transpose()?;
    Ok(from.filter(|from| there == date && *from > date))
}

impl ForgetBuyers for HistoryTable {
    async fn days_of(&self, token: &BuyerToken) -> Result<Vec<Date>> {
        // `FIRST` sorts behind every date.
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let mut items = query
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", s(partition(token)))
            .expression_attribute_values(":from", s("0000-01-01"))
            .expression_attribute_values(":to", s("9999-12-31"))
            .into_paginator()
            .items()
            .send();
        let mut days = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(unavailable("reading a buyer's days"))?;
            check_version(&item)?;
            days.push(parsed(&item, "sk")?);
        }
        Ok(days)
    }

    async fn forget(&self, token: &BuyerToken) -> Result<()> {
        let batch = self.batch("forgetting a buyer");
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(partition(token)))
            .projection_expression("pk, sk")
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let keys = page.map_err(unavailable("reading what to forget"))?.items.unwrap_or_default();
            for keys in keys.chunks(BATCH) {
                batch.write(|| keys.iter().cloned().map(batch::delete).collect()).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::item::n;
    use super::*;

    #[test]
    fn where_a_first_day_came_from_is_told_of_its_own_move_only() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        let of = |first: &str, from: Option<&str>| {
            let mut item = keyed(partition(&BuyerToken::keyed("k1", &"0".repeat(64))), FIRST);
            item.insert("date".to_owned(), s(first));
            item.extend(from.map(|from| (MOVED_FROM.to_owned(), s(from))));
            item
        };
        for (first, from, told) in [
            ("2026-11-09", Some("2026-11-21"), Some("2026-11-21")),
            ("2026-11-09", Some("2026-11-09"), None),
            ("2026-11-09", None, None),
            ("2026-11-08", Some("2026-11-21"), None),
        ] {
            let found = moved_from(&of(first, from), date("2026-11-09")).unwrap();
            assert_eq!(found, told.map(date), "{first} {from:?}");
        }
        let mut other = of("2026-11-09", None);
        other.insert("v".to_owned(), n(2));
        assert!(moved_from(&other, date("2026-11-09")).is_err());
        assert!(moved_from(&of("2026-11-09", Some("x")), date("2026-11-09")).is_err());
    }
}
