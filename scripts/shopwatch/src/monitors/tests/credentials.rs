//! Credentials: read, stored, renewed, and shown nowhere.

use ::tests::memory::Memory;
use secrecy::ExposeSecret as _;
use shared::credentials::Credentials;
use shared::monitor::{Monitor, ShardId, ShardSummary};
use shared::store::{ReadMonitors, ReadShards, ShardChange, StoreError, Stored, WriteMonitors};

use super::*;

fn variable(name: &str) -> Option<String> {
    (name == "SHOP_PASSWORD").then(|| "hunter2".to_owned())
}

fn with(credentials: &str) -> Result<Vec<Wanted>, String> {
    let text = format!("monitors:\n  - name: Shop\n    url: https://shop.example/\n    {credentials}\n");
    read("monitors.yaml", text.as_bytes(), variable).map_err(|error| error.to_string())
}

fn secret_of(wanted: &Wanted) -> (Option<String>, String) {
    match wanted.credentials.as_ref().unwrap() {
        Credentials::Basic { user, password } => (Some(user.clone()), password.expose_secret().to_owned()),
        Credentials::Bearer { token } => (None, token.expose_secret().to_owned()),
    }
}

#[test]
fn credentials_are_in_the_file_or_in_the_environment() {
    let ada = Some("ada".to_owned());
    for (text, expected) in [
        ("basic: {user: ada, password: hunter2}", (ada.clone(), "hunter2")),
        ("basic: {user: ada, password_env: SHOP_PASSWORD}", (ada, "hunter2")),
        ("bearer: abc", (None, "abc")),
        ("bearer_env: SHOP_PASSWORD", (None, "hunter2")),
    ] {
        let wanted = with(text).unwrap().remove(0);
        let (user, secret) = secret_of(&wanted);
        assert_eq!((user, secret.as_str()), expected);
        let Check::Http(http) = &wanted.check else { panic!("{wanted:?}") };
        assert!(http.credentials.is_some());
        assert!(!format!("{wanted:?}").contains("hunter2"), "{wanted:?}");
    }
}

#[test]
fn what_is_wrong_with_credentials_shows_none() {
    for wrong in [
        "basic: hunter2",
        "basic: [hunter2]",
        "basic: {user: ada, password: [hunter2]}",
        "basic: {user: ada, password: \"hunter2\\n\"}",
        "basic: {user: ada, hunter2: x}",
        "basic: {user: ada}",
        "basic: {user: hunter2}",
        "basic: {password: hunter2}",
        "basic: {user: \"ada:hunter2\", password: x}",
        "basic: {user: ada, password: hunter2, password_env: SHOP_PASSWORD}",
        "basic: {user: ada, password_env: hunter2}",
        "bearer: {hunter2: x}",
        "bearer: hunter2 hunter2",
        "bearer: \"\"",
        "bearer_env: hunter2",
        "bearer: hunter2\n    bearer_env: SHOP_PASSWORD",
        "bearer: hunter2\n    basic: {user: ada, password: hunter2}",
        "bearer: hunter2\n    interval_minutes: 0",
        "kind: tcp\n    bearer: hunter2",
        "headers: {authorization: hunter2}",
        "headers: {x-key: \"hunter2\\r\\nx: y\"}",
        "headers: [hunter2]",
        "body: [hunter2]",
    ] {
        let error = with(wrong).unwrap_err();
        assert!(
            error.contains("line ") && error.contains("expected") && !error.contains("hunter2"),
            "{wrong}: {error}"
        );
    }
    // A number is as secret as a text.
    for wrong in ["basic: {user: 4711, password: 12345678}", "bearer: 12345678", "body: 12345678"] {
        let error = with(wrong).unwrap_err();
        assert!(error.contains("in quotes") && !error.contains("12345678"), "{error}");
    }
}

#[tokio::test]
async fn renewed_credentials_make_a_new_version() {
    let memory = Memory::default();
    let apply = async |text: &str| {
        let wanted = with(text).unwrap();
        let applied = apply(&memory, &memory, &wanted, &region(), &mut rand::rng()).await.unwrap();
        let mut out = Vec::new();
        report(&applied, &mut out).unwrap();
        let report = String::from_utf8(out).unwrap();
        for shown in [&report, &format!("{applied:?}")] {
            assert!(!shown.contains("hunter"), "{shown}");
        }
        let tables = memory.tables();
        assert!(!format!("{:?}", tables.monitors).contains("hunter"), "{:?}", tables.monitors);
        (applied.outcomes[0].difference.clone(), tables.monitors.values().next().unwrap().version)
    };
    let changed = |what: &str| Difference::Changed(what.to_owned());
    assert_eq!(apply("").await, (Difference::Created, 1));
    assert_eq!(apply("basic: {user: ada, password: hunter2}").await, (changed("credentials"), 2));
    assert_eq!(apply("basic: {user: ada, password_env: SHOP_PASSWORD}").await, (Difference::Unchanged, 2));
    assert_eq!(apply("basic: {user: ada, password: hunter3}").await, (changed("credentials"), 3));
    assert_eq!(apply("basic: {user: eve, password: hunter3}").await, (changed("credentials"), 4));
    assert_eq!(apply("bearer: hunter3").await, (changed("credentials"), 5));
    assert_eq!(apply("").await, (changed("credentials"), 6));
    assert_eq!(apply("").await, (Difference::Unchanged, 6));
}

/// A store in which the first change meets somebody else's.
struct Contended(Memory, std::sync::atomic::AtomicBool);

impl ReadShards for Contended {
    async fn shards(&self) -> shared::store::Result<Vec<ShardSummary>> {
        self.0.shards().await
    }
}

impl ReadMonitors for Contended {
    async fn monitors(&self, shard: ShardId) -> shared::store::Result<Stored<Monitor>> {
        self.0.monitors(shard).await
    }
}

impl WriteMonitors for Contended {
    async fn change(&self, change: &ShardChange) -> shared::store::Result<()> {
        let there = self.0.tables().credentials.len();
        assert_eq!(there, 1, "credentials come before their monitor");
        if self.1.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return Err(StoreError::Conflict("shard".to_owned()));
        }
        self.0.change(change).await
    }
}

#[tokio::test]
async fn a_conflict_does_not_lose_the_new_version() {
    let memory = Memory::default();
    let wanted = with("bearer: one").unwrap();
    apply(&memory, &memory, &wanted, &region(), &mut rand::rng()).await.unwrap();
    let store = Contended(memory.clone(), true.into());
    let wanted = with("bearer: two").unwrap();
    let applied = apply(&store, &memory, &wanted, &region(), &mut rand::rng()).await.unwrap();
    assert_eq!(applied.outcomes[0].difference, Difference::Changed("credentials".to_owned()));
    assert_eq!(memory.tables().monitors.values().next().unwrap().version, 2);
}
