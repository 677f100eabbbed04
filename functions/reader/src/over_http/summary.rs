//! `GET /api/results/{id}/summary`.

use shared::history::{Checks, DayOfShard, Hour, MonitorDay, MonitorHour, Percentiles, Seconds};

use super::*;

const PATH: &str = "/api/results/s0-aaaaaa/summary";

fn shop() -> (Shop, String) {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    let token = shop.key(&[Scope::Read], None);
    (shop, token)
}

fn times(p50: u32, p90: u32, p95: u32, p99: u32) -> Option<Percentiles> {
    Some(Percentiles { p50, p90, p95, p99 })
}

/// What `rollup` made of a day of the monitor, at its end, or three minutes past the running hour.
fn day(shop: &Shop, date: &str, change: impl FnOnce(&mut MonitorDay)) {
    let mut of_monitor = MonitorDay::default();
    change(&mut of_monitor);
    let date: jiff::civil::Date = date.parse().unwrap();
    let end = Slot::at(date, "00:00").unwrap().plus(1_440).start() + 3.minutes();
    let read_at = end.min("2126-11-21T14:03:00Z".parse().unwrap());
    let monitors = [("s0-aaaaaa".parse().unwrap(), of_monitor)].into();
    let day = DayOfShard { shard: ShardId(0), date, read_at, monitors };
    shop.memory.tables().days.insert((ShardId(0), date), day);
}

/// What it made of an hour, seen from one region.
fn hour(shop: &Shop, date: &str, hour: u8, region: &str, checks: Checks, percentiles: Option<Percentiles>) {
    let of_monitor = MonitorHour { checks, percentiles, ..MonitorHour::default() };
    let (date, region) = (date.parse().unwrap(), region.parse().unwrap());
    let monitors = [("s0-aaaaaa".parse().unwrap(), of_monitor)].into();
    let hour = Hour { shard: ShardId(0), date, hour, region, read_at: now(), monitors };
    shop.memory.tables().hours.insert((ShardId(0), date, hour.hour, hour.region.clone()), hour);
}

fn up(count: u32) -> Checks {
    Checks { up: count, ..Checks::default() }
}

async fn summary(shop: &Shop, token: &str) -> Value {
    let answer = shop.get_with_key(token, PATH).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("cache-control")),
        (200, "private, no-store"),
        "{answer:?}"
    );
    answer.json()
}

/// `uptime up/degraded/down/unknown/maintenance checks p50 are` of each period, in seconds; `-` for what is not known.
fn told(summary: &Value) -> Vec<String> {
    let of = |period: &Value| {
        let known =
            |value: &Value| if value.is_null() { "-".to_owned() } else { value.to_string().replace('"', "") };
        let sums = |of: &str, names: &[&str]| {
            names.iter().map(|name| period[of][name].to_string()).collect::<Vec<_>>().join("/")
        };
        format!(
            "{} {} {} {} {} {}",
            known(&period["period"]),
            known(&period["uptime"]),
            sums("seconds", &["up", "degraded", "down", "unknown", "maintenance"]),
            sums("checks", &["up", "degraded", "down", "unknown"]),
            known(&period["percentiles"]["p50_ms"]),
            known(&period["percentiles_are"]),
        )
    };
    summary["periods"].as_array().unwrap().iter().map(of).collect()
}

/// An ordinary time: yesterday, a day of three weeks ago and one of two months ago, and today up to two minutes past two.
fn with_history(shop: &Shop) {
    day(shop, "2126-09-20", |day| {
        day.hours = [Seconds { down: 3_600, ..Seconds::default() }; 24];
        day.checks = Checks { down: 1_440, ..Checks::default() };
    });
    day(shop, "2126-10-31", |day| {
        day.hours[5] = Seconds { up: 1_800, degraded: 900, down: 600, unknown: 200, maintenance: 100 };
        (day.checks, day.percentiles) =
            (Checks { up: 30, degraded: 15, down: 10, unknown: 5 }, times(50, 90, 95, 99));
    });
    day(shop, "2126-11-20", |day| {
        day.hours = [Seconds { up: 3_600, ..Seconds::default() }; 24];
        (day.checks, day.percentiles) = (up(1_440), times(40, 60, 70, 80));
    });
    hour(shop, "2126-11-20", 14, "us-east-1", up(60), times(1, 2, 3, 4));
    for of_day in 15..24 {
        hour(shop, "2126-11-20", of_day, "us-east-1", up(60), times(40, 60, 70, 80));
    }
    day(shop, "2126-11-21", |day| {
        day.hours[..14].fill(Seconds { up: 3_600, ..Seconds::default() });
        day.hours[14].up = 120;
        (day.checks, day.percentiles) = (up(842), times(30, 50, 60, 70));
    });
    for of_day in 0..14 {
        hour(shop, "2126-11-21", of_day, "us-east-1", up(60), times(30, 50, 60, 70));
    }
}

