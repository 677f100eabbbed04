//! How many batches are on their way follows what the table takes.

use std::time::Duration;

use tokio::time::Instant;

use crate::fakes::{Shop, file, rows};

const BATCHES: u32 = 4_000;

/// How long a batch takes.
const EACH: Duration = Duration::from_millis(10);

/// How many batches were on their way when each was sent, and how long it took.
async fn flights(capacity: Option<usize>) -> (Vec<usize>, Duration) {
    let shop = Shop::new();
    shop.world().capacity = capacity;
    shop.world().delay = EACH;
    let began = Instant::now();
    let entry = shop.import("purchases/a.csv", file(&rows(0, 25 * BATCHES as usize))).await;
    assert_eq!(entry.counts.loaded, 25 * u64::from(BATCHES));
    let flights = shop.world().flights.clone();
    (flights, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_table_that_takes_everything_is_given_more() {
    let (flights, took) = flights(None).await;
    assert!((16..=20).contains(flights[..100].iter().max().unwrap()));
    assert_eq!(flights.iter().max(), Some(&64));
    // Faster than sixteen at once.
    assert!(took < EACH * BATCHES / 30, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_asked_too_much_is_asked_less() {
    let (flights, took) = flights(Some(5)).await;
    let later = &flights[flights.len() / 2..];
    assert!(later.iter().all(|in_flight| *in_flight <= 6), "{:?}", later.iter().max());
    // As fast as it goes is five at once.
    assert!(took < EACH * BATCHES / 3, "{took:?}");
}
