//! What is secret is written and never read: a canary in every secret field of the document is in no answer, in no line of
//! the log and in no table but the one of secrets, whatever else is right or wrong with the request.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::logged::Logged;
use tracing::Level;

use super::document::{document, operations};
use super::shop::Shop;

/// In every secret; the number tells which.
const CANARY: &str = "canary-5d0c17";

/// The secret fields, `TYPE.FIELD`, which are marked as such in the document.
const FIELDS: [&str; 10] = [
    "ChannelPatch.secret",
    "ChannelPatch.url",
    "ChannelRequest.secret",
    "ChannelRequest.url",
    "LogIn.password",
    "MonitorCredentials.password",
    "MonitorCredentials.token",
    "PasswordChange.current",
    "PasswordChange.new",
    "SignUp.password",
];

fn canary(number: u32) -> String {
    format!("{CANARY}-{number}-of-many")
}

/// Bodies with a canary in every secret field, and where they go.
fn planted() -> Vec<(&'static str, String, Value)> {
    let basic = json!({"scheme": "basic", "user": canary(1), "password": canary(2)});
    let bearer = json!({"scheme": "bearer", "token": canary(3)});
    // What is sent to a target may hold a key: changes are told by the field's name, and a list shows it to its owners.
    let monitor = |credentials: &Value| json!({"url": "https://shop.example/", "credentials": credentials});
    let hook = format!("https://hooks.shop.example/{}", canary(4));
    let webhook = json!({"kind": "webhook", "name": "On call", "url": hook, "secret": canary(5)});
    let slack = json!({"kind": "slack", "name": "Chat", "url": format!("https://hooks.slack.com/services/{}", canary(6))});
    let email =
        json!({"kind": "email", "name": "Mail", "addresses": [format!("{}@shop.example", canary(7))]});
    let token = format!("shopwatch_{}", canary(8));
    let mut planted = Vec::new();
    for credentials in [&basic, &bearer] {
        let monitor = monitor(credentials);
        planted.extend([
            ("POST", "/api/monitor".to_owned(), monitor.clone()),
            ("POST", "/api/monitor/test".to_owned(), monitor.clone()),
            ("POST", "/api/monitor/bulk".to_owned(), json!({"create": [monitor]})),
            ("PUT", "/api/monitor/s0-7f3k2a".to_owned(), monitor),
            ("PATCH", "/api/monitor/s0-7f3k2a".to_owned(), json!({"credentials": credentials})),
        ]);
    }
    for channel in [&webhook, &slack, &email] {
        let mut patch = channel.clone();
        patch
            .as_object_mut()
            .unwrap()
            .retain(|name, _| ["url", "secret", "addresses"].contains(&name.as_str()));
        planted.push(("POST", "/api/channel".to_owned(), channel.clone()));
        planted.push(("PUT", example_of("/api/channel/{id}"), channel.clone()));
        planted.push(("PATCH", example_of("/api/channel/{id}"), patch));
    }
    let password = canary(9);
    planted.extend([
        (
            "POST",
            "/api/auth/signup".to_owned(),
            json!({"email": "a@shop.example", "password": password, "invitation": token}),
        ),
        ("POST", "/api/auth/login".to_owned(), json!({"email": "owner@shop.example", "password": password})),
        ("POST", "/api/auth/password".to_owned(), json!({"current": password, "new": canary(10)})),
        (
            "POST",
            "/api/auth/password".to_owned(),
            json!({"current": "correct horse battery", "new": canary(10)}),
        ),
        ("POST", format!("/beats/{token}"), json!({"state": "up"})),
    ]);
    planted
}

/// A path as the document's example has it.
fn example_of(path: &str) -> String {
    operations().iter().find(|operation| operation.path == path).unwrap().example_path()
}

/// The body, and the ways in which it could be wrong around its secrets.
fn variants(body: &Value) -> Vec<Value> {
    let mut variants = vec![body.clone()];
    for name in body.as_object().unwrap().keys() {
        let mut with = |value: Value| {
            let mut variant = body.clone();
            variant[name] = value;
            variants.push(variant);
        };
        let there = body[name].clone();
        with(json!([there.clone()]));
        with(json!({"nothing": there.clone()}));
        with(json!(there.to_string()));
        if there.is_object() {
            let mut more = there;
            more["nothing"] = canary(11).into();
            with(more);
        }
    }
    let mut more = body.clone();
    more["nothing"] = canary(12).into();
    variants.push(more);
    variants
}

#[test]
fn every_secret_field_is_planted() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let mut found = BTreeSet::new();
    for (name, schema) in schemas {
        secret_fields(name, schema, "", &mut found);
    }
    assert_eq!(found.into_iter().collect::<Vec<_>>(), FIELDS);
    let bodies: String = planted().iter().map(|(_, _, body)| body.to_string()).collect();
    for field in FIELDS {
        let (_, name) = field.split_once('.').unwrap();
        assert!(bodies.contains(&format!("\"{name}\":\"")), "{field}");
    }
}

/// The fields of a type that are marked as secret, however deep.
fn secret_fields(of: &str, schema: &Value, field: &str, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(parts) => {
            if parts.get("format") == Some(&json!("password")) {
                found.insert(format!("{of}.{field}"));
            }
            for (name, part) in parts {
                let properties = part.as_object().filter(|_| name == "properties");
                match properties {
                    Some(properties) => {
                        properties.iter().for_each(|(name, part)| secret_fields(of, part, name, found));
                    }
                    None => secret_fields(of, part, field, found),
                }
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| secret_fields(of, part, field, found)),
        _ => {}
    }
}

#[tokio::test]
async fn a_secret_is_neither_answered_nor_logged_nor_kept_elsewhere() {
    let (logged, _guard) = Logged::here(Level::TRACE);
    let shop = Shop::new().await;
    let mut taken = 0;
    for (method, path, body) in planted() {
        for variant in variants(&body) {
            for calls in [None, Some(3)] {
                match calls {
                    None => shop.memory.tables().calls_left = None,
                    // Whatever fails on the way tells no more.
                    Some(calls) => shop.memory.fail_after(calls),
                }
                let answer = shop.ask(method, &path, Some(&variant)).await;
                assert!(!answer.body.contains(CANARY), "{method} {path} {variant}: {}", answer.body);
                taken += usize::from(answer.status.is_success() && variant == body);
            }
        }
    }
    assert!(taken >= 15, "most of what is right is taken: {taken}");
    shop.memory.tables().calls_left = None;
    {
        let tables = shop.memory.tables();
        let (credentials, targets) = (tables.credentials.len(), tables.targets.len());
        assert!(credentials >= 4 && targets >= 4, "they are somewhere: {credentials}, {targets}");
        let tables = format!("{tables:?}");
        assert!(!tables.contains(CANARY), "{}", tests::everything::around(&tables, CANARY).unwrap());
    }
    // The password was changed with the rest; whoever signed in stays so.
    for operation in operations().into_iter().filter(|operation| operation.method != "delete") {
        let answer = shop.example(&operation).await;
        assert!(!answer.body.contains(CANARY), "{} {}: {}", operation.method, operation.path, answer.body);
    }
    let log = logged.text();
    assert!(log.contains("a store failed"), "something was logged: {log}");
    assert!(!log.contains(CANARY), "{}", tests::everything::around(&log, CANARY).unwrap());
}