#[tokio::test]
async fn nothing_is_known_of_a_new_monitor() {
    let (shop, token) = shop();
    insta::assert_snapshot!(shop.get_with_key(&token, PATH).await.body.replace("},{", "},\n{"), @r#"
    {"monitor":"s0-aaaaaa","periods":[{"period":"24h","from":"2126-11-20T15:00:00Z","uptime":null,"seconds":{"up":0,"degraded":0,"down":0,"unknown":0,"maintenance":0},"checks":{"up":0,"degraded":0,"down":0,"unknown":0},"percentiles":null,"percentiles_are":null},
    {"period":"7d","from":"2126-11-15T00:00:00Z","uptime":null,"seconds":{"up":0,"degraded":0,"down":0,"unknown":0,"maintenance":0},"checks":{"up":0,"degraded":0,"down":0,"unknown":0},"percentiles":null,"percentiles_are":null},
    {"period":"30d","from":"2126-10-23T00:00:00Z","uptime":null,"seconds":{"up":0,"degraded":0,"down":0,"unknown":0,"maintenance":0},"checks":{"up":0,"degraded":0,"down":0,"unknown":0},"percentiles":null,"percentiles_are":null},
    {"period":"90d","from":"2126-08-24T00:00:00Z","uptime":null,"seconds":{"up":0,"degraded":0,"down":0,"unknown":0,"maintenance":0},"checks":{"up":0,"degraded":0,"down":0,"unknown":0},"percentiles":null,"percentiles_are":null}]}
    "#);
}

#[tokio::test]
async fn the_periods_are_history_and_what_history_lags_behind() {
    let (shop, token) = shop();
    with_history(&shop);
    // 14:01 is in history, and 14:24 and 14:25 are too young.
    for minutes_ago in (0..=24).filter(|minutes| *minutes != 10) {
        let outcome = if minutes_ago == 5 { TIMEOUT } else { Outcome::Up };
        shop.record(minutes_ago, &[("s0-aaaaaa", outcome, Some(200))]);
    }
    let summary = summary(&shop, &token).await;
    insta::assert_snapshot!(told(&summary).join("\n"), @"
    24h 0.9992872416250892 84120/0/60/60/0 1401/0/1/0 35 estimated
    7d 0.9995657837603128 138120/0/60/60/0 2302/0/1/0 37 estimated
    30d 0.9953350296861748 139920/900/660/260/100 2332/15/11/5 37 estimated
    90d 0.6179568193786203 139920/900/87060/260/100 2332/15/1451/5 37 estimated
    ");
    insta::assert_json_snapshot!(summary["periods"][0], @r#"
    {
      "checks": {
        "degraded": 0,
        "down": 1,
        "unknown": 0,
        "up": 1401
      },
      "from": "2126-11-20T15:00:00Z",
      "percentiles": {
        "p50_ms": 35,
        "p90_ms": 58,
        "p95_ms": 64,
        "p99_ms": 75
      },
      "percentiles_are": "estimated",
      "period": "24h",
      "seconds": {
        "degraded": 0,
        "down": 60,
        "maintenance": 0,
        "unknown": 60,
        "up": 84120
      },
      "uptime": 0.9992872416250892
    }
    "#);
    assert_eq!(summary["periods"][3]["from"], "2126-08-24T00:00:00Z");
}

#[tokio::test]
async fn one_part_is_exact_and_two_are_estimated() {
    let (shop, token) = shop();
    // What rests misses no slot.
    shop.change("s0-aaaaaa", |monitor| monitor.paused = true);
    day(&shop, "2126-11-10", |day| (day.checks, day.percentiles) = (up(1_440), times(40, 60, 70, 80)));
    assert_eq!(
        told(&summary(&shop, &token).await),
        [
            "24h - 0/0/0/0/0 0/0/0/0 - -",
            "7d - 0/0/0/0/0 0/0/0/0 - -",
            "30d - 0/0/0/0/0 1440/0/0/0 40 exact",
            "90d - 0/0/0/0/0 1440/0/0/0 40 exact"
        ]
    );
    day(&shop, "2126-10-10", |day| (day.checks, day.percentiles) = (up(1_440), times(80, 90, 95, 99)));
    let told = told(&summary(&shop, &token).await);
    insta::assert_snapshot!(told[3], @"90d - 0/0/0/0/0 2880/0/0/0 71 estimated");
}

#[tokio::test]
async fn what_history_lags_behind_is_read_from_blocks_a_day_at_most() {
    let (shop, token) = shop();
    for minutes_ago in 0..3_000 {
        shop.record(minutes_ago, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    }
    let told = told(&summary(&shop, &token).await);
    insta::assert_snapshot!(told.join("\n"), @"
    24h 1.0 84240/0/0/0/0 1404/0/0/0 - -
    7d 1.0 86340/0/0/0/0 1439/0/0/0 - -
    30d 1.0 86340/0/0/0/0 1439/0/0/0 - -
    90d 1.0 86340/0/0/0/0 1439/0/0/0 - -
    ");
}

#[tokio::test]
async fn what_is_worked_on_does_not_count() {
    let (shop, token) = shop();
    with_history(&shop);
    for minutes_ago in 0..=24 {
        shop.record(minutes_ago, &[("s0-aaaaaa", TIMEOUT, None)]);
    }
    let window = serde_json::json!({
        "id": "move", "name": "Move",
        "when": {"once": {"from": "2126-11-21T14:00:00Z", "until": "2126-11-21T15:00:00Z"}},
    });
    let window: shared::maintenance::Window = serde_json::from_value(window).unwrap();
    shop.memory.tables().windows.insert(window.id.clone(), window);
    let summary = summary(&shop, &token).await;
    assert_eq!(summary["periods"][0]["uptime"], 1.0);
    assert_eq!(summary["periods"][0]["seconds"]["maintenance"], 22 * 60);
    assert_eq!(summary["periods"][0]["checks"]["down"], 23);
}

#[tokio::test]
async fn what_is_hidden_is_left_out() {
    let (shop, token) = shop();
    with_history(&shop);
    for minutes_ago in 0..=24 {
        shop.record(minutes_ago, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    }
    let hidden = async |before: &str| {
        shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = before.parse().ok());
        let summary = summary(&shop, &token).await;
        let of = |period: &Value| {
            format!(
                "{} {} {}",
                period["from"].as_str().unwrap(),
                period["seconds"]["up"],
                period["checks"]["up"]
            )
        };
        summary["periods"].as_array().unwrap().iter().map(of).collect::<Vec<_>>().join("\n")
    };
    // Behind the oldest day.
    insta::assert_snapshot!(hidden("2126-09-21T00:00:00Z").await, @"
    2126-11-20T15:00:00Z 84240 1403
    2126-11-15T00:00:00Z 138240 2304
    2126-10-23T00:00:00Z 140040 2334
    2126-09-21T00:00:00Z 140040 2334
    ");
    // In the middle of an hour of yesterday, and of today; then in what is not history yet.
    insta::assert_snapshot!(hidden("2126-11-20T21:30:00Z").await, @"
    2126-11-20T21:30:00Z 59040 983
    2126-11-20T21:30:00Z 59040 984
    2126-11-20T21:30:00Z 59040 984
    2126-11-20T21:30:00Z 59040 984
    ");
    insta::assert_snapshot!(hidden("2126-11-21T12:00:00Z").await, @"
    2126-11-21T12:00:00Z 8640 143
    2126-11-21T12:00:00Z 8640 143
    2126-11-21T12:00:00Z 8640 143
    2126-11-21T12:00:00Z 8640 143
    ");
    insta::assert_snapshot!(hidden("2126-11-21T14:20:00Z").await, @"
    2126-11-21T14:20:00Z 240 4
    2126-11-21T14:20:00Z 240 4
    2126-11-21T14:20:00Z 240 4
    2126-11-21T14:20:00Z 240 4
    ");
    insta::assert_snapshot!(hidden("2126-11-21T14:25:00Z").await, @"
    2126-11-21T14:25:00Z 0 0
    2126-11-21T14:25:00Z 0 0
    2126-11-21T14:25:00Z 0 0
    2126-11-21T14:25:00Z 0 0
    ");
}

#[tokio::test]
async fn it_takes_no_parameters() {
    let (shop, token) = shop();
    let answer = shop.get_with_key(&token, &format!("{PATH}?days=7")).await;
    assert!(answer.problem().starts_with("400 unknown_parameter"), "{answer:?}");
}
