//! Every route, asked by everybody who might: who gets through is a table.

use http::header::SET_COOKIE;
use shared::account::Role;
use shared::session::Kind;

use super::auth::{By, PASSWORD};
use super::*;

/// How each of these is answered: nobody, a revoked session, an expired one, a key, a viewer, an editor, an owner.
pub(super) fn routes() -> Vec<(Method, &'static str, Value, [u16; 7])> {
    let open = [400; 7];
    let person = |done: u16| [401, 401, 401, 403, done, done, done];
    let owner = |done: u16| [401, 401, 401, 403, 403, 403, done];
    let nothing = "/api/auth/keys/000000000000";
    vec![
        (Method::POST, "/api/auth/signup", json!({}), open),
        (Method::POST, "/api/auth/login", json!({}), open),
        (Method::GET, "/api/auth/invitations/none", json!(null), [404; 7]),
        (Method::GET, "/api/auth/me", json!(null), [401, 401, 401, 200, 200, 200, 200]),
        (Method::POST, "/api/auth/password", json!({}), person(400)),
        (Method::GET, "/api/auth/keys", json!(null), person(200)),
        (Method::POST, "/api/auth/keys", json!({}), person(400)),
        (Method::DELETE, nothing, json!(null), person(404)),
        (Method::GET, "/api/auth/invitations", json!(null), owner(200)),
        (Method::POST, "/api/auth/invitations", json!({}), owner(400)),
        (Method::DELETE, "/api/auth/invitations/000000000000", json!(null), owner(404)),
        (Method::GET, "/api/auth/users", json!(null), owner(200)),
        (Method::PATCH, "/api/auth/users/u-7f3k2a9d0c1b2e4f", json!({"role": "owner"}), owner(404)),
        (Method::DELETE, "/api/auth/users/u-7f3k2a9d0c1b2e4f", json!(null), owner(404)),
        (Method::GET, "/api/auth/audit", json!(null), owner(200)),
        (Method::POST, "/api/auth/logout/everywhere", json!(null), person(204)),
        (Method::POST, "/api/auth/logout", json!(null), person(204)),
    ]
}

#[tokio::test]
async fn every_route_lets_through_whom_it_is_for() {
    for (method, path, body, expected) in routes() {
        let (shop, everybody) = everybody().await;
        for (by, expected) in everybody.iter().zip(expected) {
            let answer = shop.ask(by, method.clone(), path, Some(body.clone())).await;
            assert_eq!(answer.status.as_u16(), expected, "{method} {path} by {by:?}: {answer:?}");
            if expected == 401 {
                assert_eq!(answer.headers["www-authenticate"], "Bearer", "{path}");
            }
        }
    }
}

#[tokio::test]
async fn a_parameter_that_nobody_asked_for_is_refused_by_name() {
    let shop = Shop::new();
    let owner = shop.somebody(Role::Owner, "owner@shop.example").await.0;
    let id = shop.created(&owner, "https://shop.example/").await;
    let of_gates = routes().into_iter().map(|(method, path, ..)| (method, path.to_owned()));
    let of_monitors = ownership::ROUTES.into_iter().chain(ownership::MORE);
    let of_monitors = of_monitors.map(|(method, path, _)| (method.parse().unwrap(), path.replace("{}", &id)));
    let of_upkeep = upkeep::ROUTES.map(|(method, path)| (method.parse().unwrap(), path.to_owned()));
    let before = format!("{:?}", shop.memory.tables());
    for (method, path) in of_gates.chain(of_monitors).chain(of_upkeep) {
        let sign = if path.contains('?') { '&' } else { '?' };
        let answer = shop.ask(&owner, method.clone(), &format!("{path}{sign}force=1"), None).await;
        let problem = answer.problem();
        assert!(problem.starts_with("400 unknown_parameter: \"force\""), "{method} {path}: {problem}");
    }
    assert_eq!(format!("{:?}", shop.memory.tables()), before);
}

