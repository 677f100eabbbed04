//! How many batches are on their way follows what the table takes.

use std::time::Duration;

use crate::fakes::{Shop, file, rows};

async fn flights(capacity: Option<usize>) -> Vec<usize> {
    let shop = Shop::new();
    shop.world().capacity = capacity;
    shop.world().delay = Duration::from_millis(10);
    let entry = shop.import("purchases/a.csv", file(&rows(0, 100_000))).await;
    assert_eq!(entry.counts.loaded, 100_000);
    let flights = shop.world().flights.clone();
    // Without the last ones, which are not waited with.
    flights[..flights.len() - 100].to_vec()
}

#[tokio::test(start_paused = true)]
async fn a_table_that_takes_everything_is_given_more() {
    let flights = flights(None).await;
    assert_eq!(flights[..100].iter().max(), Some(&17));
    assert_eq!(flights.iter().max(), Some(&64));
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_asked_too_much_is_asked_less() {
    let flights = flights(Some(5)).await;
    let later = &flights[flights.len() / 2..];
    assert!(later.iter().all(|in_flight| *in_flight <= 6), "{later:?}");
    let used: usize = later.iter().sum();
    assert!(used >= 3 * later.len(), "{used} of {}", 5 * later.len());
}
