//! `GET /signals`.

use http::{Method, StatusCode};

use super::*;

fn shop_with_signals() -> Shop {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.monitor("s1-bbbbbb", "Basket", "https://basket.example/", true);
    shop.monitor("s0-canary", "Canary", "https://canary.example/", false);
    for (minutes_ago, outcome, status) in [
        (4, Outcome::Up, Some(204)),
        (3, Outcome::Blocked, None),
        (2, Outcome::Down(Reason::Status), Some(503)),
        (1, NETWORK, None),
        (0, TIMEOUT, None),
    ] {
        shop.record(minutes_ago, &[("s0-aaaaaa", outcome, status), ("s0-canary", Outcome::Up, Some(299))]);
    }
    shop
}

#[tokio::test]
async fn the_answer_is_the_tutorials() {
    let answer = shop_with_signals().get("/signals").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    insta::assert_json_snapshot!(answer.json(), @r#"
    [
      {
        "records": [],
        "url": "https://basket.example/"
      },
      {
        "records": [
          {
            "available": true,
            "http_status": 204,
            "received": "2126-11-21T14:21:03Z",
            "url": "https://shop.example/"
          },
          {
            "available": false,
            "http_status": 503,
            "received": "2126-11-21T14:23:03Z",
            "url": "https://shop.example/"
          },
          {
            "available": false,
            "http_status": -1,
            "received": "2126-11-21T14:25:03Z",
            "url": "https://shop.example/"
          }
        ],
        "url": "https://shop.example/"
      }
    ]
    "#);
    // In this order, which a snapshot of parsed JSON does not show.
    let record = r#"{"url":"https://shop.example/","http_status":204,"available":true,"received":"2126-11-21T14:21:03Z"}"#;
    assert!(answer.body.contains(record), "{}", answer.body);
}

#[tokio::test]
async fn an_empty_install_has_an_empty_list() {
    assert_eq!(Shop::new().get("/signals").await.body, "[]");
    assert_eq!(shop_with_signals().get("/signals?url=https://other.example/").await.body, "[]");
}

#[tokio::test]
async fn limit_counts_records_and_keeps_the_newest() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    for minutes_ago in 0..100 {
        shop.record(minutes_ago, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    }
    for (path, count) in
        [("/signals", 60), ("/signals?limit=1", 1), ("/signals?limit=70", 70), ("/signals?limit=1440", 100)]
    {
        let answer = shop.get(path).await.json();
        let records = answer[0]["records"].as_array().unwrap();
        assert_eq!(records.len(), count, "{path}");
        assert_eq!(records[count - 1]["received"], "2126-11-21T14:25:03Z");
        assert!(records.is_sorted_by_key(|record| record["received"].as_str().unwrap().to_owned()));
    }
}

#[tokio::test]
async fn the_running_minute_costs_no_record() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    for minutes_ago in 1..100 {
        shop.record(minutes_ago, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    }
    let answer = shop.get("/signals?limit=60").await.json();
    assert_eq!(answer[0]["records"].as_array().unwrap().len(), 60);
}

#[tokio::test]
async fn a_monitor_checked_less_often_is_read_further_back_but_at_most_a_day() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.monitor("s0-bbbbbb", "Every ten minutes", "https://ten.example/", true);
    let ten = "s0-bbbbbb".parse().unwrap();
    shop.memory.tables().monitors.get_mut(&ten).unwrap().interval_minutes = Interval::try_from(10).unwrap();
    for minutes_ago in (5..2_000).step_by(10) {
        shop.record(
            minutes_ago,
            &[("s0-bbbbbb", Outcome::Up, Some(200)), ("s0-aaaaaa", Outcome::Up, Some(200))],
        );
    }
    let count = async |limit: u16, index: usize| {
        let answer = shop.get(&format!("/signals?limit={limit}")).await.json();
        answer[index]["records"].as_array().unwrap().len()
    };
    assert_eq!(count(6, 1).await, 6);
    // The other one was due every minute: in its last six there was one check.
    assert_eq!(count(6, 0).await, 1);
    assert_eq!(count(1_000, 1).await, 144);
}

