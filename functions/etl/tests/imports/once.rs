//! Each purchase is loaded once, whatever is delivered, sent again, sorted otherwise, rotated or killed.

use shared::import::ImportState;

use crate::fakes::{K1, K2, Shop, file, rows};

#[tokio::test]
async fn an_export_is_loaded_and_its_equal_rows_are_kept() {
    let shop = Shop::new();
    let export = rows(0, 1_000);
    let entry = shop.import("purchases/a.csv", file(&export)).await;
    assert_eq!(entry.state, ImportState::Loaded, "{:?}", entry.message);
    assert_eq!((entry.counts.rows, entry.counts.loaded, entry.counts.rejected_total()), (1_000, 1_000, 0));
    assert_eq!(entry.counts.bytes, file(&export).len() as u64);
    assert_eq!((entry.key_id.as_deref(), entry.unsorted, entry.rejects_key), (Some("k1"), false, None));
    let different: std::collections::BTreeSet<&String> = export.iter().collect();
    assert!(different.len() < 1_000, "the rows have no equal ones");
    let purchases = shop.purchases();
    assert_eq!(purchases.len(), 1_000);
    let sold: i64 = purchases.values().map(|p| i64::from(p.quantity.get())).sum();
    assert_eq!(sold, 1_000);
}

#[tokio::test]
async fn an_event_delivered_twice_changes_nothing() {
    let shop = Shop::new();
    let event = shop.put("purchases/a.csv", file(&rows(0, 100)));
    shop.deliver(event.clone()).await.unwrap();
    let (purchases, entry, opened) = (shop.purchases(), shop.entry("purchases/a.csv"), shop.world().opened);
    shop.deliver(event).await.unwrap();
    assert_eq!((shop.purchases(), shop.entry("purchases/a.csv")), (purchases, entry));
    assert_eq!(shop.world().opened, opened, "the object was read again");
}

#[tokio::test]
async fn the_same_export_and_overlapping_exports_load_each_purchase_once() {
    let shop = Shop::new();
    shop.import("purchases/a.csv", file(&rows(0, 600))).await;
    shop.import("purchases/again.csv", file(&rows(0, 600))).await;
    assert_eq!(shop.purchases().len(), 600);
    // Cut between instants, as an export by time is.
    shop.import("purchases/b.csv", file(&rows(300, 600))).await;
    assert_eq!(shop.purchases().len(), 900);
    let whole = Shop::new();
    whole.import("purchases/whole.csv", file(&rows(0, 900))).await;
    assert_eq!(shop.purchases(), whole.purchases());
}

#[tokio::test]
async fn an_unsorted_file_is_the_same_purchases_as_the_sorted_one() {
    let sorted = Shop::new();
    let mut export = rows(0, 3_000);
    sorted.import("purchases/a.csv", file(&export)).await;
    for at in [1, 1_500, 2_999] {
        export.rotate_right(at);
        let unsorted = Shop::new();
        let bad = "no e-mail,1,1,1,2021-03-21T00:00:00\n";
        let entry = unsorted.import("purchases/a.csv", format!("{bad}{}", file(&export))).await;
        assert!(entry.unsorted);
        assert_eq!(
            (entry.counts.rows, entry.counts.loaded, entry.counts.rejected_total()),
            (3_001, 3_000, 1)
        );
        assert_eq!(unsorted.rejects(&entry).len(), 1);
        assert_eq!(unsorted.purchases(), sorted.purchases());
        assert_eq!(unsorted.world().opened, 2);
    }
}

#[tokio::test]
async fn rejected_rows_do_not_count_for_the_time_order() {
    let shop = Shop::new();
    let rows = "a@shop.example,1,1,1,2021-03-21T10:00:00\nno e-mail,1,1,1,2021-03-20T10:00:00\n\
                b@shop.example,1,1,1,2021-03-21T10:00:00\n";
    assert!(!shop.import("purchases/a.csv", rows).await.unsorted);
}

#[tokio::test]
async fn nothing_from_the_first_row_out_of_order_on_is_written_before_the_second_pass() {
    let shop = Shop::new();
    // The second pass cannot write: what is in the table then is the first one's.
    shop.world().batches_left = Some(2);
    let mut export = rows(0, 100);
    export.splice(60..60, rows(0, 1));
    let event = shop.put("purchases/a.csv", file(&export));
    shop.deliver(event).await.unwrap_err();
    let written = shop.purchases().len();
    assert!(written <= 50, "{written} purchases of the 60 before it");
    assert!(shop.entry("purchases/a.csv").unsorted);
}

