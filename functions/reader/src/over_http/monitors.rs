//! `GET /api/monitor` and `GET /api/monitor/{id}`.

use http::StatusCode;

use super::*;

fn shop_with_monitors() -> (Shop, String) {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.monitor("s0-canary", "Canary", "https://canary.example/", false);
    shop.monitor("s10-bbbbbb", "Basket", "https://basket.example/", true);
    shop.monitor("s2-cccccc", "Checkout", "https://checkout.example/", true);
    shop.monitor("s3-strngr", "Not yours", "https://stranger.example/", true);
    shop.change("s3-strngr", |monitor| monitor.account = elsewhere());
    let token = shop.key(&[Scope::Read], None);
    (shop, token)
}

fn ids(page: &Value) -> Vec<&str> {
    page["monitors"].as_array().unwrap().iter().map(|monitor| monitor["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_monitor_is_shown_with_how_it_fares() {
    let (shop, token) = shop_with_monitors();
    shop.judged("s0-aaaaaa", State::Down, 12);
    shop.change("s0-aaaaaa", |monitor| monitor.version = 7);
    let answer = shop.get_with_key(&token, "/api/monitor/s0-aaaaaa").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!((answer.header("etag"), answer.header("cache-control")), ("\"7\"", "private, no-store"));
    insta::assert_json_snapshot!(answer.json(), @r#"
    {
      "confirmations": 2,
      "depends_on": [],
      "has_credentials": false,
      "id": "s0-aaaaaa",
      "interval_minutes": 1,
      "ip": "any",
      "keep_warm": false,
      "kind": "http",
      "method": "auto",
      "name": "Shop",
      "paused": false,
      "public": true,
      "quorum": "majority",
      "recoveries": 2,
      "regions": [
        "us-east-1"
      ],
      "retries": 2,
      "since": "2126-11-21T14:13:00Z",
      "state": "down",
      "target": "https://shop.example/",
      "url": "https://shop.example/",
      "version": 7
    }
    "#);
    let list = shop.get_with_key(&token, "/api/monitor").await.json();
    assert_eq!(list["monitors"][0], answer.json());
}

#[tokio::test]
async fn the_list_is_the_accounts_own_in_the_order_of_ids_as_text() {
    let (shop, token) = shop_with_monitors();
    let page = shop.get_with_key(&token, "/api/monitor").await;
    assert_eq!(ids(&page.json()), ["s0-aaaaaa", "s0-canary", "s10-bbbbbb", "s2-cccccc"]);
    assert_eq!((&page.json()["next_cursor"], page.header("link")), (&Value::Null, ""));
    let theirs = shop.get_with_key(&shop.strangers_key(&[Scope::Read]), "/api/monitor").await;
    assert_eq!(ids(&theirs.json()), ["s3-strngr"]);
    assert_eq!(theirs.header("cache-control"), "private, no-store");
    let empty = Shop::new();
    let token = empty.key(&[Scope::Read], None);
    assert_eq!(
        empty.get_with_key(&token, "/api/monitor").await.body,
        r#"{"monitors":[],"next_cursor":null,"home_region":"us-east-1"}"#
    );
}

#[tokio::test]
async fn what_rests_or_is_worked_on_has_no_other_state() {
    let (shop, token) = shop_with_monitors();
    let of = async |id: &str| {
        let monitor = shop.get_with_key(&token, &format!("/api/monitor/{id}")).await.json();
        format!("{} {}", monitor["state"].as_str().unwrap(), monitor["since"].as_str().unwrap_or("-"))
    };
    assert_eq!(of("s0-aaaaaa").await, "unknown -");
    for state in [State::Up, State::Degraded, State::Down] {
        shop.judged("s0-aaaaaa", state, 12);
        assert_eq!(of("s0-aaaaaa").await, format!("{state} 2126-11-21T14:13:00Z"));
    }
    shop.judged("s0-aaaaaa", State::Unknown, 12);
    assert_eq!(of("s0-aaaaaa").await, "unknown -");
    shop.judged("s0-aaaaaa", State::Down, 12);
    shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = Some(ago(3)));
    assert_eq!(of("s0-aaaaaa").await, "down 2126-11-21T14:22:00Z");

    let window = serde_json::json!({
        "id": "move", "name": "Move", "monitors": ["s0-aaaaaa"],
        "when": {"once": {"from": "2126-11-21T14:25:00Z", "until": "2126-11-21T14:26:00Z"}},
    });
    let window: shared::maintenance::Window = serde_json::from_value(window).unwrap();
    shop.memory.tables().windows.insert(window.id.clone(), window);
    assert_eq!(of("s0-aaaaaa").await, "maintenance -");
    assert_eq!(of("s0-canary").await, "unknown -");
    let mut everything = shop.memory.tables().windows.values().next().unwrap().clone();
    everything.monitors.clear();
    shop.memory.tables().windows.insert(everything.id.clone(), everything);
    assert_eq!(of("s0-canary").await, "maintenance -");
    shop.memory.tables().windows.clear();
    shop.change("s0-aaaaaa", |monitor| monitor.paused = true);
    assert_eq!(of("s0-aaaaaa").await, "paused -");
    let list = shop.get_with_key(&token, "/api/monitor").await.json();
    let states: Vec<&Value> = list["monitors"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["paused", "unknown", "unknown", "unknown"]);
}

#[tokio::test]
async fn pages_follow_each_other_by_cursor_and_by_link() {
    let (shop, token) = shop_with_monitors();
    for limit in 1..=5 {
        let (mut path, mut found) = (format!("/api/monitor?limit={limit}"), Vec::new());
        for _ in 0..5 {
            let answer = shop.get_with_key(&token, &path).await;
            let page = answer.json();
            assert!(ids(&page).len() <= limit);
            found.extend(ids(&page).into_iter().map(str::to_owned));
            // Made meanwhile, before the place where the next page begins.
            shop.monitor("s0-000000", "New", "https://new.example/", true);
            let Some(cursor) = page["next_cursor"].as_str() else {
                assert_eq!(answer.header("link"), "");
                path.clear();
                break;
            };
            let link = answer.header("link").strip_prefix('<').unwrap();
            path = format!("/api/monitor{}", link.strip_suffix(">; rel=\"next\"").unwrap());
            assert_eq!(path, format!("/api/monitor?limit={limit}&cursor={cursor}"));
        }
        assert_eq!(path, "", "limit {limit}");
        shop.memory.tables().monitors.remove(&"s0-000000".parse().unwrap());
        assert_eq!(found, ["s0-aaaaaa", "s0-canary", "s10-bbbbbb", "s2-cccccc"], "limit {limit}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_alone() {
    let (shop, token) = shop_with_monitors();
    let page = shop.get_with_key(&token, "/api/monitor?limit=1").await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    shop.record(3, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    shop.record(2, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    let checks = shop.get_with_key(&token, "/api/results/s0-aaaaaa/checks?limit=1").await.json();
    let of_checks = checks["next_cursor"].as_str().unwrap();
    let stranger = shop.strangers_key(&[Scope::Read]);
    let answer = shop.get_with_key(&stranger, &format!("/api/monitor?cursor={cursor}")).await;
    insta::assert_snapshot!(answer.problem(), @"400 cursor: this cursor belongs to another list: repeat address, key and parameters of its first request");
    for bad in [of_checks, "", "x", "bnVsbA", "e30", &cursor[1..], "s0-aaaaaa"] {
        let answer = shop.get_with_key(&token, &format!("/api/monitor?cursor={bad}")).await;
        assert!(answer.problem().starts_with("400 cursor: "), "{bad}: {answer:?}");
    }
}

#[tokio::test]
async fn wrong_parameters_name_field_value_and_rule() {
    let (shop, token) = shop_with_monitors();
    let problem = async |path: &str| shop.get_with_key(&token, path).await.problem();
    insta::assert_snapshot!(problem("/api/monitor?limit=101").await, @r#"400 limit: limit must be a whole number from 1 to 100; got "101""#);
    insta::assert_snapshot!(problem("/api/monitor?state=up").await, @r#"400 unknown_parameter: "state" is not a parameter of this; it takes limit, cursor"#);
    insta::assert_snapshot!(problem("/api/monitor/s0-aaaaaa?limit=1").await, @r#"400 unknown_parameter: "limit" is not a parameter of this; it takes none"#);
    for bad in ["limit=0", "limit=", "limit=-1", "limit=%2B1", "limit=1&limit=1", "cursor=a&cursor=a"] {
        assert!(problem(&format!("/api/monitor?{bad}")).await.starts_with("400 "), "{bad}");
    }
}

#[tokio::test]
async fn a_page_of_large_monitors_is_shorter() {
    let shop = Shop::new();
    for number in 0..100 {
        let id = format!("s{}-m{number:05}", number / 50);
        shop.monitor(&id, "Large", "https://shop.example/", false);
        shop.change(&id, |monitor| {
            // Larger than any may be.
            monitor.depends_on =
                (0..8_000).map(|parent| format!("s0-p{parent:05}").parse().unwrap()).collect();
        });
    }
    let token = shop.key(&[Scope::Read], None);
    let (mut found, mut path) = (0, "/api/monitor".to_owned());
    for _ in 0..10 {
        let answer = shop.get_with_key(&token, &path).await;
        assert!(answer.body.len() < 5_000_000, "{}", answer.body.len());
        found += ids(&answer.json()).len();
        let Some(cursor) = answer.json()["next_cursor"].as_str().map(str::to_owned) else { break };
        path = format!("/api/monitor?cursor={cursor}");
    }
    assert_eq!(found, 100);
}

#[tokio::test]
async fn each_shard_of_a_page_is_read_once() {
    let (shop, token) = shop_with_monitors();
    // The session; two shards, two more (one is a guest's) and none; the monitors of three; all their states; the windows.
    shop.memory.fail_after(9);
    assert_eq!(shop.get_with_key(&token, "/api/monitor").await.status, StatusCode::OK);
    shop.memory.fail_after(8);
    assert_eq!(shop.get_with_key(&token, "/api/monitor").await.status, StatusCode::SERVICE_UNAVAILABLE);
}
