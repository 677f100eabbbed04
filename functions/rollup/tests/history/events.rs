//! Every sample event of this function, and what is refused.

use std::collections::BTreeSet;

use super::*;

async fn replay(name: &str) -> Result<Memory, String> {
    let memory = busy();
    let now = "2026-11-21T14:03:09Z".parse().unwrap();
    handle(&memory, tests::event(name), now).await.map(|()| memory).map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn every_sample_event_is_replayed_here() {
    let names = std::fs::read_dir(tests::root().join("events")).unwrap();
    let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
    // Those about sales are replayed beside this folder.
    let sales = |name: &str| name.starts_with("rollup-day") || name.starts_with("rollup-nightly");
    let names: BTreeSet<String> = names.filter(|name| name.starts_with("rollup-") && !sales(name)).collect();
    let mut replayed = BTreeSet::new();
    for (name, refusal) in [
        ("rollup-schedule", None),
        ("rollup-schedule-midnight", None),
        ("rollup-window", None),
        ("rollup-window-shard", None),
        ("rollup-window-too-old", Some("its blocks have begun to expire")),
        ("rollup-unreadable", Some("last week")),
    ] {
        match (replay(name).await, refusal) {
            (Ok(memory), None) => {
                let shards: Vec<ShardId> = memory.tables().summaries.keys().copied().collect();
                let wanted =
                    if name.ends_with("shard") { vec![ShardId(1)] } else { vec![ShardId(0), ShardId(1)] };
                assert_eq!(shards, wanted, "{name}");
            }
            (Err(error), Some(refusal)) => assert!(error.contains(refusal), "{name}: {error}"),
            (result, _) => panic!("{name}: {result:?}"),
        }
        replayed.insert(format!("{name}.json"));
    }
    assert_eq!(names, replayed);
}

#[tokio::test]
async fn a_window_that_would_erase_history_changes_nothing() {
    let memory = busy();
    scheduled(&memory, "02-29T15:03:00").await;
    let before = history(&memory);
    // Eight days later the first blocks are gone.
    memory.tables().blocks.retain(|(_, at, _), _| *at >= slot("02-29T12:00:00"));
    let event = serde_json::json!({ "from": at("02-29T12:00:00"), "until": at("03-01T00:00:00") });
    let error = handle(&memory, event, at("03-08T12:00:00")).await.unwrap_err();
    assert!(format!("{error:#}").contains("more than 7 days ago"), "{error:#}");
    assert_eq!(history(&memory), before);
}
