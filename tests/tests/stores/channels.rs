//! Channels.

use std::collections::BTreeSet;

use shared::channel::{Channel, Kind, Transition};
use shared::monitor::{ShardId, ShardSummary};
use shared::schedule::Slot;
use shared::store::{
    ListMonitors, ReadChannels, ReadMaintenance, ReadShards, ShardChange, StoreError, WriteChannels,
    WriteMonitors,
};

contracts!(
    MonitorsTable,
    "monitors",
    [
        channels_are_kept_and_changed_by_version,
        channels_are_deleted_by_version,
        channels_are_apart_from_others
    ]
);

fn channel(id: &str) -> Channel {
    Channel {
        id: id.parse().unwrap(),
        account: "a-7f3k2a9d0c1b2e4f".parse().unwrap(),
        name: "On call".parse().unwrap(),
        kind: Kind::Webhook,
        target: "https://hooks.shop.example:8443".to_owned(),
        has_secret: true,
        monitors: ["s0-aaaaaa", "s1-bbbbbb"].map(|id| id.parse().unwrap()).into(),
        on: Transition::all(),
        paused: true,
        revision: "aaaaaaaaaaaaaaaa".parse().unwrap(),
        version: 1,
    }
}

fn a() -> Channel {
    channel("c-aaaaaaaaaaaaaaaa")
}

fn b() -> Channel {
    Channel { monitors: BTreeSet::new(), kind: Kind::Email, paused: false, ..channel("c-bbbbbbbbbbbbbbbb") }
}

async fn all(store: &impl ReadChannels) -> Vec<Channel> {
    let stored = store.channels().await.unwrap();
    assert_eq!(stored.broken, []);
    stored.values
}

fn is_conflict(result: shared::store::Result<()>) -> bool {
    matches!(result, Err(StoreError::Conflict(_)))
}

async fn channels_are_kept_and_changed_by_version(store: &(impl ReadChannels + WriteChannels)) {
    assert_eq!((all(store).await, store.channel(&a().id).await.unwrap()), (Vec::new(), None));
    for channel in [b(), a()] {
        store.put_channel(&channel).await.unwrap();
        assert_eq!(store.channel(&channel.id).await.unwrap(), Some(channel));
    }
    assert_eq!(all(store).await, [a(), b()], "by id");
    // It is there already.
    assert!(is_conflict(store.put_channel(&a()).await));
    let second = Channel { paused: false, on: BTreeSet::from([Transition::Up]), version: 2, ..a() };
    store.put_channel(&second).await.unwrap();
    // Sent again, or by somebody who has not read it: it does not follow what is there.
    for late in [&second, &a(), &Channel { version: 4, ..a() }] {
        assert!(is_conflict(store.put_channel(late).await), "{late:?}");
    }
    let gone = Channel { version: 2, ..channel("c-cccccccccccccccc") };
    assert!(is_conflict(store.put_channel(&gone).await), "what is not there has no second version");
    assert_eq!(all(store).await, [second, b()]);
}

async fn channels_are_deleted_by_version(store: &(impl ReadChannels + WriteChannels)) {
    store.put_channel(&a()).await.unwrap();
    store.put_channel(&b()).await.unwrap();
    assert!(is_conflict(store.delete_channel(&a().id, 2).await));
    assert_eq!(all(store).await.len(), 2);
    store.delete_channel(&a().id, 1).await.unwrap();
    assert_eq!(all(store).await, [b()]);
    assert!(is_conflict(store.delete_channel(&a().id, 1).await));
}

/// They share a partition with the summaries of shards and with windows, and a table with monitors.
async fn channels_are_apart_from_others(
    store: &(impl ReadChannels + WriteChannels + ReadMaintenance + ReadShards + WriteMonitors + ListMonitors),
) {
    let summary = ShardSummary::of(ShardId(0), &[], 1, Slot::of_minutes(0));
    let change = ShardChange { put: Vec::new(), delete: Vec::new(), summary: summary.clone() };
    store.change(&change).await.unwrap();
    store.put_channel(&a()).await.unwrap();
    assert_eq!(store.shards().await.unwrap(), [summary]);
    assert_eq!(store.windows().await.unwrap().values, []);
    assert_eq!(store.monitors_of(&a().account, None, 10).await.unwrap(), []);
    assert_eq!(all(store).await, [a()]);
}
