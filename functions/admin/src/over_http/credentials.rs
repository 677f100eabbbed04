//! Credentials of monitors: stored, kept, replaced, and shown to nobody.

use shared::credentials::{Credentials, CredentialsId};
use shared::monitor::ShardId;

use super::*;

impl Shop {
    /// The origins that credentials are stored for.
    fn origins(&self) -> Vec<String> {
        self.memory.tables().credentials.keys().map(|id| id.origin.clone()).collect()
    }
}

#[tokio::test]
async fn credentials_go_in_and_never_come_out() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let body = json!({"url": "https://shop.example/", "credentials": {"scheme": "basic", "user": "canary-user", "password": "canary-password"}});
    let made = shop.create(&by, body).await;
    let id = made.text("id");
    let path = format!("/api/monitor/{id}");
    assert!(made.json()["has_credentials"] == true && !made.body.contains("canary"), "{made:?}");
    assert_eq!(shop.origins(), ["https://shop.example"]);

    // They stay while the origin does, whoever changes what.
    let put = async |body: Value| shop.ask(&by, Method::PUT, &path, Some(body)).await;
    let moved = put(json!({"url": "https://shop.example/elsewhere"})).await;
    assert_eq!(moved.json()["has_credentials"], true, "{moved:?}");
    let taken = put(json!({"url": "https://thief.example/"})).await;
    insta::assert_snapshot!(taken.problem(), @"400 monitor: credentials: those that are there are for another origin: give them again, or null");
    let patch = shop.ask(&by, Method::PATCH, &path, Some(json!({"url": "https://thief.example/"}))).await;
    assert_eq!(patch.status, StatusCode::BAD_REQUEST);

    // Others are another version.
    let version = shop.stored(&id).unwrap().version;
    let other = json!({"credentials": {"scheme": "bearer", "token": "canary-token"}});
    let changed = shop.ask(&by, Method::PATCH, &path, Some(other)).await;
    assert_eq!(changed.json()["version"], version + 1, "{changed:?}");
    assert!(matches!(
        shop.memory.tables().credentials.values().collect::<Vec<_>>()[..],
        [Credentials::Bearer { .. }]
    ));
    let elsewhere =
        json!({"url": "https://new.example/", "credentials": {"scheme": "bearer", "token": "canary-2"}});
    assert_eq!(put(elsewhere).await.status, StatusCode::OK);
    assert_eq!(shop.origins(), ["https://new.example"], "those of the former target are gone");
    let without = shop.ask(&by, Method::PATCH, &path, Some(json!({"credentials": null}))).await;
    assert_eq!(without.json()["has_credentials"], false);
    assert!(shop.memory.tables().credentials.is_empty());

    let again = json!({"credentials": {"scheme": "bearer", "token": "canary-3"}});
    shop.ask(&by, Method::PATCH, &path, Some(again)).await;
    assert_eq!(shop.ask(&by, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert!(shop.memory.tables().credentials.is_empty() && shop.stored(&id).is_none());
    assert_eq!(shop.memory.tables().shards[&ShardId(0)].count, 0);
    let audit = format!("{:?}", shop.memory.tables().audit);
    assert!(!audit.contains("canary"), "{audit}");
}

#[tokio::test]
async fn the_same_credentials_are_no_change() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let with = |token: &str| json!({"url": "https://shop.example/", "credentials": {"scheme": "bearer", "token": token}});
    let made = shop.create(&by, with("canary")).await;
    let path = format!("/api/monitor/{}", made.text("id"));
    let before: Vec<CredentialsId> = shop.memory.tables().credentials.keys().cloned().collect();
    for method in [Method::PUT, Method::PATCH] {
        let again = shop.ask(&by, method, &path, Some(with("canary"))).await;
        assert_eq!((again.status, again.json()), (StatusCode::OK, made.json()));
    }
    assert_eq!(shop.memory.tables().credentials.keys().cloned().collect::<Vec<_>>(), before);
    assert_eq!(shop.ask(&by, Method::PUT, &path, Some(with("other"))).await.json()["version"], 2);
    // With another origin they are others.
    let mut moved = with("other");
    moved["url"] = json!("https://new.example/");
    assert_eq!(shop.ask(&by, Method::PUT, &path, Some(moved)).await.json()["version"], 3);
    assert_eq!(shop.origins(), ["https://new.example"]);
}

#[tokio::test]
async fn credentials_in_use_are_never_overwritten_and_none_are_left_over() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let with = |token: &str| json!({"url": "https://shop.example/", "credentials": {"scheme": "bearer", "token": token}});
    let path = format!("/api/monitor/{}", shop.create(&by, with("first")).await.text("id"));
    // Those that are stored are those that the one monitor names.
    let in_use = || {
        let tables = shop.memory.tables();
        let named = tables.monitors.values().filter_map(CredentialsId::of).collect::<Vec<_>>();
        assert!(tables.credentials.keys().eq(&named), "{:?} {named:?}", tables.credentials);
        tables.credentials.values().map(|there| there.exposed()["token"].clone()).collect::<Vec<_>>()
    };
    let stale = shop.ask_with(&by, Method::PUT, &path, &[("if-match", "\"9\"")], Some(with("second"))).await;
    assert_eq!((stale.status, in_use()), (StatusCode::PRECONDITION_FAILED, vec![json!("first")]));
    for (conflicts, status, token) in [(6, 409, "first"), (2, 200, "second")] {
        shop.memory.tables().conflicts_left = conflicts;
        let put = shop.ask(&by, Method::PUT, &path, Some(with("second"))).await;
        assert_eq!((put.status.as_u16(), in_use()), (status, vec![json!(token)]), "{put:?}");
    }
    // A shard that is contended is given up for the next one, and so is what was stored for it.
    shop.memory.tables().conflicts_left = 7;
    let made = shop.create(&by, with("new")).await;
    assert!(made.text("id").starts_with("s1-"), "{made:?}");
    assert_eq!(in_use(), [json!("second"), json!("new")]);
    shop.memory.tables().conflicts_left = 1;
    assert_eq!(shop.ask(&by, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(in_use(), [json!("new")]);
}

#[tokio::test]
async fn a_change_that_may_have_been_made_keeps_its_credentials() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let body = json!({"url": "https://shop.example/", "credentials": {"scheme": "bearer", "token": "t"}});
    // Session, person; shards; summary, monitors, audit, credentials: then the change fails, nobody knows how.
    shop.memory.fail_after(7);
    assert_eq!(shop.create(&by, body).await.status, StatusCode::SERVICE_UNAVAILABLE);
    shop.memory.tables().calls_left = None;
    assert_eq!(shop.origins(), ["https://shop.example"]);
}
