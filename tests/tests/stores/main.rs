//! The contract of every store, held against the memory stores that the other tests use and against DynamoDB
//! tables in the local cloud.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::Timestamp;

/// Runs each contract twice: in memory, and in a new table of the local cloud.
macro_rules! contracts {
    ($table:ident, $part:literal, [$($name:ident),+ $(,)?]) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&tests::memory::Memory::default()).await;
            })+
        }
        mod in_dynamodb {
            $(#[tokio::test]
            async fn $name() {
                let cloud = tests::local_cloud::LocalCloud::running().await;
                let table = cloud.table_like($part).await;
                let client = aws_sdk_dynamodb::Client::new(&cloud.aws);
                super::$name(&shared::store::$table::new(client, table)).await;
            })+
        }
    };
}

mod accounts;
mod audit;
mod beats;
mod buyers;
mod channels;
mod erased;
mod history;
mod imports;
mod incidents;
mod maintenance;
mod monitors;
mod purchases;
mod secrets;
mod sessions;
mod signals;
mod targets;
mod trends;
mod updates;

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}
