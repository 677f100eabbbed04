//! Monitors and the summaries of their shards.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::account::AccountId;
use shared::monitor::{Monitor, SHARD_LIMIT, ShardId, ShardSummary};
use shared::schedule::Slot;
use shared::store::{
    Broken, ListMonitors, MonitorsTable, ReadMaintenance as _, ReadMonitor, ReadMonitors, ReadShards,
    ShardChange, StoreError, WriteMonitors,
};
use tests::local_cloud::LocalCloud;

contracts!(
    MonitorsTable,
    "monitors",
    [
        a_shard_changes_as_a_whole,
        a_full_shard_fits_one_change,
        monitors_go_and_nobody_elses_version,
        an_account_lists_its_own_page_by_page,
        a_shard_is_listed_page_by_page_too,
        shards_are_listed_in_the_order_of_their_monitors,
    ]
);

fn monitor(suffix: &str, version: u64) -> Monitor {
    let name = format!("Shop {suffix}").parse().unwrap();
    Monitor { name, version, ..tests::example::monitor(&format!("s0-{suffix}")) }
}

/// When the shard was opened.
fn since() -> Slot {
    "2026-11-21T14:25:00Z".parse().unwrap()
}

/// The shard's monitors, all of them valid.
async fn valid(store: &impl ReadMonitors, shard: ShardId) -> Vec<Monitor> {
    let stored = store.monitors(shard).await.unwrap();
    assert_eq!(stored.broken, []);
    stored.values
}

async fn a_shard_changes_as_a_whole(store: &(impl ReadShards + ReadMonitors + WriteMonitors)) {
    assert_eq!(store.shards().await.unwrap(), []);
    let first = [monitor("aaaaaa", 1), monitor("bbbbbb", 1)];
    let summary = ShardSummary::of(ShardId(0), &first, 1, since());
    let change = ShardChange { put: first.to_vec(), delete: Vec::new(), summary: summary.clone() };
    store.change(&change).await.unwrap();
    assert_eq!(store.shards().await.unwrap(), [summary]);
    assert_eq!(valid(store, ShardId(0)).await, first);
    assert_eq!(valid(store, ShardId(1)).await, []);

    // The same change again: the shard is not what the change was made for.
    assert!(matches!(store.change(&change).await, Err(StoreError::Conflict(_))));

    // One monitor that was changed meanwhile keeps the whole change from happening.
    let second = [monitor("aaaaaa", 2), monitor("bbbbbb", 3)];
    let summary = ShardSummary::of(ShardId(0), &second, 2, since());
    let change = ShardChange { put: second.to_vec(), delete: Vec::new(), summary };
    assert!(matches!(store.change(&change).await, Err(StoreError::Conflict(_))));
    assert_eq!(valid(store, ShardId(0)).await, first);

    let change = ShardChange { put: vec![monitor("aaaaaa", 2)], delete: Vec::new(), summary: change.summary };
    store.change(&change).await.unwrap();
    assert_eq!(valid(store, ShardId(0)).await, [monitor("aaaaaa", 2), monitor("bbbbbb", 1)]);
}

async fn a_full_shard_fits_one_change(store: &(impl ReadShards + ReadMonitors + WriteMonitors)) {
    let all: Vec<Monitor> = (0..SHARD_LIMIT).map(|n| monitor(&format!("{n:06}"), 1)).collect();
    let summary = ShardSummary::of(ShardId(0), &all, 1, since());
    store.change(&ShardChange { put: all.clone(), delete: Vec::new(), summary }).await.unwrap();
    assert_eq!(valid(store, ShardId(0)).await, all);
}

async fn monitors_go_and_nobody_elses_version(
    store: &(impl ReadShards + ReadMonitors + ReadMonitor + WriteMonitors),
) {
    let [a, b] = [monitor("aaaaaa", 1), monitor("bbbbbb", 1)];
    let both = [a.clone(), b.clone()];
    let summary = ShardSummary::of(ShardId(0), &both, 1, since());
    store.change(&ShardChange { put: both.to_vec(), delete: Vec::new(), summary }).await.unwrap();
    assert_eq!(store.monitor(&a.id).await.unwrap(), Some(a.clone()));
    let delete = |version| ShardChange {
        put: Vec::new(),
        delete: vec![(a.id.clone(), version)],
        summary: ShardSummary::of(ShardId(0), std::slice::from_ref(&b), 2, since()),
    };
    assert!(matches!(store.change(&delete(7)).await, Err(StoreError::Conflict(_))));
    store.change(&delete(1)).await.unwrap();
    assert_eq!(
        (store.monitor(&a.id).await.unwrap(), valid(store, ShardId(0)).await),
        (None, vec![b.clone()])
    );
    assert_eq!(store.shards().await.unwrap()[0].count, 1);
    assert!(matches!(store.change(&delete(1)).await, Err(StoreError::Conflict(_))), "it is gone");
}

