//! Imports that need more time than one invocation has.

use std::time::Duration;

use etl::RESERVE;
use jiff::{Timestamp, ToSpan as _};
use shared::import::{Import, ImportState, NOBODY};
use tokio::time::Instant;

use crate::fakes::{Shop, file, rows};

const KEY: &str = "purchases/a.csv";

/// A shop whose invocations have time for a few hundred rows.
fn slow() -> Shop {
    let mut shop = Shop::new();
    shop.time = RESERVE + Duration::from_millis(950);
    shop.world().delay = Duration::from_millis(100);
    shop
}

/// The entry without what differs from one import of the same file to another.
pub(crate) fn comparable(entry: Import) -> Import {
    Import {
        started_at: Timestamp::UNIX_EPOCH,
        ended_at: None,
        duration_ms: None,
        lease_until: Timestamp::UNIX_EPOCH,
        owner: String::new(),
        passes: 0,
        ..entry
    }
}

/// In time order with bad rows in it; or rotated, so that it is not.
fn export(sorted: bool) -> String {
    let mut rows = rows(0, 20_000);
    if !sorted {
        rows.rotate_left(12_000);
    }
    for at in (0..rows.len()).step_by(1_999) {
        rows[at] = format!("bad row {at}");
    }
    file(&rows)
}

