//! A token is in no answer and in no line of the log, whatever happens and however much is logged.

use ::tests::logged::Logged;
use tracing::Level;

use super::events::replay;
use super::*;

#[tokio::test]
async fn a_token_is_neither_answered_nor_logged() {
    let (logged, _guard) = Logged::here(Level::TRACE);
    let shop = Shop::nightly();
    for calls_left in [None, Some(0), Some(1)] {
        for (name, body, method) in [
            ("http-beat", "", "POST"),
            ("http-beat-unknown", "", "POST"),
            ("http-beat-body", "not JSON", "POST"),
            ("http-beat", "", "GET"),
        ] {
            for suffix in ["", "/", "x", "%20"] {
                shop.memory.tables().calls_left = calls_left;
                let mut event = ::tests::event(name);
                let token = event["rawPath"].as_str().unwrap()["/beats/".len()..].to_owned();
                event["rawPath"] = json!(format!("/beats/{token}{suffix}"));
                event["pathParameters"]["token"] = json!(format!("{token}{suffix}"));
                event["requestContext"]["http"]["method"] = json!(method);
                event["body"] = json!(body);
                let answer = replay(&shop, event).await.to_string();
                assert!(!answer.contains(&token), "{answer}");
            }
        }
    }
    let log = logged.text();
    assert!(log.contains("a store failed"), "{log}");
    for token in [TOKEN, UNKNOWN] {
        assert!(!log.contains(&token["shopwatch_".len()..]), "{log}");
    }
}
