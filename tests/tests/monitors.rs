//! Monitors and channels over the API, in the deployed stack with IAM enforced: made, looked at, changed by two at once, deleted.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tests::demo_shop::DemoShop;
use tests::local_cloud::{LocalCloud, text};
use tests::operator::run;

/// What no answer, log or table but `secrets` may repeat.
const CANARY: &str = "canary-3f9d27";

struct Api {
    cloud: LocalCloud,
    key: String,
}

impl Api {
    async fn new(scopes: &[&str]) -> Self {
        let cloud = LocalCloud::running().await;
        let mut arguments = vec!["keys", "create", "--name", "monitors"];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        let key = run(&cloud, &arguments).stdout.trim().to_owned();
        Self { cloud, key }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Response {
        let mut request = Client::new().request(method, format!("{}{path}", self.cloud.url));
        request = request.bearer_auth(&self.key).timeout(Duration::from_secs(30));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        body.into_iter().fold(request, |request, body| request.json(&body)).send().await.unwrap()
    }

    async fn json(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let answer = self.ask(method, path, &[], body).await;
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert!(!text.contains(CANARY), "{path}: {text}");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

#[tokio::test]
async fn a_monitor_is_made_looked_at_changed_and_deleted() {
    let api = Api::new(&["read", "write"]).await;
    let shop = DemoShop::start(&api.cloud);
    let url = format!("{}/", shop.url);

    // A URL is enough; what is not stored can be tried first.
    let (status, tested) = api.json(Method::POST, "/api/monitor/test", Some(json!({"url": url}))).await;
    assert_eq!((status, &tested["outcome"], &tested["status"]), (200, &json!("up"), &json!(200)), "{tested}");
    let body =
        json!({"url": url, "name": "Over the API", "credentials": {"scheme": "bearer", "token": CANARY}});
    let (status, made) = api.json(Method::POST, "/api/monitor", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/api/monitor/{id}");

    // It is looked at at once, between the slots.
    let mut looked = false;
    for _ in 0..60 {
        let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
        let partition = format!("BLOCK#{}#{date}", id.split('-').next().unwrap());
        let items = api.cloud.items(&api.cloud.name("signals"), &partition).await;
        let of_it = items.values().find(|item| text(item, "sk").ends_with(&id));
        if let Some(item) = of_it {
            assert_eq!(text(item, "kind"), "check");
            looked = true;
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(looked, "a new monitor is looked at at once");
    let (status, told) = api.json(Method::POST, &format!("{path}/check"), None).await;
    assert_eq!((status, &told["outcome"], &told["out_of_turn"]), (200, &json!("up"), &json!(true)), "{told}");

    // What admin has written, reader shows.
    let (status, shown) = api.json(Method::GET, &path, None).await;
    assert_eq!(
        (status, &shown["name"], &shown["has_credentials"]),
        (200, &json!("Over the API"), &json!(true))
    );
    let (_, listed) = api.json(Method::GET, "/api/monitor?limit=100", None).await;
    let has = |listed: &Value| listed["monitors"].as_array().unwrap().iter().any(|m| m["id"] == *id);
    assert!(has(&listed), "{listed}");
    let (status, latest) = api.json(Method::GET, &format!("/api/results/{id}/latest"), None).await;
    assert_eq!((status, &latest["checks"][0]["outcome"]), (200, &json!("up")), "{latest}");

    // Two at once: the later one is told.
    let body = |minutes: u32| Some(json!({"url": url, "interval_minutes": minutes}));
    let tag = api.ask(Method::GET, &path, &[], None).await.headers()["etag"].to_str().unwrap().to_owned();
    let first = api.ask(Method::PUT, &path, &[("if-match", &tag)], body(5)).await;
    let second = api.ask(Method::PUT, &path, &[("if-match", &tag)], body(7)).await;
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 412));
    let both = tokio::join!(
        api.json(Method::PATCH, &path, Some(json!({"public": true}))),
        api.json(Method::PATCH, &path, Some(json!({"retries": 5}))),
    );
    assert_eq!((both.0.0, both.1.0), (200, 200));
    let (_, shown) = api.json(Method::GET, &path, None).await;
    assert_eq!(json!([shown["interval_minutes"], shown["public"], shown["retries"]]), json!([5, true, 5]));

    // Many at once, then none of them.
    let create: Vec<Value> =
        (0..120).map(|n| json!({"url": format!("{url}items/{n}"), "paused": true})).collect();
    let (status, done) = api.json(Method::POST, "/api/monitor/bulk", Some(json!({"create": create}))).await;
    assert_eq!(status, 200, "{done}");
    let mut ids: Vec<Value> =
        done["created"].as_array().unwrap().iter().map(|c| c["monitor"]["id"].clone()).collect();
    assert!(ids.iter().all(Value::is_string), "{done}");
    ids.push(json!(id));
    let (_, done) = api.json(Method::POST, "/api/monitor/bulk", Some(json!({"delete": ids}))).await;
    assert!(done["deleted"].as_array().unwrap().iter().all(|d| d["problem"].is_null()), "{done}");
    assert_eq!(api.json(Method::GET, &path, None).await.0, 404);

    // The secret is in no log; nor in any table, now that its monitor is gone.
    assert!(!api.cloud.logged().contains(CANARY));
    for table in ["monitors", "secrets", "audit", "signals", "sessions"] {
        let items = format!("{:?}", api.cloud.items(&api.cloud.name(table), "").await);
        assert!(!items.contains(CANARY), "{table}");
    }
}

#[tokio::test]
async fn incidents_and_windows_are_found_by_their_ids() {
    let api = Api::new(&["read", "write"]).await;
    // An incident's id has characters that a path has to encode.
    let incident = "/api/incidents/2026-11-21T14%3A25%3A00Z%23s0-nobody";
    for (method, path) in
        [(Method::GET, incident.to_owned()), (Method::POST, format!("{incident}/acknowledge"))]
    {
        let (status, problem) = api.json(method, &path, None).await;
        assert_eq!((status, &problem["detail"]), (404, &json!("there is no such incident")), "{path}");
    }
    let path = "/api/maintenance/over-the-api";
    let when = json!({"once": {"from": "2026-11-22T00:00:00Z", "until": "2026-11-22T01:00:00Z"}});
    let (status, made) = api.json(Method::PUT, path, Some(json!({"name": "Long ago", "when": when}))).await;
    assert_eq!((status, &made["when"]), (201, &when), "{made}");
    let (_, listed) = api.json(Method::GET, "/api/maintenance", None).await;
    assert!(listed["windows"].as_array().unwrap().contains(&made), "{listed}");
    assert_eq!(api.json(Method::DELETE, path, None).await.0, 204);
    assert_eq!(api.json(Method::DELETE, path, None).await.0, 404);
    let (status, _) = api.json(Method::GET, "/metrics", None).await;
    assert_eq!(status, 403, "it takes the scope metrics");
}

#[tokio::test]
async fn a_channel_is_made_read_changed_and_deleted() {
    let api = Api::new(&["read", "write"]).await;
    let target = |name: &str| format!("http://127.0.0.1:9/{CANARY}-{name}");
    let body = json!({"name": "On call", "kind": "webhook", "url": target("first"), "secret": format!("{CANARY}-secret")});
    let (status, made) = api.json(Method::POST, "/api/channel", Some(body)).await;
    assert_eq!(
        (status, &made["target"], &made["has_secret"]),
        (201, &json!("http://127.0.0.1:9"), &json!(true))
    );
    let id = made["id"].as_str().unwrap();
    let path = format!("/api/channel/{id}");
    assert_eq!(api.json(Method::GET, &path, None).await, (200, made.clone()));
    let (_, listed) = api.json(Method::GET, "/api/channel", None).await;
    assert!(listed["channels"].as_array().unwrap().contains(&made), "{listed}");

    // Where it leads is in one place, and each time in one item.
    let targets = async || {
        let items = api.cloud.items(&api.cloud.name("secrets"), &format!("CHANNEL#{id}")).await;
        items.values().map(|item| text(item, "url").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(targets().await, [target("first")]);
    let patch = async |tag: &str, name: &str| {
        let body = json!({"url": target(name), "secret": null});
        api.ask(Method::PATCH, &path, &[("if-match", tag)], Some(body)).await.status().as_u16()
    };
    assert_eq!((patch("\"1\"", "second").await, patch("\"1\"", "third").await), (200, 412));
    assert_eq!(targets().await, [target("second")]);
    let (status, paused) = api.json(Method::PATCH, &path, Some(json!({"paused": true}))).await;
    assert_eq!((status, &paused["version"], &paused["has_secret"]), (200, &json!(3), &json!(false)));

    assert_eq!(api.json(Method::DELETE, &path, None).await.0, 204);
    assert_eq!(api.json(Method::DELETE, &path, None).await.0, 404);
    assert_eq!(api.json(Method::GET, &path, None).await.0, 404);
    assert!(targets().await.is_empty());
    assert!(!api.cloud.logged().contains(CANARY));
    for table in ["monitors", "audit"] {
        let items = format!("{:?}", api.cloud.items(&api.cloud.name(table), "").await);
        assert!(!items.contains(CANARY), "{table}");
    }
}

#[tokio::test]
async fn a_key_that_reads_changes_nothing() {
    let api = Api::new(&["read"]).await;
    let (status, problem) =
        api.json(Method::POST, "/api/monitor", Some(json!({"url": "http://127.0.0.1:9/"}))).await;
    assert_eq!((status, &problem["type"]), (403, &json!("scope_missing")));
    let (status, problem) = api.json(Method::DELETE, "/api/monitor/s0-nobody", None).await;
    assert_eq!((status, &problem["type"]), (403, &json!("scope_missing")));
}
