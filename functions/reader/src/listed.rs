//! The monitors of an account, page by page, in the order of their ids as text.
//!
//! Nearly all of them are the installation's own, so these are read shard by shard: a page is a part of two or three of
//! its partitions, however many there are. Those of another account are a few among all, and found by the index.

use shared::account::AccountId;
use shared::monitor::{Monitor, MonitorId, ShardId};
use shared::store::{ListMonitors, ReadShards, Result};

/// The account's monitors behind this one, at most `limit`.
pub(crate) async fn monitors<M: ReadShards + ListMonitors>(
    store: &M,
    account: &AccountId,
    after: Option<&MonitorId>,
    limit: u16,
) -> Result<Vec<Monitor>> {
    if !account.is_home() {
        return store.monitors_of(account, after, limit).await;
    }
    let last = after.map(MonitorId::to_string).unwrap_or_default();
    let shards = store.shards().await?.into_iter().filter(|summary| summary.count > 0);
    let mut shards: Vec<(String, ShardId)> =
        shards.map(|summary| (first_of(summary.shard), summary.shard)).collect();
    shards.sort();
    // The shard that the last page ended in, and those behind it.
    let from = shards.partition_point(|(first, _)| *first <= last).saturating_sub(1);
    let (mut page, mut left) = (Vec::new(), limit);
    for (_, shard) in shards.split_off(from) {
        if left == 0 {
            break;
        }
        page.extend(store.monitors_in(shard, account, after, left).await?);
        left = limit.saturating_sub(u16::try_from(page.len()).unwrap_or(limit));
    }
    Ok(page)
}

/// What is in front of every id of this shard, and behind every id of those before it.
fn first_of(shard: ShardId) -> String {
    format!("{shard}-")
}

#[cfg(test)]
mod tests {
    use ::tests::example;
    use ::tests::memory::Memory;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pages_are_the_whole_list_in_order(
            shards in prop::collection::vec((0_u16..130, 0_usize..4), 0..20), limit in 1_u16..7,
        ) {
            let memory = Memory::default();
            let stranger: AccountId = "a-7f3k2a9d0c1b2e4f".parse().unwrap();
            for (shard, count) in shards {
                memory.add_monitors((0..count).map(|n| {
                    let monitor = example::monitor(&format!("s{shard}-aaaaa{n}"));
                    let account = if n == 2 { stranger.clone() } else { AccountId::default() };
                    Monitor { account, ..monitor }
                }));
            }
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            for account in [AccountId::default(), stranger] {
                let whole = runtime.block_on(memory.monitors_of(&account, None, 1_000)).unwrap();
                let (mut after, mut read) = (None, Vec::new());
                for _ in 0..=whole.len() {
                    let page = runtime.block_on(monitors(&memory, &account, after.as_ref(), limit)).unwrap();
                    prop_assert!(page.len() <= usize::from(limit));
                    let Some(last) = page.last() else { break };
                    after = Some(last.id.clone());
                    read.extend(page);
                }
                prop_assert_eq!(read, whole);
            }
        }
    }
}
