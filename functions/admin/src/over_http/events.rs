//! Each `events/http-beat*.json` as the Lambda runtime would deliver it: JSON in, JSON out.

use lambda_http::lambda_runtime::{Context, LambdaEvent};
use serde_json::json;
use shared::beat::BeatState;
use shared::http_frame::event;

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
        let shop = Shop::new();
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
async fn a_body_arrives_encoded_or_plain() {
    // The HTTP API encodes what it does not know to be text, such as the form that curl -d says it sends.
    let mut event = ::tests::event("http-beat-body");
    event["body"] = json!("eyJzdGF0ZSI6ICJkb3duIn0=");
    event["isBase64Encoded"] = json!(true);
    let shop = Shop::new();
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
        let shop = Shop::new();
        assert_eq!(replay(&shop, event).await["statusCode"], 204, "{prefix}");
        assert!(shop.last().is_some());
    }
}
