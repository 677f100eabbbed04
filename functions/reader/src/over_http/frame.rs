//! What every answer has, whatever it answers.

use http::{Method, StatusCode};

use super::*;

pub(super) const ROUTES: [&str; 16] = [
    "/",
    "/signals",
    "/incidents",
    "/purchases",
    "/purchases/trends",
    "/imports",
    "/imports/0000000000000000000000000000000000000000000000000000000000000000",
    "/healthz",
    "/api/monitor",
    "/api/monitor/s0-aaaaaa",
    "/api/results/s0-aaaaaa/checks",
    "/api/results/s0-aaaaaa/latest",
    "/api/results/s0-aaaaaa/summary",
    "/metrics",
    "/openapi.json",
    "/docs",
];

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let shop = Shop::with_cors("*");
    for (method, path) in [
        (Method::GET, "/"),
        (Method::HEAD, "/"),
        (Method::GET, "/signals"),
        (Method::GET, "/signals?limit=0"),
        (Method::GET, "/incidents"),
        (Method::GET, "/purchases"),
        (Method::GET, "/purchases/trends"),
        (Method::GET, "/imports"),
        (Method::GET, "/healthz"),
        (Method::GET, "/api/monitor"),
        (Method::GET, "/metrics"),
        (Method::GET, "/docs"),
        (Method::GET, "/nothing"),
        (Method::POST, "/signals"),
        (Method::OPTIONS, "/signals"),
    ] {
        let answer = shop.send(method, path, &[]).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{path}: {policy}");
        assert!(policy.ends_with("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
    }
}

#[tokio::test]
async fn healthz_touches_no_table() {
    let shop = Shop::new();
    shop.memory.fail_after(0);
    let answer = shop.get("/healthz").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, r#"{"status":"ok"}"#));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(shop.get("/healthz?deep=1").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    let authorization = format!("Bearer {}", shop.key(&[Scope::Purchases], None));
    let with_key = [("authorization", authorization.as_str()), ("accept", "text/csv")];
    let asked = ROUTES.iter().chain(&["/nothing", "/signals?limit=0"]).map(|path| (*path, &[][..]));
    let with_key = ["/purchases", "/purchases/trends", "/imports"].map(|path| (path, &with_key[..]));
    for (path, headers) in asked.chain(with_key) {
        let get = shop.send(Method::GET, path, headers).await;
        let head = shop.send(Method::HEAD, path, headers).await;
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
        assert_eq!((head.status, &head.headers), (get.status, &get.headers), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_route_is_a_problem() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.get("/favicon.ico").await.problem(), @"404 not_found: nothing is at /favicon.ico; there are /, /signals, /incidents, /api/monitor, /api/results, /purchases, /purchases/trends, /imports, /metrics and /healthz, and /docs says what they take");
    for path in [
        "/signals/",
        "/imports/",
        "/imports/a/b",
        "/purchases/7",
        "//",
        "/..%2f",
        "/%00",
        "/%FF",
        "/ada%40shop.example",
        "/beats/ada",
        "/a/b/c?d=e",
        "/api",
        "/api/monitor/",
        "/api/monitor/s0-aaaaaa/checks",
        "/api/results",
        "/api/results/s0-aaaaaa",
        "/api/results/s0-aaaaaa/checks/",
        "/metrics/",
    ] {
        let answer = shop.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.problem().contains("ada"), "{path}");
    }
}

#[tokio::test]
async fn nothing_can_be_written() {
    let shop = Shop::new();
    for path in ROUTES {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let answer = shop.send(method.clone(), path, &[]).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(answer.header("allow"), "GET,HEAD");
        }
    }
    let answer = shop.send(Method::POST, "/signals", &[]).await;
    insta::assert_snapshot!(answer.problem(), @"405 method_not_allowed: this can be read (GET, HEAD), not POST");
}

#[tokio::test]
async fn a_table_out_of_reach_is_503_and_says_nothing_of_the_inside() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    let token = shop.key(&[Scope::Read, Scope::Purchases, Scope::Metrics], None);
    for (path, calls) in [
        ("/", 7),
        ("/signals", 4),
        ("/incidents", 2),
        ("/purchases", 2),
        ("/purchases/trends", 2),
        ("/purchases/trends?bucket=hour", 2),
        ("/imports", 16),
        (ROUTES[6], 2),
        ("/api/monitor", 5),
        ("/api/monitor/s0-aaaaaa", 4),
        ("/api/results/s0-aaaaaa/checks", 3),
        ("/api/results/s0-aaaaaa/latest", 3),
        ("/api/results/s0-aaaaaa/summary", 7),
        ("/metrics", 7),
    ] {
        for calls in 0..calls {
            shop.memory.fail_after(calls);
            let answer = shop.get_with_key(&token, path).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path} {calls}");
            assert_eq!(answer.problem(), "503 unavailable: a table is out of reach; try again later");
        }
    }
}

#[tokio::test]
async fn parameters_are_known_and_given_once() {
    let shop = Shop::new();
    let token = shop.key(&[Scope::Purchases], None);
    let problem = async |path: &str| shop.get_with_key(&token, path).await.problem();
    insta::assert_snapshot!(problem("/purchases?form=2026-11-21").await, @r#"400 unknown_parameter: "form" is not a parameter of this; it takes from, to, item, buyer, limit, cursor"#);
    insta::assert_snapshot!(problem("/purchases?item=1&item=2").await, @"400 repeated_parameter: item is given more than once");
    insta::assert_snapshot!(shop.get("/?limit=5").await.problem(), @r#"400 unknown_parameter: "limit" is not a parameter of this; it takes none"#);
    for path in [
        "/purchases?ada%40shop.example=1",
        "/purchases?item=ada@shop.example",
        "/purchases?buyer=ada@shop.example",
        "/purchases?from=ada@shop.example",
        "/purchases?cursor=ada@shop.example",
        "/purchases?limit=ada@shop.example",
        "/purchases/trends?bucket=ada@shop.example",
        "/purchases/trends?to=ada@shop.example",
        "/imports?month=ada@shop.example",
        "/imports?cursor=ada@shop.example",
        "/imports/ada@shop.example",
        "/imports/ada%40shop.example",
    ] {
        let problem = problem(path).await;
        assert!(problem.starts_with("400 ") && !problem.contains("ada"), "{problem}");
    }
}

#[tokio::test]
async fn without_the_parameter_there_is_no_cors() {
    let answer = Shop::new().send(Method::GET, "/signals", &[("origin", "https://a.example")]).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn the_one_origin_may_read_and_ask_with_a_key() {
    let shop = Shop::with_cors("https://a.example");
    for origin in ["https://a.example", "https://b.example"] {
        let answer = shop.send(Method::GET, "/signals", &[("origin", origin)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), "https://a.example");
        assert_eq!(answer.header("access-control-expose-headers"), "etag,link");
        // One header: an answer of Lambda holds each name once.
        assert_eq!(answer.headers.get_all("vary").iter().collect::<Vec<_>>(), ["authorization"]);
    }
    let preflight = [
        ("origin", "https://a.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization"),
    ];
    let answer = shop.send(Method::OPTIONS, "/purchases", &preflight).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(answer.header("access-control-allow-origin"), "https://a.example");
    assert_eq!(answer.header("access-control-allow-methods"), "GET,HEAD");
    assert_eq!(answer.header("access-control-allow-headers"), "authorization,if-none-match");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn any_origin_may_read_when_the_parameter_says_so() {
    let answer = Shop::with_cors("*").send(Method::GET, "/signals", &[("origin", "https://a.example")]).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
}
