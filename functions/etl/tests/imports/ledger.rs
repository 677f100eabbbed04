//! The lease, the heartbeat, and an invocation's time.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use shared::import::ImportState;

use crate::fakes::{Shop, file, rows};

#[tokio::test]
async fn two_deliveries_of_one_object_do_not_load_it_at_once() {
    let shop = Shop::new();
    shop.world().delay = Duration::from_millis(30);
    let event = shop.put("purchases/a.csv", file(&rows(0, 100)));
    let (first, second) = tokio::join!(shop.deliver(event.clone()), shop.deliver(event));
    first.unwrap();
    let error = second.unwrap_err().to_string();
    assert!(error.contains("is being loaded"), "{error}");
    assert_eq!(shop.world().batches, 4);
    assert_eq!(shop.entry("purchases/a.csv").state, ImportState::Loaded);
}

#[tokio::test]
async fn the_lease_is_kept_while_a_batch_takes_long() {
    let shop = Shop::new();
    shop.world().delay = Duration::from_millis(2_500);
    let event = shop.put("purchases/a.csv", file(&rows(0, 1_000)));
    let import = shop.deliver(event);
    let look = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        shop.entry("purchases/a.csv")
    };
    let (done, entry) = tokio::join!(import, look);
    done.unwrap();
    assert_eq!((entry.state, entry.counts.loaded), (ImportState::Running, 0));
    assert!(entry.counts.rows > 0, "no progress was recorded");
    assert!(entry.lease_until > entry.started_at + 45.seconds(), "the lease was not moved");
    assert_eq!(shop.entry("purchases/a.csv").counts.loaded, 1_000);
    // About once a second, and not when there is nothing new.
    let heartbeats = shop.world().heartbeats;
    assert!((1..=5).contains(&heartbeats), "{heartbeats} heartbeats");
}

#[tokio::test]
async fn an_import_that_has_lost_its_lease_stops_and_does_not_end_it() {
    let shop = Shop::new();
    shop.world().delay = Duration::from_millis(400);
    let event = shop.put("purchases/a.csv", file(&rows(0, 20_000)));
    let take_over = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        for import in shop.fake.memory.tables().imports.values_mut() {
            import.owner = "somebody else".to_owned();
        }
    };
    let (done, ()) = tokio::join!(shop.deliver(event), take_over);
    let error = done.unwrap_err().to_string();
    assert!(error.contains("lease"), "{error}");
    let entry = shop.entry("purchases/a.csv");
    assert_eq!((entry.state, entry.owner.as_str()), (ImportState::Running, "somebody else"));
    let batches = shop.world().batches;
    assert!(batches < 800, "it went on to the end");
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(shop.world().batches, batches, "it went on writing");
}

#[tokio::test]
async fn an_import_that_does_not_fit_into_the_time_ends_with_advice() {
    let mut shop = Shop::new();
    // 20 s are kept for the end.
    shop.time = Duration::from_millis(20_300);
    shop.world().delay = Duration::from_millis(100);
    let event = shop.put("purchases/a.csv", format!("bad\n{}", file(&rows(0, 20_000))));
    shop.deliver(event.clone()).await.unwrap();
    let entry = shop.entry("purchases/a.csv");
    assert_eq!(entry.state, ImportState::Failed);
    let message = entry.message.unwrap();
    assert!(message.contains("split the file into parts of at most"), "{message}");
    assert_eq!(entry.counts.loaded, shop.purchases().len() as u64);
    assert!((25..20_000).contains(&shop.purchases().len()));
    assert!(entry.rejects_key.is_none() && shop.world().files.is_empty());
    // The file is not lost: with more time the same event loads it.
    shop.time = Duration::from_secs(900);
    shop.world().delay = Duration::ZERO;
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.purchases().len(), 20_000);
}

#[tokio::test]
async fn a_ledger_out_of_reach_is_an_error() {
    let shop = Shop::new();
    let event = shop.put("purchases/a.csv", file(&rows(0, 10)));
    for calls in 0..4 {
        shop.fake.memory.fail_after(calls);
        shop.deliver(event.clone()).await.unwrap_err();
        shop.fake.memory.tables().calls_left = None;
        for import in shop.fake.memory.tables().imports.values_mut() {
            import.lease_until = Timestamp::UNIX_EPOCH;
        }
    }
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.entry("purchases/a.csv").state, ImportState::Loaded);
}
