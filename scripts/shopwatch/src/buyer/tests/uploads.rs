//! The uploaded files that still hold a person.

use std::time::Duration;

use shared::import::{Import, ImportState, ObjectVersion};

use super::fakes::{Bucket, Rollup};
use super::*;

const WAITS: Waits = Waits {
    pause: Duration::from_millis(1),
    settle: Duration::from_millis(1),
    repeat: Duration::from_millis(20),
    most: Duration::from_millis(300),
};

fn record(memory: &Memory, key: &str, state: ImportState, touched: &[&str]) {
    let object = ObjectVersion { key: key.into(), version: "v1".into() };
    let mut import = Import::begun(object, 1, "request-1", "2026-01-06T00:00:00Z".parse().unwrap());
    import.state = state;
    import.ended_at = Some("2026-01-06T00:00:01Z".parse().unwrap());
    import.days = touched.iter().map(|day| day.parse().unwrap()).collect();
    memory.tables().imports.insert((key.to_owned(), "v1".to_owned()), import);
}

fn memory() -> Memory {
    let memory = Memory::default();
    put(&memory, 1, "2026-01-05T10:00:00Z", &token("k1", ADA), None);
    Rollup::of(&memory).run("2026-01-05".parse().unwrap());
    for (key, state, days) in [
        ("purchases/hers.csv", ImportState::Loaded, ["2026-01-05"].as_slice()),
        ("purchases/unsorted.csv", ImportState::Loaded, &["2026-01-04", "2026-01-05"]),
        ("purchases/other-day.csv", ImportState::Loaded, &["2026-01-06"]),
        ("purchases/rejects.csv", ImportState::LoadedWithRejects, &["2026-01-06"]),
        ("purchases/refused.csv", ImportState::Refused, &[]),
    ] {
        record(&memory, key, state, days);
    }
    memory
}

fn bucket() -> Bucket {
    let row = |email: &str, time: &str| format!("{email},1,1,2.50,2026-01-05T{time}\r\n");
    let (ada, ben) = ("\"ADA@shop.example\"", BEN);
    Bucket::default()
        .with(
            "purchases/hers.csv",
            "v1",
            [row(ben, "09:00:00"), row(ada, "10:00:00"), row(ada, "11:00:00")].concat(),
        )
        .with(
            "purchases/unsorted.csv",
            "v1",
            [row(ada, "10:00:00"), row(ben, "09:00:00"), row(ada, "08:00:00")].concat(),
        )
        .with("purchases/other-day.csv", "v1", row(ada, "10:00:00"))
        .with(
            "purchases/rejects.csv",
            "v1",
            format!("{}ada@shop.example,1,none,2.50,\r\n", row(ben, "09:00:00")),
        )
        .with("purchases/refused.csv", "v1", &b"%PDF-1.7 ada@shop.example"[..])
        .with("purchases/archive.csv", "v1", &b"PK\x03\x04whatever is in it"[..])
        .with("purchases/header.csv", "v1", format!("e-mail,when\r\n{ada},2026\r\n"))
        .with("purchases/never-imported.csv", "v1", row(ada, "10:00:00"))
        .with("purchases/not-hers.csv", "v9", row(ben, "10:00:00"))
        .with("rejects/0123.csv", "v1", "line,reason,row\n2,quantity,\"Ada@Shop.Example,1,none,2.50,\"\n")
        .with("rejects/4567.csv", "v1", "line,reason,row\n2,quantity,\"ben@shop.example,1,none,2.50,\"\n")
}

async fn erased(memory: &Memory, bucket: &Bucket) -> Erased {
    let (pii, person, rollup) = (pii(), person(ADA), Rollup::of(memory));
    let erasing = Erasing {
        ledger: memory,
        purchases: memory,
        history: memory,
        rollup: &rollup,
        copy: &rollup,
        uploads: bucket,
        pii: &pii,
        person: &person,
        waits: WAITS,
    };
    Box::pin(erasing.erase(&|_| ())).await.unwrap()
}

#[tokio::test]
async fn uploads_that_hold_the_person_are_named() {
    let (memory, bucket) = (memory(), bucket());
    let erased = erased(&memory, &bucket).await;
    let mut out = Vec::new();
    report(&erased, "shop-uploads", &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    insta::assert_snapshot!(text, @"
    erased: 1 purchase deleted, 1 day recomputed
    The person is recorded: no import loads them again.
    Objects of s3://shop-uploads that still hold the address, of 10 looked through:
      purchases/hers.csv  version v1: 2 rows
      purchases/unsorted.csv  version v1: 2 rows
      purchases/rejects.csv  version v1: 1 row
      purchases/refused.csv  version v1: 1 row
      purchases/archive.csv  version v1: cannot be read: the object is a ZIP archive or an Excel workbook, not a CSV file
      purchases/header.csv  version v1: 1 row
      purchases/never-imported.csv  version v1: 1 row
      rejects/0123.csv  version v1: 1 row
    They are deleted by the bucket's rules in time, or by you: aws s3api delete-object --bucket shop-uploads --key KEY --version-id VERSION
    Backups are out of reach: point-in-time recovery keeps the tables as they were for 35 days. After restoring one, run this again.
    ");
    assert!(!text.to_lowercase().contains("ada@"));
    let read = bucket.read.lock().unwrap();
    assert!(
        !read.iter().any(|key| key == "purchases/other-day.csv"),
        "loaded whole, for other days: {read:?}"
    );
}

#[tokio::test]
async fn once_the_days_are_forgotten_everything_is_looked_through() {
    let (memory, bucket) = (memory(), bucket());
    erased(&memory, &bucket).await;
    let again = erased(&memory, &bucket).await;
    assert!(again.holding.iter().any(|holding| holding.key == "purchases/other-day.csv"));
    assert_eq!(again.looked_through, 11);
}

#[tokio::test]
async fn an_import_that_left_somebody_out_may_hold_the_person() {
    let (memory, bucket) = (memory(), bucket());
    let key = ("purchases/other-day.csv".to_owned(), "v1".to_owned());
    memory.tables().imports.get_mut(&key).unwrap().counts.erased = 1;
    let erased = erased(&memory, &bucket).await;
    assert!(erased.holding.iter().any(|holding| holding.key == "purchases/other-day.csv"));
}