async fn everybody() -> (Shop, Vec<By>) {
    let shop = Shop::new();
    let (owner, _) = shop.somebody(Role::Owner, "owner@shop.example").await;
    let body = json!({"name": "key", "scopes": ["read", "write", "purchases", "metrics"]});
    let key = By::Bearer(shop.ask(&owner, Method::POST, "/api/auth/keys", Some(body)).await.text("token"));
    let (revoked, _) = shop.somebody(Role::Owner, "revoked@shop.example").await;
    shop.ask(&revoked, Method::POST, "/api/auth/logout", None).await;
    let (expired, expired_id) = shop.somebody(Role::Owner, "expired@shop.example").await;
    shop.memory.tables().sessions.values_mut().filter(|s| s.user.as_str() == expired_id).for_each(
        |session| {
            session.valid_until = Some(now());
        },
    );
    let (viewer, _) = shop.somebody(Role::Viewer, "viewer@shop.example").await;
    let (editor, _) = shop.somebody(Role::Editor, "editor@shop.example").await;
    (shop, vec![By::Nobody, revoked, expired, key, viewer, editor, owner])
}

#[tokio::test]
async fn nothing_can_be_set_that_is_not_meant_to_be() {
    let shop = Shop::new();
    let invitation = shop.invited(Role::Viewer, None);
    for field in ["role", "account", "id", "version", "password_hash", "created_at"] {
        let mut body = json!({"invitation": invitation, "email": "eve@shop.example", "password": PASSWORD});
        body[field] = json!("owner");
        let answer = shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await;
        assert!(
            answer.problem().starts_with(&format!("400 body: {field}: unknown field `{field}`")),
            "{answer:?}"
        );
    }
    assert!(shop.memory.tables().users.is_empty());
}

#[tokio::test]
async fn nobody_signs_up_where_it_is_closed() {
    let shop = Shop::closed();
    let body =
        json!({"invitation": shop.invited(Role::Viewer, None), "email": "a@b.example", "password": PASSWORD});
    let answer = shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await;
    insta::assert_snapshot!(answer.problem(), @"403 forbidden: nobody can sign up here");
}

#[tokio::test]
async fn odd_addresses_passwords_and_bodies_are_refused_and_not_repeated() {
    let shop = Shop::new();
    let invitation = shop.invited(Role::Viewer, None);
    let sign_up = async |email: &str, password: &str| {
        let body = json!({"invitation": invitation, "email": email, "password": password});
        shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await
    };
    for email in ["", "qz", "qz@", "@qz", "qz@qz@qz", "qz\r\nBcc: qz@qz.example", "<qz@qz.example>"] {
        let answer = sign_up(email, PASSWORD).await;
        assert!(
            answer.status == StatusCode::BAD_REQUEST && !answer.body.contains("qz"),
            "{email}: {answer:?}"
        );
    }
    for password in ["q", "fourteen chars", &"q".repeat(10_000)] {
        let answer = sign_up("ada@shop.example", password).await;
        assert!(answer.problem().starts_with("400 password: "), "{answer:?}");
    }
    let raw = async |body: String| shop.post("/api/auth/login", body).await.status.as_u16();
    assert_eq!(raw("{".repeat(60_000)).await, 400);
    assert_eq!(raw("[".repeat(1_000_000)).await, 413);
    assert_eq!(raw(r#"{"email": "a@b.c", "email": "a@b.c", "password": "x"}"#.to_owned()).await, 400);
    assert_eq!(raw("email=a@b.c&password=x".to_owned()).await, 400);
}

#[tokio::test]
async fn a_table_out_of_reach_lets_nobody_in() {
    for calls in 0..12 {
        let (shop, everybody) = everybody().await;
        let body = json!({"email": "viewer@shop.example", "password": PASSWORD, "cookie": true});
        shop.memory.fail_after(calls);
        let answer = shop.ask(&By::Nobody, Method::POST, "/api/auth/login", Some(body)).await;
        let me = shop.ask(&everybody[4], Method::GET, "/api/auth/me", None).await;
        shop.memory.tables().calls_left = None;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            assert!(!answer.headers.contains_key(SET_COOKIE), "{answer:?}");
            assert_eq!(me.status, StatusCode::SERVICE_UNAVAILABLE, "{calls}");
        } else {
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            assert!(calls > 3, "calls are counted");
            assert!(shop.memory.tables().sessions.values().any(|session| session.kind == Kind::Cookie));
            return;
        }
    }
    panic!("it never succeeds");
}
