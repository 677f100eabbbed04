//! `GET /metrics`.

use std::collections::BTreeSet;

use shared::history::{Checks, DayOfShard, MonitorDay};
use shared::import::ImportState;

use super::*;

fn shop() -> (Shop, String) {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop \"one\" \\ two", "https://shop.example/", true);
    shop.monitor("s1-bbbbbb", "Basket", "https://basket.example/", false);
    let token = shop.key(&[Scope::Metrics], None);
    (shop, token)
}

fn timed(id: &str, outcome: Outcome, total_ms: u32, certificate_days: Option<u16>) -> Signal {
    let phases = Phases { total_ms: Some(total_ms), ..Phases::default() };
    Signal { phases, certificate_days, ..signal(id, outcome, None) }
}

async fn metrics(shop: &Shop, token: &str) -> String {
    let answer = shop.get_with_key(token, "/metrics").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "private, no-store");
    answer.body
}

/// The samples of one metric.
fn samples(text: &str, name: &str) -> Vec<String> {
    let of =
        |line: &str| line.strip_prefix(name).filter(|rest| rest.starts_with(['{', ' '])).map(str::to_owned);
    text.lines().filter_map(of).collect()
}

#[tokio::test]
async fn everything_that_is_known_is_told() {
    let (shop, token) = shop();
    shop.judged("s0-aaaaaa", State::Down, 5);
    shop.change("s1-bbbbbb", |monitor| monitor.paused = true);
    shop.record_signals(ShardId(0), "us-east-1", 2, vec![timed("s0-aaaaaa", Outcome::Up, 9, Some(31))]);
    shop.record_signals(ShardId(0), "us-east-1", 1, vec![timed("s0-aaaaaa", TIMEOUT, 10_007, None)]);
    shop.record_signals(ShardId(0), "eu-west-1", 1, vec![timed("s0-aaaaaa", Outcome::Up, 31, Some(30))]);
    shop.record_out_of_turn("s0-aaaaaa", "us-east-1", 0, Outcome::Up);
    for (key, state) in [("a", ImportState::Loaded), ("b", ImportState::Failed), ("c", ImportState::Loaded)] {
        let import = Import { state, ..shop.import(key, "2126-11-01T00:00:00Z") };
        shop.put_import(import);
    }
    shop.import("before", "2126-10-31T23:59:59Z");
    insta::assert_snapshot!(metrics(&shop, &token).await, @r#"
    # HELP shopwatch_monitor_state How each monitor fares: 1 for the state that it is in.
    # TYPE shopwatch_monitor_state gauge
    shopwatch_monitor_state{id="s0-aaaaaa",name="Shop \"one\" \\ two",state="down"} 1
    shopwatch_monitor_state{id="s1-bbbbbb",name="Basket",state="paused"} 1
    # HELP shopwatch_more_monitors Whether there are more monitors than these metrics are of: 1 if so.
    # TYPE shopwatch_more_monitors gauge
    shopwatch_more_monitors 0
    # HELP shopwatch_check_duration_seconds How long the newest check of each monitor took in each region, whatever it found.
    # TYPE shopwatch_check_duration_seconds gauge
    shopwatch_check_duration_seconds{id="s0-aaaaaa",name="Shop \"one\" \\ two",region="eu-west-1"} 0.031
    shopwatch_check_duration_seconds{id="s0-aaaaaa",name="Shop \"one\" \\ two",region="us-east-1"} 10.007
    # HELP shopwatch_certificate_days Days that the certificate of each monitor still held at its newest check in each region.
    # TYPE shopwatch_certificate_days gauge
    shopwatch_certificate_days{id="s0-aaaaaa",name="Shop \"one\" \\ two",region="eu-west-1"} 30
    # HELP shopwatch_checks_today Checks since midnight in UTC by what they found; blocked ones are unknown.
    # TYPE shopwatch_checks_today gauge
    shopwatch_checks_today{outcome="up"} 2
    shopwatch_checks_today{outcome="degraded"} 0
    shopwatch_checks_today{outcome="down"} 1
    shopwatch_checks_today{outcome="unknown"} 0
    # HELP shopwatch_imports Imports that began this month in UTC, by how far they are or how they ended.
    # TYPE shopwatch_imports gauge
    shopwatch_imports{state="running"} 0
    shopwatch_imports{state="loaded"} 2
    shopwatch_imports{state="loaded_with_rejects"} 0
    shopwatch_imports{state="refused"} 0
    shopwatch_imports{state="failed"} 1
    "#);
}

#[tokio::test]
async fn each_metric_is_described_once() {
    let (shop, token) = shop();
    let text = metrics(&shop, &token).await;
    assert!(text.ends_with('\n') && text.is_ascii());
    let mut described = BTreeSet::new();
    let mut current = "";
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            current = help.split_once(' ').unwrap().0;
            assert!(described.insert(current), "{current}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            assert_eq!(kind, format!("{current} gauge"));
        } else {
            assert!(line.starts_with(current), "{line}");
        }
    }
    assert_eq!(described.len(), 6);
}

