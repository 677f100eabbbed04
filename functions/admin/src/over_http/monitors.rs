//! Monitors: made, changed, looked at and deleted.

use shared::account::Role;
use shared::monitor::{Monitor, SHARD_LIMIT, ShardId};
use shared::store::Broken;

use super::auth::By;
use super::*;

impl Shop {
    /// Asks with a body and headers beside the token.
    pub(super) async fn ask_with(
        &self,
        by: &By,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let By::Bearer(token) = by else { panic!("by token") };
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let (parts, body) =
            self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(super) async fn editor(&self) -> By {
        self.somebody(Role::Editor, "editor@shop.example").await.0
    }

    pub(super) async fn create(&self, by: &By, body: Value) -> Answer {
        self.ask(by, Method::POST, "/api/monitor", Some(body)).await
    }

    /// The id of a new monitor of this URL.
    pub(super) async fn created(&self, by: &By, url: &str) -> String {
        let made = self.create(by, json!({"url": url})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        made.text("id")
    }

    pub(super) fn stored(&self, id: &str) -> Option<Monitor> {
        self.memory.tables().monitors.get(&id.parse().unwrap()).cloned()
    }

    fn heard(&self) -> Vec<Value> {
        self.pings.0.lock().unwrap().drain(..).collect()
    }
}

#[tokio::test]
async fn a_url_is_enough_and_the_rest_has_defaults() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let made = shop.create(&by, json!({"url": "https://shop.example/basket/?a=b"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let id = made.text("id");
    assert_eq!(made.headers["location"], format!("/api/monitor/{id}"));
    assert_eq!(
        (&made.headers["etag"], &made.headers["cache-control"]),
        (&"\"1\"".parse().unwrap(), &"no-store".parse().unwrap())
    );
    let mut shown = made.json();
    shown["id"] = json!("…");
    insta::assert_json_snapshot!(shown, @r#"
    {
      "confirmations": 2,
      "depends_on": [],
      "has_credentials": false,
      "id": "…",
      "interval_minutes": 1,
      "ip": "any",
      "keep_warm": false,
      "kind": "http",
      "method": "auto",
      "name": "shop.example/basket",
      "paused": false,
      "public": false,
      "quorum": "majority",
      "recoveries": 2,
      "regions": [
        "us-east-1"
      ],
      "retries": 2,
      "target": "https://shop.example/basket/?a=b",
      "url": "https://shop.example/basket/?a=b",
      "version": 1
    }
    "#);
    assert_eq!(shop.heard(), [json!({"start": [id]})], "it is looked at at once");
    let summary = shop.memory.tables().shards[&ShardId(0)].clone();
    assert_eq!((summary.count, summary.version), (1, 1));
    let audit = shop.memory.tables().audit.last().unwrap().clone();
    assert_eq!((audit.action.as_str(), audit.detail["monitors"].as_str()), ("monitor.create", id.as_str()));
}

#[tokio::test]
async fn every_kind_is_made_and_put_back_as_it_is_shown() {
    let shop = Shop::new();
    let by = shop.editor().await;
    for body in [
        json!({"url": "http://shop.example:8080", "expect": {"status": "200-204, 301", "body": [{"contains": "hello"}, {"matches": "^a+$"}], "json": [{"path": "$.a.b", "is": {"at_least": "5"}}]}, "metrics": {"orders": "$.count"}, "method": "POST", "headers": {"x-a": "b"}, "body": "{}", "regions": ["eu-west-1", "us-east-1"], "quorum": {"at_least": 2}, "degraded_ms": 900}),
        json!({"kind": "tcp", "host": "shop.example", "port": 22}),
        json!({"kind": "tls", "host": "shop.example", "names": ["www.shop.example"], "issuer": "R3"}),
        json!({"kind": "dns", "host": "shop.example", "record": "MX", "expect": ["10 mail.shop.example."], "ip": "v6"}),
        json!({"kind": "heartbeat", "name": "Nightly", "grace_minutes": 5, "interval_minutes": 1_440}),
    ] {
        let made = shop.create(&by, body.clone()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{body} {made:?}");
        let mut fields = made.json();
        for (name, value) in body.as_object().unwrap() {
            let shown = &fields[name];
            assert!(shown == value || name == "url" || name == "expect", "{name}: {shown} {value}");
        }
        for name in ["id", "version", "target", "has_credentials"] {
            fields.as_object_mut().unwrap().remove(name);
        }
        let path = format!("/api/monitor/{}", made.text("id"));
        let put = shop.ask(&by, Method::PUT, &path, Some(fields)).await;
        assert_eq!((put.status, put.json()), (StatusCode::OK, made.json()), "nothing has changed");
    }
    let names: Vec<String> = shop.memory.tables().monitors.values().map(|m| m.name.to_string()).collect();
    for name in ["shop.example:8080", "shop.example:22", "shop.example:443", "shop.example MX", "Nightly"] {
        assert!(names.iter().any(|there| there == name), "{name}: {names:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_with_its_rule() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let url = "https://shop.example/";
    let mut said = Vec::new();
    for body in [
        json!({}),
        json!({"url": "ftp://shop.example"}),
        json!({"url": format!("https://shop.example/{}", "a".repeat(10_000))}),
        json!({"url": 5}),
        json!({"url": url, "interval_minutes": 0}),
        json!({"url": url, "interval_minutes": 1.5}),
        json!({"url": url, "regions": ["mars-1"]}),
        json!({"url": url, "regions": ["us-east-1", "us-east-1"]}),
        json!({"url": url, "interval": 5}),
        json!({"url": url, "state": "up"}),
        json!({"url": url, "account": "home"}),
        json!({"url": url, "id": "s0-aaaaaa"}),
        json!({"url": url, "version": 9}),
        json!({"url": url, "hidden_before": "2026-11-21T14:25:00Z"}),
        json!({"url": url, "name": ""}),
        json!({"url": url, "retries": 6}),
        json!({"url": url, "quorum": {"at_least": 2}}),
        json!({"url": url, "degraded_ms": 0}),
        json!({"url": url, "kind": "icmp"}),
        json!({"url": url, "port": 80}),
        json!({"url": url, "expect": {"status": "2xx"}}),
        json!({"url": url, "expect": {"json": [{"path": "a..b", "is": {"equals": "x"}}]}}),
        json!({"url": url, "expect": {"json": [{"is": {"equals": 5}}]}}),
        json!({"url": url, "headers": {"x-a": ["canary"]}}),
        json!({"url": url, "headers": {"host": "canary"}}),
        json!({"url": url, "body": {"a": "canary"}}),
        json!({"url": url, "credentials": "canary"}),
        json!({"url": url, "credentials": {"scheme": "basic", "user": "canary", "pasword": "canary"}}),
        json!({"url": url, "credentials": {"scheme": "bearer", "token": "canary canary"}}),
        json!({"url": "https://user:canary@shop.example/"}),
        json!({"kind": "tcp", "host": "shop.example"}),
        json!({"kind": "tcp", "host": "shop.example", "port": 22, "headers": {"x-a": "canary"}}),
        json!({"kind": "tcp", "host": "shop.example", "port": 0}),
        json!({"kind": "tcp", "host": "shop.example", "port": 22, "credentials": {"scheme": "bearer", "token": "canary"}}),
        json!({"kind": "dns", "name": "Names"}),
        json!({"kind": "heartbeat"}),
        json!({"url": url, "depends_on": ["s0-nobody"]}),
        json!({"url": url, "depends_on": ["nobody"]}),
    ] {
        let answer = shop.create(&by, body).await;
        said.push(answer.problem());
        assert!(!answer.body.contains("canary"), "{answer:?}");
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    400 monitor: url: is missing
    400 monitor: url: expected an http or https URL, got "ftp://shop.example"
    400 monitor: url: expected a URL of at most 2048 bytes, got "https://shop.example"
    400 monitor: url: invalid type: integer `5`, expected a string
    400 monitor: interval_minutes: expected an interval of 1 to 1440 minutes, got "0"
    400 monitor: interval_minutes: invalid type: floating point `1.5`, expected u32
    400 monitor: regions: expected some of us-east-1, eu-west-1, got mars-1
    400 monitor: regions: expected each region once, got us-east-1 again
    400 monitor: interval: is no field of a monitor of this kind
    400 monitor: state: is no field of a monitor of this kind
    400 monitor: account: is no field of a monitor of this kind
    400 monitor: id: is no field of a monitor of this kind
    400 monitor: version: is no field of a monitor of this kind
    400 monitor: hidden_before: is no field of a monitor of this kind
    400 monitor: name: expected a name of 1 to 100 characters, no control characters, got ""
    400 monitor: retries: expected a smaller or larger number, got "6, not 0 to 5"
    400 monitor: quorum: expected a quorum of 1 to as many regions as there are, got "2"
    400 monitor: degraded_ms: expected degraded_ms from 1 to 10000, got "0"
    400 monitor: kind: expected http, tcp, tls, dns or heartbeat
    400 monitor: port: is no field of a monitor of this kind
    400 monitor: expect.status: expected at most 10 status codes or ranges such as 200-299, 301, got "2xx"
    400 monitor: expect.json[0].path: expected a JSON path of names and indexes such as $.items[0].stock or $['a b'], at most 200 bytes, got "a..b"
    400 monitor: expect.json[0].path: is missing
    400 monitor: headers.x-a: expected a string
    400 monitor: headers: expected a lower-case header that no check sets itself, got "host"
    400 monitor: body: expected a string
    400 monitor: credentials: expected {"scheme": "basic", "user": …, "password": …} or {"scheme": "bearer", "token": …}
    400 monitor: credentials: expected {"scheme": "basic", "user": …, "password": …} or {"scheme": "bearer", "token": …}
    400 monitor: credentials: expected a token of 1 to 2000 printable ASCII characters
    400 monitor: url: expected a URL without user name and password, got "https://shop.example"
    400 monitor: port: is missing
    400 monitor: headers: is no field of a monitor of this kind
    400 monitor: port: invalid value: integer `0`, expected a nonzero u16
    400 monitor: credentials: only a monitor of kind http has any
    400 monitor: host: is missing
    400 monitor: name: is missing: a heartbeat has nothing to be called by
    400 monitor: depends_on: there is no monitor s0-nobody
    400 monitor: depends_on[0]: expected a monitor id such as s0-7f3k2a, got "nobody"
    "#);
    assert!(shop.memory.tables().monitors.is_empty() && shop.memory.tables().credentials.is_empty());
}

#[tokio::test]
async fn odd_bodies_are_refused() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let By::Bearer(token) = &by else { panic!() };
    let raw = async |body: String| {
        let request = Request::builder().method(Method::POST).uri("/api/monitor");
        let request =
            request.header("authorization", format!("Bearer {token}")).body(Body::from(body)).unwrap();
        shop.router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    for body in ["", "null", "[]", "{", "5", r#"{"url": "https://a.example/"} {}"#] {
        assert_eq!(raw(body.to_owned()).await, 400, "{body}");
    }
    assert_eq!(raw(r#"{"url": "https://a.example/", "url": "https://b.example/"}"#.to_owned()).await, 400);
    assert_eq!(
        raw(r#"{"url": "https://a.example/", "expect": {"status": "200", "status": "201"}}"#.to_owned())
            .await,
        400
    );
    assert_eq!(raw(format!(r#"{{"url": {}"#, "[".repeat(60_000))).await, 400);
    assert_eq!(raw(" ".repeat(1_000_000)).await, 413);
    assert!(shop.memory.tables().monitors.is_empty());
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_is_the_default() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let body = json!({"url": "https://shop.example/", "name": "Shop", "interval_minutes": 5, "expect": {"status": "200", "absent": ["x"]}});
    let id = shop.create(&by, body).await.text("id");
    let path = format!("/api/monitor/{id}");
    let patch = async |body: Value| shop.ask(&by, Method::PATCH, &path, Some(body)).await;
    let changed = patch(json!({"interval_minutes": null, "public": true, "expect": {"status": null}})).await;
    assert_eq!(
        (changed.status, &changed.headers["etag"]),
        (StatusCode::OK, &"\"2\"".parse().unwrap()),
        "{changed:?}"
    );
    let changed = changed.json();
    assert_eq!(
        (&changed["interval_minutes"], &changed["public"], &changed["name"]),
        (&json!(1), &json!(true), &json!("Shop"))
    );
    assert_eq!(changed["expect"], json!({"absent": ["x"]}));
    assert_eq!(patch(json!({"public": true})).await.json()["version"], 2, "nothing has changed");
    for (body, kind) in [
        (json!({"version": 1}), "version"),
        (json!({"kind": "tcp"}), "no field"),
        (json!({"url": null}), "url"),
    ] {
        let refused = patch(body).await.problem();
        assert!(refused.starts_with("400 monitor: ") && refused.contains(kind), "{refused}");
    }
    // A whole one: what is not there is the default.
    let put = shop.ask(&by, Method::PUT, &path, Some(json!({"url": "https://shop.example/"}))).await.json();
    assert_eq!(
        (&put["public"], &put["name"], &put["version"]),
        (&json!(false), &json!("shop.example"), &json!(3))
    );
}

#[tokio::test]
async fn of_two_clients_the_later_one_is_told() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let id = shop.created(&by, "https://shop.example/").await;
    let path = format!("/api/monitor/{id}");
    let put = async |tag: &str, minutes: u32| {
        let body = json!({"url": "https://shop.example/", "interval_minutes": minutes});
        shop.ask_with(&by, Method::PUT, &path, &[("if-match", tag)], Some(body)).await
    };
    assert_eq!(put("\"1\"", 2).await.status, StatusCode::OK);
    let late = put("\"1\"", 3).await;
    insta::assert_snapshot!(late.problem(), @r#"412 changed: it is version "2" by now: read it and decide again"#);
    assert_eq!(shop.stored(&id).unwrap().interval_minutes.minutes(), 2);
    for (tag, status) in [("W/\"2\"", 412), ("2", 412), ("\"7\", \"2\"", 200), ("*", 200)] {
        assert_eq!(put(tag, 4).await.status.as_u16(), status, "{tag}");
        shop.memory.tables().monitors.get_mut(&id.parse().unwrap()).unwrap().version = 2;
    }
    let delete = shop.ask_with(&by, Method::DELETE, &path, &[("if-match", "\"9\"")], None).await;
    assert_eq!(delete.status, StatusCode::PRECONDITION_FAILED);
    assert!(shop.stored(&id).is_some());
}

#[tokio::test]
async fn a_monitor_rests_and_goes_on() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let id = shop.created(&by, "https://shop.example/").await;
    for (what, paused) in [("pause", true), ("pause", true), ("resume", false)] {
        let answer = shop.ask(&by, Method::POST, &format!("/api/monitor/{id}/{what}"), None).await;
        assert_eq!((answer.status, &answer.json()["paused"]), (StatusCode::OK, &json!(paused)));
    }
    assert_eq!(shop.stored(&id).unwrap().version, 3, "resting already is no change");
    shop.heard();
    shop.create(&by, json!({"url": "https://shop.example/", "paused": true})).await;
    assert!(shop.heard().is_empty(), "nobody looks at what rests");
}

#[tokio::test]
async fn a_look_now_and_one_at_what_is_not_stored() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let id = shop.created(&by, "https://shop.example/").await;
    shop.heard();
    let looked = shop.ask(&by, Method::POST, &format!("/api/monitor/{id}/check"), None).await;
    assert_eq!((looked.status, looked.body.as_str()), (StatusCode::OK, r#"{"outcome":"up"}"#));
    assert_eq!(shop.heard(), [json!({"check": {"monitors": [id]}})]);
    let body =
        json!({"url": "https://shop.example/new", "credentials": {"scheme": "bearer", "token": "secret"}});
    let tested = shop.ask(&by, Method::POST, "/api/monitor/test", Some(body)).await;
    assert_eq!(tested.status, StatusCode::OK, "{tested:?}");
    let heard = shop.heard();
    assert_eq!(heard[0]["test"]["credentials"], json!({"scheme": "bearer", "token": "secret"}));
    let monitor: Monitor = serde_json::from_value(heard[0]["test"]["monitor"].clone()).unwrap();
    assert_eq!(monitor.target(), "https://shop.example/new");
    assert_eq!(shop.memory.tables().monitors.len(), 1);
    let beat = shop
        .ask(&by, Method::POST, "/api/monitor/test", Some(json!({"kind": "heartbeat", "name": "x"})))
        .await;
    assert!(beat.problem().starts_with("400 monitor: kind: "), "{beat:?}");
    for _ in 0..28 {
        let more = shop.ask(&by, Method::POST, &format!("/api/monitor/{id}/check"), None).await;
        assert_eq!(more.status, StatusCode::OK);
    }
    let more = shop.ask(&by, Method::POST, &format!("/api/monitor/{id}/check"), None).await;
    assert_eq!(
        (more.status, &more.headers["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"300".parse().unwrap())
    );
    assert_eq!(shop.heard().len(), 28);
}

#[tokio::test]
async fn many_are_made_and_deleted_at_once_each_with_its_own_result() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let mut create: Vec<Value> =
        (0..250).map(|n| json!({"url": format!("https://shop.example/{n}")})).collect();
    create[7] = json!({"url": "nonsense"});
    let bulk = async |body: Value| shop.ask(&by, Method::POST, "/api/monitor/bulk", Some(body)).await;
    let done = bulk(json!({"create": create})).await.json();
    let created = done["created"].as_array().unwrap();
    assert_eq!(created.len(), 250);
    assert_eq!(created[7]["problem"]["status"], 400);
    assert_eq!(created[8]["monitor"]["url"], "https://shop.example/8", "in their order");
    let counts: Vec<usize> = shop.memory.tables().shards.values().map(|shard| shard.count).collect();
    assert_eq!(counts, [SHARD_LIMIT, SHARD_LIMIT, 249 - 2 * SHARD_LIMIT]);
    let started: Vec<Value> = shop.heard();
    assert_eq!(started[0]["start"].as_array().unwrap().len(), 249);

    let ids: Vec<Value> = created.iter().filter_map(|c| c["monitor"].get("id").cloned()).collect();
    let mut delete = ids[..100].to_vec();
    delete.extend([json!("s0-nobody"), json!("nonsense"), ids[0].clone()]);
    let done = bulk(json!({"delete": delete, "create": [{"url": "https://shop.example/new"}]})).await.json();
    let deleted = done["deleted"].as_array().unwrap();
    assert!(deleted[..100].iter().all(|d| d["problem"].is_null()));
    assert_eq!(
        (&deleted[100]["problem"]["status"], &deleted[101]["problem"]["status"]),
        (&json!(404), &json!(404))
    );
    assert_eq!(shop.memory.tables().monitors.len(), 249 - 100 + 1);
    let again = bulk(json!({"delete": ids[..1]})).await.json();
    assert_eq!(again["deleted"][0]["problem"]["status"], 404);
    let most = vec![json!({"url": "https://shop.example/"}); 1_001];
    assert!(
        bulk(json!({"create": most})).await.problem().starts_with("400 body: expected at most 1000 monitors")
    );
    assert!(bulk(json!({"create": [5]})).await.problem().starts_with("400 body: create[0]"));
}

#[tokio::test]
async fn what_was_deleted_is_told_whatever_fails_behind_it() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let id = shop.created(&by, "https://shop.example/").await;
    // Session, person; shards; summary, monitors, audit, change: then nothing more is to be had.
    shop.memory.fail_after(7);
    let body = json!({"delete": [id, "s9-nobody"], "create": [{"url": "https://a.example/"}, {"url": 5}]});
    let done = shop.ask(&by, Method::POST, "/api/monitor/bulk", Some(body)).await;
    shop.memory.tables().calls_left = None;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let done = done.json();
    let statuses = ["created", "deleted"].map(|what| {
        done[what].as_array().unwrap().iter().map(|one| one["problem"]["status"].clone()).collect::<Vec<_>>()
    });
    assert_eq!(statuses, [vec![json!(503), json!(400)], vec![Value::Null, json!(404)]], "{done}");
}

#[tokio::test]
async fn a_region_that_was_given_up_is_no_reason_to_refuse_another_change() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let id = shop.created(&by, "https://shop.example/").await;
    for monitor in shop.memory.tables().monitors.values_mut() {
        monitor.regions = vec!["ap-south-1".parse().unwrap()];
    }
    let path = format!("/api/monitor/{id}");
    let named = shop.ask(&by, Method::PATCH, &path, Some(json!({"name": "Shop"}))).await;
    assert_eq!(
        (named.status, &named.json()["regions"]),
        (StatusCode::OK, &json!(["ap-south-1"])),
        "{named:?}"
    );
    let other = json!({"regions": ["mars-1"]});
    assert_eq!(shop.ask(&by, Method::PATCH, &path, Some(other)).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_shard_that_cannot_be_read_is_left_alone() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let id = shop.created(&by, "https://shop.example/").await;
    let broken = Broken { id: "s0-broken".to_owned(), why: "odd".to_owned() };
    shop.memory.tables().broken.push(broken);
    let other = shop.created(&by, "https://shop.example/other").await;
    assert!(other.starts_with("s1-"), "{other}");
    let paused = shop.ask(&by, Method::POST, &format!("/api/monitor/{id}/pause"), None).await;
    insta::assert_snapshot!(paused.problem(), @"409 unreadable: shard s0 holds s0-broken, which cannot be read");
}

#[tokio::test]
async fn dependencies_exist_and_close_no_circle() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let top = shop.created(&by, "https://shop.example/").await;
    let body = json!({"url": "https://shop.example/a", "depends_on": [top]});
    let middle = shop.create(&by, body).await.text("id");
    let body = json!({"url": "https://shop.example/b", "depends_on": [middle]});
    let bottom = shop.create(&by, body).await.text("id");
    let patch = async |id: &str, parents: Value| {
        let path = format!("/api/monitor/{id}");
        shop.ask(&by, Method::PATCH, &path, Some(json!({"depends_on": parents}))).await
    };
    for parents in [json!([bottom]), json!([top])] {
        let circle = patch(&top, parents).await.problem();
        assert!(circle.starts_with("400 monitor: ") && circle.contains("itself"), "{circle}");
    }
    assert_eq!(patch(&bottom, json!([top, middle])).await.status, StatusCode::OK);
    // One above that is gone is in nobody's way, and can be given up; but not taken on.
    shop.ask(&by, Method::DELETE, &format!("/api/monitor/{top}"), None).await;
    let path = format!("/api/monitor/{bottom}");
    let named = shop.ask(&by, Method::PATCH, &path, Some(json!({"name": "Bottom"}))).await;
    assert_eq!((named.status, &named.json()["depends_on"]), (StatusCode::OK, &json!([top, middle])));
    assert_eq!(patch(&bottom, json!([middle])).await.status, StatusCode::OK);
    assert_eq!(patch(&bottom, json!([top])).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_many_depend_on_is_looked_up_once() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let parent = shop.created(&by, "https://shop.example/").await;
    let create: Vec<Value> = vec![json!({"url": "https://shop.example/a", "depends_on": [parent]}); 20];
    // Session, person; parent, shards; summary, monitors, audit, change.
    shop.memory.fail_after(8);
    let done = shop.ask(&by, Method::POST, "/api/monitor/bulk", Some(json!({"create": create}))).await.json();
    assert!(done["created"].as_array().unwrap().iter().all(|one| one["monitor"].is_object()), "{done}");
}

#[tokio::test]
async fn what_is_hidden_stays_hidden() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let id = shop.created(&by, "https://shop.example/").await;
    let hide = async |query: &str| {
        shop.ask(&by, Method::DELETE, &format!("/api/results/{id}/cleanup{query}"), None).await
    };
    assert_eq!(hide("?days=30").await.json()["hidden_before"], "2026-10-22T14:25:00Z");
    assert_eq!(hide("").await.json()["hidden_before"], "2026-10-22T14:25:00Z", "90 days are fewer");
    assert_eq!(hide("?days=0").await.json()["hidden_before"], "2026-11-21T14:25:00Z");
    assert!(hide("?days=-1").await.problem().starts_with("400 days"));
    let put = shop
        .ask(&by, Method::PUT, &format!("/api/monitor/{id}"), Some(json!({"url": "https://x.example/"})))
        .await;
    assert_eq!(put.json()["hidden_before"], "2026-11-21T14:25:00Z", "whatever else is changed");
}

#[tokio::test]
async fn a_table_out_of_reach_changes_nothing_halfway() {
    for calls in 0..12 {
        let shop = Shop::new();
        let by = shop.editor().await;
        shop.memory.fail_after(calls);
        let made = shop
            .create(
                &by,
                json!({"url": "https://shop.example/", "credentials": {"scheme": "bearer", "token": "t"}}),
            )
            .await;
        shop.memory.tables().calls_left = None;
        if made.status == StatusCode::CREATED {
            assert!(calls > 5, "calls are counted");
            return;
        }
        assert_eq!(made.status, StatusCode::SERVICE_UNAVAILABLE, "{made:?}");
        assert!(shop.memory.tables().monitors.is_empty(), "{calls}");
    }
    panic!("it never succeeds");
}
