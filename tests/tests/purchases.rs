//! The second path, end to end: an uploaded export becomes purchases, once each and without e-mail addresses.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use shared::import::{Import, ImportState, ObjectVersion};
use shared::store::{ImportsTable, ReadImports};
use tests::everything::{around, everything};
use tests::fed::{self, until_recomputed};
use tests::local_cloud::LocalCloud;
use tests::operator::{Run, api_key, shopwatch};
use tokio::sync::Mutex;

/// The tests change the stack's one secret, so they take turns.
static TURN: Mutex<()> = Mutex::const_new(());

/// Part of every planted e-mail address; nothing else in the project says it.
const CANARY: &str = "qzcanaryqz";

/// Imports a file under a key; the key must be new, so that the import is too.
fn import(cloud: &LocalCloud, file: &Path, key: &str) -> Run {
    shopwatch(cloud, &["import", file.to_str().unwrap(), "--key", key])
}

/// Every purchase between two days, read page by page.
async fn purchases(cloud: &LocalCloud, key: &str, from: &str, to: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    for _page in 0..1_000 {
        let (status, body) =
            cloud.get(&format!("/purchases?from={from}&to={to}&limit=100{cursor}"), Some(key)).await;
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        found.extend(body["purchases"].as_array().unwrap().iter().cloned());
        match body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
    panic!("more than 1000 pages");
}

/// What identifies a purchase to the shop, with how often it is there.
fn counted(rows: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row).or_default() += 1;
    }
    counts
}

/// The lines of an export without their e-mail addresses, counted.
fn of_export(text: &str) -> BTreeMap<String, usize> {
    counted(text.lines().map(|line| line.split_once(',').unwrap().1.to_owned()))
}

/// Purchases in the form of an export's lines, counted.
fn of_answer(purchases: &[Value]) -> BTreeMap<String, usize> {
    counted(purchases.iter().map(|p| {
        let date = p["purchase_date"].as_str().unwrap().trim_end_matches('Z');
        format!("{},{},{},{date}", p["item_id"], p["quantity"], p["price"])
    }))
}

