//! The uploaded files that still hold a person.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use super::fakes::{Bucket, Rollup};
use super::*;

const WAITS: Waits = Waits {
    pause: Duration::from_millis(1),
    settle: Duration::from_millis(1),
    repeat: Duration::from_millis(20),
    most: Duration::from_millis(300),
};

fn memory() -> Memory {
    let memory = Memory::default();
    put(&memory, 1, "2026-01-05T10:00:00Z", &token("k1", ADA), None);
    Rollup::of(&memory).run("2026-01-05".parse().unwrap());
    memory
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

fn utf_16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn bucket() -> Bucket {
    let row = |email: &str, time: &str| format!("{email},1,1,2.50,2026-01-05T{time}\r\n");
    let (ada, ben) = ("\"ADA@shop.example\"", BEN);
    let late = gzip(&[row(ada, "09:00:00"), row(ben, "10:00:00").repeat(2_000)].concat());
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
        .with(
            "purchases/extra-column.csv",
            "v1",
            format!("email;item_id;quantity;price;purchase_date;sold to\n{BEN};1;1;2.50;2026-03-01T10:00:00;ada@SHOP.example\n"),
        )
        .with("purchases/own-names.csv", "v1", format!("wer,was\n{ada},1\n"))
        .with(
            "purchases/rejects.csv",
            "v1",
            format!("{}ada@shop.example,1,none,2.50,\r\n", row(ben, "09:00:00")),
        )
        .with("purchases/refused.csv", "v1", &b"%PDF-1.7 ada@shop.example"[..])
        .with("purchases/archive.csv", "v1", &b"PK\x03\x04whatever is in it"[..])
        .with("purchases/latin-1.csv", "v1", &b"jos\xe9,ada@shop.example\n"[..])
        .with("purchases/packed.csv.gz", "v1", gzip(&[row(ada, "10:00:00"), row(ben, "11:00:00")].concat()))
        .with("purchases/cut.csv.gz", "v1", gzip(&row(ben, "10:00:00"))[..20].to_vec())
        .with("purchases/cut-late.csv.gz", "v1", late[..late.len() - 9].to_vec())
        .with("purchases/utf-16.csv", "v1", utf_16(&row(ada, "10:00:00")))
        .with("purchases/not-hers.csv", "v9", row(ben, "10:00:00"))
        .with("purchases/", "v1", "")
        .with("rejects/0123.csv", "v1", "line,reason,row\n2,quantity,\"Ada@Shop.Example,1,none,2.50,\"\n")
        .with("rejects/4567.csv", "v1", "line,reason,row\n2,quantity,\"ben@shop.example,1,none,2.50,\"\n")
        .with("rejects/89ab.csv", "v1", &b"line,reason,row\n2,encoding,\"jos\xe9,1,none,2.50,\"\n"[..])
}

async fn erased(memory: &Memory, bucket: &Bucket) -> Erased {
    let (person, rollup) = (person(ADA), Rollup::of(memory));
    let erasing = Erasing {
        ledger: memory,
        purchases: memory,
        history: memory,
        rollup: &rollup,
        copy: &rollup,
        uploads: bucket,
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
    Objects of s3://shop-uploads that still hold the address, of 17 looked through:
      purchases/hers.csv  version v1: 2 lines
      purchases/unsorted.csv  version v1: 2 lines
      purchases/extra-column.csv  version v1: 1 line
      purchases/own-names.csv  version v1: 1 line
      purchases/rejects.csv  version v1: 1 line
      purchases/refused.csv  version v1: 1 line
      purchases/archive.csv  version v1: not searched: the object is a ZIP archive or an Excel workbook, not a CSV file
      purchases/latin-1.csv  version v1: 1 line
      purchases/packed.csv.gz  version v1: 1 line
      purchases/cut.csv.gz  version v1: not searched: the object cannot be read: the gzip data ends in the middle: upload the whole file
      purchases/cut-late.csv.gz  version v1: 1 line
      purchases/utf-16.csv  version v1: 1 line
      rejects/0123.csv  version v1: 1 line
    They are deleted by the bucket's rules in time, or by you: aws s3api delete-object --bucket shop-uploads --key KEY --version-id VERSION
    Backups are out of reach: point-in-time recovery keeps the tables as they were for 35 days. After restoring one, run this again.
    ");
    assert!(!text.to_lowercase().contains("ada@"));
    assert_eq!(bucket.read.lock().unwrap().iter().collect::<BTreeSet<_>>().len(), 17, "every object");
}

#[tokio::test]
async fn looking_again_finds_the_same() {
    let (memory, bucket) = (memory(), bucket());
    let first = erased(&memory, &bucket).await;
    let again = erased(&memory, &bucket).await;
    assert_eq!((again.purchases, again.days.len()), (0, 0));
    assert_eq!((again.holding, again.looked_through), (first.holding, first.looked_through));
}
