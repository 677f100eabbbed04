//! The lease, the heartbeat, and an invocation's time.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use shared::import::ImportState;

use crate::fakes::{Shop, file, rows};

#[tokio::test(start_paused = true)]
async fn two_deliveries_of_one_object_do_not_load_it_at_once() {
    let shop = Shop::new();
    shop.world().delay = Duration::from_millis(30);
    let event = shop.put("purchases/a.csv", file(&rows(0, 100)));
    let (first, second) = tokio::join!(shop.deliver(event.clone()), shop.deliver(event));
    // Lambda would try an error again until it becomes a dead letter, and there is nothing wrong.
    first.and(second).unwrap();
    assert_eq!(shop.world().batches, 4);
    assert_eq!(shop.entry("purchases/a.csv").state, ImportState::Loaded);
}

#[tokio::test(start_paused = true)]
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
    assert_eq!(shop.world().days_recorded, 1, "there is one day");
}

#[tokio::test(start_paused = true)]
async fn the_heartbeat_records_that_rows_are_out_of_time_order() {
    let shop = Shop::new();
    shop.world().delay = Duration::from_millis(400);
    let mut rows = rows(0, 20_000);
    rows.rotate_right(10);
    let event = shop.put("purchases/a.csv", file(&rows));
    let killed = tokio::time::timeout(Duration::from_millis(1_500), shop.deliver(event.clone())).await;
    assert!(killed.is_err());
    assert!(shop.entry("purchases/a.csv").unsorted);
    shop.leases_run_out();
    let opened = shop.world().opened;
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.world().opened, opened + 1, "it looked for the time order again");
}

#[tokio::test]
async fn an_import_that_failed_is_begun_anew_by_the_next_delivery() {
    let shop = Shop::new();
    shop.world().batches_left = Some(1);
    let event = shop.put("purchases/a.csv", file(&rows(0, 100)));
    shop.deliver(event.clone()).await.unwrap_err();
    let failed = shop.entry("purchases/a.csv");
    assert_eq!(failed.state, ImportState::Failed);
    shop.world().batches_left = None;
    let before = Timestamp::now();
    shop.deliver(event).await.unwrap();
    let entry = shop.entry("purchases/a.csv");
    assert!(failed.started_at < before && entry.started_at >= before, "{}", entry.started_at);
}

#[tokio::test(start_paused = true)]
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
async fn a_ledger_out_of_reach_is_an_error() {
    let shop = Shop::new();
    let event = shop.put("purchases/a.csv", file(&rows(0, 10)));
    // Read, claimed, the first key, who is erased, a batch, the end.
    for calls in 0..6 {
        shop.fake.memory.fail_after(calls);
        shop.deliver(event.clone()).await.unwrap_err();
        shop.fake.memory.tables().calls_left = None;
        shop.leases_run_out();
    }
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.entry("purchases/a.csv").state, ImportState::Loaded);
}
