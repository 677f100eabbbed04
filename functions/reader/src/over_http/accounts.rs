//! Whose monitors the older routes show, and what of them is hidden.

use shared::history::{MonitorSummary, Seconds, Summary};

use super::*;

/// The shop's public and private monitor, and two of somebody else.
fn shop_of_two() -> Shop {
    let shop = Shop::new();
    for (id, name, public) in [
        ("s0-aaaaaa", "Shop", true),
        ("s0-canary", "Canary", false),
        ("s1-public", "Theirs", true),
        ("s1-secret", "Hidden", false),
    ] {
        shop.monitor(id, name, &format!("https://{}.example/", name.to_lowercase()), public);
        shop.record(1, &[(id, TIMEOUT, None)]);
        shop.incident(id, 30, None);
    }
    // Two in one block.
    for ids in [["s0-aaaaaa", "s0-canary"], ["s1-public", "s1-secret"]] {
        shop.record(1, &ids.map(|id| (id, TIMEOUT, None)));
    }
    for id in ["s1-public", "s1-secret"] {
        shop.change(id, |monitor| monitor.account = elsewhere());
        let mut tables = shop.memory.tables();
        let theirs = tables.incidents.values_mut().filter(|incident| incident.monitor.to_string() == id);
        theirs.for_each(|incident| incident.account = elsewhere());
    }
    shop.incident("s0-dddddd", 20, Some(10));
    let theirs = Incident { account: elsewhere(), ..shop.incident("s0-eeeeee", 20, Some(10)) };
    shop.memory.tables().incidents.insert(theirs.id(), theirs);
    shop
}

/// Which of the four are named in the answer, and of the deleted ones.
fn named(body: &str) -> Vec<&'static str> {
    let of = |(name, marks): (&'static str, [&str; 2])| {
        marks.iter().any(|mark| body.contains(mark)).then_some(name)
    };
    [
        ("shop", ["shop.example/", "\"Shop\""]),
        ("canary", ["canary.example/", "\"Canary\""]),
        ("theirs", ["theirs.example/", "\"Theirs\""]),
        ("hidden", ["hidden.example/", "\"Hidden\""]),
        ("deleted", ["s0-dddddd", "s0-dddddd"]),
        ("deleted theirs", ["s0-eeeeee", "s0-eeeeee"]),
    ]
    .into_iter()
    .filter_map(of)
    .collect()
}

#[tokio::test]
async fn nobody_sees_more_than_the_shops_public_monitors() {
    let shop = shop_of_two();
    for path in ["/", "/signals", "/signals?url=https://theirs.example/", "/incidents"] {
        let body = shop.get(path).await.body;
        let expected: &[&str] = if path.contains("theirs") { &[] } else { &["shop"] };
        assert_eq!(named(&body), expected, "{path}: {body}");
        assert!(!body.contains("Theirs"), "{path}: {body}");
    }
    // The page is the same, whoever asks.
    let page = shop.get_with_key(&shop.strangers_key(&[Scope::Read]), "/").await.body;
    assert_eq!(named(&page), ["shop"], "{page}");
    assert!(page.contains("1 down") && !page.contains("Theirs"), "{page}");
}

#[tokio::test]
async fn a_key_sees_the_monitors_of_its_account() {
    let shop = shop_of_two();
    let (own, theirs) = (shop.key(&[Scope::Read], None), shop.strangers_key(&[Scope::Read]));
    for (token, path, expected) in [
        (&own, "/signals", &["shop", "canary"][..]),
        (&own, "/incidents", &["shop", "canary", "deleted"]),
        (&theirs, "/signals", &["theirs", "hidden"]),
        (&theirs, "/incidents", &["theirs", "hidden", "deleted theirs"]),
    ] {
        let answer = shop.get_with_key(token, path).await;
        assert_eq!(named(&answer.body), expected, "{path}: {}", answer.body);
        assert_eq!(answer.header("cache-control"), "private, no-store");
    }
}

#[tokio::test]
async fn hidden_signals_and_incidents_are_shown_nowhere() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    for minutes_ago in 1..=30 {
        shop.record(minutes_ago, &[("s0-aaaaaa", TIMEOUT, None)]);
    }
    shop.record(0, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    shop.incident("s0-aaaaaa", 28, Some(21));
    shop.incident("s0-aaaaaa", 20, None);
    shop.judged("s0-aaaaaa", State::Down, 20);
    let opened_at = ago(20);
    {
        let mut tables = shop.memory.tables();
        let states = tables.states.get_mut(&ShardId(0)).unwrap();
        states.monitors.values_mut().for_each(|judged| judged.incident = Some(opened_at));
    }
    let token = shop.key(&[Scope::Read], None);
    let count = async |before: i64| {
        shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = Some(ago(before)));
        let page = shop.get("/").await.body;
        let bars = page.matches(r#"class="down" title="#).count();
        let told = page.matches("seen from us-east-1").count();
        for token in [None, Some(&token)] {
            let get = async |path| match token {
                Some(token) => shop.get_with_key(token, path).await.json(),
                None => shop.get(path).await.json(),
            };
            let signals = get("/signals").await[0]["records"].as_array().unwrap().len();
            let incidents = get("/incidents").await["incidents"].as_array().unwrap().len();
            assert_eq!((signals, incidents), (bars + 1, told), "{before}");
        }
        (bars, told)
    };
    assert_eq!(count(60).await, (30, 2));
    assert_eq!(count(28).await, (28, 2));
    assert_eq!(count(27).await, (27, 1));
    assert_eq!(count(20).await, (20, 1));
    assert_eq!(count(19).await, (19, 0));
    assert_eq!(count(0).await, (0, 0));
    // Nobody knows of one that is deleted what was hidden: its incidents are its account's alone.
    let monitors = std::mem::take(&mut shop.memory.tables().monitors);
    assert_eq!(shop.get("/incidents").await.json()["incidents"].as_array().unwrap().len(), 0);
    assert_eq!(shop.get("/").await.body.matches("seen from us-east-1").count(), 0);
    shop.memory.tables().monitors = monitors;
    let page = shop.get("/").await.body;
    assert!(page.contains("since 14:25") && page.contains("100.00 % uptime in the last hour"), "{page}");
}

#[tokio::test]
async fn a_hidden_past_is_no_uptime() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    let mut of_monitor = MonitorSummary::default();
    of_monitor.hours[22] = Seconds { down: 3_600, ..Seconds::default() };
    of_monitor.hours[23] = Seconds { up: 1_500, ..Seconds::default() };
    of_monitor.days[89] = Seconds { up: 1_500, down: 3_600, ..Seconds::default() };
    of_monitor.older = Seconds { down: 86_400, ..Seconds::default() };
    let monitors = [("s0-aaaaaa".parse().unwrap(), of_monitor)].into();
    let summary = Summary { shard: ShardId(0), read_at: now(), monitors };
    shop.memory.tables().summaries.insert(ShardId(0), summary);
    let page = shop.get("/").await.body;
    assert!(page.contains("Uptime 24h 29.41 %") && page.contains("365d 1.64 %"), "{page}");
    shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = Some(ago(25)));
    let page = shop.get("/").await.body;
    assert!(
        page.contains("Uptime 24h 100.00 %, 7d 100.00 %, 30d 100.00 %, 90d 100.00 %, 365d 100.00 %"),
        "{page}"
    );
    shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = Some(ago(24)));
    assert!(!shop.get("/").await.body.contains("Uptime"));
}
