//! A person found and erased, in memory.

mod erasing;
mod fakes;
mod finding;
mod uploads;

use ::tests::memory::Memory;
use etl::pii::{Method, Pii};
use jiff::Timestamp;
use secrecy::SecretString;
use shared::purchase::{BuyerToken, Position, Purchase, RowId};

use super::*;
use crate::pii::tests::{FIRST, SECOND, now};

pub(super) const ADA: &str = "Ada@shop.example";
pub(super) const BEN: &str = "ben@shop.example";

/// Two keys, the second one active, the first one linked.
pub(super) fn pii() -> Pii {
    let secret = format!(
        r#"{{"active":"k2","previous":"k1","previous_until":"2099-01-01T00:00:00Z","k1":"{FIRST}","k2":"{SECOND}"}}"#
    );
    Pii::parse(&secret.into(), Method::Hmac, now()).unwrap()
}

pub(super) fn person(email: &str) -> Person {
    Person::of(&pii(), &SecretString::from(email)).unwrap()
}

/// The token of this address under a key.
pub(super) fn token(key: &str, email: &str) -> BuyerToken {
    let of_key = |token: &&BuyerToken| token.as_str().starts_with(&format!("{key}."));
    pii().tokens(email).iter().find(of_key).unwrap().clone()
}

/// Puts a purchase; the index knows of it only when `rollup` has run.
pub(super) fn put(memory: &Memory, number: u128, at: &str, buyer: &BuyerToken, linked: Option<&BuyerToken>) {
    let at: Timestamp = at.parse().unwrap();
    let purchase = Purchase {
        position: Position { at, row_id: RowId(number) },
        buyer: buyer.clone(),
        linked: linked.cloned(),
        item_id: "7".parse().unwrap(),
        quantity: "2".parse().unwrap(),
        price: "12.50".parse().unwrap(),
    };
    memory.tables().purchases.insert(purchase.position, purchase);
}

/// The numbers of the purchases that are left.
pub(super) fn left(memory: &Memory) -> Vec<u128> {
    memory.tables().purchases.keys().map(|position| position.row_id.0).collect()
}
