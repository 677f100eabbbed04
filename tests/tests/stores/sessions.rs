//! API keys.

use shared::session::{ApiKey, Scope, Token};
use shared::store::{ReadSessions, WriteSessions};

use super::instant;

contracts!(SessionsTable, "sessions", [a_key_is_found_listed_and_revoked]);

async fn a_key_is_found_listed_and_revoked(store: &(impl ReadSessions + WriteSessions)) {
    let key = |created_at: &str, valid_until: Option<&str>| ApiKey {
        hash: Token::random().unwrap().hash(),
        name: "dashboard".into(),
        user: "operator".into(),
        scopes: vec![Scope::Read, Scope::Purchases],
        created_at: instant(created_at),
        valid_until: valid_until.map(instant),
    };
    let first = key("2026-11-21T14:25:00Z", None);
    let second = key("2026-11-21T14:26:00Z", Some("2099-01-01T00:00:00Z"));
    for key in [&second, &first] {
        store.put_key(key).await.unwrap();
    }
    assert_eq!(store.key(&first.hash).await.unwrap(), Some(first.clone()));
    assert_eq!(store.keys("operator").await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(store.keys("somebody").await.unwrap(), []);
    store.revoke(&first.hash).await.unwrap();
    store.revoke(&first.hash).await.unwrap();
    assert_eq!(store.key(&first.hash).await.unwrap(), None);
    assert_eq!(store.keys("operator").await.unwrap(), [second]);
}
