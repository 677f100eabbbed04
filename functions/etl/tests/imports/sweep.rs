//! The hourly sweep.

use jiff::{SignedDuration, Timestamp};
use shared::import::{Import, ImportState, ObjectVersion};

use crate::fakes::{Shop, file, rows};

const DAY: i64 = 24 * 3_600;

fn ago(seconds: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_secs(seconds)
}

/// An import in the ledger: how long ago it began and its lease ran out, in seconds.
fn add(shop: &Shop, key: &str, state: ImportState, began: i64, ran_out: i64) {
    let object = ObjectVersion { key: format!("purchases/{key}.csv"), version: key.to_owned() };
    let mut import = Import::begun(object, 1_024, "somebody", ago(began));
    (import.state, import.lease_until) = (state, ago(ran_out));
    import.etag = Some("e".to_owned());
    let keys = (import.object.key.clone(), import.object.version.clone());
    shop.fake.memory.tables().imports.insert(keys, import);
}

async fn swept(shop: &Shop) -> Vec<String> {
    shop.deliver(tests::event("etl-sweep")).await.unwrap();
    let events = std::mem::take(&mut shop.world().continuations);
    let mut versions: Vec<String> = events
        .into_iter()
        .map(|event| {
            assert_eq!(event["hop"], 0);
            event["import"]["version"].as_str().unwrap().to_owned()
        })
        .collect();
    versions.sort();
    versions
}

#[tokio::test]
async fn imports_that_nobody_goes_on_with_are_invoked_again() {
    let shop = Shop::new();
    use ImportState::{Failed, Loaded, LoadedWithRejects, Refused, Running};
    add(&shop, "dead", Running, 600, 61);
    add(&shop, "dead-for-weeks", Running, 28 * DAY, 28 * DAY);
    add(&shop, "alive", Running, 600, -40);
    add(&shop, "just-released", Running, 600, 30);
    for (key, state) in [("a", Loaded), ("b", LoadedWithRejects), ("c", Refused), ("d", Failed)] {
        add(&shop, key, state, 600, 600);
    }
    assert_eq!(swept(&shop).await, ["dead", "dead-for-weeks"]);
}

#[tokio::test(start_paused = true)]
async fn an_import_that_was_swept_up_ends() {
    let shop = Shop::new();
    let event = shop.put("purchases/a.csv", file(&rows(0, 5_000)));
    // Killed at the first batch.
    shop.world().delay = std::time::Duration::from_secs(60);
    let killed = tokio::time::timeout(std::time::Duration::from_millis(50), shop.deliver(event)).await;
    assert!(killed.is_err());
    assert_eq!(swept(&shop).await, [""; 0], "the lease holds");
    shop.leases_run_out();
    shop.world().delay = std::time::Duration::ZERO;
    shop.deliver(tests::event("etl-sweep")).await.unwrap();
    assert_eq!(shop.go_on().await, 1);
    let entry = shop.entry("purchases/a.csv");
    assert_eq!((entry.state, entry.passes, entry.counts.loaded), (ImportState::Loaded, 2, 5_000));
    assert_eq!(swept(&shop).await, [""; 0]);
}

#[tokio::test]
async fn a_ledger_of_many_imports_is_read_page_by_page_and_the_work_is_bounded() {
    let shop = Shop::new();
    for n in 0..450 {
        let state = if n % 3 == 0 { ImportState::Running } else { ImportState::Loaded };
        add(&shop, &format!("{n:03}"), state, 600 + n, 600);
    }
    assert_eq!(swept(&shop).await.len(), 100);
    shop.fake.memory.tables().imports.retain(|_, import| import.state == ImportState::Loaded);
    add(&shop, "oldest", ImportState::Running, 2_000, 600);
    assert_eq!(swept(&shop).await, ["oldest"]);
}

#[tokio::test]
async fn a_sweep_that_cannot_invoke_says_so() {
    let shop = Shop::new();
    add(&shop, "dead", ImportState::Running, 600, 61);
    shop.world().no_functions = true;
    let error = shop.deliver(tests::event("etl-sweep")).await.unwrap_err().to_string();
    assert!(error.contains("1 of 1 imports were not invoked again: no such function"), "{error}");
    shop.world().no_functions = false;
    shop.fake.memory.fail_after(0);
    shop.deliver(tests::event("etl-sweep")).await.unwrap_err();
}
