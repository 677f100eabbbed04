//! The contract of the audit.

use shared::account::{AccountId, UserId};
use shared::audit::AuditEntry;
use shared::store::{ReadAudit, WriteAudit};

use super::instant;

contracts!(AuditTable, "audit", [entries_are_told_by_month_the_newest_first]);

fn entry(at: &str, action: &str) -> AuditEntry {
    AuditEntry {
        account: AccountId::default(),
        at: instant(at),
        user: UserId::operator(),
        session: Some("0123456789ab".to_owned()),
        source: None,
        action: action.to_owned(),
        target: "s0-7f3k2a".to_owned(),
        detail: [("role".to_owned(), "owner".to_owned())].into(),
    }
}

async fn entries_are_told_by_month_the_newest_first(store: &(impl ReadAudit + WriteAudit)) {
    let all = [
        entry("2026-10-31T23:59:59.9Z", "october"),
        entry("2026-11-01T00:00:00Z", "first"),
        entry("2026-11-21T14:25:00Z", "noon"),
        entry("2026-11-21T14:25:00.000000001Z", "later"),
    ];
    for entry in &all {
        store.put_entry(entry).await.unwrap();
    }
    let elsewhere = AuditEntry { account: "a-7f3k2a9d0c1b2e4f".parse().unwrap(), ..all[2].clone() };
    store.put_entry(&elsewhere).await.unwrap();
    let november = "2026-11-01".parse().unwrap();
    let told = async |before: Option<&str>, limit| {
        let entries =
            store.entries(&AccountId::default(), november, before.map(instant), limit).await.unwrap();
        entries.into_iter().map(|entry| entry.action).collect::<Vec<_>>()
    };
    assert_eq!(told(None, 10).await, ["later", "noon", "first"]);
    assert_eq!(told(None, 2).await, ["later", "noon"]);
    assert_eq!(told(Some("2026-11-21T14:25:00.000000001Z"), 10).await, ["noon", "first"]);
    assert_eq!(told(Some("2026-11-01T00:00:00Z"), 10).await, Vec::<String>::new());
    let october =
        store.entries(&AccountId::default(), "2026-10-01".parse().unwrap(), None, 10).await.unwrap();
    assert_eq!(october, all[..1]);
}
