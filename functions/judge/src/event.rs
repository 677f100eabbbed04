//! The event: records of the stream of the table `signals`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use serde_json::Value;
use shared::block::Block;
use shared::store::streamed_block;

use crate::park::Poison;

/// What the stream hands over. Records are read one by one: one that is not as it should be must not hide the others.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

/// What a record turned out to be.
#[derive(Debug)]
pub enum Found {
    /// A new block.
    Block(Block),
    /// Nothing to judge: the template's filter keeps these away.
    Other,
    /// A block that cannot be read.
    Poison(Poison),
}

/// A record, as far as it matters here.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    #[serde(default)]
    new_image: serde_dynamo::Item,
}

impl StreamEvent {
    /// What each record is.
    pub fn found(self) -> impl Iterator<Item = Found> {
        self.records.into_iter().map(found)
    }
}

fn found(record: Value) -> Found {
    let poison = |record: &Value, reason: String| {
        let key = |name: &str| record["dynamodb"]["Keys"][name]["S"].as_str().map(str::to_owned);
        let event_id = record["eventID"].as_str().map(str::to_owned);
        Found::Poison(Poison { event_id, pk: key("pk"), sk: key("sk"), reason })
    };
    let read = match Record::deserialize(&record) {
        Ok(read) => read,
        Err(error) => return poison(&record, format!("no record of a stream: {error}")),
    };
    let item: HashMap<String, AttributeValue> = read.dynamodb.new_image.into();
    let kind = item.get("kind").and_then(|kind| kind.as_s().ok());
    if read.event_name != "INSERT" || kind.is_some_and(|kind| kind != "block") {
        return Found::Other;
    }
    match streamed_block(&item) {
        Ok(block) => Found::Block(block),
        Err(error) => poison(&record, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(event: &str) -> Vec<Found> {
        serde_json::from_value::<StreamEvent>(::tests::event(event)).unwrap().found().collect()
    }

    #[test]
    fn a_block_is_read() {
        let [Found::Block(block)] = &all("judge-block")[..] else { panic!("one block") };
        assert_eq!((block.shard.to_string().as_str(), block.signals.len()), ("s0", 3));
        assert_eq!(block.slot.to_string(), "2026-11-21T14:25:00Z");
        assert!(block.is_timely());
    }

    #[test]
    fn poison_is_named_and_does_not_hide_the_others() {
        let found = all("judge-poison");
        let poison: Vec<&Poison> = found
            .iter()
            .filter_map(|found| match found {
                Found::Poison(poison) => Some(poison),
                _ => None,
            })
            .collect();
        assert_eq!(poison.len(), 3);
        assert_eq!(poison[0].pk.as_deref(), Some("BLOCK#s0#2026-11-21"));
        assert!(poison.iter().all(|poison| !poison.reason.is_empty()), "{poison:?}");
        assert!(found.iter().any(|found| matches!(found, Found::Block(_))));
    }

    #[test]
    fn what_is_no_block_is_passed() {
        let found = all("judge-no-block");
        assert!(found.len() == 3 && found.iter().all(|found| matches!(found, Found::Other)), "{found:?}");
        assert!(all("judge-empty").is_empty());
    }
}
