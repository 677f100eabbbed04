//! The people who have asked to be erased: partition `ERASED` holds the HMAC of each under the first PII key, 64 hex
//! digits, for good.

use std::collections::HashSet;
use std::future::Future;

use jiff::Timestamp;

use super::super::item::{Item, check_version, condition_failed, keyed, s, text, unavailable};
use super::super::{Result, StoreError};
use super::ImportsTable;
use crate::text::is_hex;

/// An HMAC of a person's e-mail address under the first PII key.
pub type FirstHmac = [u8; 32];

/// The people who have asked to be erased.
pub trait ReadErased {
    /// All of them.
    fn erased(&self) -> impl Future<Output = Result<HashSet<FirstHmac>>> + Send;
}

/// Records who has asked to be erased.
pub trait WriteErased {
    /// Records a person, for good. Recording one again changes nothing.
    fn put_erased(&self, person: &FirstHmac, at: Timestamp) -> impl Future<Output = Result<()>> + Send;
}

/// The partition of people who have asked to be erased.
const ERASED: &str = "ERASED";

/// Most pages of 1 MB that are read: some hundred thousand people.
const MAX_PAGES: usize = 64;

fn person_of(item: &Item) -> Result<FirstHmac> {
    check_version(item)?;
    let hex = text(item, "sk")?;
    let mut person = FirstHmac::default();
    let decoded = is_hex(hex, 64) && faster_hex::hex_decode(hex.as_bytes(), &mut person).is_ok();
    // Never repeat what is there instead: it may be an e-mail address.
    let broken = || StoreError::Broken("a person to erase who is not 64 hex digits".to_owned());
    decoded.then_some(person).ok_or_else(broken)
}

impl ReadErased for ImportsTable {
    async fn erased(&self) -> Result<HashSet<FirstHmac>> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(ERASED))
            .into_paginator()
            .send();
        let mut people = HashSet::new();
        for _ in 0..MAX_PAGES {
            let Some(page) = pages.next().await else { return Ok(people) };
            for item in page.map_err(unavailable("reading who is erased"))?.items() {
                people.insert(person_of(item)?);
            }
        }
        // To go on without the rest would load people who have asked to be erased.
        match pages.next().await {
            None => Ok(people),
            Some(_) => Err(StoreError::Broken(format!("more than {MAX_PAGES} pages of people to erase"))),
        }
    }
}

impl WriteErased for ImportsTable {
    async fn put_erased(&self, person: &FirstHmac, at: Timestamp) -> Result<()> {
        let mut item = keyed(ERASED, faster_hex::hex_string(person));
        item.insert("at".to_owned(), s(at.to_string()));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(unavailable("recording who is erased")(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_64_hex_digits_and_nothing_else_is_repeated() {
        let hex = "0123456789abcdef".repeat(4);
        let person = person_of(&keyed(ERASED, &hex)).unwrap();
        assert_eq!(faster_hex::hex_string(&person), hex);
        for bad in [&hex[1..], &hex.to_uppercase(), "ada@shop.example", &format!("{hex}0")] {
            let error = person_of(&keyed(ERASED, bad)).unwrap_err();
            assert!(matches!(error, StoreError::Broken(_)), "{error}");
            assert!(!error.to_string().contains("ada"), "{error}");
        }
        let mut other = keyed(ERASED, hex);
        other.insert("v".to_owned(), s("2"));
        assert!(person_of(&other).is_err());
    }
}
