//! The import ledger.

use jiff::{Timestamp, ToSpan as _};
use shared::import::{Import, ImportCounts, ImportState, ObjectVersion};
use shared::store::{Claim, ReadImports, StoreError, WriteImports};

use super::instant;

contracts!(
    ImportsTable,
    "imports",
    [
        one_delivery_holds_the_lease,
        a_lease_runs_out,
        an_ended_import_is_not_repeated,
        the_first_key_is_put_once,
    ]
);

fn import(owner: &str, now: Timestamp) -> Import {
    let object = ObjectVersion { key: "purchases/größe 1.csv".into(), version: "v1".into() };
    Import::begun(object, 1_234, owner, now)
}

fn counts() -> ImportCounts {
    ImportCounts {
        bytes: 900,
        text_bytes: 1_800,
        rows: 13,
        loaded: 10,
        rejected: [("email".to_owned(), 2)].into(),
        erased: 1,
        ambiguous_times: 3,
        checkpoint: 13,
    }
}

async fn one_delivery_holds_the_lease(store: &(impl ReadImports + WriteImports)) {
    let now = instant("2026-11-21T14:25:00Z");
    let mine = import("one", now);
    assert_eq!(store.import(&mine.object).await.unwrap(), None);
    assert_eq!(store.claim(&mine, now).await.unwrap(), Claim::Granted);
    assert_eq!(store.import(&mine.object).await.unwrap(), Some(mine.clone()));
    // The client may send a claim twice, when the first answer is lost.
    assert_eq!(store.claim(&mine, now).await.unwrap(), Claim::Granted);
    let later = now + 45.seconds();
    assert_eq!(store.claim(&import("two", later), later).await.unwrap(), Claim::Leased(mine.lease_until));

    let until = now + 60.seconds();
    store.progress(&mine.object, "one", &counts(), until).await.unwrap();
    let moved = Import { counts: counts(), lease_until: until, ..mine.clone() };
    assert_eq!(store.import(&mine.object).await.unwrap(), Some(moved));
    let foreign = store.progress(&mine.object, "two", &counts(), until).await;
    assert!(matches!(foreign, Err(StoreError::Conflict(_))));
    assert!(matches!(store.finish(&import("two", now)).await, Err(StoreError::Conflict(_))));
}

async fn a_lease_runs_out(store: &(impl ReadImports + WriteImports)) {
    let now = instant("2026-11-21T14:25:00Z");
    let dead = import("dead", now);
    store.claim(&dead, now).await.unwrap();
    let later = dead.lease_until + 1.second();
    let heir = import("heir", later);
    assert_eq!(store.claim(&heir, later).await.unwrap(), Claim::Granted);
    // Who lost the lease can neither record progress nor an end.
    let late = store.progress(&dead.object, "dead", &counts(), later).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))));
    assert!(matches!(store.finish(&dead).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.import(&dead.object).await.unwrap(), Some(heir));
}

async fn an_ended_import_is_not_repeated(store: &(impl ReadImports + WriteImports)) {
    let now = instant("2026-11-21T14:25:00Z");
    let failed = Import {
        state: ImportState::Failed,
        message: Some("the table is away".into()),
        ..import("one", now)
    };
    store.claim(&import("one", now), now).await.unwrap();
    store.finish(&failed).await.unwrap();
    assert_eq!(
        store.claim(&import("two", now), now).await.unwrap(),
        Claim::Granted,
        "a failed import is tried again"
    );

    let loaded = Import {
        state: ImportState::LoadedWithRejects,
        counts: counts(),
        key_id: Some("k1".into()),
        unsorted: true,
        rejects_key: Some("rejects/x.csv".into()),
        ended_at: Some(now + 3.seconds()),
        duration_ms: Some(3_000),
        ..import("two", now)
    };
    for _ in 0..2 {
        store.finish(&loaded).await.unwrap();
    }
    let claim = store.claim(&import("three", now), now + 1.hour()).await.unwrap();
    assert_eq!(claim, Claim::Ended(Box::new(loaded)));
}

async fn the_first_key_is_put_once(store: &(impl ReadImports + WriteImports)) {
    assert_eq!(store.first_key("abc").await.unwrap(), "abc");
    assert_eq!(store.first_key("abc").await.unwrap(), "abc");
    assert_eq!(store.first_key("other").await.unwrap(), "abc");
}
