//! `shopwatch pii rotate` as a person runs it, against a Secrets Manager in this process: no key is ever printed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const FIRST: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";

/// Characters of a key that would give something of it away.
const PART: usize = 8;

/// The secret, and how its next writing goes.
#[derive(Clone)]
struct Server {
    text: Arc<Mutex<String>>,
    written: Arc<Mutex<Option<String>>>,
    refuses: bool,
}

impl Server {
    fn of(text: String) -> Self {
        Self { text: Arc::new(Mutex::new(text)), written: Arc::default(), refuses: false }
    }

    fn one_key() -> Self {
        Self::of(json!({ "active": "k1", "k1": FIRST }).to_string())
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let action = request.headers()["x-amz-target"].to_str().unwrap().to_owned();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let asked: Value = serde_json::from_slice(&body).unwrap();
        let (status, answer) = match action.rsplit('.').next().unwrap() {
            "GetSecretValue" => {
                (200, json!({ "VersionId": "v1", "SecretString": *self.text.lock().unwrap() }))
            }
            "PutSecretValue" => {
                let text = asked["SecretString"].as_str().unwrap().to_owned();
                *self.written.lock().unwrap() = Some(text);
                if self.refuses {
                    // What a proxy between may answer: all that it was asked.
                    (
                        400,
                        json!({ "__type": "InvalidRequestException", "Message": "refused", "Request": asked }),
                    )
                } else {
                    (200, json!({ "VersionId": asked["ClientRequestToken"] }))
                }
            }
            "UpdateSecretVersionStage" => {
                self.text.lock().unwrap().clone_from(self.written.lock().unwrap().as_ref().unwrap());
                (200, json!({}))
            }
            // The ledger, before the first import.
            "GetItem" => (200, json!({})),
            other => panic!("{other}"),
        };
        Ok(Response::builder().status(status).body(Full::new(answer.to_string().into())).unwrap())
    }

    /// Runs `shopwatch ARGUMENTS…`: whether it succeeded, and everything that it printed.
    async fn run(&self, arguments: &'static [&'static str]) -> (bool, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = self.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                let service = service_fn(move |request| server.clone().answer(request));
                let connection = hyper::server::conn::http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopwatch"));
        command.args(arguments).stdin(Stdio::null()).env_clear().envs([
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("RUST_LOG", "trace"),
            ("RUST_BACKTRACE", "1"),
        ]);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        serving.abort();
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(printed).unwrap())
    }

    /// Every key that there is, or was to be.
    fn keys(&self) -> Vec<String> {
        let texts = [Some(self.text.lock().unwrap().clone()), self.written.lock().unwrap().clone()];
        let is_key =
            |(name, _): &(String, Value)| name.strip_prefix('k').is_some_and(|n| n.parse::<u16>().is_ok());
        let keys_of = |text: String| {
            let texts: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
            texts.into_iter().filter(is_key).map(|(_, key)| key.as_str().unwrap().to_owned())
        };
        texts.into_iter().flatten().flat_map(keys_of).collect()
    }

    fn assert_secret(&self, printed: &str) {
        for key in self.keys() {
            for part in key.as_bytes().windows(PART) {
                let part = std::str::from_utf8(part).unwrap();
                assert!(!printed.contains(part), "a part of a key is printed: {printed}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_prints_no_key() {
    let server = Server::one_key();
    let (refused, asked) = server.run(&["pii", "rotate"]).await;
    assert!(!refused && asked.contains("k2 becomes the active key"), "{asked}");
    let (done, said) = server.run(&["pii", "rotate", "--yes"]).await;
    assert!(done && said.starts_with("k2 is active; purchases carry the token of k1 too until "), "{said}");
    let (told, status) = server.run(&["pii", "status", "--json"]).await;
    assert!(told && status.contains("\"k2\""), "{status}");
    let keys: std::collections::BTreeSet<String> = server.keys().into_iter().collect();
    assert_eq!(keys.len(), 2, "the new key, and the first one");
    assert!(keys.iter().all(|key| key.len() == 64));
    server.assert_secret(&[asked, said, status].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_fails_prints_no_key() {
    let server = Server { refuses: true, ..Server::one_key() };
    let (done, said) = server.run(&["pii", "rotate", "--yes"]).await;
    assert!(!done && said.contains("writing the secret failed"), "{said}");
    assert_eq!(
        server.keys().len(),
        3,
        "the first one, and twice in what was to be written: {:?}",
        server.keys().len()
    );
    server.assert_secret(&said);
    let broken = json!({ "active": "k2", "k1": FIRST }).to_string();
    let server = Server::of(broken);
    let (done, said) = server.run(&["pii", "rotate", "--yes"]).await;
    assert!(!done && said.contains("the PII secret's active key is not among its keys"), "{said}");
    server.assert_secret(&said);
}