async fn an_account_lists_its_own_page_by_page(store: &(impl ListMonitors + WriteMonitors)) {
    let stranger: AccountId = "a-7f3k2a9d0c1b2e4f".parse().unwrap();
    let of = |suffix: &str, account: &AccountId| Monitor { account: account.clone(), ..monitor(suffix, 1) };
    let home = AccountId::default();
    let mut all: Vec<Monitor> = (0..9).map(|n| of(&format!("aaaaa{n}"), &home)).collect();
    all.push(of("aaaaaa", &stranger));
    let summary = ShardSummary::of(ShardId(0), &all, 1, since());
    store.change(&ShardChange { put: all.clone(), delete: Vec::new(), summary }).await.unwrap();
    let (mut after, mut seen) = (None, Vec::new());
    for _ in 0..10 {
        let page = store.monitors_of(&home, after.as_ref(), 4).await.unwrap();
        assert!(page.len() <= 4);
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        seen.extend(page);
    }
    assert_eq!(seen, all[..9]);
    assert_eq!(store.monitors_of(&stranger, None, 100).await.unwrap(), all[9..]);
    assert_eq!(store.monitors_of(&"a-0000000000000000".parse().unwrap(), None, 100).await.unwrap(), []);
}

async fn a_shard_is_listed_page_by_page_too(store: &(impl ListMonitors + WriteMonitors)) {
    let home = AccountId::default();
    let stranger: AccountId = "a-7f3k2a9d0c1b2e4f".parse().unwrap();
    // More of somebody else's in a row than a page has.
    let accounts = [&home, &home, &stranger, &stranger, &stranger, &stranger, &home, &home, &home];
    let all: Vec<Monitor> = (0..)
        .zip(accounts)
        .map(|(n, account)| Monitor { account: account.clone(), ..monitor(&format!("aaaaa{n}"), 1) })
        .collect();
    let other = tests::example::monitor("s1-aaaaaa");
    for monitors in [all.as_slice(), std::slice::from_ref(&other)] {
        let shard = monitors[0].id.shard();
        let summary = ShardSummary::of(shard, monitors, 1, since());
        store.change(&ShardChange { put: monitors.to_vec(), delete: Vec::new(), summary }).await.unwrap();
    }
    for account in [&home, &stranger] {
        let (mut after, mut seen) = (None, Vec::new());
        for _ in 0..10 {
            let page = store.monitors_in(ShardId(0), account, after.as_ref(), 2).await.unwrap();
            assert!(page.len() <= 2);
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            seen.extend(page);
        }
        let own: Vec<Monitor> = all.iter().filter(|monitor| monitor.account == *account).cloned().collect();
        assert_eq!(seen, own);
    }
    let behind = all.last().map(|last| &last.id);
    assert_eq!(store.monitors_in(ShardId(1), &home, behind, 2).await.unwrap(), [other]);
    assert_eq!(store.monitors_in(ShardId(2), &home, None, 2).await.unwrap(), []);
}

async fn shards_are_listed_in_the_order_of_their_monitors(store: &(impl ListMonitors + WriteMonitors)) {
    // As text, which is how ids are ordered: s10-… is in front of s2-….
    for shard in [2, 0, 10, 1, 11].map(ShardId) {
        let monitors = [tests::example::monitor(&format!("{shard}-aaaaaa"))];
        let summary = ShardSummary::of(shard, &monitors, 1, since());
        store.change(&ShardChange { put: monitors.to_vec(), delete: Vec::new(), summary }).await.unwrap();
    }
    for (after, limit, expected) in [
        (None, 9, &[0, 1, 10, 11, 2][..]),
        (None, 2, &[0, 1]),
        (Some(1), 2, &[10, 11]),
        (Some(10), 9, &[11, 2]),
        (Some(100), 9, &[11, 2]),
        (Some(2), 9, &[]),
    ] {
        let shards = store.shards_behind(after.map(ShardId), limit).await.unwrap();
        let shards: Vec<u16> = shards.into_iter().map(|summary| summary.shard.0).collect();
        assert_eq!(shards, expected, "behind {after:?}");
    }
}

/// Memory holds nothing that is not valid, so this is a rule of the table alone.
#[tokio::test]
async fn what_is_not_valid_hides_nothing_else() {
    let cloud = LocalCloud::running().await;
    let table = cloud.table_like("monitors").await;
    let client = Client::new(&cloud.aws);
    let store = MonitorsTable::new(client.clone(), &table).consistent();
    let good = monitor("aaaaaa", 1);
    let summary = ShardSummary::of(ShardId(0), std::slice::from_ref(&good), 1, since());
    store.change(&ShardChange { put: vec![good.clone()], delete: Vec::new(), summary }).await.unwrap();
    for (pk, sk) in [("SHARD#s0", "MONITOR#s0-bbbbbb"), ("META", "MAINTENANCE#friday")] {
        let put = client.put_item().table_name(&table);
        let put = put.item("pk", AttributeValue::S(pk.into())).item("sk", AttributeValue::S(sk.into()));
        put.item("v", AttributeValue::N("1".into())).send().await.unwrap();
    }
    let stored = store.monitors(ShardId(0)).await.unwrap();
    assert_eq!(
        store.monitors_in(ShardId(0), &good.account, None, 2).await.unwrap(),
        std::slice::from_ref(&good)
    );
    assert_eq!(stored.values, [good]);
    assert!(matches!(stored.broken.as_slice(), [Broken { id, .. }] if id == "s0-bbbbbb"), "{stored:?}");
    let windows = store.windows().await.unwrap();
    assert_eq!(windows.values, []);
    assert!(matches!(windows.broken.as_slice(), [Broken { id, .. }] if id == "friday"), "{windows:?}");
}
