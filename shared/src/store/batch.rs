//! Calls on many items of a table: what the service leaves over, because more is asked of it than it takes, is sent
//! again, with growing pauses and not forever.

use std::future::Future;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemError;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemError;
use aws_sdk_dynamodb::types::{DeleteRequest, KeysAndAttributes, PutRequest, WriteRequest};
use rand::Rng as _;
use tokio::task::JoinSet;

use super::item::{Item, unavailable};
use super::{Result, StoreError};

/// How often what the service left over is sent again, with pauses that double up to [`MAX_PAUSE`]: a quarter of
/// an hour in all, the longest that a function runs. Its own deadline comes first.
const MAX_SENDS: u32 = 360;

/// What the service answers when it takes nothing of a batch because too much is asked of it:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>.
const TOO_MUCH: [&str; 3] =
    ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"];

/// Longest pause between two sends.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Shortest pause between two sends.
const MIN_PAUSE: Duration = Duration::from_millis(50);

/// Most keys of one BatchGetItem (DynamoDB's limit).
pub(super) const KEYS: usize = 100;

/// Calls that are under way at once, of those that are made together.
const AT_ONCE: usize = 8;

/// Whether a batch was refused because too much is asked.
fn too_much(error: &impl ProvideErrorMetadata) -> bool {
    error.code().is_some_and(|code| TOO_MUCH.contains(&code))
}

/// Keeps a client from sending a batch again by itself that was refused because too much is asked: its retries would
/// hide from [`Batch::write`] that the table takes no more, and add their pauses to its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThrottledBatch;

impl ClassifyRetry for ThrottledBatch {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let throttled = error.as_operation_error().is_some_and(|error| {
            error.downcast_ref::<BatchWriteItemError>().is_some_and(too_much)
                || error.downcast_ref::<BatchGetItemError>().is_some_and(too_much)
        });
        if throttled { RetryAction::RetryForbidden } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "throttled batches"
    }
}

/// One table, for calls on many of its items.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) client: Client,
    pub(super) table: String,
    /// What is done, for an error.
    pub(super) action: &'static str,
}

impl Batch {
    /// Writes at most [`super::BATCH`] different items, each of them or an error; how often anything was sent.
    /// `requests` makes them anew: the first send takes them by value, and only a refused one needs them again.
    pub(super) async fn write(
        &self,
        requests: impl Fn() -> Result<Vec<WriteRequest>> + Send + Sync,
    ) -> Result<u32> {
        // All of them, as long as nothing was taken.
        let mut left: Option<Vec<WriteRequest>> = None;
        for send in 1..=MAX_SENDS {
            let sent = match &left {
                Some(left) => left.clone(),
                None => requests()?,
            };
            if sent.is_empty() {
                return Ok(0);
            }
            match self.client.batch_write_item().request_items(&self.table, sent).send().await {
                Ok(answer) => {
                    let unprocessed =
                        answer.unprocessed_items.and_then(|mut tables| tables.remove(&self.table));
                    let unprocessed = unprocessed.unwrap_or_default();
                    if unprocessed.is_empty() {
                        return Ok(send);
                    }
                    left = Some(unprocessed);
                }
                Err(error) if too_much(&error) => {}
                Err(error) => return Err(unavailable(self.action)(error)),
            }
            tokio::time::sleep(pause_after(send)).await;
        }
        Err(self.left_over())
    }