#[tokio::test]
async fn a_stranger_sees_their_own_and_no_imports() {
    let (shop, _) = shop();
    shop.change("s1-bbbbbb", |monitor| monitor.account = elsewhere());
    shop.import("purchases/a.csv", "2126-11-01T00:00:00Z");
    shop.record(1, &[("s0-aaaaaa", TIMEOUT, None)]);
    let text = metrics(&shop, &shop.strangers_key(&[Scope::Metrics])).await;
    assert!(!text.contains("s0-aaaaaa") && !text.contains("imports"), "{text}");
    assert_eq!(samples(&text, "shopwatch_monitor_state").len(), 1);
    assert!(samples(&text, "shopwatch_checks_today").iter().all(|sample| sample.ends_with(" 0")), "{text}");
}

#[tokio::test]
async fn todays_checks_are_history_and_what_it_lags_behind() {
    let (shop, token) = shop();
    let checks = Checks { up: 800, degraded: 10, down: 20, unknown: 12 };
    let day = MonitorDay { checks, ..MonitorDay::default() };
    let monitors = [("s0-aaaaaa".parse().unwrap(), day)].into();
    let day = DayOfShard {
        shard: ShardId(0),
        date: "2126-11-21".parse().unwrap(),
        read_at: "2126-11-21T14:03:10Z".parse().unwrap(),
        monitors,
    };
    shop.memory.tables().days.insert((ShardId(0), day.date), day);
    for minutes_ago in 0..60 {
        shop.record(minutes_ago, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    }
    // Of a shard that history does not have.
    shop.record(3, &[("s1-bbbbbb", Outcome::Blocked, None)]);
    let counts = async || samples(&metrics(&shop, &token).await, "shopwatch_checks_today").join(" ");
    // From 14:02 on.
    let all = r#"{outcome="up"} 824 {outcome="degraded"} 10 {outcome="down"} 20 {outcome="unknown"} 13"#;
    assert_eq!(counts().await, all);
    shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = Some(ago(4)));
    let shown = r#"{outcome="up"} 5 {outcome="degraded"} 0 {outcome="down"} 0 {outcome="unknown"} 1"#;
    assert_eq!(counts().await, shown);
}

#[tokio::test]
async fn an_old_check_has_no_duration() {
    let (shop, token) = shop();
    shop.record_signals(ShardId(0), "us-east-1", 4, vec![timed("s0-aaaaaa", Outcome::Up, 9, None)]);
    assert_eq!(samples(&metrics(&shop, &token).await, "shopwatch_check_duration_seconds").len(), 0);
    shop.change("s0-aaaaaa", |monitor| monitor.interval_minutes = Interval::try_from(2).unwrap());
    assert_eq!(samples(&metrics(&shop, &token).await, "shopwatch_check_duration_seconds").len(), 1);
    shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = Some(ago(3)));
    assert_eq!(samples(&metrics(&shop, &token).await, "shopwatch_check_duration_seconds").len(), 0);
}

#[tokio::test]
async fn more_monitors_than_there_is_room_for_are_said_to_be() {
    let shop = Shop::new();
    let mut monitors = Vec::new();
    for number in 0..2_001 {
        monitors.push(example::monitor(&format!("s{}-m{number:05}", number / 96)));
    }
    {
        let mut tables = shop.memory.tables();
        tables.monitors.extend(monitors.into_iter().map(|monitor| (monitor.id.clone(), monitor)));
    }
    let token = shop.key(&[Scope::Metrics], None);
    let text = metrics(&shop, &token).await;
    assert_eq!(samples(&text, "shopwatch_monitor_state").len(), 2_000);
    assert_eq!(samples(&text, "shopwatch_more_monitors"), [" 1"]);
    assert!(text.len() < 1_000_000, "{}", text.len());
    shop.memory.tables().monitors.pop_last();
    assert_eq!(samples(&metrics(&shop, &token).await, "shopwatch_more_monitors"), [" 0"]);
}

#[tokio::test]
async fn it_takes_no_parameters() {
    let (shop, token) = shop();
    let answer = shop.get_with_key(&token, "/metrics?name=shop").await;
    assert!(answer.problem().starts_with("400 unknown_parameter"), "{answer:?}");
}
