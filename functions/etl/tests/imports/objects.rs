//! Objects that have odd names, or are not there any more.

use std::io::Write as _;

use etl::event::Work;
use etl::gone::Gone;
use shared::import::ImportState;

use crate::fakes::{BUCKET, Shop, file, rows};

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

/// Keys as S3 has written them in events, with the entry's key.
#[tokio::test]
async fn a_key_of_a_real_event_is_decoded_and_its_object_loaded() {
    let letters = "a".repeat(1_024 - "purchases/".len() - "🛍️.csv".len());
    let (longest, longest_key) =
        (format!("purchases/%F0%9F%9B%8D%EF%B8%8F{letters}.csv"), format!("purchases/🛍️{letters}.csv"));
    let encoded = "%F0%9F%8E%89".repeat(252);
    let emoji = (format!("purchases/aa{encoded}.csv"), format!("purchases/aa{}.csv", "🎉".repeat(252)));
    assert_eq!((longest_key.len(), emoji.1.len()), (1_024, 1_024));
    for (encoded, key) in [
        ("purchases/2021/shop+exports+%F0%9F%9B%8D%EF%B8%8F.csv", "purchases/2021/shop exports 🛍️.csv"),
        ("purchases/a%2Bb+c%252Bd.csv", "purchases/a+b c%2Bd.csv"),
        ("purchases/100%25+of+March.csv", "purchases/100% of March.csv"),
        ("purchases/%25.csv", "purchases/%.csv"),
        ("purchases/++%2B%2B%25%25.csv", "purchases/  ++%%.csv"),
        ("purchases/M%C3%A4rz+%281%29.csv", "purchases/März (1).csv"),
        (longest.as_str(), longest_key.as_str()),
        (emoji.0.as_str(), emoji.1.as_str()),
    ] {
        let shop = Shop::new();
        let mut event = shop.put(key, file(&rows(0, 10)));
        event["Records"][0]["s3"]["object"]["key"] = encoded.into();
        let Work::Import(uploads) = etl::event::read(event.clone(), BUCKET).unwrap() else {
            panic!("an import")
        };
        assert_eq!((uploads.len(), uploads[0].key.as_str()), (1, key));
        shop.deliver(event).await.unwrap();
        let entry = shop.entry(key);
        assert_eq!(
            (entry.state, entry.message, shop.purchases().len()),
            (ImportState::Loaded, None, 10),
            "{key}"
        );
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

/// The second opening, for the pass that remembers every row, finds it gone.
#[tokio::test]
async fn an_unsorted_object_that_goes_away_between_its_two_passes_ends_the_import_for_good() {
    for (gone, said) in [(Gone::Deleted, "deleted"), (Gone::Replaced, "replaced")] {
        let shop = Shop::new();
        let mut export = rows(0, 5_000);
        export[3_000..].reverse();
        let event = shop.put("purchases/a.csv", format!("bad\n{}", file(&export)));
        let goes_away = async {
            while shop.world().opened == 0 {
                tokio::task::yield_now().await;
            }
            shop.world().gone = Some(gone);
        };
        let (done, ()) = tokio::join!(shop.deliver(event.clone()), goes_away);
        done.unwrap();
        let entry = shop.entry("purchases/a.csv");
        assert_eq!((entry.state, shop.world().opened), (ImportState::Failed, 2));
        assert!(entry.message.unwrap().contains(said));
        assert!(entry.unsorted && shop.world().nothing_published());
        // What was written before the first row out of time order stays, and its day is recomputed.
        assert!(!shop.purchases().is_empty() && shop.purchases().len() <= 3_000);
        assert_eq!(entry.days, shop.world().rolled_up);
        assert_eq!(entry.days.len(), 1);
    }
}

/// S3 reads an open object to its end; a stream that breaks off nevertheless is opened again by the retry.
#[tokio::test]
async fn an_object_deleted_while_it_is_read_fails_and_then_ends_for_good() {
    let shop = Shop::new();
    let event = shop.put("purchases/a.csv", format!("bad\n{}", file(&rows(0, 3_000))));
    shop.world().break_after = Some(100_000);
    let error = shop.deliver(event.clone()).await.unwrap_err().to_string();
    assert!(error.contains("broke off") && !error.contains('@'), "{error}");
    let before = shop.entry("purchases/a.csv");
    assert_eq!(before.state, ImportState::Failed);
    assert!(shop.world().nothing_published());
    let written = shop.purchases();
    assert!(!written.is_empty() && written.len() < 3_000);
    shop.world().gone = Some(Gone::Deleted);
    // Not an error: the last retry would end the same.
    shop.deliver(event).await.unwrap();
    let entry = shop.entry("purchases/a.csv");
    assert_eq!((entry.state, shop.purchases() == written), (ImportState::Failed, true));
    assert!(entry.message.unwrap().contains("deleted"));
    assert_eq!((entry.days, shop.world().nothing_published()), (before.days, true));
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
