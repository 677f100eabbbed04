//! Erasing: what is gone, what is waited for, and what an interruption leaves.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::civil::Date;
use shared::import::{Import, ImportState, ObjectVersion};

use super::fakes::{Bucket, Rollup};
use super::*;

const WAITS: Waits = Waits {
    pause: Duration::from_millis(1),
    settle: Duration::from_millis(1),
    repeat: Duration::from_millis(20),
    most: Duration::from_millis(300),
};

fn days(days: &[&str]) -> BTreeSet<Date> {
    days.iter().map(|day| day.parse().unwrap()).collect()
}

/// An import that began an hour ago; half an hour ago it ended, if it did.
fn import(state: ImportState, key: &str, touched: &[&str]) -> Import {
    let object = ObjectVersion { key: key.into(), version: "v1".into() };
    let ago = |minutes: u64| Timestamp::now() - Duration::from_secs(60 * minutes);
    let mut import = Import::begun(object, 1, "request-1", ago(60));
    import.state = state;
    import.ended_at = (state != ImportState::Running).then(|| ago(30));
    import.days = days(touched).into_iter().collect();
    import
}

fn record(memory: &Memory, import: Import) {
    memory.tables().imports.insert((import.object.key.clone(), import.object.version.clone()), import);
}

/// Ada's and Ben's purchases of three days. The last day was imported and never rolled up: the index lacks it.
fn shop() -> Memory {
    let memory = Memory::default();
    put(&memory, 1, "2026-01-05T10:00:00Z", &token("k1", ADA), None);
    put(&memory, 2, "2026-01-05T10:00:01Z", &token("k1", BEN), None);
    put(&memory, 3, "2026-02-01T10:00:00Z", &token("k2", ADA), Some(&token("k1", ADA)));
    let rollup = Rollup::of(&memory);
    rollup.run("2026-01-05".parse().unwrap());
    rollup.run("2026-02-01".parse().unwrap());
    put(&memory, 4, "2026-11-20T10:00:00Z", &token("k2", ADA), Some(&token("k1", ADA)));
    put(&memory, 5, "2026-11-20T11:00:00Z", &token("k2", BEN), Some(&token("k1", BEN)));
    record(&memory, import(ImportState::Failed, "purchases/late.csv", &["2026-11-20"]));
    memory
}

async fn erase(memory: &Memory, rollup: &Rollup, bucket: &Bucket) -> anyhow::Result<Erased> {
    let person = person(ADA);
    let erasing = Erasing {
        ledger: memory,
        purchases: memory,
        history: memory,
        rollup,
        copy: rollup,
        uploads: bucket,
        person: &person,
        waits: WAITS,
    };
    Box::pin(erasing.erase(&|_| ())).await
}

/// Ada is gone from every table, trends are those of what is left, and nobody else has lost anything.
fn assert_gone(memory: &Memory) {
    let tables = memory.tables();
    let numbers: Vec<u128> = tables.purchases.keys().map(|position| position.row_id.0).collect();
    assert_eq!(numbers, [2, 5]);
    assert_eq!(tables.erased.keys().copied().collect::<Vec<_>>(), [person(ADA).first_hmac]);
    let ada = person(ADA).tokens;
    assert!(tables.bought.iter().all(|(token, _)| !ada.contains(token)));
    assert!(tables.bought.contains(&(token("k1", BEN), "2026-01-05".parse().unwrap())));
    let orders: Vec<u64> = tables.trends.values().map(|trend| trend.sales.orders).collect();
    assert_eq!(orders, [1, 0, 1], "trends of days that still have purchases");
}

#[tokio::test]
async fn a_person_is_erased_from_everything() {
    let memory = shop();
    let rollup = Rollup::of(&memory);
    let erased = erase(&memory, &rollup, &Bucket::default()).await.unwrap();
    assert_gone(&memory);
    assert_eq!((erased.purchases, erased.tokens), (3, 3));
    assert_eq!(erased.days, days(&["2026-01-05", "2026-02-01", "2026-11-20"]));
    let mut out = Vec::new();
    report(&erased, "shop-uploads", &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"
    erased: 3 purchases deleted, 3 days recomputed
    The person is recorded: no import loads them again.
    No object of s3://shop-uploads holds the address, of 0 looked through.
    Backups are out of reach: point-in-time recovery keeps the tables as they were for 35 days. After restoring one, run this again.
    ");
}

#[tokio::test]
async fn erasing_again_changes_nothing() {
    let memory = shop();
    let rollup = Rollup::of(&memory);
    erase(&memory, &rollup, &Bucket::default()).await.unwrap();
    let recorded = memory.tables().erased.clone();
    rollup.days.lock().unwrap().clear();
    let again = erase(&memory, &rollup, &Bucket::default()).await.unwrap();
    assert_eq!((again.purchases, again.days.len()), (0, 0));
    assert!(rollup.days.lock().unwrap().is_empty(), "nothing is left to roll up");
    assert_eq!(memory.tables().erased, recorded);
    assert_gone(&memory);
}

#[tokio::test]
async fn an_interruption_anywhere_is_made_good_by_the_next_run() {
    let mut interrupted = 0;
    loop {
        let memory = shop();
        let rollup = Rollup::of(&memory);
        memory.fail_after(interrupted);
        let done = erase(&memory, &rollup, &Bucket::default()).await;
        memory.tables().calls_left = None;
        if done.is_ok() {
            break;
        }
        erase(&memory, &rollup, &Bucket::default()).await.unwrap();
        assert_gone(&memory);
        interrupted += 1;
    }
    assert!(interrupted > 50, "{interrupted} calls");
}

#[tokio::test]
async fn an_import_under_way_is_waited_for() {
    let memory = shop();
    let running = import(ImportState::Running, "purchases/running.csv", &[]);
    record(&memory, running.clone());
    let rollup = Rollup::of(&memory);
    let etl = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(left(&memory), [1, 2, 3, 4, 5], "nothing is deleted while it runs");
        assert_eq!(memory.tables().erased.len(), 1, "and the person is recorded");
        // It read who is erased before the person was.
        put(&memory, 6, "2026-11-19T10:00:00Z", &token("k2", ADA), None);
        let mut ended = import(ImportState::Loaded, "purchases/running.csv", &["2026-11-19"]);
        ended.started_at = running.started_at;
        record(&memory, ended);
    };
    let bucket = Bucket::default();
    let (erased, ()) = tokio::join!(erase(&memory, &rollup, &bucket), etl);
    assert_eq!(erased.unwrap().purchases, 4);
    assert_eq!(left(&memory), [2, 5]);
}

