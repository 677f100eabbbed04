//! The import ledger.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use shared::import::{Import, ImportCounts, ImportState, NOBODY, ObjectVersion};
use shared::store::{
    Claim, Heartbeat, ImportsTable, ListImports, ReadImports, StoreError, WriteImports, month_of,
};
use tests::local_cloud::LocalCloud;

use super::instant;

contracts!(
    ImportsTable,
    "imports",
    [
        one_delivery_holds_the_lease,
        a_heartbeat_records_the_days_when_it_has_them,
        a_lease_runs_out,
        an_ended_import_is_not_repeated,
        the_first_key_is_put_once,
        an_import_that_goes_on_is_claimed_at_once,
        imports_are_found_by_id,
        imports_are_listed_newest_first,
        an_import_that_is_begun_anew_is_listed_by_that,
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

fn heartbeat(lease_until: Timestamp) -> Heartbeat {
    Heartbeat { counts: counts(), unsorted: false, days: None, lease_until }
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
    store.progress(&mine.object, "one", &heartbeat(until)).await.unwrap();
    let moved = Import { counts: counts(), lease_until: until, ..mine.clone() };
    assert_eq!(store.import(&mine.object).await.unwrap(), Some(moved));
    let foreign = store.progress(&mine.object, "two", &heartbeat(until)).await;
    assert!(matches!(foreign, Err(StoreError::Conflict(_))));
    assert!(matches!(store.finish(&import("two", now)).await, Err(StoreError::Conflict(_))));
}

async fn a_heartbeat_records_the_days_when_it_has_them(store: &(impl ReadImports + WriteImports)) {
    let now = instant("2026-11-21T14:25:00Z");
    let mine = import("one", now);
    store.claim(&mine, now).await.unwrap();
    let days: Vec<Date> = vec!["2026-11-20".parse().unwrap(), "2026-11-21".parse().unwrap()];
    let noted = Import { counts: counts(), unsorted: true, days: days.clone(), ..mine.clone() };
    for days in [Some(days), None] {
        let heartbeat = Heartbeat { unsorted: true, days, ..heartbeat(mine.lease_until) };
        store.progress(&mine.object, "one", &heartbeat).await.unwrap();
        assert_eq!(store.import(&mine.object).await.unwrap().as_ref(), Some(&noted));
    }
}

async fn a_lease_runs_out(store: &(impl ReadImports + WriteImports)) {
    let now = instant("2026-11-21T14:25:00Z");
    let dead = import("dead", now);
    store.claim(&dead, now).await.unwrap();
    let later = dead.lease_until + 1.second();
    let heir = import("heir", later);
    assert_eq!(store.claim(&heir, later).await.unwrap(), Claim::Granted);
    // Who lost the lease can neither record progress nor an end.
    let late = store.progress(&dead.object, "dead", &heartbeat(later)).await;
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

async fn an_import_that_goes_on_is_claimed_at_once(store: &(impl ReadImports + WriteImports)) {
    let now = instant("2026-11-21T14:25:00Z");
    store.claim(&import("one", now), now).await.unwrap();
    let released = Import {
        counts: counts(),
        passes: 2,
        unsorted: true,
        days: vec!["2026-11-20".parse().unwrap()],
        // By the clock of the next one it still holds.
        lease_until: now + 1.minute(),
        ..import("one", now)
    };
    let foreign = Import { owner: "two".into(), ..released.clone() };
    assert!(matches!(store.release(&foreign).await, Err(StoreError::Conflict(_))));
    // The client may send it twice, when the first answer is lost.
    for _ in 0..2 {
        store.release(&released).await.unwrap();
    }
    let nobodys = Import { owner: NOBODY.into(), ..released.clone() };
    assert_eq!(store.import(&released.object).await.unwrap(), Some(nobodys.clone()));
    // A heartbeat that was on its way arrives: it must not give the lease back.
    let late = store.progress(&released.object, "one", &heartbeat(now + 45.seconds())).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))));
    assert_eq!(store.import(&released.object).await.unwrap(), Some(nobodys));

    let soon = now + 1.millisecond();
    let next = Import { passes: 3, ..import("next", soon) };
    assert_eq!(store.claim(&next, soon).await.unwrap(), Claim::Granted);
    assert!(matches!(store.release(&released).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.import(&released.object).await.unwrap(), Some(next));
}

/// An import of this version that began then.
fn version(version: &str, began: Timestamp) -> Import {
    let object = ObjectVersion { key: "purchases/a.csv".into(), version: version.into() };
    Import::begun(object, 1_234, "one", began)
}