#[tokio::test]
async fn an_export_is_loaded_once_whatever_is_sent_and_whichever_key_is_active() {
    let _turn = TURN.lock().await;
    let cloud = LocalCloud::running().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.csv");
    let generate =
        ["purchases", "generate", "--rows", "500", "--seed", "11", "--from", "2021-03-21", "--output"];
    let run = shopwatch(&cloud, &[&generate[..], &[file.to_str().unwrap()]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    // Two equal lines are two purchases.
    let mut text = fs::read_to_string(&file).unwrap();
    let last = text.lines().last().unwrap().to_owned();
    text.push_str(&format!("{last}\r\n"));
    fs::write(&file, &text).unwrap();

    let key = api_key(&cloud);
    let begun = Instant::now();
    let run = import(&cloud, &file, "purchases/once.csv");
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let first = purchases(&cloud, &key, "2021-03-01", "2021-06-30").await;
    eprintln!("501 purchases read {:?} after the upload began", begun.elapsed());
    assert_eq!(of_answer(&first), of_export(&text));
    let dates: Vec<&str> = first.iter().map(|p| p["purchase_date"].as_str().unwrap()).collect();
    assert!(dates.is_sorted(), "purchases come in time order");
    assert!(first.iter().all(|p| p["buyer"].as_str().unwrap().starts_with("k1.")));

    // The same export again, under another name.
    assert_eq!(import(&cloud, &file, "purchases/twice.csv").code, 0);
    assert_eq!(purchases(&cloud, &key, "2021-03-01", "2021-06-30").await, first);

    // A second key becomes active: other tokens, the same purchases.
    let secrets = aws_sdk_secretsmanager::Client::new(&cloud.aws);
    let name = format!("{}/pii-key", cloud.stack);
    let original = secrets.get_secret_value().secret_id(&name).send().await.unwrap().secret_string.unwrap();
    let keys: Value = serde_json::from_str(&original).unwrap();
    assert_eq!((keys["active"].as_str(), keys["k1"].as_str().map(str::len)), (Some("k1"), Some(64)));
    let rotated = json!({"active": "k2", "k1": keys["k1"], "k2": "z".repeat(64)}).to_string();
    secrets.put_secret_value().secret_id(&name).secret_string(rotated).send().await.unwrap();
    assert_eq!(import(&cloud, &file, "purchases/rotated.csv").code, 0);
    let rotated = purchases(&cloud, &key, "2021-03-01", "2021-06-30").await;
    assert_eq!(of_answer(&rotated), of_export(&text));
    assert!(rotated.iter().all(|p| p["buyer"].as_str().unwrap().starts_with("k2.")));

    // Another first key: nothing is written, and the ledger says why.
    let changed = json!({"active": "k1", "k1": "y".repeat(64)}).to_string();
    secrets.put_secret_value().secret_id(&name).secret_string(changed).send().await.unwrap();
    let run = import(&cloud, &file, "purchases/changed.csv");
    secrets.put_secret_value().secret_id(&name).secret_string(original).send().await.unwrap();
    assert_eq!(run.code, 5, "{}{}", run.stdout, run.stderr);
    assert!(format!("{}{}", run.stdout, run.stderr).contains("first"), "{}{}", run.stdout, run.stderr);
    assert_eq!(of_answer(&purchases(&cloud, &key, "2021-03-01", "2021-06-30").await), of_export(&text));
}

#[tokio::test]
async fn bad_rows_are_rejected_with_their_reason_and_no_address_leaves() {
    let _turn = TURN.lock().await;
    let cloud = LocalCloud::running().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("planted.csv");
    let good = format!("ada.{CANARY}@shop.example,1,2,3.50,2022-05-01T10:00:00");
    let bad = [
        format!("{CANARY} without at,1,2,3,2022-05-01T10:00:01"),
        format!("b.{CANARY}@shop.example,1_000,2,3,2022-05-01T10:00:02"),
        format!("c.{CANARY}@shop.example,1,٢,3,2022-05-01T10:00:03"),
        format!("d.{CANARY}@shop.example,1,2,3.12345,2022-05-01T10:00:04"),
        format!("e.{CANARY}@shop.example,1,2,3,2022-02-31T10:00:05"),
        format!("f.{CANARY}@shop.example,1,2,3"),
        format!("g.{CANARY}@shop.example,1,2,3,2022-05-01T10:00:06,{CANARY}"),
    ];
    // More bad rows than good ones would be the wrong file.
    let text = format!("{good}\r\n{}\r\n{}", bad.join("\r\n"), format!("{good}\r\n").repeat(8));
    fs::write(&file, text).unwrap();
    let run = import(&cloud, &file, "purchases/planted.csv");
    assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);

    let key = api_key(&cloud);
    let found = purchases(&cloud, &key, "2022-05-01", "2022-05-01").await;
    assert_eq!(found.len(), 9);

    // The rejects file holds every bad row with line and reason; it is the only place.
    let s3 = cloud.s3();
    let bucket = cloud.bucket().await;
    let listed = s3.list_objects_v2().bucket(&bucket).prefix("rejects/").send().await.unwrap();
    let mut rejects = Vec::new();
    for object in listed.contents() {
        let body = s3.get_object().bucket(&bucket).key(object.key().unwrap()).send().await.unwrap().body;
        let bytes = body.collect().await.unwrap().to_vec();
        for record in csv::Reader::from_reader(&bytes[..]).records() {
            let record = record.unwrap();
            if record[2].contains(CANARY) {
                rejects.push((record[0].parse::<u64>().unwrap(), record[2].to_owned()));
            }
        }
    }
    let expected: Vec<(u64, String)> = (2..).zip(bad.iter().cloned()).collect();
    assert_eq!(rejects, expected);

    // One that fails for good leaves a dead letter.
    let secrets = aws_sdk_secretsmanager::Client::new(&cloud.aws);
    let name = format!("{}/pii-key", cloud.stack);
    let original = secrets.get_secret_value().secret_id(&name).send().await.unwrap().secret_string.unwrap();
    let changed = json!({"active": "k1", "k1": "y".repeat(64)}).to_string();
    secrets.put_secret_value().secret_id(&name).secret_string(&changed).send().await.unwrap();
    let failed = import(&cloud, &file, "purchases/planted-and-dead.csv");
    until_dead(&cloud).await;
    secrets.put_secret_value().secret_id(&name).secret_string(&original).send().await.unwrap();
    assert_eq!(failed.code, 5, "{}{}", failed.stdout, failed.stderr);

    until_recomputed(&cloud, &fed::import(&cloud, &key, "purchases/planted.csv").await).await;
    let told = [&run.stdout, &run.stderr, &failed.stdout, &failed.stderr].map(String::as_str).concat();
    let mut everything = everything(&cloud).await + &told + &format!("{found:?}");
    for path in ["/", "/signals", "/purchases", &format!("/purchases?buyer=ada.{CANARY}@shop.example")] {
        everything.push_str(&cloud.get(path, Some(&key)).await.1);
    }
    let lines = |start: &str, says: &str| {
        everything.lines().any(|line| line.starts_with(start) && line.contains(says))
    };
    for (start, says) in [
        (format!("/aws/lambda/{} ", cloud.name("etl")), "import ended"),
        (format!("/aws/lambda/{} ", cloud.name("reader")), "/aws/lambda/"),
        ("dead letter ".to_owned(), "purchases/planted-and-dead.csv"),
        ("function ".to_owned(), "PII_SECRET"),
        ("stack ".to_owned(), "OutputKey"),
        (cloud.name("imports:"), "loaded_with_rejects"),
        (cloud.name("purchases:"), "2022-05-01T10:00:00"),
        (cloud.analytics_bucket().await, "2022-05-01T10:00:00"),
    ] {
        assert!(lines(&start, says), "the search saw no {start}: {says}");
    }
    let keys: Value = serde_json::from_str(&original).unwrap();
    for secret in [CANARY, keys["k1"].as_str().unwrap(), &"y".repeat(64)] {
        assert!(!everything.contains(secret), "it is elsewhere too: {:?}", around(&everything, secret));
    }
}

/// Waits for a dead letter.
async fn until_dead(cloud: &LocalCloud) {
    let sqs = aws_sdk_sqs::Client::new(&cloud.aws);
    let queue = sqs.get_queue_url().queue_name(cloud.name("dead-letters")).send().await.unwrap();
    let asked = sqs.get_queue_attributes().queue_url(queue.queue_url.unwrap());
    let asked = asked.attribute_names(QueueAttributeName::ApproximateNumberOfMessages);
    for _ in 0..120 {
        let told = asked.clone().send().await.unwrap().attributes.unwrap();
        if told[&QueueAttributeName::ApproximateNumberOfMessages] != "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("no dead letter within 30 s");
}

/// Uploads bytes and waits for the end of their import.
async fn upload(cloud: &LocalCloud, key: &str, bytes: &[u8]) -> Import {
    let put = cloud.s3().put_object().bucket(cloud.bucket().await).key(key).body(bytes.to_vec().into());
    let version = put.send().await.unwrap().version_id.unwrap();
    let object = ObjectVersion { key: key.to_owned(), version };
    let ledger = ImportsTable::new(aws_sdk_dynamodb::Client::new(&cloud.aws), cloud.name("imports"));
    for _ in 0..300 {
        match ledger.import(&object).await.unwrap() {
            Some(import) if import.state != ImportState::Running => return import,
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    panic!("no end of the import of {key} within 30 s");
}

#[tokio::test]
async fn what_is_no_export_gets_a_ledger_entry_and_no_silence() {
    let _turn = TURN.lock().await;
    let cloud = LocalCloud::running().await;
    let row = b"ada@shop.example,1,2,3,2022-06-01T10:00:00\r\n";
    let uploads: [(&str, &[u8]); 5] = [
        ("purchases/empty.csv", b""),
        ("purchases/export.xlsx", row),
        ("purchases/paper.csv", b"%PDF-1.7\n\x00\x01"),
        ("purchases/latin.csv", b"ren\xe9@shop.example,1,2,3,2022-06-01T10:00:00\r\n"),
        ("purchases/zip of gr\u{f6}\u{df}e+1.csv", b"PK\x03\x04\x00\x00"),
    ];
    for (key, bytes) in uploads {
        let import = upload(&cloud, key, bytes).await;
        assert_eq!((import.state, import.counts.loaded), (ImportState::Refused, 0), "{key}: {import:?}");
        assert!(import.message.is_some(), "{key}: {import:?}");
    }
    let import = upload(&cloud, "purchases/EXPORT.CSV", row).await;
    assert_eq!((import.state, import.counts.loaded), (ImportState::Loaded, 1), "{import:?}");
}