#[tokio::test]
async fn a_rotation_by_hand_loads_nothing_twice() {
    let shop = Shop::new();
    shop.import("purchases/a.csv", file(&rows(0, 300))).await;
    let before: Vec<_> = shop.purchases().into_keys().collect();
    shop.world().secret = format!(r#"{{"active":"k2","k1":"{K1}","k2":"{K2}"}}"#);
    let entry = shop.import("purchases/b.csv", file(&rows(0, 300))).await;
    assert_eq!((entry.state, entry.key_id.as_deref()), (ImportState::Loaded, Some("k2")));
    let after = shop.purchases();
    assert_eq!(after.keys().copied().collect::<Vec<_>>(), before);
    assert!(after.values().all(|purchase| purchase.buyer.as_str().starts_with("k2.")));
}

#[tokio::test]
async fn the_plain_hash_is_the_tutorials_and_changes_no_row_id() {
    let shop = Shop::new();
    shop.import("purchases/a.csv", file(&rows(0, 10))).await;
    let before: Vec<_> = shop.purchases().into_keys().collect();
    let mut plain = Shop::new();
    plain.etl.config.method = etl::pii::Method::Sha1;
    let entry = plain.import("purchases/a.csv", file(&rows(0, 10))).await;
    assert_eq!(entry.key_id.as_deref(), Some("sha1"));
    let after = plain.purchases();
    assert_eq!(after.keys().copied().collect::<Vec<_>>(), before);
    // sha1sum of buyer0@shop.example
    let hash = "7d26251dd81b75892000e070ff2cc6df886384e7";
    assert!(after.values().any(|purchase| purchase.buyer.as_str() == hash));
}

#[tokio::test]
async fn a_changed_first_key_writes_nothing_and_can_be_mended() {
    let shop = Shop::new();
    shop.import("purchases/a.csv", file(&rows(0, 100))).await;
    let good = shop.world().secret.clone();
    for secret in [
        format!(r#"{{"active":"k1","k1":"{K2}"}}"#),
        format!(r#"{{"active":"k2","k2":"{K2}"}}"#),
        "not JSON".to_owned(),
    ] {
        shop.world().secret = secret;
        let event = shop.put("purchases/b.csv", file(&rows(0, 200)));
        let batches = shop.world().batches;
        let error = shop.deliver(event.clone()).await.unwrap_err().to_string();
        let entry = shop.entry("purchases/b.csv");
        assert_eq!((entry.state, entry.counts.loaded), (ImportState::Failed, 0));
        assert!(error.contains(entry.message.as_deref().unwrap()), "{error}");
        assert!(error.contains("PII"), "{error}");
        assert_eq!((shop.purchases().len(), shop.world().batches), (100, batches));
    }
    shop.world().secret = good;
    assert_eq!(shop.import("purchases/b.csv", file(&rows(0, 200))).await.state, ImportState::Loaded);
    assert_eq!(shop.purchases().len(), 200);
}

#[tokio::test]
async fn an_import_that_failed_anywhere_is_mended_by_a_retry() {
    let export = rows(0, 2_000);
    let whole = Shop::new();
    whole.import("purchases/a.csv", file(&export)).await;
    for batches in [0, 1, 7, 31, 33, 50, 79] {
        let shop = Shop::new();
        shop.world().batches_left = Some(batches);
        let event = shop.put("purchases/a.csv", file(&export));
        shop.deliver(event.clone()).await.unwrap_err();
        let entry = shop.entry("purchases/a.csv");
        assert_eq!(entry.state, ImportState::Failed);
        let written = shop.purchases().len() as u64;
        assert!(entry.counts.loaded <= written, "loaded is what was acknowledged");
        assert!(written <= 25 * batches as u64);
        shop.world().batches_left = None;
        shop.deliver(event).await.unwrap();
        assert_eq!(shop.entry("purchases/a.csv").state, ImportState::Loaded);
        assert_eq!(shop.purchases(), whole.purchases());
    }
}

#[tokio::test(start_paused = true)]
async fn an_invocation_killed_midway_is_mended_by_a_later_delivery() {
    let export = rows(0, 2_000);
    let whole = Shop::new();
    whole.import("purchases/a.csv", file(&export)).await;
    let shop = Shop::new();
    shop.world().delay = std::time::Duration::from_millis(20);
    let event = shop.put("purchases/a.csv", file(&export));
    // Killed: the handler is dropped between two batches, and nobody ends the import.
    let killed =
        tokio::time::timeout(std::time::Duration::from_millis(50), shop.deliver(event.clone())).await;
    assert!(killed.is_err());
    assert!((1..2_000).contains(&shop.purchases().len()), "{}", shop.purchases().len());
    let written = shop.purchases().len();
    shop.deliver(event.clone()).await.unwrap();
    assert_eq!(shop.purchases().len(), written, "the lease holds");
    shop.leases_run_out();
    shop.world().delay = std::time::Duration::ZERO;
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.purchases(), whole.purchases());
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_an_error_and_a_retry_loads_the_rest() {
    let shop = Shop::new();
    let export = file(&rows(0, 3_000));
    let event = shop.put("purchases/a.csv", export.clone());
    for length in [0, 10, 70_000, export.len() - 1] {
        shop.world().break_after = Some(length);
        let error = shop.deliver(event.clone()).await.unwrap_err().to_string();
        assert!(error.contains("connection reset"), "{error}");
        assert_eq!(shop.entry("purchases/a.csv").state, ImportState::Failed);
    }
    shop.world().break_after = None;
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.purchases().len(), 3_000);
}
