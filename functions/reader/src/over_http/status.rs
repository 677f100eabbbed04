//! `GET /`.

use http::{Method, StatusCode};

use shared::history::{MonitorSummary, Seconds, Summary};
use shared::store::Broken;

use super::*;

#[tokio::test]
async fn an_empty_install_says_so() {
    let shop = Shop::new();
    let answer = shop.get("/").await;
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert!(answer.body.contains("No signals yet"), "{}", answer.body);
    // A monitor without any signal is on the page, and no more is said.
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    let answer = shop.get("/").await;
    assert!(answer.body.contains("No signals yet") && answer.body.contains("<h2>Shop</h2>"));
    assert!(answer.body.contains("No data in the last hour"));
}

#[tokio::test]
async fn each_public_monitor_has_sixty_bars_a_state_and_its_uptime() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.monitor("s1-bbbbbb", "Basket", "https://basket.example/", true);
    for minutes_ago in 1..=4 {
        shop.record(minutes_ago, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    }
    shop.record(0, &[("s0-aaaaaa", TIMEOUT, None)]);
    shop.record(1, &[("s1-bbbbbb", SLOW, Some(200))]);
    let answer = shop.get("/").await;
    assert_eq!(answer.status, StatusCode::OK);
    let page = &answer.body;
    assert_eq!(page.matches(r#"<span role="img" "#).count(), 120);
    assert!(page.contains(r#"<span role="img" class="down" title="14:25 down: timeout"></span>"#), "{page}");
    assert!(page.contains(r#"<span role="img" class="up" title="14:24 up"></span>"#));
    assert!(page.contains(r#"<span role="img" class="unknown" title="13:26 no data"></span>"#));
    assert!(page.contains("80.00 % uptime in the last hour"), "{page}");
    assert!(page.contains("1 down, 1 degraded"), "{page}");
    // The second shard has not recorded the running minute yet: its hour ends a minute earlier, not with a gap.
    assert!(page.contains(r#"title="14:24 degraded: slow"></span></div>"#), "{page}");
    assert!(page.find("<h2>Basket</h2>") < page.find("<h2>Shop</h2>"));
    assert!(page.contains(r#"<meta http-equiv="refresh" content="60">"#));
}

#[tokio::test]
async fn everything_shown_is_escaped() {
    let shop = Shop::new();
    let url = "https://shop.example/?a=1&b=<script>'\"";
    shop.monitor("s0-aaaaaa", "<script>alert('1')</script>\"&", url, true);
    shop.record(0, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    let page = shop.get("/").await.body;
    assert!(!page.contains("<script") && !page.contains("alert('"), "{page}");
    assert!(
        page.contains("<h2>&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;&#34;&#38;</h2>"),
        "{page}"
    );
    assert!(page.contains(r#"href="https://shop.example/?a=1&#38;b=%3Cscript%3E%27%22""#), "{page}");
}

#[tokio::test]
async fn links_are_relative_and_nothing_is_loaded() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    let page = shop.get("/").await.body;
    for absolute in ["=\"/", "=\"//", "http://", "src=", "@import", "url("] {
        assert!(!page.contains(absolute), "{absolute}");
    }
    assert!(page.contains(r#"href="signals""#));
    // The style sheet is whole: the policy knows it by its hash.
    assert!(page.contains(&format!("<style>{}</style>", crate::status::STYLE)));
    assert!(!page.contains("style="));
}

#[tokio::test]
async fn a_private_monitor_is_never_on_the_page() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.monitor("s0-canary", "Canary", "https://canary.example/", false);
    shop.record(0, &[("s0-aaaaaa", Outcome::Up, Some(200)), ("s0-canary", TIMEOUT, None)]);
    let token = shop.key(&[Scope::Read], None);
    for page in [shop.get("/").await.body, shop.get_with_key(&token, "/").await.body] {
        assert!(page.contains("Shop") && page.contains("1 up") && !page.contains("1 down"), "{page}");
        assert!(!page.to_lowercase().contains("canary"), "{page}");
    }
}

#[tokio::test]
async fn a_copy_that_still_holds_is_not_sent_again() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.record(1, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    let first = shop.get("/").await;
    assert_eq!(first.header("cache-control"), "public, max-age=10");
    let etag = first.header("etag").to_owned();
    assert!(etag.len() == 34 && etag.starts_with('"'), "{etag}");
    for held in [etag.clone(), format!("\"x\", W/{etag}"), "*".to_owned()] {
        let again = shop.send(Method::GET, "/", &[("if-none-match", &held)]).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{held}");
        assert_eq!(again.header("etag"), etag);
        assert_eq!(again.header("cache-control"), "public, max-age=10");
    }
    shop.record(0, &[("s0-aaaaaa", TIMEOUT, None)]);
    let changed = shop.send(Method::GET, "/", &[("if-none-match", &etag)]).await;
    assert_eq!(changed.status, StatusCode::OK);
}

#[tokio::test]
async fn a_page_of_many_monitors_stays_below_lambdas_limit() {
    let shop = Shop::new();
    for shard in 0..6 {
        let mut monitors = Vec::new();
        for number in 0..96 {
            monitors.push(format!("s{shard}-m{number:05}"));
        }
        for (number, id) in monitors.iter().enumerate() {
            let name = format!("{shard}-{number:02} {}", "&".repeat(90));
            shop.monitor(id, &name, &format!("https://{}.example/{shard}/{number}", "a".repeat(60)), true);
        }
        for minutes_ago in 0..60 {
            let found: Vec<_> = monitors.iter().map(|id| (id.as_str(), TIMEOUT, None)).collect();
            shop.record(minutes_ago, &found);
        }
    }
    let page = shop.get("/").await.body;
    assert_eq!(page.matches("<section>").count(), 500);
    assert!(page.contains("76 more monitors are not shown here"));
    assert!(page.contains("576 down"));
    assert!(page.len() < 3_000_000, "{}", page.len());
}

/// Opens a window over everything from then on, for so many minutes.
fn open_window(shop: &Shop, id: &str, minutes_from_now: i64, minutes: i64) {
    let from = now() + minutes_from_now.minutes();
    let text = serde_json::json!({
        "id": id,
        "name": "Secret migration",
        "when": {"once": {"from": from, "until": from + minutes.minutes()}},
    });
    let window: shared::maintenance::Window = serde_json::from_value(text).unwrap();
    shop.memory.tables().windows.insert(window.id.clone(), window);
}

/// The state beside the only monitor's name.
fn state_on(page: &str) -> &str {
    let (_, rest) = page.split_once("</h2><strong class=\"").unwrap();
    rest.split_once('"').unwrap().0
}

#[tokio::test]
async fn a_state_is_judges_unless_it_is_paused_worked_on_or_unknown() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.record(0, &[("s0-aaaaaa", TIMEOUT, None)]);
    assert_eq!(state_on(&shop.get("/").await.body), "down");
    shop.judged("s0-aaaaaa", State::Up, 60 * 15);
    let page = shop.get("/").await.body;
    assert_eq!(state_on(&page), "up", "one minute confirms nothing");
    assert!(page.contains("<br>since 2126-11-20 23:25</p>"), "{page}");
    shop.memory.tables().blocks.clear();
    let page = shop.get("/").await.body;
    assert_eq!(state_on(&page), "unknown");
    assert!(page.contains("<br>no data, for an hour or longer</p>"), "{page}");
    open_window(&shop, "a", -2, 1);
    assert_eq!(state_on(&shop.get("/").await.body), "unknown", "that one is over");
    open_window(&shop, "b", -1, 2);
    let page = shop.get("/").await.body;
    assert_eq!(state_on(&page), "maintenance");
    assert!(page.contains("1 maintenance") && !page.contains("Secret"), "{page}");
    shop.change("s0-aaaaaa", |monitor| monitor.paused = true);
    let page = shop.get("/").await.body;
    assert_eq!(state_on(&page), "paused");
    assert!(page.contains("1 paused"), "{page}");
}

#[tokio::test]
async fn incidents_are_told_open_ones_first() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.monitor("s0-bbbbbb", "Basket", "https://basket.example/", true);
    shop.record(0, &[("s0-aaaaaa", TIMEOUT, None), ("s0-bbbbbb", TIMEOUT, None)]);
    shop.incident("s0-aaaaaa", 30, None);
    shop.incident("s0-aaaaaa", 3 * 1_440, Some(3 * 1_440 - 19));
    shop.incident("s0-aaaaaa", 8 * 1_440, Some(8 * 1_440 - 19));
    // Older than a week, and still open: judge's state knows it.
    let mut old = shop.incident("s0-bbbbbb", 9 * 1_440, None);
    old.flapping = true;
    shop.judged("s0-bbbbbb", State::Down, 9 * 1_440);
    let opened_at = old.opened_at;
    {
        let mut tables = shop.memory.tables();
        let states = tables.states.get_mut(&ShardId(0)).unwrap();
        states.monitors.get_mut(&old.monitor).unwrap().incident = Some(opened_at);
        tables.incidents.insert(old.id(), old);
    }
    let page = shop.get("/").await.body;
    let position = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} in {page}"));
    let order = [
        "<h2>Open incidents</h2>",
        "<strong class=\"down\">Shop down</strong> since 13:54: no whole answer in time; seen from us-east-1</p>",
        "<strong class=\"down\">Basket down</strong> since 2126-11-12 14:24: no whole answer in time; seen from us-east-1; flapping</p>",
        "<h2>Basket</h2>",
        "<h2>Incidents of the last 7 days</h2>",
        "<strong>Shop down</strong> 2126-11-18 14:24 to 2126-11-18 14:44, 20 minutes: no whole answer in time; seen from us-east-1</p>",
    ];
    assert!(order.map(position).is_sorted(), "{page}");
    assert_eq!(page.matches("seen from").count(), 3, "{page}");
}

#[tokio::test]
async fn an_incident_of_a_private_or_deleted_monitor_is_never_on_the_page() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.monitor("s0-canary", "Canary", "https://canary.example/", false);
    shop.record(0, &[("s0-aaaaaa", Outcome::Up, Some(200)), ("s0-canary", TIMEOUT, None)]);
    let without = shop.get("/").await.body;
    shop.incident("s0-canary", 30, None);
    shop.incident("s0-canary", 300, Some(290));
    shop.incident("s0-dddddd", 100, None);
    shop.incident("s0-dddddd", 200, Some(190));
    let opened_at = Slot::containing(now()).plus(-30);
    shop.judged("s0-canary", State::Down, 30);
    {
        let mut tables = shop.memory.tables();
        let states = tables.states.get_mut(&ShardId(0)).unwrap();
        states.monitors.values_mut().for_each(|judged| judged.incident = Some(opened_at));
    }
    let token = shop.key(&[Scope::Read], None);
    for page in [shop.get("/").await.body, shop.get_with_key(&token, "/").await.body] {
        assert_eq!(page, without);
    }
}

#[tokio::test]
async fn what_judges_state_still_calls_open_is_told_as_it_ended() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    let incident = shop.incident("s0-aaaaaa", 30, Some(0));
    shop.judged("s0-aaaaaa", State::Down, 30);
    {
        let mut tables = shop.memory.tables();
        let states = tables.states.get_mut(&ShardId(0)).unwrap();
        states.monitors.get_mut(&incident.monitor).unwrap().incident = Some(incident.opened_at);
    }
    let page = shop.get("/").await.body;
    assert!(!page.contains("Open incidents"), "{page}");
    assert!(page.contains("<strong>Shop down</strong> 13:54 to 14:25, 31 minutes: "), "{page}");
}

#[tokio::test]
async fn a_storm_of_incidents_is_told_in_part() {
    let shop = Shop::new();
    for number in 0..60 {
        let id = format!("s0-m{number:05}");
        shop.monitor(&id, &format!("m{number}"), &format!("https://m{number}.example/"), true);
        shop.incident(&id, 10 + number, None);
        shop.incident(&id, 1_000 + number, Some(900 + number));
    }
    let page = shop.get("/").await.body;
    assert_eq!(page.matches("</strong> since").count(), 50);
    assert!(
        page.contains("<p>10 more are open.</p>") && page.contains("href=\"incidents?days=7\""),
        "{page}"
    );
}

#[tokio::test]
async fn a_name_cannot_inject_through_an_incident_nor_a_target_through_a_link() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "<script>alert(1)</script>", "https://shop.example/", true);
    shop.incident("s0-aaaaaa", 30, None);
    shop.incident("s0-aaaaaa", 300, Some(290));
    let check = serde_json::json!({"kind": "tcp", "host": "shop.example", "port": 22});
    shop.change("s0-aaaaaa", |monitor| monitor.check = serde_json::from_value(check).unwrap());
    let page = shop.get("/").await.body;
    assert!(!page.contains("<script") && page.matches("&#60;script&#62;").count() == 4, "{page}");
    assert!(page.contains("tcp://shop.example:22") && !page.contains("href=\"tcp:"), "{page}");
}

#[tokio::test]
async fn the_uptime_of_longer_times_comes_from_history() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    assert!(!shop.get("/").await.body.contains("Uptime"));
    let mut of_monitor = MonitorSummary::default();
    of_monitor.hours[23] = Seconds { up: 3_000, down: 300, unknown: 300, ..Seconds::default() };
    of_monitor.older = Seconds { up: 1_000, ..Seconds::default() };
    let monitors = [("s0-aaaaaa".parse().unwrap(), of_monitor)].into();
    let summary = Summary { shard: ShardId(0), read_at: now(), monitors };
    shop.memory.tables().summaries.insert(ShardId(0), summary);
    let page = shop.get("/").await.body;
    assert!(page.contains("Uptime 24h 90.91 % (no data 8.3 %), 365d 100.00 %"), "{page}");
}

#[tokio::test]
async fn a_broken_monitor_does_not_hide_the_others() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.record(0, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    let broken = Broken { id: "s0-broken".to_owned(), why: "expected a name, got hunter2".to_owned() };
    shop.memory.tables().broken.push(broken);
    let page = shop.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<h2>Shop</h2>") && page.body.contains("1 up"), "{}", page.body);
    assert!(!page.body.contains("broken") && !page.body.contains("hunter2"), "{}", page.body);
}

#[tokio::test]
async fn one_region_of_two_that_is_cut_off_changes_nothing() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.change("s0-aaaaaa", |monitor| monitor.regions.push("eu-west-1".parse().unwrap()));
    for minutes_ago in 0..3 {
        shop.record(minutes_ago, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
        shop.record_from("eu-west-1", minutes_ago, &[("s0-aaaaaa", TIMEOUT, None)]);
    }
    let page = shop.get("/").await.body;
    assert_eq!(state_on(&page), "up");
    assert!(
        page.contains("title=\"14:25 up, in 1 of 2 regions\"") && page.contains("100.00 % uptime"),
        "{page}"
    );
}
