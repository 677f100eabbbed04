//! The sample events, replayed through the handler.

use shared::import::ImportState;

use crate::fakes::{Shop, file, rows};

/// A shop that holds what the sample events announce.
fn shop() -> Shop {
    let shop = Shop::new();
    let object = (Some("text/csv".to_owned()), file(&rows(0, 10)).into());
    let version = "096fKKXTRTtl3on89fVO.nfljtsv6qko".to_owned();
    shop.world().uploads.insert(version, object);
    shop
}

#[tokio::test]
async fn every_sample_event_ends_as_it_should() {
    for (name, key, state, loaded) in [
        ("s3-put", "purchases/2021-03-21T11.csv", ImportState::Loaded, 10),
        ("s3-put-url-encoded-key", "purchases/März 2021/a+b (1) 100%.csv", ImportState::Loaded, 10),
        ("s3-put-wrong-suffix", "purchases/2021-03-21T11.xlsx", ImportState::Refused, 0),
        ("s3-put-empty", "purchases/2021-03-21T11.csv", ImportState::Refused, 0),
    ] {
        let shop = shop();
        shop.deliver(tests::event(name)).await.unwrap();
        assert_eq!(shop.entry(key).state, state, "{name}");
        assert_eq!(shop.purchases().len(), loaded, "{name}");
    }
}

#[tokio::test]
async fn s3s_test_event_does_nothing() {
    let shop = shop();
    shop.deliver(tests::event("s3-test-event")).await.unwrap();
    assert!(shop.fake.memory.tables().imports.is_empty());
}

#[tokio::test]
async fn an_import_goes_on_by_its_event() {
    let shop = shop();
    shop.deliver(tests::event("etl-continuation")).await.unwrap();
    assert_eq!(shop.entry("purchases/2021-03-21T11.csv").state, ImportState::Loaded);
    assert_eq!(shop.purchases().len(), 10);
    // S3's own event of it comes late.
    shop.deliver(tests::event("s3-put")).await.unwrap();
    assert_eq!(shop.world().opened, 1);
}

#[tokio::test]
async fn the_sweep_finds_nothing_to_do() {
    let shop = shop();
    shop.deliver(tests::event("etl-sweep")).await.unwrap();
    assert!(shop.world().continuations.is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_or_never_ends_is_an_error() {
    for name in ["etl-unreadable", "etl-continuation-too-many-hops"] {
        let shop = shop();
        shop.deliver(tests::event(name)).await.unwrap_err();
        assert_eq!(shop.world().calls, 0, "{name}");
    }
}

#[tokio::test]
async fn no_sample_event_is_left_out() {
    let files = std::fs::read_dir(tests::root().join("events")).unwrap();
    let names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let count = |prefix: &str| names.iter().filter(|name| name.starts_with(prefix)).count();
    assert_eq!((count("s3-"), count("etl-")), (5, 4), "replay the new one above");
}

#[tokio::test]
async fn another_bucket_is_refused_unread() {
    let mut shop = shop();
    shop.etl.config.bucket = "another-bucket".to_owned();
    shop.deliver(tests::event("s3-put")).await.unwrap();
    assert_eq!(shop.entry("purchases/2021-03-21T11.csv").state, ImportState::Refused);
    assert_eq!(shop.world().opened, 0);
}

#[tokio::test]
async fn one_bad_record_does_not_stop_the_others() {
    let shop = shop();
    let mut event = tests::event("s3-put");
    let mut gone = event["Records"][0].clone();
    gone["s3"]["object"]["versionId"] = "gone".into();
    event["Records"].as_array_mut().unwrap().insert(0, gone);
    shop.deliver(event).await.unwrap_err();
    assert_eq!(shop.purchases().len(), 10);
}
