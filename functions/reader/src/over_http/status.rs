//! `GET /`.

use http::{Method, StatusCode};

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
    shop.record(1, &[("s1-bbbbbb", Outcome::Degraded, Some(200))]);
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
    assert!(page.contains(r#"title="14:24 degraded"></span></div>"#), "{page}");
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