#[tokio::test]
async fn monitors_of_one_url_share_its_list_and_its_limit() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "One", "https://shop.example/", true);
    shop.monitor("s1-bbbbbb", "Two", "https://shop.example", true);
    shop.record(1, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    shop.record(0, &[("s0-aaaaaa", Outcome::Up, Some(201))]);
    shop.record_from("eu-west-1", 0, &[("s1-bbbbbb", Outcome::Up, Some(202))]);
    let answer = shop.get("/signals?limit=2").await.json();
    assert_eq!(answer.as_array().unwrap().len(), 1);
    let codes: Vec<_> = answer[0]["records"].as_array().unwrap().iter().map(|r| &r["http_status"]).collect();
    assert_eq!(codes, [201, 202]);
}

#[tokio::test]
async fn url_selects_one() {
    let shop = shop_with_signals();
    for same in ["https://basket.example/", "https://basket.example", "HTTPS://Basket.Example:443/"] {
        let answer = shop.get(&format!("/signals?url={same}")).await;
        assert_eq!(answer.body, r#"[{"url":"https://basket.example/","records":[]}]"#);
    }
}

#[tokio::test]
async fn wrong_parameters_name_field_value_and_rule() {
    let shop = shop_with_signals();
    insta::assert_snapshot!(shop.get("/signals?limit=0").await.problem(), @r#"400 limit: limit must be a whole number from 1 to 1440; got "0""#);
    insta::assert_snapshot!(shop.get("/signals?limit=abc").await.problem(), @r#"400 limit: limit must be a whole number from 1 to 1440; got "abc""#);
    insta::assert_snapshot!(shop.get("/signals?url=shop.example").await.problem(), @r#"400 url: url must be a monitor's whole URL such as https://shop.example/; got "shop.example""#);
    insta::assert_snapshot!(shop.get("/signals?limit=5&limit=6").await.problem(), @"400 repeated_parameter: limit is given more than once");
    for bad in [
        "limit=1441",
        "limit=-1",
        "limit=%2B5",
        "limit=",
        "limit=5.0",
        "limit=99999999999",
        "limit=%D9%A3",
        "limit=1_0",
        "url=",
        "url=ftp://a.example/",
        "url=https://u:hunter2@a.example/",
        "Limit=5",
        "id=5",
    ] {
        let answer = shop.get(&format!("/signals?{bad}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
        assert!(!answer.problem().contains("hunter2"), "{bad}");
    }
}

#[tokio::test]
async fn private_monitors_are_shown_to_keys_with_the_scope_alone() {
    let shop = shop_with_signals();
    for path in ["/signals", "/signals?url=https://canary.example/", "/signals?limit=1440"] {
        let answer = shop.get(path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.body.contains("canary") && !answer.body.contains("299"), "{path}");
        assert_eq!(answer.header("cache-control"), "public, max-age=10");
        assert_eq!(answer.header("vary"), "authorization");
    }
    let read = shop.key(&[Scope::Read], None);
    let answer = shop.get_with_key(&read, "/signals").await;
    assert!(answer.body.contains("canary") && answer.body.contains("299"), "{}", answer.body);
    assert_eq!((answer.header("cache-control"), answer.header("etag")), ("private, no-store", ""));

    // A key that does not open it is refused, not taken for nobody.
    let purchases = shop.key(&[Scope::Purchases], None);
    assert_eq!(shop.get_with_key(&purchases, "/signals").await.status, StatusCode::FORBIDDEN);
    assert_eq!(shop.get_with_key("nonsense", "/signals").await.status, StatusCode::UNAUTHORIZED);
    let expired = shop.key(&[Scope::Read], Some(now()));
    assert_eq!(shop.get_with_key(&expired, "/signals").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_copy_that_still_holds_is_not_sent_again() {
    let shop = shop_with_signals();
    let etag = shop.get("/signals").await.header("etag").to_owned();
    let again = shop.send(Method::GET, "/signals", &[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let other = shop.send(Method::GET, "/signals?limit=1", &[("if-none-match", &etag)]).await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn an_answer_that_would_be_too_large_is_refused_before_it_is_read() {
    let shop = Shop::new();
    for number in 0..14 {
        shop.monitor(
            &format!("s0-m{number:05}"),
            &format!("m{number}"),
            &format!("https://m{number}.example/"),
            true,
        );
    }
    assert_eq!(shop.get("/signals?limit=1428").await.status, StatusCode::OK);
    // Reading the shards and their monitors succeeds, reading signals would not.
    shop.memory.fail_after(2);
    insta::assert_snapshot!(shop.get("/signals?limit=1429").await.problem(), @"400 answer_too_large: 1429 records of each of 14 URLs are 20006 records; an answer has at most 20000 records and 5000000 bytes: lower limit or name one url");
    shop.memory.fail_after(3);
    assert_eq!(shop.get("/signals?limit=1429&url=https://m0.example/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_size_in_bytes_counts_too() {
    let shop = Shop::new();
    for number in 0..4 {
        let url = format!("https://m{number}.example/{}", "a".repeat(2_000));
        shop.monitor(&format!("s0-m{number:05}"), &format!("m{number}"), &url, true);
    }
    shop.memory.fail_after(2);
    insta::assert_snapshot!(shop.get("/signals?limit=600").await.problem(), @"400 answer_too_large: 600 records of each of 4 URLs are about 5066400 bytes; an answer has at most 20000 records and 5000000 bytes: lower limit or name one url");
}

#[tokio::test]
async fn the_largest_answer_is_below_lambdas_limit() {
    let shop = Shop::new();
    let ids: Vec<String> = (0..13).map(|number| format!("s0-m{number:05}")).collect();
    for (number, id) in ids.iter().enumerate() {
        let url = format!("https://m{number:02}.example/{}", "a".repeat(150));
        shop.monitor(id, &format!("m{number}"), &url, true);
    }
    for minutes_ago in 0..1_440 {
        let found: Vec<_> = ids.iter().map(|id| (id.as_str(), TIMEOUT, Some(503))).collect();
        shop.record(minutes_ago, &found);
    }
    let answer = shop.get("/signals?limit=1440").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!((4_000_000..5_000_000).contains(&answer.body.len()), "{}", answer.body.len());
}

/// Two signals of one minute: one with all there is to say, one that found nothing out.
fn shop_with_details() -> Shop {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    let metrics = serde_json::json!({"queue": "$.queue", "stock": "$.items[0].stock", "wait": "$.wait"});
    shop.change("s0-aaaaaa", |monitor| {
        let shared::monitor::Check::Http(http) = &mut monitor.check else { panic!("http") };
        http.metrics = serde_json::from_value(metrics).unwrap();
    });
    for (region, entry) in [
        ("eu-west-1", "2;aaaaaa,g200:slow,1,2,3,90,94,12,,-7.50,0.1"),
        ("us-east-1", "2;aaaaaa,n:network"),
        ("us-west-2", "2;aaaaaa,b"),
    ] {
        let signals = shared::block::decode(ShardId(0), entry).unwrap();
        shop.record_signals(ShardId(0), region, 1, signals);
    }
    shop
}

#[tokio::test]
async fn details_are_told_when_asked_for() {
    let shop = shop_with_details();
    let key = shop.key(&[Scope::Read], None);
    let answer = shop.get_with_key(&key, "/signals?detail=true").await.body;
    insta::assert_snapshot!(answer.replace("},{", "},\n{"), @r#"
    [{"url":"https://shop.example/","records":[{"url":"https://shop.example/","http_status":200,"available":true,"received":"2126-11-21T14:24:03Z","outcome":"degraded","reason":"slow","region":"eu-west-1","slot":"2126-11-21T14:24:00Z","phases":{"dns_ms":1,"connect_ms":2,"tls_ms":3,"first_byte_ms":90,"total_ms":94},"certificate_days":12,"metrics":{"queue":null,"stock":-7.50,"wait":0.1}},
    {"url":"https://shop.example/","http_status":-1,"available":null,"received":"2126-11-21T14:24:03Z","outcome":"unknown","reason":"network","region":"us-east-1","slot":"2126-11-21T14:24:00Z","phases":{"dns_ms":null,"connect_ms":null,"tls_ms":null,"first_byte_ms":null,"total_ms":null},"certificate_days":null,"metrics":{"queue":null,"stock":null,"wait":null}},
    {"url":"https://shop.example/","http_status":-1,"available":null,"received":"2126-11-21T14:24:03Z","outcome":"blocked","reason":null,"region":"us-west-2","slot":"2126-11-21T14:24:00Z","phases":{"dns_ms":null,"connect_ms":null,"tls_ms":null,"first_byte_ms":null,"total_ms":null},"certificate_days":null,"metrics":{"queue":null,"stock":null,"wait":null}}]}]
    "#);
    // What a number of a public monitor tells may be what the shop sells.
    let anonymous = shop.get("/signals?detail=true").await.body;
    assert!(anonymous.contains("slow"), "{anonymous}");
    assert!(!anonymous.contains("stock") && !anonymous.contains("7.50"), "{anonymous}");
    // The tutorial's answer stays what it is.
    let plain = r#"[{"url":"https://shop.example/","records":[{"url":"https://shop.example/","http_status":200,"available":true,"received":"2126-11-21T14:24:03Z"}]}]"#;
    for path in ["/signals", "/signals?detail=false"] {
        assert_eq!(shop.get(path).await.body, plain);
    }
    insta::assert_snapshot!(shop.get("/signals?detail=yes").await.problem(), @r#"400 detail: detail must be true or false; got "yes""#);
}

#[tokio::test]
async fn details_count_in_the_size() {
    let shop = Shop::new();
    for number in 0..13 {
        let url = format!("https://m{number}.example/");
        shop.monitor(&format!("s0-m{number:05}"), &format!("m{number}"), &url, true);
    }
    assert_eq!(shop.get("/signals?limit=1440").await.status, StatusCode::OK);
    shop.memory.fail_after(2);
    let problem = shop.get("/signals?limit=1440&detail=true").await.problem();
    assert!(
        problem.starts_with("400 answer_too_large: 1440 records of each of 13 URLs are about "),
        "{problem}"
    );
}

#[tokio::test]
async fn no_record_with_details_is_larger_than_was_counted() {
    let shop = Shop::new();
    let url = format!("https://shop.example/{}", "a".repeat(2_000));
    shop.monitor("s0-aaaaaa", "Shop", &url, true);
    let name = |n: usize| format!("{n}{}", "m".repeat(19));
    let metrics: BTreeMap<_, _> = (0..4).map(|n| (name(n), "$.a")).collect();
    let metrics = serde_json::to_value(metrics).unwrap();
    let mut counted = 0;
    shop.change("s0-aaaaaa", |monitor| {
        let shared::monitor::Check::Http(http) = &mut monitor.check else { panic!("http") };
        http.metrics = serde_json::from_value(metrics).unwrap();
        counted = crate::signals::bytes_of_record(monitor, true);
    });
    let most = "4294967295";
    let digits = "-0.7922816251426433759354395033";
    let entry = format!(
        "2;aaaaaa,d65535:connect_timeout,{most},{most},{most},{most},{most},65535,{digits},{digits},{digits},{digits}"
    );
    let signals = shared::block::decode(ShardId(0), &entry).unwrap();
    let region = "r".repeat(32);
    shop.record_signals(ShardId(0), &region, 1, signals);
    let slot = Slot::containing(now()).plus(-1);
    let key = (ShardId(0), slot, region.parse().unwrap());
    // The longest time that a clock of nanoseconds writes.
    let written_at = slot.start() + 3.seconds() + 123_456_789.nanoseconds();
    shop.memory.tables().blocks.get_mut(&key).unwrap().written_at = written_at;
    let key = shop.key(&[Scope::Read], None);
    let answer = shop.get_with_key(&key, "/signals?detail=true").await.body;
    let around = format!("[{{\"url\":\"{url}\",\"records\":[]}}]").len();
    let record = answer.len() - around + 1;
    assert!((counted - 40..=counted).contains(&record), "{record} of {counted}: {answer}");
}

#[tokio::test]
async fn what_is_no_url_is_named_and_found_as_it_is() {
    let shop = Shop::new();
    for (id, name, check) in [
        ("s0-aaaaaa", "Heart", serde_json::json!({"kind": "heartbeat"})),
        ("s0-bbbbbb", "Port", serde_json::json!({"kind": "tcp", "host": "shop.example", "port": 22})),
        ("s0-dddddd", "Name", serde_json::json!({"kind": "dns", "name": "shop.example"})),
    ] {
        shop.monitor(id, name, "https://shop.example/", true);
        shop.change(id, |monitor| monitor.check = serde_json::from_value(check).unwrap());
    }
    let all = shop.get("/signals").await.json();
    let urls: Vec<&str> =
        all.as_array().unwrap().iter().map(|entry| entry["url"].as_str().unwrap()).collect();
    assert_eq!(urls, ["dns://shop.example?type=A", "heartbeat:s0-aaaaaa", "tcp://shop.example:22"]);
    for url in urls {
        let one = shop.get(&format!("/signals?url={}", url.replace('?', "%3F"))).await;
        assert_eq!(one.body, format!(r#"[{{"url":"{url}","records":[]}}]"#));
    }
}
