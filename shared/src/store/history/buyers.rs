//! The buyer index: partition `BUYER#token` holds `FIRST`, with the first day that the token bought on, and
//! `2026-11-21` for each day, for good.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::civil::Date;

use super::super::batch::{self, KEYS, together};
use super::super::item::{Item, check_version, condition_failed, key, keyed, parsed, s, text, unavailable};
use super::super::{BATCH, ForgetBuyers, KnownBuyer, Result, WriteBuyers};
use super::HistoryTable;
use crate::purchase::BuyerToken;

/// The sort key of a buyer's first day.
const FIRST: &str = "FIRST";

/// What a buyer's partition is called before its token.
const PREFIX: &str = "BUYER#";

/// Buyers of one BatchGetItem: each has two keys.
const BUYERS: usize = KEYS / 2;

fn partition(token: &BuyerToken) -> String {
    format!("{PREFIX}{token}")
}

/// These tokens, each once: DynamoDB refuses a batch that names an item twice.
fn different(tokens: &[BuyerToken]) -> Vec<BuyerToken> {
    let mut seen = HashSet::with_capacity(tokens.len());
    tokens.iter().filter(|token| seen.insert(*token)).cloned().collect()
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
        for item in together(different(tokens), BUYERS, read).await?.iter().flatten() {
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
        together(different(tokens), BATCH, note).await.map(drop)
    }

    async fn first_bought(&self, token: &BuyerToken, date: Date) -> Result<Option<Date>> {
        let mut item = keyed(partition(token), FIRST);
        item.insert("date".to_owned(), s(date.to_string()));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put
            .condition_expression("attribute_not_exists(pk) OR #date > :date")
            .expression_attribute_names("#date", "date")
            .expression_attribute_values(":date", s(date.to_string()))
            .return_values(ReturnValue::AllOld);
        match put.send().await {
            Ok(answer) => answer.attributes.map(|there| parsed(&there, "date")).transpose(),
            Err(error) if condition_failed(&error) => Ok(None),
            Err(error) => Err(unavailable("noting a first purchase")(error)),
        }
    }
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
