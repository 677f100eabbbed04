//! API keys.

use shared::account::{AccountId, Role, UserId};
use shared::session::{Kind, Scope, Session, Token};
use shared::store::{CountAttempts, ReadSessions, WriteSessions};

use super::instant;

contracts!(
    SessionsTable,
    "sessions",
    [a_key_is_found_listed_and_revoked, what_is_revoked_is_not_changed_back, attempts_count_for_a_while]
);

async fn a_key_is_found_listed_and_revoked(store: &(impl ReadSessions + WriteSessions)) {
    let key = |created_at: &str, valid_until: Option<&str>| Session {
        hash: Token::random().unwrap().hash(),
        name: "dashboard".into(),
        kind: Kind::Key,
        user: UserId::operator(),
        account: AccountId::default(),
        role: Role::Viewer,
        scopes: vec![Scope::Read, Scope::Purchases],
        created_at: instant(created_at),
        valid_until: valid_until.map(instant),
        idle_until: None,
    };
    let first = key("2026-11-21T14:25:00Z", None);
    let second = key("2026-11-21T14:26:00Z", Some("2099-01-01T00:00:00Z"));
    for key in [&second, &first] {
        store.put_session(key).await.unwrap();
    }
    assert_eq!(store.session(&first.hash).await.unwrap(), Some(first.clone()));
    assert_eq!(store.sessions(&UserId::operator()).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(store.sessions(&"u-7f3k2a9d0c1b2e4f".parse().unwrap()).await.unwrap(), []);
    store.revoke(&first.hash).await.unwrap();
    store.revoke(&first.hash).await.unwrap();
    assert_eq!(store.session(&first.hash).await.unwrap(), None);
    assert_eq!(store.sessions(&UserId::operator()).await.unwrap(), [second]);
}

async fn what_is_revoked_is_not_changed_back(store: &(impl ReadSessions + WriteSessions)) {
    let session = Session {
        hash: Token::random().unwrap().hash(),
        kind: Kind::Cookie,
        name: String::new(),
        user: "u-7f3k2a9d0c1b2e4f".parse().unwrap(),
        account: AccountId::default(),
        role: Role::Owner,
        scopes: vec![Scope::Write],
        created_at: instant("2026-11-21T14:25:00Z"),
        valid_until: Some(instant("2099-12-21T14:25:00Z")),
        idle_until: Some(instant("2099-11-22T14:25:00Z")),
    };
    store.put_session(&session).await.unwrap();
    let later = instant("2099-11-23T14:25:00Z");
    store.change_role(&session.hash, Role::Viewer).await.unwrap();
    store.keep_awake(&session.hash, later).await.unwrap();
    let changed = Session { role: Role::Viewer, idle_until: Some(later), ..session.clone() };
    assert_eq!(store.session(&session.hash).await.unwrap(), Some(changed));
    store.revoke(&session.hash).await.unwrap();
    store.change_role(&session.hash, Role::Owner).await.unwrap();
    store.keep_awake(&session.hash, later).await.unwrap();
    assert_eq!(store.session(&session.hash).await.unwrap(), None);
}

async fn attempts_count_for_a_while(store: &impl CountAttempts) {
    let window = jiff::SignedDuration::from_mins(15);
    let attempt = async |name: &str, at: &str| store.attempt(name, instant(at), window, 2).await.unwrap();
    assert!(!attempt("ada", "2099-11-21T14:00:00Z").await);
    // Two at once are two.
    assert!(!attempt("ada", "2099-11-21T14:00:00Z").await);
    assert!(!attempt("ben", "2099-11-21T14:00:01Z").await);
    assert!(attempt("ada", "2099-11-21T14:14:59Z").await, "the third");
    assert!(!attempt("ada", "2099-11-21T14:15:30Z").await, "the first two are long ago");
}
