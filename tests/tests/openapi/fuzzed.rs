//! Generated requests, by schemathesis: no answer is a 5xx, none is undeclared, and each is what its schema says. Everything
//! over one memory, where no target is dialled; what changes nothing and dials nobody over the deployed stack too.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tests::local_cloud::LocalCloud;
use tests::operator::run;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use super::shop::Shop;

/// What every answer is held to.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance";

/// What those of a deployed stack are held to: a path that fits no route, as one with a line feed, is answered by the
/// gateway, and its 404 is no problem document.
const CHECKS_BEHIND_GATEWAY: &str = "not_a_server_error,status_code_conformance";

/// What would end the session that asks, or change who it is.
const ENDS_THE_SESSION: &str = "^/api/auth/(logout|password|users)";

/// Runs schemathesis against this address: so many made-up requests of each operation, beside examples and borders.
async fn fuzz(
    url: String,
    token: String,
    checks: &'static str,
    made_up: &'static str,
    methods: &'static [&'static str],
) {
    let ran = tokio::task::spawn_blocking(move || {
        let venvs = std::env::var("SHOPWATCH_VENVS");
        let venvs = venvs.map_or_else(|_| tests::root().join(".local/venv"), PathBuf::from);
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(venvs.join("schemathesis/bin/schemathesis"));
        command
            .current_dir(folder.path())
            .arg("run")
            .arg(tests::root().join("functions/reader/src/openapi.json"));
        command.args(["--url", &url, "--header", &format!("Authorization: Bearer {token}")]);
        command.args(["--checks", checks]);
        command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", made_up, "--workers", "1"]);
        command.args(["--generation-deterministic", "--request-timeout", "30"]);
        command.args(["--continue-on-failure", "--no-color", "--warnings", "off"]);
        command.args(["--exclude-path-regex", ENDS_THE_SESSION]);
        for method in methods {
            command.args(["--include-method", method]);
        }
        command.output().unwrap()
    });
    let ran = ran.await.unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("tested") || said.contains("passed"), "it asked for nothing: {said}");
}

/// Both functions on loopback; the address.
async fn serve(shop: &Shop) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (reader, admin) = shop.routers();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (reader, admin) = (reader.clone(), admin.clone());
            let service = service_fn(move |request: Request<Incoming>| {
                let reads =
                    request.method() == http::Method::GET && !request.uri().path().starts_with("/api/auth/");
                let router = if reads { reader.clone() } else { admin.clone() };
                router.oneshot(request.map(Body::new))
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_requests_are_answered_as_described() {
    let shop = Shop::new().await;
    let address = serve(&shop).await;
    fuzz(format!("http://{address}"), shop.owner.clone(), CHECKS, "25", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deployed_stack_answers_as_described() {
    let cloud = LocalCloud::running().await;
    let invitation = run(&cloud, &["users", "invite", "--role", "owner"]).stdout.trim().to_owned();
    let body =
        json!({"invitation": invitation, "email": "fuzz@shop.example", "password": "correct horse battery"});
    let signup = reqwest::Client::new().post(format!("{}/api/auth/signup", cloud.url)).json(&body).send();
    let token = signup.await.unwrap().json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    // Made-up monitors would be dialled.
    fuzz(cloud.url.clone(), token, CHECKS_BEHIND_GATEWAY, "5", &["GET", "DELETE"]).await;
    assert!(!cloud.logged().contains("panicked"));
}
