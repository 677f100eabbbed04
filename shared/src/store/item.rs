//! Items as DynamoDB holds them: keys, a format version, the value's fields.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Result, StoreError};
use crate::clients::causes;

/// An item of a table.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Format version of every item written here.
const VERSION: &str = "1";

/// A text attribute.
pub(super) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute.
pub(super) fn n(number: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The format version, for items that are not put as a whole.
pub(super) fn version() -> AttributeValue {
    n(VERSION)
}

/// The item with these keys and nothing else but its format version.
pub(super) fn keyed(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    // Room for a purchase: of these there are millions.
    let mut item = HashMap::with_capacity(7);
    item.extend([("pk".to_owned(), s(pk)), ("sk".to_owned(), s(sk)), ("v".to_owned(), n(VERSION))]);
    item
}

/// The key of an item, and nothing else.
pub(super) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([("pk".to_owned(), s(pk)), ("sk".to_owned(), s(sk))])
}

/// The item with these keys and the value's fields.
pub(super) fn item_of(pk: impl Into<String>, sk: impl Into<String>, value: &impl Serialize) -> Result<Item> {
    let fields: Item = serde_dynamo::to_item(value)
        .map_err(|error| StoreError::Broken(format!("a value that cannot be stored: {error}")))?;
    let mut item = keyed(pk, sk);
    item.extend(fields);
    Ok(item)
}

/// The value of an item of the format written here.
pub(super) fn value_of<T: DeserializeOwned>(item: Item) -> Result<T> {
    let name = name_of(&item);
    check_version(&item)?;
    serde_dynamo::from_item(item).map_err(|error| StoreError::Broken(format!("{name}: {error}")))
}

/// Refuses an item of another format.
pub(super) fn check_version(item: &Item) -> Result<()> {
    match item.get("v").and_then(|v| v.as_n().ok()) {
        Some(version) if version == VERSION => Ok(()),
        other => Err(StoreError::Broken(format!("{}: format version {other:?}", name_of(item)))),
    }
}

/// A text attribute of an item.
pub(super) fn text<'a>(item: &'a Item, attribute: &str) -> Result<&'a str> {
    let found = item.get(attribute).and_then(|value| value.as_s().ok());
    found.map(String::as_str).ok_or_else(|| StoreError::Broken(format!("{}: no {attribute}", name_of(item))))
}

/// An attribute of an item, parsed from its text or number.
pub(super) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    item: &Item,
    attribute: &str,
) -> Result<T> {
    let text = match item.get(attribute) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text,
        _ => return Err(StoreError::Broken(format!("{}: no {attribute}", name_of(item)))),
    };
    text.parse().map_err(|error| StoreError::Broken(format!("{}: {attribute}: {error}", name_of(item))))
}

/// The keys of an item, to name it in an error.
fn name_of(item: &Item) -> String {
    let part = |name: &str| item.get(name).and_then(|v| v.as_s().ok()).map_or("?", String::as_str);
    format!("{} {}", part("pk"), part("sk"))
}

/// The service's error with its causes.
pub(super) fn unavailable<E, R>(action: &'static str) -> impl FnOnce(SdkError<E, R>) -> StoreError
where
    E: std::error::Error + 'static,
    R: std::fmt::Debug,
{
    move |error| StoreError::Unavailable { action, cause: causes(&error) }
}

/// Whether a condition of a single write did not hold.
pub(super) fn condition_failed<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("ConditionalCheckFailedException")
}