#[tokio::test]
async fn patience_with_an_import_ends() {
    let memory = shop();
    record(&memory, import(ImportState::Running, "purchases/running.csv", &[]));
    let rollup = Rollup::of(&memory);
    let error = erase(&memory, &rollup, &Bucket::default()).await.unwrap_err();
    insta::assert_snapshot!(error, @"imports that began before still run (1 of them: b4b20c5972ee). The person is recorded, nothing is deleted yet: look at `shopwatch imports list --state running`, and run this again when they have ended");
    assert_eq!(left(&memory), [1, 2, 3, 4, 5]);
    assert_eq!(memory.tables().erased.len(), 1);
}

#[tokio::test]
async fn imports_that_begin_later_are_not_waited_for() {
    let memory = shop();
    let mut later = import(ImportState::Running, "purchases/later.csv", &[]);
    later.started_at = Timestamp::now() + Duration::from_secs(600);
    record(&memory, later);
    erase(&memory, &Rollup::of(&memory), &Bucket::default()).await.unwrap();
    assert_gone(&memory);
}

#[tokio::test]
async fn a_lost_invocation_is_made_again() {
    let memory = shop();
    let rollup = Rollup::of(&memory);
    rollup.lost.store(3, Ordering::SeqCst);
    erase(&memory, &rollup, &Bucket::default()).await.unwrap();
    assert_gone(&memory);
    assert_eq!(rollup.days.lock().unwrap().len(), 3 + 1 + 3, "one outstanding day, then three");
    // When rollup is down, patience ends before the index is touched.
    let memory = shop();
    let down = Rollup::of(&memory);
    down.lost.store(usize::MAX, Ordering::SeqCst);
    let error = erase(&memory, &down, &Bucket::default()).await.unwrap_err();
    assert!(error.to_string().contains("2026-11-20 is not rolled up yet"), "{error}");
    assert_eq!(left(&memory), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_day_is_not_done_before_its_file_is_written() {
    let memory = shop();
    let rollup = Rollup::of(&memory);
    // The one outstanding day needs no file. Of the three others one is torn, and asked for again.
    rollup.torn.store(2, Ordering::SeqCst);
    erase(&memory, &rollup, &Bucket::default()).await.unwrap();
    assert_gone(&memory);
    assert_eq!(rollup.days.lock().unwrap().len(), 1 + 3 + 1);
}

#[tokio::test]
async fn days_that_were_rolled_up_since_their_import_are_not_outstanding() {
    let memory = shop();
    let rollup = Rollup::of(&memory);
    rollup.run("2026-11-20".parse().unwrap());
    erase(&memory, &rollup, &Bucket::default()).await.unwrap();
    assert_eq!(rollup.days.lock().unwrap().len(), 3, "each day once, after the deletion");
    assert_gone(&memory);
}

#[tokio::test]
async fn a_day_that_no_night_made_up_for_is_outstanding_however_long_ago_it_was_imported() {
    let memory = shop();
    let mut old = import(ImportState::Loaded, "purchases/old.csv", &["2026-02-02"]);
    old.started_at = Timestamp::now() - Duration::from_secs(300 * 86_400);
    old.ended_at = Some(old.started_at);
    record(&memory, old);
    put(&memory, 6, "2026-02-02T10:00:00Z", &token("k1", ADA), None);
    let rollup = Rollup::of(&memory);
    let erased = erase(&memory, &rollup, &Bucket::default()).await.unwrap();
    assert_eq!(left(&memory), [2, 5]);
    assert_eq!(erased.days, days(&["2026-01-05", "2026-02-01", "2026-02-02", "2026-11-20"]));
}

#[tokio::test]
async fn an_import_that_ended_just_now_counts_whatever_the_clocks_say() {
    let memory = shop();
    let mut just_now = import(ImportState::Loaded, "purchases/now.csv", &["2026-01-05"]);
    just_now.ended_at = Some(Timestamp::now() - Duration::from_secs(120));
    record(&memory, just_now);
    let rollup = Rollup::of(&memory);
    erase(&memory, &rollup, &Bucket::default()).await.unwrap();
    let asked =
        rollup.days.lock().unwrap().iter().filter(|day| **day == "2026-01-05".parse().unwrap()).count();
    assert_eq!(asked, 2, "before the deletion, and after");
    assert_gone(&memory);
}
