//! What people of an account may, and who decides that: keys, roles, invitations, the audit.

use std::sync::atomic::{AtomicI64, Ordering};

use shared::account::{MAX_USERS, Role};

use super::auth::{By, PASSWORD};
use super::*;

#[tokio::test]
async fn a_key_opens_what_it_is_for_and_its_owner_may() {
    let shop = Shop::new();
    let (viewer, _) = shop.somebody(Role::Viewer, "ada@shop.example").await;
    let create = async |by: &By, body: Value| shop.ask(by, Method::POST, "/api/auth/keys", Some(body)).await;
    let refused = create(&viewer, json!({"name": "ci", "scopes": ["read", "write"]})).await;
    insta::assert_snapshot!(refused.problem(), @"403 scope_missing: this session or key does not have the scope write");
    for bad in [
        json!({"name": "", "scopes": ["read"]}),
        json!({"name": "a\nb", "scopes": ["read"]}),
        json!({"name": "ci", "scopes": []}),
        json!({"name": "ci", "scopes": ["everything"]}),
        json!({"name": "ci", "scopes": ["read"], "expires_days": 0}),
        json!({"name": "ci", "scopes": ["read"], "role": "owner"}),
    ] {
        assert_eq!(create(&viewer, bad.clone()).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let answer = create(&viewer, json!({"name": "ci", "scopes": ["read", "read"], "expires_days": 30})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let key = By::Bearer(answer.text("token"));
    let me = shop.ask(&key, Method::GET, "/api/auth/me", None).await.json();
    assert_eq!(
        (&me["kind"], &me["scopes"], &me["role"]),
        (&json!("key"), &json!(["read"]), &json!("viewer"))
    );
    // A key makes no keys, and signs nobody out.
    for (method, path) in [(Method::GET, "/api/auth/keys"), (Method::POST, "/api/auth/logout/everywhere")] {
        assert_eq!(shop.ask(&key, method, path, None).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let listed = shop.ask(&viewer, Method::GET, "/api/auth/keys", None).await;
    assert!(listed.body.contains("\"ci\"") && !listed.body.contains(key.token()), "{listed:?}");
    // Somebody else's is not there.
    let (other, _) = shop.somebody(Role::Owner, "ben@shop.example").await;
    let path = format!("/api/auth/keys/{}", answer.text("id"));
    assert_eq!(shop.ask(&other, Method::DELETE, &path, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(shop.ask(&viewer, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(shop.status_of_me(&key).await, 401);
    assert_eq!(shop.ask(&viewer, Method::DELETE, &path, None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn owners_decide_who_may_what_and_it_holds_at_once() {
    let shop = Shop::new();
    let (ada, ada_id) = shop.somebody(Role::Owner, "ada@shop.example").await;
    let (ben, ben_id) = shop.somebody(Role::Editor, "ben@shop.example").await;
    let body = json!({"name": "ci", "scopes": ["read", "write"]});
    let key = By::Bearer(shop.ask(&ben, Method::POST, "/api/auth/keys", Some(body)).await.text("token"));
    let change = async |id: &str, role: &str| {
        shop.ask(&ada, Method::PATCH, &format!("/api/auth/users/{id}"), Some(json!({"role": role}))).await
    };
    assert_eq!(change(&ben_id, "viewer").await.text("role"), "viewer");
    let scopes = shop.ask(&key, Method::GET, "/api/auth/me", None).await.json()["scopes"].clone();
    assert_eq!(scopes, json!(["read"]), "a key is its owner's");
    assert_eq!(change(&ben_id, "king").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(change("u-7f3k2a9d0c1b2e4f", "owner").await.status, StatusCode::NOT_FOUND);
    insta::assert_snapshot!(change(&ada_id, "viewer").await.problem(), @"409 last_owner: an account keeps an owner: make somebody else one first");

    let remove =
        async |id: &str| shop.ask(&ada, Method::DELETE, &format!("/api/auth/users/{id}"), None).await;
    assert_eq!(remove(&ada_id).await.status, StatusCode::CONFLICT);
    assert_eq!(remove(&ben_id).await.status, StatusCode::NO_CONTENT);
    assert_eq!((shop.status_of_me(&ben).await, shop.status_of_me(&key).await), (401, 401));
    assert_eq!(shop.log_in("ben@shop.example", PASSWORD, false).await.status, StatusCode::UNAUTHORIZED);
    let users = shop.ask(&ada, Method::GET, "/api/auth/users", None).await.json()["users"].clone();
    assert_eq!(users.as_array().unwrap().len(), 1);
    // Whose address is free again.
    shop.somebody(Role::Viewer, "ben@shop.example").await;
}

#[tokio::test]
async fn a_session_that_outlives_what_its_owner_may_opens_no_more_than_that() {
    let shop = Shop::new();
    let (ada, _) = shop.somebody(Role::Owner, "ada@shop.example").await;
    let (ben, ben_id) = shop.somebody(Role::Owner, "ben@shop.example").await;
    let before = shop.memory.tables().sessions.clone();
    let role = |role: &str| Some(json!({"role": role}));
    let path = format!("/api/auth/users/{ben_id}");
    shop.ask(&ada, Method::PATCH, &path, role("viewer")).await;
    // As if the index had not known of it.
    shop.memory.tables().sessions.clone_from(&before);
    assert_eq!(shop.ask(&ben, Method::GET, "/api/auth/users", None).await.status, StatusCode::FORBIDDEN);
    // The role is the same; what an earlier attempt has left is finished.
    shop.ask(&ada, Method::PATCH, &path, role("viewer")).await;
    assert!(shop.memory.tables().sessions.values().any(|session| session.role == Role::Viewer));
    assert_eq!(shop.ask(&ada, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    shop.memory.tables().sessions.clone_from(&before);
    assert_eq!(shop.status_of_me(&ben).await, 401);
    assert_eq!(shop.ask(&ada, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT, "finished");
    assert_eq!(shop.ask(&ada, Method::DELETE, &path, None).await.status, StatusCode::NOT_FOUND);
    assert!(shop.memory.tables().sessions.values().all(|session| session.user.as_str() != ben_id));
}

#[tokio::test]
async fn an_invitation_ends_with_what_its_inviter_may() {
    let shop = Shop::new();
    let (ada, _) = shop.somebody(Role::Owner, "ada@shop.example").await;
    let (ben, ben_id) = shop.somebody(Role::Owner, "ben@shop.example").await;
    let made = shop.ask(&ben, Method::POST, "/api/auth/invitations", Some(json!({"role": "owner"}))).await;
    let path = format!("/api/auth/users/{ben_id}");
    assert_eq!(shop.ask(&ada, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    let body = json!({"invitation": made.text("token"), "email": "ben@shop.example", "password": PASSWORD});
    let back = shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await;
    assert_eq!(back.status, StatusCode::FORBIDDEN, "{back:?}");
}

#[tokio::test]
async fn owners_invite_and_think_better_of_it() {
    let shop = Shop::new();
    let (ada, _) = shop.somebody(Role::Owner, "ada@shop.example").await;
    let invite = async |body: Value| shop.ask(&ada, Method::POST, "/api/auth/invitations", Some(body)).await;
    assert_eq!(invite(json!({"role": "viewer", "expires_days": 91})).await.status, StatusCode::BAD_REQUEST);
    let made = invite(json!({"role": "viewer", "email": "ben@shop.example"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let listed = shop.ask(&ada, Method::GET, "/api/auth/invitations", None).await;
    assert!(
        listed.body.contains(&made.text("id")) && !listed.body.contains(&made.text("token")),
        "{listed:?}"
    );
    let path = format!("/api/auth/invitations/{}", made.text("id"));
    assert_eq!(shop.ask(&ada, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    let body = json!({"invitation": made.text("token"), "email": "ben@shop.example", "password": PASSWORD});
    let late = shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_was_done_is_told_to_owners_page_by_page() {
    let shop = Shop::new();
    let (ada, ada_id) = shop.somebody(Role::Owner, "ada@shop.example").await;
    for n in 0..3 {
        let body = json!({"name": format!("key {n}"), "scopes": ["read"]});
        shop.ask(&ada, Method::POST, "/api/auth/keys", Some(body)).await;
    }
    // The tests' time stands still.
    let earlier = |n: usize| now() - jiff::SignedDuration::from_hours(24 * 40 * i64::try_from(n).unwrap());
    shop.memory.tables().audit.iter_mut().rev().enumerate().for_each(|(n, entry)| entry.at = earlier(n));
    let mut path = "/api/auth/audit?limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = shop.ask(&ada, Method::GET, &path, None).await.json();
        seen.extend(page["entries"].as_array().unwrap().clone());
        let Some(next) = page["next_before"].as_str() else { break };
        path = format!("/api/auth/audit?limit=2&before={next}");
    }
    let actions: Vec<&str> = seen.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["key.create", "key.create", "key.create", "user.signup"]);
    assert_eq!((&seen[0]["user"], &seen[0]["detail"]["scopes"]), (&json!(ada_id), &json!("read")));
    assert_eq!(
        shop.ask(&ada, Method::GET, "/api/auth/audit?limit=0", None).await.status,
        StatusCode::BAD_REQUEST
    );
}

/// A time that goes on with every look at it.
fn ticking() -> Timestamp {
    static LOOKS: AtomicI64 = AtomicI64::new(0);
    now() + jiff::SignedDuration::from_nanos(LOOKS.fetch_add(1, Ordering::SeqCst))
}

#[tokio::test]
async fn of_what_one_request_does_no_page_leaves_anything_out() {
    let shop = Shop::at(SignUp::Invitation, ticking);
    let (ada, _) = shop.somebody(Role::Owner, "ada@shop.example").await;
    let ids = ["s0-aaaaaa", "s1-aaaaaa", "s2-aaaaaa", "s3-aaaaaa"];
    shop.memory.add_monitors(ids.map(::tests::example::monitor));
    shop.ask(&ada, Method::POST, "/api/monitor/bulk", Some(json!({"delete": ids}))).await;
    let (mut path, mut deleted) = ("/api/auth/audit?limit=1".to_owned(), 0);
    for _ in 0..10 {
        let page = shop.ask(&ada, Method::GET, &path, None).await.json();
        deleted +=
            page["entries"].as_array().unwrap().iter().filter(|e| e["action"] == "monitor.delete").count();
        let Some(next) = page["next_before"].as_str() else { break };
        path = format!("/api/auth/audit?limit=1&before={next}");
    }
    assert_eq!(deleted, 4, "one of each shard");
}

#[tokio::test]
async fn there_are_so_many_keys_and_invitations() {
    let shop = Shop::new();
    let (ada, _) = shop.somebody(Role::Owner, "ada@shop.example").await;
    for (path, body, refused) in [
        (
            "/api/auth/keys",
            json!({"name": "ci", "scopes": ["read"]}),
            "409 too_many: a person has at most 100 keys",
        ),
        (
            "/api/auth/invitations",
            json!({"role": "viewer"}),
            "409 too_many: an account has at most 100 invitations at once",
        ),
    ] {
        for _ in 0..100 {
            let made = shop.ask(&ada, Method::POST, path, Some(body.clone())).await;
            assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        }
        let one_more = shop.ask(&ada, Method::POST, path, Some(body.clone())).await;
        assert_eq!(one_more.problem(), refused);
        // One that was taken back does not count.
        let listed = shop.ask(&ada, Method::GET, path, None).await.json();
        let first = listed[path.rsplit('/').next().unwrap()][0]["id"].as_str().unwrap().to_owned();
        let gone = shop.ask(&ada, Method::DELETE, &format!("{path}/{first}"), None).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{gone:?}");
        let made = shop.ask(&ada, Method::POST, path, Some(body)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    }
}

#[tokio::test]
async fn an_account_has_so_many_people() {
    let shop = Shop::new();
    shop.somebody(Role::Owner, "ada@shop.example").await;
    {
        let mut tables = shop.memory.tables();
        let ada = tables.users.values().next().unwrap().clone();
        for n in 1..MAX_USERS {
            let email: shared::account::Email = format!("n{n}@shop.example").parse().unwrap();
            let id = shared::account::UserId::random(&mut rand::rng());
            tables.users.insert(email.clone(), shared::account::User { id, email, ..ada.clone() });
        }
    }
    let invitation = shop.invited(Role::Viewer, None);
    let body = json!({"invitation": invitation, "email": "eve@shop.example", "password": PASSWORD});
    let sign_up = async || shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body.clone())).await;
    insta::assert_snapshot!(sign_up().await.problem(), @"409 account_full: an account has at most 500 people");
    shop.memory.tables().users.remove(&"n1@shop.example".parse().unwrap());
    assert_eq!(sign_up().await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn who_comes_at_the_same_moment_as_others_comes_in() {
    let shop = Shop::new();
    let sign_up = async |conflicts: usize| {
        let email = format!("ada{conflicts}@shop.example");
        let body =
            json!({"invitation": shop.invited(Role::Viewer, None), "email": email, "password": PASSWORD});
        shop.memory.tables().conflicts_left = conflicts;
        shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await
    };
    for conflicts in 0..4 {
        assert_eq!(sign_up(conflicts).await.status, StatusCode::CREATED, "{conflicts}");
    }
    assert_eq!(sign_up(4).await.status, StatusCode::CONFLICT);
    assert_eq!(shop.memory.tables().users.len(), 4);
}
