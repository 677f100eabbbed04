//! The secret replaced over HTTP, by a server that moves names between versions as Secrets Manager does.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

/// What the server keeps.
#[derive(Default)]
struct Kept {
    /// The versions' texts.
    texts: BTreeMap<String, String>,
    /// Which version each name is on.
    names: BTreeMap<String, String>,
    /// A version that somebody else makes the current one, before the next name is moved.
    meanwhile: Option<&'static str>,
    /// Whether the answer to the next moving is lost.
    loses: bool,
}

#[derive(Clone, Default)]
struct Server(Arc<Mutex<Kept>>);

impl Server {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }

    async fn secret(&self) -> PiiSecret {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                let service = service_fn(move |request| server.clone().answer(request));
                let connection = hyper::server::conn::http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(1)))
            .endpoint_url(endpoint)
            .build();
        PiiSecret::new(Client::from_conf(config), "shop/pii-key".to_owned())
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let action =
            request.headers()["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let asked: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(asked["SecretId"], "shop/pii-key");
        let (status, answer) = self.done(&action, &asked);
        Ok(Response::builder().status(status).body(Full::new(answer.to_string().into())).unwrap())
    }

    fn done(&self, action: &str, asked: &Value) -> (u16, Value) {
        let mut kept = self.kept();
        let text = |name: &str| asked[name].as_str().map(str::to_owned);
        match action {
            "GetSecretValue" => {
                let id = kept.names["AWSCURRENT"].clone();
                (200, json!({ "VersionId": id, "SecretString": kept.texts[&id] }))
            }
            "PutSecretValue" => {
                let id = text("ClientRequestToken").unwrap();
                assert_ne!(asked["VersionStages"], json!(["AWSCURRENT"]), "in use before the comparison");
                let written = text("SecretString").unwrap();
                kept.texts.insert(id.clone(), written);
                kept.names.insert(asked["VersionStages"][0].as_str().unwrap().to_owned(), id.clone());
                (200, json!({ "VersionId": id }))
            }
            "UpdateSecretVersionStage" => {
                if let Some(other) = kept.meanwhile.take() {
                    kept.names.insert("AWSCURRENT".to_owned(), other.to_owned());
                }
                let (name, from) = (text("VersionStage").unwrap(), text("RemoveFromVersionId").unwrap());
                if kept.names.get(&name) != Some(&from) {
                    return (400, json!({ "__type": "InvalidParameterException", "Message": "not on it" }));
                }
                match text("MoveToVersionId") {
                    Some(to) => drop(kept.names.insert(name, to)),
                    None => drop(kept.names.remove(&name)),
                }
                if std::mem::take(&mut kept.loses) {
                    return (500, json!({ "__type": "InternalServiceError" }));
                }
                (200, json!({}))
            }
            other => panic!("{other}"),
        }
    }
}

fn server() -> Server {
    let server = Server::default();
    server.kept().texts.extend([("v1", "one"), ("v2", "by hand")].map(|(id, text)| (id.into(), text.into())));
    server.kept().names.insert("AWSCURRENT".to_owned(), "v1".to_owned());
    server
}

#[tokio::test]
async fn the_secret_is_replaced() {
    let server = server();
    let secret = server.secret().await;
    let before = secret.current().await.unwrap();
    assert_eq!((before.id.as_str(), before.text.expose_secret()), ("v1", "one"));
    assert_eq!(secret.replace(&before.id, &"two".into()).await.unwrap(), Replaced::Done);
    assert_eq!(secret.current().await.unwrap().text.expose_secret(), "two");
    assert_eq!(server.kept().names.len(), 1, "no name is left over");
}

#[tokio::test]
async fn a_secret_that_was_changed_meanwhile_is_not_replaced() {
    let server = server();
    let secret = server.secret().await;
    server.kept().meanwhile = Some("v2");
    assert_eq!(secret.replace("v1", &"two".into()).await.unwrap(), Replaced::Changed("v2".to_owned()));
    assert_eq!(secret.current().await.unwrap().text.expose_secret(), "by hand");
    assert_eq!(server.kept().names.len(), 1, "what was written is in nobody's use");
}

#[tokio::test]
async fn a_lost_answer_is_no_change_by_somebody_else() {
    let server = server();
    let secret = server.secret().await;
    server.kept().loses = true;
    assert_eq!(secret.replace("v1", &"two".into()).await.unwrap(), Replaced::Done);
    assert_eq!(secret.current().await.unwrap().text.expose_secret(), "two");
}
