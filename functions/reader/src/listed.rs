//! The monitors of an account, page by page, in the order of their ids as text.
//!
//! Nearly all of them are the installation's own, so these are read shard by shard: a page is a part of two or three of
//! its partitions, however many there are. Those of another account are a few among all, and found by the index.

use shared::account::AccountId;
use shared::monitor::{Monitor, MonitorId};
use shared::store::{ListMonitors, Result};

use crate::watched::may_hold;

/// Shards that are asked for at once: a page of 100 is a part of two or three.
const SHARDS: u16 = 2;

/// The account's monitors behind this one, at most `limit`.
pub(crate) async fn monitors<M: ListMonitors>(
    store: &M,
    account: &AccountId,
    after: Option<&MonitorId>,
    limit: u16,
) -> Result<Vec<Monitor>> {
    if !account.is_home() {
        return store.monitors_of(account, after, limit).await;
    }
    let left = |page: &[Monitor]| limit.saturating_sub(u16::try_from(page.len()).unwrap_or(limit));
    let mut page = Vec::new();
    let mut last = after.map(MonitorId::shard);
    // The shard that the last page ended in, and then those behind it.
    if let Some(shard) = last {
        page.extend(store.monitors_in(shard, account, after, limit).await?);
    }
    while left(&page) > 0 {
        let shards = store.shards_behind(last, SHARDS).await?;
        for summary in shards.iter().filter(|summary| may_hold(summary, account)) {
            if left(&page) == 0 {
                break;
            }
            page.extend(store.monitors_in(summary.shard, account, None, left(&page)).await?);
        }
        last = match shards.last() {
            Some(summary) if shards.len() == usize::from(SHARDS) => Some(summary.shard),
            _ => break,
        };
    }
    Ok(page)
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
                    let account = if shard % 3 == 2 { stranger.clone() } else { AccountId::default() };
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
