//! Transactions: all of their writes or none, sent again while others write at the same moment, and not forever.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;

use super::Result;
use super::batch::pause_after;
use super::item::unavailable;

/// Most writes of one transaction (DynamoDB's limit).
pub(super) const WRITES: usize = 100;

/// How often a transaction is sent when others write at the same moment.
pub(super) const MAX_SENDS: u32 = 5;

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Everything is written.
    Written,
    /// Nothing is: a condition does not hold.
    Refused,
    /// Nothing is: others wrote at the same moment each time, or more was asked of the table than it takes.
    Contended,
}

/// Sends these writes, made anew each time. `action` says what is done, for an error.
pub(super) async fn send(
    client: &Client,
    action: &'static str,
    writes: impl Fn() -> Result<Vec<TransactWriteItem>> + Send + Sync,
) -> Result<Ended> {
    for send in 1..=MAX_SENDS {
        let sent = client.transact_write_items().set_transact_items(Some(writes()?)).send().await;
        let Err(error) = sent else { return Ok(Ended::Written) };
        match cancelled(&error) {
            Some(Ended::Contended) => {}
            Some(ended) => return Ok(ended),
            None => return Err(unavailable(action)(error)),
        }
        if send < MAX_SENDS {
            tokio::time::sleep(pause_after(send)).await;
        }
    }
    Ok(Ended::Contended)
}

/// Why the service did not carry it out, if it is one of the reasons that are no failure: each write has a code
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).
fn cancelled<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Ended> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
    else {
        return None;
    };
    let codes = || cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    let any = |wanted: &[&str]| codes().any(|code| wanted.contains(&code));
    if any(&["ConditionalCheckFailed"]) {
        Some(Ended::Refused)
    } else if any(&["TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"]) {
        Some(Ended::Contended)
    } else {
        None
    }
}
