//! A demo shop on a free port, asked over HTTP.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

async fn shop() -> DemoShop {
    DemoShop::start(IpAddr::V4(Ipv4Addr::LOCALHOST), 0).await.unwrap()
}

fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap()
}

async fn ask(shop: &DemoShop, method: Method, path: &str) -> (StatusCode, String) {
    let url = format!("{}{path}", shop.url());
    let answer = client().request(method, url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

fn told(shop: &DemoShop, path: &str, mode: Mode, delay_ms: Option<u64>) {
    shop.behaviours().set(path, Behaviour::new(mode, delay_ms).unwrap()).unwrap();
}

#[tokio::test]
async fn pages_answer_get_and_head() {
    let shop = shop().await;
    for path in ["/", "/checkout", "/items/7", "/items/7?from=mail"] {
        let (status, body) = ask(&shop, Method::GET, path).await;
        assert!(status == StatusCode::OK && body.contains("<h1>"), "{path}: {status} {body}");
        assert_eq!(ask(&shop, Method::HEAD, path).await, (StatusCode::OK, String::new()));
    }
    assert_eq!(ask(&shop, Method::GET, "/items/0").await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(&shop, Method::POST, "/checkout").await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_stock_is_json_and_behaves_as_it_was_told() {
    let shop = shop().await;
    let answer = client().get(format!("{}/api/stock", shop.url())).send().await.unwrap();
    assert_eq!(answer.headers()["x-shop"], "demo");
    assert_eq!(answer.headers()["content-type"], "application/json");
    let stock: serde_json::Value = answer.json().await.unwrap();
    assert_eq!((&stock["items"][0]["stock"], &stock["status"]), (&12.into(), &"ok".into()));
    told(&shop, "/api/stock", Mode::Slow, Some(1));
    assert!(ask(&shop, Method::GET, "/api/stock").await.1.starts_with('{'), "slow, and still itself");
    told(&shop, "/api/stock", Mode::Fail, None);
    assert_eq!(ask(&shop, Method::GET, "/api/stock").await.0, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_page_behaves_as_it_was_told() {
    let shop = shop().await;
    told(&shop, "/checkout", Mode::Fail, None);
    assert_eq!(ask(&shop, Method::HEAD, "/checkout").await.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(ask(&shop, Method::GET, "/").await.0, StatusCode::OK, "another page");
    told(&shop, "/checkout", Mode::Missing, None);
    assert_eq!(ask(&shop, Method::GET, "/checkout").await.0, StatusCode::NOT_FOUND);
    told(&shop, "/checkout", Mode::Up, None);
    assert_eq!(ask(&shop, Method::GET, "/checkout").await.0, StatusCode::OK);
    told(&shop, "/new", Mode::Up, None);
    assert_eq!(ask(&shop, Method::GET, "/new").await.0, StatusCode::OK);

    told(&shop, "/checkout", Mode::Slow, Some(300));
    let start = Instant::now();
    assert_eq!(ask(&shop, Method::GET, "/checkout").await.0, StatusCode::OK);
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_hanging_page_accepts_and_stays_silent() {
    let shop = shop().await;
    told(&shop, "/checkout", Mode::Hang, None);
    let mut stream = tokio::net::TcpStream::connect(shop.url().trim_start_matches("http://")).await.unwrap();
    stream.write_all(b"GET /checkout HTTP/1.1\r\nHost: shop\r\n\r\n").await.unwrap();
    let silence = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut [0; 100])).await;
    assert!(silence.is_err(), "{silence:?}");
    assert_eq!(ask(&shop, Method::GET, "/").await.0, StatusCode::OK, "others are served meanwhile");
}

#[tokio::test]
async fn the_control_sets_and_lists() {
    let shop = shop().await;
    let put = "/_control?path=/checkout&mode=slow&delay_ms=500";
    insta::assert_snapshot!(ask(&shop, Method::PUT, put).await.1, @r#"{"delay_ms":500,"mode":"slow","path":"/checkout"}"#);
    insta::assert_snapshot!(ask(&shop, Method::PUT, "/_control?mode=fail&path=%2Fitems%2F7").await.1, @r#"{"delay_ms":0,"mode":"fail","path":"/items/7"}"#);
    insta::assert_snapshot!(ask(&shop, Method::GET, "/_control").await.1, @r#"{"/checkout":{"mode":"slow","delay_ms":500},"/items/7":{"mode":"fail","delay_ms":0}}"#);
    for bad in [
        "",
        "path=/x",
        "mode=up",
        "path=x&mode=up",
        "path=/x&mode=on",
        "path=/x&mode=slow&delay_ms=60001",
        "path=/x&mode=slow&delay_ms=-1",
        "path=/x&mode=up&more=1",
        "path=/_control&mode=hang",
    ] {
        let (status, body) = ask(&shop, Method::PUT, &format!("/_control?{bad}")).await;
        assert!(status == StatusCode::BAD_REQUEST && body.contains("expected"), "{bad}: {status} {body}");
    }
    insta::assert_snapshot!(ask(&shop, Method::PUT, "/_control?path=/x&mode=on").await.1, @r#"{"type":"invalid_behaviour","title":"Bad Request","status":400,"detail":"mode: expected up, slow, fail, hang or missing"}"#);
    assert_eq!(ask(&shop, Method::POST, put).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn behaviours_are_bounded() {
    let (behaviours, up) = (Behaviours::default(), Behaviour::new(Mode::Up, None).unwrap());
    let set = (0..2_000).filter(|number| behaviours.set(&format!("/{number}"), up).is_ok()).count();
    assert_eq!(set, 1_000);
    assert!(behaviours.set("/7", up).is_ok(), "one that is known");
    assert!(Behaviours::default().set(&format!("/{}", "x".repeat(200)), up).is_err());
}

#[tokio::test]
async fn the_client_tells_a_running_shop() {
    let shop = shop().await;
    set(&format!("{}/", shop.url()), "/checkout", Mode::Slow, Some(1)).await.unwrap();
    let expected = Behaviour { mode: Mode::Slow, delay_ms: 1 };
    assert_eq!(shop.behaviours().get("/checkout"), Some(expected));
    let refused = set(&shop.url(), "checkout", Mode::Up, None).await.unwrap_err();
    assert!(refused.to_string().contains("400"), "{refused}");

    let url = shop.url();
    drop(shop);
    let gone = set(&url, "/checkout", Mode::Up, None).await.unwrap_err();
    assert_eq!(gone.to_string(), format!("no demo shop answers at {url}"));
}

#[tokio::test]
async fn a_taken_port_is_told() {
    let shop = shop().await;
    let port: u16 = shop.url().rsplit(':').next().unwrap().parse().unwrap();
    let error = DemoShop::start(IpAddr::V4(Ipv4Addr::LOCALHOST), port).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "127.0.0.1:{port} is taken by another program: choose another port with --port, or 0 for a free one"
        )
    );
}
