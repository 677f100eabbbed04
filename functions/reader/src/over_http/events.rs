//! Each `events/http-*.json` as the Lambda runtime would deliver it: JSON in, JSON out.

use lambda_http::lambda_runtime::{Context, LambdaEvent};
use serde_json::json;

use super::*;

/// The token in `events/http-purchases.json`.
const SAMPLE_TOKEN: &str = "shopwatch_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What the function hands back to the HTTP API.
async fn replay(shop: &Shop, event: Value) -> Value {
    let payload = serde_json::from_value(event).unwrap();
    let service = crate::event::service(shop.router.clone());
    let answer = service.oneshot(LambdaEvent::new(payload, Context::default())).await.unwrap();
    serde_json::to_value(answer).unwrap()
}

fn shop() -> Shop {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.record(1, &[("s0-aaaaaa", Outcome::Up, Some(200))]);
    shop.incident("s0-aaaaaa", 30, None);
    shop.purchase("2026-11-20T10:00:00Z", 11, "8", "2", "0.1");
    shop.purchase("2026-11-21T23:59:59Z", 12, "8", "2", "0.1");
    shop.import("purchases/2026-11-21T14.csv", "2026-11-21T14:20:00Z");
    shop.day("2026-11-21", |day| day.sales.orders = 4);
    shop.add_key(&SAMPLE_TOKEN.parse().unwrap(), &[Scope::Purchases], None);
    shop
}

#[tokio::test]
async fn each_sample_event_is_answered() {
    let shop = shop();
    for (name, status, part) in [
        ("http-root", 200, "<h2>Shop</h2>"),
        ("http-cookies-aws", 200, "<h2>Shop</h2>"),
        ("http-cookies-emulator", 200, "<h2>Shop</h2>"),
        ("http-signals", 200, r#"[{"url":"https://shop.example/","records":[{"#),
        ("http-incidents", 200, r#""monitor":"s0-aaaaaa""#),
        ("http-purchases", 200, r#""purchase_date":"2026-11-21T23:59:59Z"}]"#),
        ("http-purchases-csv", 200, "buyer,item_id,quantity,price,purchase_date,linked\r\nk1."),
        ("http-trends", 200, r#""from":"2026-11-16T00:00:00Z","to":"2026-11-23T00:00:00Z","orders":4,"#),
        ("http-trends-csv", 200, "\r\n2026-11-21T00:00:00Z,2026-11-22T00:00:00Z,4,0,0,0,0,0,0\r\n"),
        ("http-imports", 200, r#""key":"purchases/2026-11-21T14.csv""#),
        ("http-import", 200, r#""key":"purchases/2026-11-21T14.csv""#),
        ("http-healthz", 200, r#"{"status":"ok"}"#),
        ("http-not-found", 404, r#""type":"not_found""#),
    ] {
        let answer = replay(&shop, ::tests::event(name)).await;
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
        assert_eq!(answer["isBase64Encoded"], false, "{name}");
        assert!(answer["body"].as_str().unwrap().contains(part), "{name}: {answer}");
        assert_eq!(answer["headers"]["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn no_sample_event_is_left_out() {
    let files = std::fs::read_dir(::tests::root().join("events")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    // Those of beats and of getting in are admin's.
    let of_admin = |name: &String| name.starts_with("http-beat") || name.starts_with("http-auth");
    let own = names.filter(|name| name.starts_with("http-") && !of_admin(name));
    assert_eq!(own.count(), 13, "replay the new one above");
}

#[tokio::test]
async fn links_lead_below_the_page_with_and_without_a_slash() {
    let shop = shop();
    for (raw, link) in [
        ("/", "href=\"signals\""),
        ("/status/", "href=\"signals\""),
        ("/status", "href=\"./status/signals\""),
        ("/a/\"<b>", "href=\"./%22%3Cb%3E/signals\""),
    ] {
        let mut event = ::tests::event("http-root");
        event["rawPath"] = raw.into();
        event["headers"]["x-shopwatch-folder"] = "https://evil.example/".into();
        let answer = replay(&shop, event).await;
        let page = answer["body"].as_str().unwrap();
        assert!(page.contains(link) && !page.contains("evil"), "{raw}: {page}");
    }
}

#[tokio::test]
async fn both_shapes_of_cookies_arrive_as_one_header() {
    for name in ["http-cookies-aws", "http-cookies-emulator"] {
        let mut request = serde_json::from_value(::tests::event(name)).unwrap();
        crate::event::tidy(&mut request);
        let request = lambda_http::Request::from(request);
        assert_eq!(request.headers()["cookie"], "theme=dark; session=not-a-session", "{name}");
    }
}

#[tokio::test]
async fn the_sample_key_is_what_opens_purchases() {
    let shop = shop();
    shop.memory.tables().sessions.clear();
    let answer = replay(&shop, ::tests::event("http-purchases")).await;
    assert_eq!(answer["statusCode"], 401);
    assert_eq!(answer["headers"]["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn an_import_is_found_under_any_prefix() {
    let shop = shop();
    let mut event = ::tests::event("http-import");
    let plain = replay(&shop, event.clone()).await;
    let path = format!("/prod{}", event["rawPath"].as_str().unwrap());
    event["rawPath"] = json!(path);
    event["requestContext"]["stage"] = json!("prod");
    assert_eq!(replay(&shop, event).await, plain);
}

#[tokio::test]
async fn a_stage_or_base_path_changes_nothing() {
    let shop = shop();
    let plain = replay(&shop, ::tests::event("http-signals")).await;
    for (stage, path) in [("prod", "/prod/signals"), ("prod", "/signals"), ("$default", "/status/signals")] {
        let mut event = ::tests::event("http-signals");
        event["rawPath"] = json!(path);
        event["requestContext"]["stage"] = json!(stage);
        event["requestContext"]["http"]["path"] = json!(path);
        assert_eq!(replay(&shop, event).await, plain, "{path}");
    }
}

#[tokio::test]
async fn a_query_that_is_no_uri_is_answered() {
    let shop = shop();
    for query in ["url=<script>", "limit=5 6", "\u{1F600}", "%", "a=%ZZ", "{\"a\":1}", "limit=%00"] {
        let mut event = ::tests::event("http-signals");
        event["rawQueryString"] = json!(query);
        let answer = replay(&shop, event).await;
        assert_eq!(answer["statusCode"], 400, "{query}: {answer}");
    }
}