#[tokio::test(start_paused = true)]
async fn an_import_that_outlives_its_invocation_goes_on_and_ends_the_same() {
    for sorted in [true, false] {
        let whole = Shop::new();
        let expected = whole.import(KEY, export(sorted)).await;
        assert_eq!((expected.state, expected.unsorted), (ImportState::LoadedWithRejects, !sorted));
        let shop = slow();
        let begun = shop.import(KEY, export(sorted)).await;
        assert_eq!(begun.state, ImportState::Running);
        assert!(begun.lease_until < Timestamp::now(), "the lease was not released");
        assert!(begun.counts.checkpoint > 0 && begun.counts.checkpoint <= shop.purchases().len() as u64 + 20);
        assert!(shop.world().nothing_published());
        assert!(shop.world().rolled_up.is_empty(), "before the end");
        assert_eq!(shop.purchases().len(), 25 * shop.world().batches, "what was on its way did not arrive");
        let times = shop.go_on().await;
        let entry = shop.entry(KEY);
        assert!(times > 2, "{times} invocations more");
        assert_eq!(entry.passes, u32::try_from(times).unwrap() + 1);
        assert_eq!(entry.started_at, begun.started_at);
        assert_eq!(shop.world().rolled_up, entry.days);
        assert_eq!(comparable(entry), comparable(expected));
        assert_eq!(shop.purchases(), whole.purchases());
        assert_eq!(shop.world().files, whole.world().files);
        let (written, rows) = (shop.world().written, shop.purchases().len());
        assert!(written <= rows + rows / 10, "{written} purchases written for {rows}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pass_over_an_unsorted_file_that_goes_on_begins_with_the_fingerprints() {
    let shop = slow();
    let mut rows = rows(0, 20_000);
    rows.rotate_right(100);
    assert!(shop.import(KEY, file(&rows)).await.unsorted);
    let opened = shop.world().opened;
    let event = shop.next_continuation().unwrap();
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.world().opened, opened + 1, "it looked for the time order again");
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_gets_nowhere_ends_the_import_with_advice() {
    let shop = slow();
    shop.world().delay = Duration::from_secs(3_600);
    let entry = shop.import(KEY, export(true)).await;
    assert_eq!((entry.state, entry.counts.loaded), (ImportState::Failed, 0));
    assert!(shop.next_continuation().is_none());
    let message = entry.message.unwrap();
    assert!(
        message.contains("none behind row 0 was loaded: split the file into parts of at most"),
        "{message}"
    );
    // The file is not lost: with more time the same event loads it.
    let mut shop = shop;
    (shop.time, shop.world().delay) = (Duration::from_secs(900), Duration::ZERO);
    let entry = shop.import(KEY, export(true)).await;
    assert_eq!((entry.state, entry.passes), (ImportState::LoadedWithRejects, 1));
    assert_eq!(shop.purchases().len(), 19_989);
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_gets_nowhere_behind_the_checkpoint_ends_it_too() {
    let shop = slow();
    let checkpoint = shop.import(KEY, export(true)).await.counts.checkpoint;
    shop.world().delay = Duration::from_secs(3_600);
    shop.go_on().await;
    let entry = shop.entry(KEY);
    assert_eq!((entry.state, entry.counts.checkpoint), (ImportState::Failed, checkpoint));
    assert_eq!(shop.world().rolled_up.len(), 1, "rows were written");
}

#[tokio::test(start_paused = true)]
async fn there_is_an_end_to_going_on() {
    let shop = slow();
    let event = shop.put(KEY, export(true));
    shop.deliver(event.clone()).await.unwrap();
    let mut last = shop.next_continuation().unwrap();
    assert_eq!(last["hop"], 1);
    last["hop"] = 100.into();
    shop.deliver(last).await.unwrap();
    assert!(shop.next_continuation().is_none());
    let entry = shop.entry(KEY);
    assert_eq!(entry.state, ImportState::Failed);
    assert!(entry.message.unwrap().contains("100 times"));
    // People may begin it anew.
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.next_continuation().unwrap()["hop"], 1);
}

#[tokio::test(start_paused = true)]
async fn there_is_an_end_to_passes() {
    for passes in [99, 100] {
        let shop = slow();
        shop.import(KEY, export(true)).await;
        shop.fake.memory.tables().imports.values_mut().for_each(|import| import.passes = passes);
        let opened = shop.world().opened;
        assert_eq!(shop.go_on().await, 1);
        let entry = shop.entry(KEY);
        assert_eq!(entry.state, ImportState::Failed);
        assert!(entry.message.unwrap().contains("100 times"));
        assert_eq!(shop.world().opened > opened, passes == 99, "the 100th pass is the last");
    }
}

#[tokio::test(start_paused = true)]
async fn when_it_cannot_invoke_itself_the_retry_goes_on() {
    let shop = slow();
    shop.world().no_functions = true;
    let event = shop.put(KEY, export(true));
    let error = shop.deliver(event.clone()).await.unwrap_err().to_string();
    assert!(error.contains("going on"), "{error}");
    let before = shop.entry(KEY).counts.checkpoint;
    shop.world().no_functions = false;
    shop.deliver(event).await.unwrap();
    assert!(shop.entry(KEY).counts.checkpoint > before);
    shop.go_on().await;
    assert_eq!(shop.entry(KEY).state, ImportState::LoadedWithRejects);
}

#[tokio::test(start_paused = true)]
async fn an_import_that_was_released_goes_on_whatever_the_clock_shows() {
    let shop = slow();
    assert_eq!(shop.import(KEY, export(true)).await.owner, NOBODY);
    shop.fake.memory.tables().imports.values_mut().for_each(|import| {
        import.lease_until = Timestamp::now() + 1.minute();
    });
    let event = shop.next_continuation().unwrap();
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.entry(KEY).passes, 2);
}

#[tokio::test(start_paused = true)]
async fn a_record_behind_the_first_is_begun_with_half_of_the_time_or_handed_on() {
    for (seconds, handed_on) in [(40, 0), (60, 1)] {
        let mut shop = Shop::new();
        shop.time = RESERVE + Duration::from_secs(100);
        shop.world().delay = Duration::from_secs(seconds);
        let mut event = shop.put(KEY, file(&rows(0, 10)));
        let second = shop.put("purchases/b.csv", file(&rows(0, 10)))["Records"][0].clone();
        event["Records"].as_array_mut().unwrap().push(second);
        shop.deliver(event).await.unwrap();
        assert_eq!(shop.world().continuations.len(), handed_on, "after {seconds} s");
        shop.go_on().await;
        assert_eq!(shop.entry("purchases/b.csv").state, ImportState::Loaded);
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_does_not_answer_is_not_waited_for() {
    let shop = slow();
    shop.world().silent_functions = true;
    let mut event = shop.put(KEY, export(true));
    let second = shop.put("purchases/b.csv", file(&rows(0, 10)))["Records"][0].clone();
    event["Records"].as_array_mut().unwrap().push(second);
    let began = Instant::now();
    let error = shop.deliver(event).await.unwrap_err().to_string();
    assert!(error.contains("going on with an import: no answer in time"), "{error}");
    assert!(error.contains("handing an import on: no answer in time"), "{error}");
    assert!(began.elapsed() < shop.time, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_record_that_there_is_no_time_for_is_handed_on() {
    let shop = slow();
    let mut event = shop.put(KEY, export(true));
    let second = shop.put("purchases/b.csv", file(&rows(0, 10)))["Records"][0].clone();
    event["Records"].as_array_mut().unwrap().push(second);
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.world().continuations.len(), 2);
    shop.go_on().await;
    assert_eq!(shop.entry("purchases/b.csv").state, ImportState::Loaded);
}
