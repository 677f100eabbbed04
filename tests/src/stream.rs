//! Records of the stream of the table `signals`, as DynamoDB hands them to `judge`.

use serde_json::{Value, json};
use shared::block::{self, Block};

/// The stream's record of a block.
pub fn record(block: &Block) -> Value {
    let keys = json!({
        "pk": {"S": format!("BLOCK#{}#{}", block.shard, block.slot.date())},
        "sk": {"S": format!("{}#{}", block.slot.hour_minute(), block.region)},
    });
    let mut image = keys.clone();
    image["v"] = json!({"N": "1"});
    image["kind"] = json!({"S": "block"});
    image["text"] = json!({"S": block::encode(&block.signals)});
    image["written_at"] = json!({"S": block.written_at.to_string()});
    json!({"eventID": "1", "eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": image}})
}
