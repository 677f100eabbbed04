//! Maintenance windows.

use shared::maintenance::{Day, When, Window};
use shared::monitor::{ShardId, ShardSummary};
use shared::schedule::Slot;
use shared::store::{ReadMaintenance, ReadShards, ShardChange, Stored, WriteMaintenance, WriteMonitors};

use super::instant;

contracts!(MonitorsTable, "monitors", [windows_are_kept_replaced_and_deleted, windows_are_apart_from_shards]);

fn once() -> Window {
    Window {
        id: "move".parse().unwrap(),
        name: "We move the shop".parse().unwrap(),
        monitors: vec!["s0-aaaaaa".parse().unwrap(), "s1-bbbbbb".parse().unwrap()],
        when: When::Once { from: instant("2026-11-21T22:00:00Z"), until: instant("2026-11-22T04:00:00.5Z") },
    }
}

fn weekly() -> Window {
    Window {
        id: "backup".parse().unwrap(),
        name: "Backup".parse().unwrap(),
        monitors: Vec::new(),
        when: When::Weekly {
            days: vec![Day::Sat, Day::Sun],
            from: "02:30:00".parse().unwrap(),
            minutes: 90,
            time_zone: "Europe/Berlin".parse().unwrap(),
        },
    }
}

async fn windows(store: &impl ReadMaintenance) -> Vec<Window> {
    let Stored { values, broken } = store.windows().await.unwrap();
    assert_eq!(broken, []);
    values
}

async fn windows_are_kept_replaced_and_deleted(store: &(impl ReadMaintenance + WriteMaintenance)) {
    assert_eq!(windows(store).await, []);
    for window in [once(), weekly(), once()] {
        store.put_window(&window).await.unwrap();
    }
    assert_eq!(windows(store).await, [weekly(), once()], "by id");

    let longer = Window { monitors: Vec::new(), ..once() };
    store.put_window(&longer).await.unwrap();
    assert_eq!(windows(store).await, [weekly(), longer.clone()]);
    for _ in 0..2 {
        store.delete_window(&weekly().id).await.unwrap();
        assert_eq!(windows(store).await, std::slice::from_ref(&longer));
    }
}

/// They share a partition with the summaries of shards.
async fn windows_are_apart_from_shards(
    store: &(impl ReadMaintenance + WriteMaintenance + ReadShards + WriteMonitors),
) {
    let summary = ShardSummary::of(ShardId(0), &[], 1, Slot::of_minutes(0));
    store
        .change(&ShardChange { put: Vec::new(), delete: Vec::new(), summary: summary.clone() })
        .await
        .unwrap();
    store.put_window(&once()).await.unwrap();
    assert_eq!(store.shards().await.unwrap(), [summary]);
    assert_eq!(windows(store).await, [once()]);
}