    /// The items of at most [`KEYS`] different keys, in any order; keys without an item are left out.
    pub(super) async fn read(&self, keys: Vec<Item>, consistent: bool) -> Result<Vec<Item>> {
        let mut items = Vec::with_capacity(keys.len());
        if keys.is_empty() {
            return Ok(items);
        }
        let left = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent).build();
        let mut left = left.map_err(|error| StoreError::Broken(error.to_string()))?;
        for send in 1..=MAX_SENDS {
            match self.client.batch_get_item().request_items(&self.table, left.clone()).send().await {
                Ok(answer) => {
                    let found = answer.responses.and_then(|mut tables| tables.remove(&self.table));
                    items.extend(found.unwrap_or_default());
                    match answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table)) {
                        Some(unprocessed) if !unprocessed.keys.is_empty() => left = unprocessed,
                        _ => return Ok(items),
                    }
                }
                Err(error) if too_much(&error) => {}
                Err(error) => return Err(unavailable(self.action)(error)),
            }
            tokio::time::sleep(pause_after(send)).await;
        }
        Err(self.left_over())
    }

    fn left_over(&self) -> StoreError {
        let cause = format!("the table left items over after {MAX_SENDS} sends");
        StoreError::Unavailable { action: self.action, cause }
    }
}

/// Puts the item.
pub(super) fn put(item: Item) -> Result<WriteRequest> {
    let put = PutRequest::builder().set_item(Some(item)).build();
    let put = put.map_err(|error| StoreError::Broken(error.to_string()))?;
    Ok(WriteRequest::builder().put_request(put).build())
}

/// Deletes the item with this key.
pub(super) fn delete(key: Item) -> Result<WriteRequest> {
    let delete = DeleteRequest::builder().set_key(Some(key)).build();
    let delete = delete.map_err(|error| StoreError::Broken(error.to_string()))?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}

/// A random pause below twice the shortest after the first send, below the longest after many
/// (full jitter: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
pub(super) fn pause_after(send: u32) -> Duration {
    let most = MIN_PAUSE.saturating_mul(1 << send.min(10)).min(MAX_PAUSE);
    rand::rng().random_range(MIN_PAUSE..=most)
}

/// What the calls for these values answer, `size` values each, in any order, or the first error; [`AT_ONCE`] of them
/// are under way at once.
pub(super) async fn together<V, T, Call>(
    values: Vec<V>,
    size: usize,
    call: impl Fn(Vec<V>) -> Call,
) -> Result<Vec<T>>
where
    T: Send + 'static,
    Call: Future<Output = Result<T>> + Send + 'static,
{
    let mut values = values.into_iter();
    let (mut under_way, mut answers) = (JoinSet::new(), Vec::new());
    loop {
        while under_way.len() < AT_ONCE && values.len() > 0 {
            under_way.spawn(call(values.by_ref().take(size.max(1)).collect()));
        }
        match under_way.join_next().await {
            Some(Ok(answer)) => answers.push(answer?),
            Some(Err(lost)) => {
                let cause = lost.to_string();
                return Err(StoreError::Unavailable { action: "a call of many", cause });
            }
            None => return Ok(answers),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn pauses_grow_and_are_bounded() {
        for (send, most) in [(1, 100), (3, 400), (20, 5_000), (MAX_SENDS, 5_000)] {
            let pause = pause_after(send);
            assert!(pause >= MIN_PAUSE && pause <= Duration::from_millis(most), "{send}: {pause:?}");
        }
    }

    #[tokio::test]
    async fn so_many_calls_are_under_way_at_once_and_every_value_is_in_one() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let call = |values: Vec<u32>| {
            let (now, most) = (now.clone(), most.clone());
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(1)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(values)
            }
        };
        let mut answers = together((0..50).collect(), 3, call).await.unwrap();
        answers.sort_unstable();
        let expected: Vec<u32> = (0..50).collect();
        assert_eq!(answers, expected.chunks(3).map(<[u32]>::to_vec).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
        assert_eq!(together(Vec::new(), 3, call).await.unwrap(), Vec::<Vec<u32>>::new());
    }

    #[tokio::test]
    async fn the_first_error_ends_it() {
        let call = |values: Vec<u32>| async move {
            if values == [3] { Err(StoreError::Broken("the fourth".to_owned())) } else { Ok(values) }
        };
        let error = together((0..20).collect(), 1, call).await.unwrap_err();
        assert!(matches!(&error, StoreError::Broken(which) if which == "the fourth"), "{error}");
    }
}
