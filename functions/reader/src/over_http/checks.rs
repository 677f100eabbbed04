//! `GET /api/results/{id}/checks`.

use http::StatusCode;
use serde_json::json;
use shared::monitor::{Check, MetricName};

use super::*;

const PATH: &str = "/api/results/s0-aaaaaa/checks";

/// A monitor that was checked from two regions in each of the last minutes, and one beside it.
fn shop_with_checks(minutes: i64) -> (Shop, String) {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.monitor("s0-bbbbbb", "Beside", "https://beside.example/", true);
    for minutes_ago in 0..minutes {
        let found = [("s0-aaaaaa", Outcome::Up, Some(200)), ("s0-bbbbbb", TIMEOUT, None)];
        shop.record(minutes_ago, &found);
        shop.record_from("eu-west-1", minutes_ago, &found);
    }
    let token = shop.key(&[Scope::Read], None);
    (shop, token)
}

async fn page(shop: &Shop, token: &str, query: &str) -> Value {
    let answer = shop.get_with_key(token, &format!("{PATH}?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query} {answer:?}");
    answer.json()
}

/// `HH:MM:SS region`, of each check.
fn told(page: &Value) -> Vec<String> {
    let of = |check: &Value| {
        format!("{} {}", &check["at"].as_str().unwrap()[11..19], check["region"].as_str().unwrap())
    };
    page["checks"].as_array().unwrap().iter().map(of).collect()
}

/// Every check behind this query, page by page, and how many pages that took.
async fn all(shop: &Shop, token: &str, query: &str) -> (Vec<String>, usize) {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for pages in 1..=50 {
        let page = page(shop, token, &format!("{query}{cursor}")).await;
        found.extend(told(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (found, pages),
        }
    }
    panic!("{query} never ends");
}

#[tokio::test]
async fn checks_come_newest_first_with_all_that_is_known() {
    let (shop, token) = shop_with_checks(0);
    shop.change("s0-aaaaaa", |monitor| {
        let Check::Http(http) = &mut monitor.check else { panic!("{monitor:?}") };
        let orders: MetricName = "orders".parse().unwrap();
        http.metrics.insert(orders, "$.orders".parse().unwrap());
    });
    let signal = Signal {
        monitor: "s0-aaaaaa".parse().unwrap(),
        outcome: SLOW,
        status: Some(200),
        phases: Phases { dns_ms: Some(1), total_ms: Some(2_500), ..Phases::default() },
        certificate_days: Some(12),
        metrics: vec!["0.10".parse().ok()],
    };
    shop.record_signals(ShardId(0), "us-east-1", 2, vec![signal]);
    shop.record(1, &[("s0-aaaaaa", NETWORK, None)]);
    shop.record_out_of_turn("s0-aaaaaa", "us-east-1", 1, TIMEOUT);
    let answer = shop.get_with_key(&token, PATH).await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!((answer.header("cache-control"), answer.header("etag")), ("private, no-store", ""));
    insta::assert_snapshot!(answer.body.replace("},{", "},\n{"), @r#"
    {"checks":[{"at":"2126-11-21T14:24:10Z","region":"us-east-1","outcome":"down","reason":"timeout","status":null,"phases":{"dns_ms":null,"connect_ms":null,"tls_ms":null,"first_byte_ms":null,"total_ms":null},"certificate_days":null,"metrics":{"orders":null},"out_of_turn":true},
    {"at":"2126-11-21T14:24:03Z","region":"us-east-1","outcome":"unknown","reason":"network","status":null,"phases":{"dns_ms":null,"connect_ms":null,"tls_ms":null,"first_byte_ms":null,"total_ms":null},"certificate_days":null,"metrics":{"orders":null}},
    {"at":"2126-11-21T14:23:03Z","region":"us-east-1","outcome":"degraded","reason":"slow","status":200,"phases":{"dns_ms":1,"connect_ms":null,"tls_ms":null,"first_byte_ms":null,"total_ms":2500},"certificate_days":12,"metrics":{"orders":0.10}}],"next_cursor":null}
    "#);
}

#[tokio::test]
async fn a_slots_checks_have_an_order() {
    let (shop, token) = shop_with_checks(2);
    shop.record_out_of_turn("s0-aaaaaa", "eu-west-1", 1, Outcome::Up);
    shop.record_out_of_turn("s0-bbbbbb", "eu-west-1", 1, Outcome::Up);
    let expected = [
        "14:25:03 us-east-1",
        "14:25:03 eu-west-1",
        "14:24:10 eu-west-1",
        "14:24:03 us-east-1",
        "14:24:03 eu-west-1",
    ];
    for limit in 1..=6 {
        let (found, pages) = all(&shop, &token, &format!("limit={limit}")).await;
        assert_eq!(found, expected, "limit {limit}");
        assert!(pages <= 5usize.div_ceil(limit) + 1, "limit {limit} {pages}");
    }
}

#[tokio::test]
async fn what_comes_meanwhile_shifts_nothing() {
    let (shop, token) = shop_with_checks(40);
    let (before, _) = all(&shop, &token, "to=2126-11-21T14:24:00").await;
    assert_eq!(before.len(), 76);
    let first = page(&shop, &token, "to=2126-11-21T14:24:00&limit=7").await;
    let mut found = told(&first);
    // A block that came late, newer than the page's end, and one that is too new for the query.
    shop.record_from("ap-south-1", 2, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    shop.record_from("ap-south-1", 0, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let (rest, _) = all(&shop, &token, &format!("to=2126-11-21T14:24:00&cursor={cursor}")).await;
    found.extend(rest);
    assert_eq!(found, before);
}

#[tokio::test]
async fn the_range_stays_that_of_the_first_request() {
    let (shop, token) = shop_with_checks(40);
    let first = page(&shop, &token, "limit=3").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = page(&shop, &token, &format!("limit=3&cursor={cursor}")).await;
    assert_eq!(told(&rest)[0], "14:24:03 eu-west-1");
}

#[tokio::test]
async fn region_outcome_and_range_narrow_it() {
    let (shop, token) = shop_with_checks(30);
    shop.record(3, &[("s0-aaaaaa", TIMEOUT, None)]);
    shop.record_out_of_turn("s0-aaaaaa", "us-east-1", 2, TIMEOUT);
    shop.record(5, &[("s0-aaaaaa", Outcome::Blocked, None)]);
    for (query, count) in [
        ("", 61),
        ("region=eu-west-1", 30),
        ("region=us-east-1", 31),
        ("region=ap-south-1", 0),
        ("outcome=down", 2),
        ("outcome=blocked", 1),
        ("outcome=up", 58),
        ("outcome=degraded", 0),
        ("region=eu-west-1&outcome=down", 0),
        ("from=2126-11-21T14:20:00&to=2126-11-21T14:22:00", 4),
        ("from=2126-11-21T14:20:30&to=2126-11-21T14:20:31", 2),
        ("from=2126-11-22&to=2126-11-23", 0),
        ("from=2126-11-01&to=2126-11-02", 0),
        ("from=2126-11-21&to=2126-11-23", 61),
        ("from=1970-01-01&to=9998-12-31", 61),
    ] {
        assert_eq!(all(&shop, &token, query).await.0.len(), count, "{query}");
    }
}

#[tokio::test]
async fn one_request_reads_so_much_and_the_next_goes_on() {
    let (shop, token) = shop_with_checks(0);
    shop.record(7 * 1_440, &[("s0-aaaaaa", TIMEOUT, None)]);
    shop.record(8 * 1_440 - 1, &[("s0-aaaaaa", TIMEOUT, None)]);
    shop.record(8 * 1_440, &[("s0-aaaaaa", TIMEOUT, None)]);
    let query = "from=2126-11-01&outcome=down";
    let first = page(&shop, &token, query).await;
    assert_eq!(told(&first), Vec::<String>::new());
    assert!(first["next_cursor"].is_string(), "{first}");
    let (found, pages) = all(&shop, &token, query).await;
    // Signals are kept for 8 days.
    assert_eq!(found, ["14:25:03 us-east-1", "14:26:03 us-east-1"]);
    assert!((2..=5).contains(&pages), "{pages}");
    // Session and monitor, and so many windows.
    shop.memory.fail_after(2 + 24);
    assert_eq!(page(&shop, &token, query).await, first);
}

#[tokio::test]
async fn by_default_it_is_the_last_day_and_a_hundred() {
    let (shop, token) = shop_with_checks(0);
    for minutes_ago in [0, 1_440, 1_441] {
        shop.record(minutes_ago, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    }
    assert_eq!(all(&shop, &token, "").await.0.len(), 2);
    let (shop, token) = shop_with_checks(600);
    assert_eq!(told(&page(&shop, &token, "").await).len(), 100);
    assert_eq!(told(&page(&shop, &token, "limit=1000").await).len(), 1_000);
}

#[tokio::test]
async fn what_is_hidden_is_not_there() {
    let (shop, token) = shop_with_checks(30);
    shop.record_out_of_turn("s0-aaaaaa", "us-east-1", 20, TIMEOUT);
    shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = Some(ago(4)));
    let (found, _) = all(&shop, &token, "").await;
    assert_eq!((found.len(), found[9].as_str()), (10, "14:21:03 eu-west-1"));
    assert_eq!(all(&shop, &token, "to=2126-11-21T14:20:00").await, (Vec::new(), 1));
    // A cursor of before it was hidden leads no further either.
    shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = None);
    let cursor = page(&shop, &token, "limit=40").await["next_cursor"].as_str().unwrap().to_owned();
    shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = Some(ago(4)));
    assert_eq!(
        page(&shop, &token, &format!("cursor={cursor}")).await,
        json!({"checks": [], "next_cursor": null})
    );
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_query_alone() {
    let (shop, token) = shop_with_checks(30);
    let query = "region=us-east-1&limit=2";
    let cursor = page(&shop, &token, query).await["next_cursor"].as_str().unwrap().to_owned();
    page(&shop, &token, &format!("region=us-east-1&cursor={cursor}")).await;
    for path in [
        format!("{PATH}?cursor={cursor}"),
        format!("{PATH}?region=eu-west-1&cursor={cursor}"),
        format!("{PATH}?region=us-east-1&outcome=up&cursor={cursor}"),
        format!("{PATH}?region=us-east-1&from=2126-11-21&cursor={cursor}"),
        format!("/api/results/s0-bbbbbb/checks?region=us-east-1&cursor={cursor}"),
        format!("{PATH}?region=us-east-1&cursor={}", &cursor[..cursor.len() - 4]),
    ] {
        let answer = shop.get_with_key(&token, &path).await;
        assert!(answer.problem().starts_with("400 cursor: "), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn wrong_parameters_name_field_value_and_rule() {
    let (shop, token) = shop_with_checks(1);
    let problem = async |query: &str| shop.get_with_key(&token, &format!("{PATH}?{query}")).await.problem();
    insta::assert_snapshot!(problem("limit=1001").await, @r#"400 limit: limit must be a whole number from 1 to 1000; got "1001""#);
    insta::assert_snapshot!(problem("outcome=ok").await, @r#"400 outcome: outcome must be up, degraded, down, blocked or unknown; got "ok""#);
    insta::assert_snapshot!(problem("region=EU").await, @r#"400 region: region must be a region such as us-east-1; got "EU""#);
    insta::assert_snapshot!(problem("from=2126-11-22").await, @"400 range: from must be before to; the range is 2126-11-22T00:00:00Z to 2126-11-21T14:25:30Z");
    insta::assert_snapshot!(problem("day=1").await, @r#"400 unknown_parameter: "day" is not a parameter of this; it takes from, to, region, outcome, limit, cursor"#);
    for bad in ["limit=0", "to=never", "region=", "outcome=Up", "cursor=x", "region=ada@shop.example"] {
        let problem = problem(bad).await;
        assert!(problem.starts_with("400 ") && !problem.contains("ada"), "{bad} {problem}");
    }
}
