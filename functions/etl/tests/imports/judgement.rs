//! The first rows are judged before any is written.

use shared::import::ImportState;

use crate::fakes::{Failure, Shop, file, rows};

const KEY: &str = "purchases/a.csv";

/// Good rows with so many bad ones spread among them.
fn export(good: usize, bad: usize) -> String {
    let mut rows = rows(0, good);
    for n in 0..bad {
        rows.insert((n * 7) % (rows.len() + 1), format!("bad {n}"));
    }
    file(&rows)
}

#[tokio::test]
async fn a_file_that_is_probably_the_wrong_one_is_refused_and_nothing_is_written() {
    for (good, bad, more) in [(499, 501, 0), (499, 501, 49_000), (0, 1, 0), (1, 2, 0), (0, 200_000, 0)] {
        let shop = Shop::new();
        let entry = shop.import(KEY, format!("{}{}", export(good, bad), file(&rows(good, more)))).await;
        assert_eq!(entry.state, ImportState::Refused, "{good} {bad} {more}");
        assert_eq!((entry.counts.loaded, entry.counts.checkpoint), (0, 0));
        let message = entry.message.unwrap();
        assert!(message.contains("columns") && message.contains("Nothing was written"), "{message}");
        assert_eq!(shop.world().batches, 0);
        assert!(shop.world().nothing_published());
        assert_eq!(entry.rejects_key, None);
    }
}

#[tokio::test]
async fn half_of_the_rows_may_be_bad_and_later_ones_are_not_judged() {
    for (good, bad, more) in [(500, 500, 0), (1, 1, 0), (600, 400, 5_000)] {
        let shop = Shop::new();
        let entry = shop.import(KEY, format!("{}{}", export(good, bad), "bad\n".repeat(more))).await;
        assert_eq!(entry.state, ImportState::LoadedWithRejects);
        assert_eq!((shop.purchases().len(), shop.rejects(&entry).len()), (good, bad + more));
    }
}

#[tokio::test]
async fn the_share_can_be_set() {
    for (percent, state) in [(0, ImportState::Refused), (1, ImportState::LoadedWithRejects)] {
        let mut shop = Shop::new();
        shop.etl.config.max_rejected_percent = percent;
        assert_eq!(shop.import(KEY, export(990, 10)).await.state, state);
    }
    let shop = Shop::lenient();
    assert_eq!(shop.import(KEY, export(0, 2_000)).await.state, ImportState::LoadedWithRejects);
}

#[tokio::test]
async fn many_long_rejects_are_thrown_away_with_the_file() {
    let shop = Shop::new();
    // More than one part of the rejects file before it is judged.
    let entry = shop.import(KEY, format!("{}\n", "x".repeat(50_000)).repeat(1_100)).await;
    assert_eq!(entry.state, ImportState::Refused);
    assert!(shop.world().nothing_published());
}

#[tokio::test]
async fn a_pass_that_goes_on_does_not_judge_again() {
    let mut shop = Shop::new();
    let event = shop.put(KEY, export(4_000, 400));
    // The end cannot be recorded: every row is settled, and the heartbeat has not said so.
    let calls = {
        let trial = Shop::new();
        trial.import(KEY, export(4_000, 400)).await;
        trial.world().calls
    };
    shop.world().fail(calls - 1, Failure::Before);
    shop.deliver(event.clone()).await.unwrap_err();
    for import in shop.fake.memory.tables().imports.values_mut() {
        import.counts.checkpoint = 1_500;
    }
    shop.leases_run_out();
    shop.etl.config.max_rejected_percent = 1;
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.entry(KEY).state, ImportState::LoadedWithRejects);
}
