//! Imports followed in a ledger in memory, and what is said of them.

use std::collections::BTreeMap;
use std::time::Duration;

use ::tests::memory::Memory;
use shared::import::{Import, ImportCounts, ImportState, ObjectVersion};

use super::*;

fn object() -> ObjectVersion {
    ObjectVersion { key: "purchases/a.csv".into(), version: "v1".into() }
}

fn entry(state: ImportState, rows: u64) -> Import {
    let object = object();
    Import {
        state,
        counts: ImportCounts { bytes: rows * 10, rows, loaded: rows, ..ImportCounts::default() },
        key_id: Some("k1".into()),
        ..Import::begun(object, 1_000, "somebody", "2026-11-21T14:25:00Z".parse().unwrap())
    }
}

fn put(memory: &Memory, import: Import) {
    let key = (import.object.key.clone(), import.object.version.clone());
    memory.tables().imports.insert(key, import);
}

fn patience(begin_ms: u64, end_ms: u64) -> Patience {
    Patience {
        pause: Duration::from_millis(2),
        begin: Duration::from_millis(begin_ms),
        end: Duration::from_millis(end_ms),
    }
}

fn printed(followed: &Followed) -> String {
    let mut out = Vec::new();
    report(followed, &object(), "shop-uploads", &"shop".parse().unwrap(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn an_import_is_followed_to_its_end() {
    let memory = Memory::default();
    let mut looks = Vec::new();
    let etl = async {
        for (state, rows) in
            [(ImportState::Running, 10), (ImportState::Running, 20), (ImportState::Loaded, 30)]
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
            put(&memory, entry(state, rows));
        }
    };
    let (object, seen) = (object(), |import: &Import| looks.push(import.counts.rows));
    let (followed, ()) = tokio::join!(follow(&memory, &object, patience(5_000, 10_000), seen), etl);
    let followed = followed.unwrap();
    assert_eq!(exit_code(&followed), LOADED);
    looks.dedup();
    assert_eq!(looks, [10, 20, 30]);
    assert_eq!(followed, Followed::Ended(Box::new(entry(ImportState::Loaded, 30))));
}

#[tokio::test]
async fn patience_ends() {
    let memory = Memory::default();
    let not_begun = follow(&memory, &object(), patience(10, 10_000), |_| ()).await.unwrap();
    assert_eq!(not_begun, Followed::NotBegun);
    assert_eq!(exit_code(&not_begun), TIMED_OUT);
    // An entry of another version is not ours.
    let mut other = entry(ImportState::Loaded, 1);
    other.object.version = "v0".into();
    put(&memory, other);
    assert_eq!(follow(&memory, &object(), patience(10, 10_000), |_| ()).await.unwrap(), Followed::NotBegun);

    put(&memory, entry(ImportState::Running, 10));
    let running = follow(&memory, &object(), patience(0, 10), |_| ()).await.unwrap();
    assert!(matches!(running, Followed::Running(_)));
    assert_eq!(exit_code(&running), TIMED_OUT);

    memory.fail_after(0);
    assert!(follow(&memory, &object(), patience(10, 10), |_| ()).await.is_err());
}

#[test]
fn each_end_has_its_exit_code() {
    let code = |state| exit_code(&Followed::Ended(Box::new(entry(state, 1))));
    assert_eq!(
        [ImportState::Loaded, ImportState::LoadedWithRejects, ImportState::Refused, ImportState::Failed]
            .map(code),
        [0, 3, 4, 5]
    );
}

#[test]
fn each_end_is_told() {
    let mut import = entry(ImportState::LoadedWithRejects, 500);
    import.counts.loaded = 497;
    import.counts.rejected = BTreeMap::from([("email".to_owned(), 2), ("price".to_owned(), 1)]);
    import.rejects_key = Some("rejects/1.csv".into());
    import.duration_ms = Some(1_234);
    import.message = Some("three rows were refused".into());
    insta::assert_snapshot!(printed(&Followed::Ended(Box::new(import))), @"
    loaded_with_rejects  purchases/a.csv
      version   v1
      import    3300cbd02de7edb1eb5bd51406f1c6c749dfe856d4cb6972335fdd1f3b4e1973
      rows      500
      loaded    497
      rejected  3
        email  2
        price  1
      rejects   s3://shop-uploads/rejects/1.csv
      took      1.234 s
      message   three rows were refused
    ");
    insta::assert_snapshot!(printed(&Followed::Running(Box::new(entry(ImportState::Running, 10)))), @"
    running  purchases/a.csv
      version   v1
      import    3300cbd02de7edb1eb5bd51406f1c6c749dfe856d4cb6972335fdd1f3b4e1973
      rows      10
      loaded    10
      rejected  0
    It goes on without this command. Its lease ends at 2026-11-21T14:25:45Z: if that is over, look at the logs /aws/lambda/shop-etl.
    ");
    insta::assert_snapshot!(printed(&Followed::NotBegun), @"
    not begun  purchases/a.csv
      version   v1
    The file is uploaded, but no ledger entry has appeared. Is etl deployed in the stack shop, and is shop-uploads its bucket? Look at the logs /aws/lambda/shop-etl and at the queue shop-dead-letters.
    ");
}
