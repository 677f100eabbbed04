//! `GET /api/results/{id}/latest`.

use super::*;

const PATH: &str = "/api/results/s0-aaaaaa/latest";

fn shop() -> (Shop, String) {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    let token = shop.key(&[Scope::Read], None);
    (shop, token)
}

/// `HH:MM:SS region outcome` of each check.
async fn latest(shop: &Shop, token: &str) -> Vec<String> {
    let answer = shop.get_with_key(token, PATH).await;
    assert_eq!(answer.header("cache-control"), "private, no-store", "{answer:?}");
    let of = |check: &Value| {
        let text = |name: &str| check[name].as_str().unwrap().to_owned();
        format!("{} {} {}", &text("at")[11..19], text("region"), text("outcome"))
    };
    answer.json()["checks"].as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn each_region_has_its_newest_check() {
    let (shop, token) = shop();
    assert_eq!(shop.get_with_key(&token, PATH).await.body, r#"{"checks":[]}"#);
    shop.record(2, &[("s0-aaaaaa", TIMEOUT, None)]);
    shop.record(1, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    shop.record_from("eu-west-1", 2, &[("s0-aaaaaa", SLOW, Some(200))]);
    // Another one's.
    shop.record_from("ap-south-1", 1, &[("s0-bbbbbb", Outcome::Up, Some(200))]);
    assert_eq!(latest(&shop, &token).await, ["14:23:03 eu-west-1 degraded", "14:24:03 us-east-1 up"]);
    shop.record_out_of_turn("s0-aaaaaa", "us-east-1", 1, TIMEOUT);
    let answer = shop.get_with_key(&token, PATH).await;
    insta::assert_snapshot!(answer.body.replace("},{", "},\n{"), @r#"
    {"checks":[{"at":"2126-11-21T14:23:03Z","region":"eu-west-1","outcome":"degraded","reason":"slow","status":200,"phases":{"dns_ms":null,"connect_ms":null,"tls_ms":null,"first_byte_ms":null,"total_ms":null},"certificate_days":null},
    {"at":"2126-11-21T14:24:10Z","region":"us-east-1","outcome":"down","reason":"timeout","status":null,"phases":{"dns_ms":null,"connect_ms":null,"tls_ms":null,"first_byte_ms":null,"total_ms":null},"certificate_days":null,"out_of_turn":true}]}
    "#);
}

#[tokio::test]
async fn it_looks_back_as_far_as_the_interval_asks_and_a_day_at_most() {
    for (interval, minutes_ago, found) in
        [(1, 3, 1), (1, 4, 0), (60, 121, 1), (60, 122, 0), (1_440, 1_440, 1), (1_440, 1_441, 0)]
    {
        let (shop, token) = shop();
        shop.change("s0-aaaaaa", |monitor| monitor.interval_minutes = Interval::try_from(interval).unwrap());
        shop.record(minutes_ago, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
        assert_eq!(latest(&shop, &token).await.len(), found, "{interval} {minutes_ago}");
    }
}

#[tokio::test]
async fn what_is_hidden_is_not_there() {
    let (shop, token) = shop();
    shop.record(2, &[("s0-aaaaaa", TIMEOUT, None)]);
    shop.record_out_of_turn("s0-aaaaaa", "eu-west-1", 2, TIMEOUT);
    for (before, found) in [(2, 2), (1, 0), (-5, 0)] {
        shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = Some(ago(before)));
        assert_eq!(latest(&shop, &token).await.len(), found, "{before}");
    }
}
