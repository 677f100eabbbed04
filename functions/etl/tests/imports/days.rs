//! The days that an import touches, and what `rollup` is asked.

use std::time::Duration;

use etl::gone::Gone;
use jiff::civil::Date;
use shared::import::ImportState;

use crate::fakes::{Failure, Shop, file, rows};

const KEY: &str = "purchases/a.csv";

fn on(day: &str, time: &str) -> String {
    format!("ada@shop.example,7,1,12.50,{day}T{time}")
}

fn days(days: &[&str]) -> Vec<Date> {
    days.iter().map(|day| day.parse().unwrap()).collect()
}

/// The days that rollup was asked for since the last look; in which order doesn't matter.
fn rolled_up(shop: &Shop) -> Vec<Date> {
    let mut days = std::mem::take(&mut shop.world().rolled_up);
    days.sort();
    days
}

#[tokio::test]
async fn rollup_is_asked_for_every_day_touched_once() {
    let shop = Shop::new();
    let export = [
        on("2021-03-22", "23:59:59"),
        on("2021-03-21", "00:00:00"),
        on("2021-03-22", "00:00:00"),
        on("2021-02-30", "00:00:00"),
        on("2020-02-29", "12:00:00"),
    ];
    let entry = shop.import(KEY, export.join("\n")).await;
    let expected = days(&["2020-02-29", "2021-03-21", "2021-03-22"]);
    assert_eq!((entry.days, rolled_up(&shop)), (expected.clone(), expected));
    // Loaded before, and touched again: somebody may have asked for the import because rollup was not.
    shop.import("purchases/b.csv", on("2021-03-21", "00:00:00")).await;
    assert_eq!(rolled_up(&shop), days(&["2021-03-21"]));
}

#[tokio::test]
async fn the_days_are_those_of_utc() {
    let mut shop = Shop::new();
    shop.etl.config.format.time_zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    assert_eq!(shop.import(KEY, on("2021-03-22", "00:30:00")).await.days, days(&["2021-03-21"]));
}

#[tokio::test]
async fn an_import_that_failed_has_its_days_recomputed_too() {
    let shop = Shop::new();
    shop.world().fail(60, Failure::Before);
    let event = shop.put(KEY, file(&rows(0, 2_000)));
    shop.deliver(event).await.unwrap_err();
    assert!(!shop.purchases().is_empty());
    assert_eq!(shop.entry(KEY).days, days(&["2021-03-21"]));
    assert_eq!(rolled_up(&shop), days(&["2021-03-21"]));
}

#[tokio::test(start_paused = true)]
async fn days_of_rows_that_a_killed_invocation_has_written_are_touched_too() {
    let shop = Shop::new();
    shop.world().delay = Duration::from_millis(400);
    let export = format!("{}{}", file(&rows(0, 1_000)), file(&rows(0, 3_000)).replace("-21T", "-22T"));
    let event = shop.put(KEY, export);
    let killed = tokio::time::timeout(Duration::from_millis(2_500), shop.deliver(event.clone())).await;
    assert!(killed.is_err());
    assert!(shop.entry(KEY).counts.checkpoint > 1_000, "{:?}", shop.entry(KEY).counts);
    shop.leases_run_out();
    shop.deliver(event).await.unwrap();
    assert_eq!(rolled_up(&shop), days(&["2021-03-21", "2021-03-22"]));
}

#[tokio::test(start_paused = true)]
async fn days_of_a_killed_invocation_are_recomputed_though_no_later_one_gets_as_far() {
    let troubles: [fn(&Shop); 3] = [
        |shop| shop.world().secret.clear(),
        |shop| shop.world().gone = Some(Gone::Deleted),
        |shop| shop.fake.memory.tables().imports.values_mut().for_each(|import| import.passes = 100),
    ];
    for trouble in troubles {
        let shop = Shop::new();
        shop.world().delay = Duration::from_millis(400);
        let export = format!("{}{}", file(&rows(0, 1_000)), file(&rows(0, 9_000)).replace("-21T", "-22T"));
        let event = shop.put(KEY, export);
        let killed = tokio::time::timeout(Duration::from_millis(2_500), shop.deliver(event.clone())).await;
        assert!(killed.is_err());
        assert_eq!(shop.entry(KEY).days, days(&["2021-03-21", "2021-03-22"]));
        assert_eq!(rolled_up(&shop), []);
        shop.leases_run_out();
        trouble(&shop);
        drop(shop.deliver(event).await);
        assert_eq!(shop.entry(KEY).state, ImportState::Failed);
        assert_eq!(rolled_up(&shop), days(&["2021-03-21", "2021-03-22"]));
    }
}

#[tokio::test(start_paused = true)]
async fn days_are_noted_before_their_rows_are_written() {
    let shop = Shop::new();
    // The first batches take for ever: it is not known whether they were written.
    shop.world().delay = Duration::from_secs(3_600);
    let event = shop.put(KEY, file(&rows(0, 2_000)));
    let killed = tokio::time::timeout(Duration::from_millis(1_500), shop.deliver(event)).await;
    assert!(killed.is_err());
    let entry = shop.entry(KEY);
    assert_eq!((entry.counts.loaded, entry.days), (0, days(&["2021-03-21"])));
}

#[tokio::test]
async fn nothing_written_is_nothing_to_recompute() {
    let shop = Shop::new();
    shop.import(KEY, "no export\n".repeat(2_000)).await;
    shop.import("purchases/b.csv", "email,item_id,quantity,price,purchase_date\n").await;
    assert_eq!(shop.world().rolled_up, []);
}

#[tokio::test]
async fn when_rollup_cannot_be_invoked_the_import_has_ended_all_the_same() {
    let shop = Shop::new();
    shop.world().no_functions = true;
    let entry = shop.import(KEY, file(&rows(0, 10))).await;
    assert_eq!((entry.state, entry.days), (ImportState::Loaded, days(&["2021-03-21"])));
}

#[tokio::test]
async fn more_days_than_an_entry_can_hold_end_the_import() {
    let shop = Shop::new();
    let first: Date = "1990-01-01".parse().unwrap();
    let row = |days: i64| on(&(first + jiff::Span::new().days(days)).to_string(), "12:00:00");
    let export = |count: i64| (0..count).map(row).collect::<Vec<_>>().join("\n");
    let entry = shop.import(KEY, export(10_000)).await;
    assert_eq!((entry.state, entry.days.len()), (ImportState::Loaded, 10_000));
    let shop = Shop::new();
    let entry = shop.import(KEY, export(10_001)).await;
    assert_eq!((entry.state, entry.days.len()), (ImportState::Failed, 10_000));
    assert!(entry.message.unwrap().contains("more than 10000 different days"));
    assert_eq!(shop.world().rolled_up.len(), 10_000);
    assert!(shop.purchases().len() <= 10_000);
}
