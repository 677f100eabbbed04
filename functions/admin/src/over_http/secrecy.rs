//! A token is in no answer and in no line of the log, whatever happens and however much is logged.

use std::io::{self, Write};

use lambda_http::tracing::Level;
use lambda_http::tracing::subscriber::fmt::{MakeWriter, fmt};
use lambda_http::tracing::subscriber::util::SubscriberInitExt as _;

use super::events::replay;
use super::*;

/// Collects what is logged.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(pub(super) Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_token_is_neither_answered_nor_logged() {
    let log = Log::default();
    let subscriber = fmt().with_max_level(Level::TRACE).with_writer(log.clone()).finish();
    let _guard = subscriber.set_default();
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
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a store failed"), "{log}");
    for token in [TOKEN, UNKNOWN] {
        assert!(!log.contains(&token["shopwatch_".len()..]), "{log}");
    }
}
