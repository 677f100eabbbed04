//! Each `events/http-beat*.json` as the Lambda runtime would deliver it: JSON in, JSON out.

use lambda_http::lambda_runtime::{Context, LambdaEvent};
use shared::account::Role;
use shared::beat::BeatState;
use shared::http_frame::event;
use shared::session::Kind;

use super::*;

/// What the function hands back to the HTTP API.
pub(super) async fn replay(shop: &Shop, event: Value) -> Value {
    let payload = serde_json::from_value(event).unwrap();
    let service = event::service(shop.router.clone());
    let answer = service.oneshot(LambdaEvent::new(payload, Context::default())).await.unwrap();
    serde_json::to_value(answer).unwrap()
}

#[tokio::test]
async fn each_sample_event_is_answered() {
    let degraded = (BeatState::Degraded, Some(1_250));
    let down = (BeatState::Down, Some(86_400_000));
    for (name, status, recorded) in [
        ("http-beat", 204, Some(degraded)),
        ("http-beat-body", 204, Some(down)),
        ("http-beat-unknown", 404, None),
    ] {
        let shop = Shop::nightly();
        for _ in 0..2 {
            let answer = replay(&shop, ::tests::event(name)).await;
            assert_eq!(answer["statusCode"], status, "{name}: {answer}");
            assert_eq!(answer["headers"]["x-content-type-options"], "nosniff", "{name}");
            let policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
            assert_eq!(answer["headers"]["content-security-policy"], policy, "{name}");
            assert_eq!(shop.last().map(|beat| (beat.state, beat.duration_ms)), recorded, "{name}");
        }
    }
}

#[tokio::test]
async fn no_sample_event_is_left_out() {
    let files = std::fs::read_dir(::tests::root().join("events")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("http-beat")).count(), 3, "replay the new one above");
}

#[tokio::test]
async fn each_sample_event_of_getting_in_is_answered() {
    for (name, status, header) in [
        ("http-auth-login", 200, None),
        ("http-auth-login-cookie", 200, Some("__Host-shopwatch=shopwatch_")),
        ("http-auth-login-wrong", 401, None),
        ("http-auth-me-cookies-aws", 200, None),
        ("http-auth-me-cookie-emulator", 200, None),
        ("http-auth-me-nobody", 401, None),
    ] {
        let shop = Shop::nightly();
        shop.somebody(Role::Viewer, "ada@shop.example").await;
        let mut session = shop.memory.tables().sessions.values().next().unwrap().clone();
        session.hash = TOKEN.parse::<Token>().unwrap().hash();
        session.kind = Kind::Cookie;
        shop.memory.tables().sessions.insert(session.hash.to_string(), session);
        for _ in 0..2 {
            let answer = replay(&shop, ::tests::event(name)).await;
            assert_eq!(answer["statusCode"], status, "{name}: {answer}");
            let cookies = answer["cookies"].as_array().cloned().unwrap_or_default();
            let set = cookies.first().and_then(Value::as_str);
            assert_eq!(set.is_some(), header.is_some(), "{name}: {answer}");
            assert!(set.unwrap_or_default().starts_with(header.unwrap_or_default()), "{name}: {answer}");
        }
        let sources: Vec<_> =
            shop.memory.tables().audit.iter().filter_map(|entry| entry.source.clone()).collect();
        let logged_in = usize::from(name.contains("login") && status == 200) * 2;
        assert_eq!(sources, vec!["203.0.113.7"; logged_in], "{name}");
    }
}

#[tokio::test]
async fn no_sample_event_of_getting_in_is_left_out() {
    let files = std::fs::read_dir(::tests::root().join("events")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("http-auth")).count(), 6, "replay the new one above");
}

#[tokio::test]
async fn a_body_arrives_encoded_or_plain() {
    // The HTTP API encodes what it does not know to be text, such as the form that curl -d says it sends.
    let mut event = ::tests::event("http-beat-body");
    event["body"] = json!("eyJzdGF0ZSI6ICJkb3duIn0=");
    event["isBase64Encoded"] = json!(true);
    let shop = Shop::nightly();
    assert_eq!(replay(&shop, event.clone()).await["statusCode"], 204);
    assert_eq!(shop.last().unwrap().state, BeatState::Down);
    event["body"] = json!("%%%");
    assert_eq!(replay(&shop, event).await["statusCode"], 400);
}

#[tokio::test]
async fn a_stage_or_base_path_changes_nothing() {
    for (stage, prefix) in [("prod", "/prod"), ("$default", "/status")] {
        let mut event = ::tests::event("http-beat");
        event["rawPath"] = json!(format!("{prefix}/beats/{TOKEN}"));
        event["requestContext"]["stage"] = json!(stage);
        let shop = Shop::nightly();
        assert_eq!(replay(&shop, event).await["statusCode"], 204, "{prefix}");
        assert!(shop.last().is_some());
    }
}
