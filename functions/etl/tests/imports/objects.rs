//! Objects that have odd names, or are not there any more.

use std::io::Write as _;

use etl::gone::Gone;
use shared::import::ImportState;

use crate::fakes::{Shop, file, rows};

/// As S3 writes keys in events.
fn encoded(key: &str) -> String {
    let byte = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    key.bytes().map(byte).collect()
}

#[tokio::test]
async fn a_key_may_hold_whatever_s3_allows() {
    let longest = format!("purchases/{}.csv", "é".repeat((1_024 - 14) / 2));
    assert_eq!(longest.len(), 1_024);
    for key in [
        "purchases/a b.csv",
        "purchases/a+b.csv",
        "purchases/100%.csv",
        "purchases/%20%2B.csv",
        "purchases/März/🛍️ exports 🎉.csv",
        "purchases/../a\\\"b'\t.csv",
        "purchases/\u{7f}&$@=;:,?{}^[]`<>~#|.csv",
        &longest,
    ] {
        let shop = Shop::new();
        let mut event = shop.put(key, format!("bad\n{}", file(&rows(0, 10))));
        event["Records"][0]["s3"]["object"]["key"] = encoded(key).into();
        shop.deliver(event).await.unwrap();
        let entry = shop.entry(key);
        assert_eq!((entry.state, shop.purchases().len()), (ImportState::LoadedWithRejects, 10), "{key}");
        assert_eq!(shop.rejects(&entry).len(), 1);
        assert!(entry.rejects_key.unwrap().len() < 80);
    }
}

#[tokio::test]
async fn what_is_uploaded_below_rejects_is_left_alone() {
    let shop = Shop::new();
    let event = shop.put("rejects/0123.csv", file(&rows(0, 10)));
    shop.deliver(event).await.unwrap();
    assert_eq!((shop.world().opened, shop.fake.memory.tables().imports.len()), (0, 0));
}

#[tokio::test]
async fn an_object_replaced_or_deleted_before_it_is_read_ends_the_import_for_good() {
    for (gone, said) in [(Gone::Deleted, "deleted"), (Gone::Replaced, "replaced")] {
        let shop = Shop::new();
        shop.world().gone = Some(gone);
        let entry = shop.import("purchases/a.csv", file(&rows(0, 10))).await;
        assert_eq!((entry.state, shop.purchases().len()), (ImportState::Failed, 0));
        assert!(entry.message.unwrap().contains(said));
    }
}

#[tokio::test]
async fn an_object_replaced_while_it_is_read_is_not_read_on() {
    let shop = Shop::new();
    let export = file(&rows(0, 3_000));
    let event = shop.put("purchases/a.csv", export);
    shop.world().break_after = Some(100_000);
    shop.deliver(event.clone()).await.unwrap_err();
    shop.world().gone = Some(Gone::Replaced);
    shop.deliver(event).await.unwrap();
    let entry = shop.entry("purchases/a.csv");
    assert_eq!(entry.state, ImportState::Failed);
    assert!(!shop.purchases().is_empty() && !entry.days.is_empty());
}

#[tokio::test]
async fn the_ledger_says_what_the_object_was() {
    let shop = Shop::new();
    let text = file(&rows(0, 2_000)).replace(',', ";");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let entry = shop.import("purchases/a.csv.gz", gzip.clone()).await;
    assert_eq!((entry.state, entry.counts.loaded), (ImportState::Loaded, 2_000));
    assert_eq!(entry.format.as_deref(), Some("gzip, utf-8, no header, delimiter ;"));
    assert_eq!((entry.counts.bytes, entry.counts.text_bytes), (gzip.len() as u64, text.len() as u64));
    assert_eq!((entry.normalisation, entry.passes), (Some(1), 1));
    assert_eq!(entry.etag.as_deref(), Some("d41d8cd98f00b204e9800998ecf8427e"));
    assert_eq!(entry.sequencer.as_deref(), Some("0055AED6DCD90281E5"));
    // Cut in the middle, it is not tried again: it would end the same.
    let whole = format!("{text}{}", file(&rows(2_000, 20_000)).replace(',', ";"));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(whole.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let entry = shop.import("purchases/cut.csv.gz", &gzip[..gzip.len() / 2]).await;
    assert_eq!(entry.state, ImportState::Failed);
    assert!(entry.message.unwrap().starts_with("the object cannot be read to its end"));
}

#[tokio::test]
async fn local_times_that_are_ambiguous_are_counted() {
    let mut shop = Shop::new();
    shop.etl.config.format.time_zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let rows = "a@shop.example,1,1,1,2021-10-31T01:59:59\na@shop.example,1,1,1,2021-10-31T02:30:00\n";
    assert_eq!(shop.import("purchases/a.csv", rows).await.counts.ambiguous_times, 1);
}