async fn imports_are_found_by_id(store: &(impl ListImports + WriteImports)) {
    let now = Timestamp::now();
    let imports = ["v1", "v2"].map(|name| version(name, now));
    for import in &imports {
        store.claim(import, now).await.unwrap();
    }
    for import in imports {
        assert_eq!(store.import_by_id(&import.import_id).await.unwrap(), Some(import));
    }
    assert_eq!(store.import_by_id(&version("v3", now).import_id).await.unwrap(), None);
}

/// The first day of the last month, which no entry expires of soon.
fn last_month() -> Date {
    let today = jiff::tz::TimeZone::UTC.to_datetime(Timestamp::now()).date();
    today.first_of_month().yesterday().unwrap().first_of_month()
}

async fn imports_are_listed_newest_first(store: &(impl ListImports + WriteImports)) {
    let month = last_month();
    let begins = month.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let ends =
        month.last_of_month().tomorrow().unwrap().to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    // Whole seconds and parts of one sort as they should.
    let mut imports: Vec<Import> = [0, 1_500, 1_000, 1_000_000, 999_999, 1_001]
        .iter()
        .enumerate()
        .map(|(n, ms)| version(&format!("v{n}"), begins + ms.milliseconds()))
        .collect();
    imports.push(version("last", ends - 1.nanosecond()));
    for other in [version("before", begins - 1.nanosecond()), version("behind", ends)] {
        store.claim(&other, other.started_at).await.unwrap();
    }
    for import in &imports {
        store.claim(import, import.started_at).await.unwrap();
    }
    imports.sort_by_key(|import| std::cmp::Reverse(import.started_at));
    let listed = async |before, limit| store.imports(month, before, limit).await.unwrap();
    assert_eq!(listed(None, 100).await, imports);
    assert_eq!(
        store.imports(month.last_of_month(), None, 100).await.unwrap(),
        imports,
        "any day of the month"
    );
    assert_eq!(listed(None, 3).await, imports[..3]);
    assert_eq!(listed(Some(imports[2].started_at), 3).await, imports[3..6]);
    assert_eq!(listed(Some(imports[5].started_at), 3).await, imports[6..]);
    assert_eq!(listed(Some(begins), 3).await, []);
    assert_eq!(listed(None, 0).await, []);
}

async fn an_import_that_is_begun_anew_is_listed_by_that(store: &(impl ListImports + WriteImports)) {
    let (month, now) = (last_month(), Timestamp::now());
    let began = month.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let first = version("v1", began);
    store.claim(&first, began).await.unwrap();
    store.finish(&Import { state: ImportState::Failed, ..first }).await.unwrap();
    let anew = version("v1", now);
    assert_eq!(store.claim(&anew, now).await.unwrap(), Claim::Granted);
    assert_eq!(store.imports(month, None, 10).await.unwrap(), []);
    assert_eq!(store.imports(month_of(now), None, 10).await.unwrap(), [anew]);
}

#[tokio::test]
async fn what_cannot_be_read_or_has_expired_is_left_out() {
    let cloud = LocalCloud::running().await;
    let table = cloud.table_like("imports").await;
    let client = aws_sdk_dynamodb::Client::new(&cloud.aws);
    let store = ImportsTable::new(client.clone(), &table);
    let began = last_month().to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let imports: Vec<Import> =
        (0..4).map(|n| version(&format!("v{n}"), began + i64::from(n).minutes())).collect();
    for import in &imports {
        store.claim(import, began).await.unwrap();
    }
    for (name, set, value) in [("v2", "v", "2"), ("v3", "expires_at", "1600000000")] {
        let update = client.update_item().table_name(&table).update_expression("SET #name = :value");
        let update = update
            .key("pk", AttributeValue::S("OBJECT#purchases/a.csv".into()))
            .key("sk", AttributeValue::S(format!("VERSION#{name}")))
            .expression_attribute_names("#name", set)
            .expression_attribute_values(":value", AttributeValue::N(value.into()));
        update.send().await.unwrap();
    }
    // Both are the newest: they leave room for those behind them.
    let listed = store.imports(last_month(), None, 2).await.unwrap();
    assert_eq!(listed, [imports[1].clone(), imports[0].clone()]);
    assert!(matches!(store.import_by_id(&imports[2].import_id).await, Err(StoreError::Broken(_))));
    assert_eq!(store.import_by_id(&imports[3].import_id).await.unwrap(), None);
}
