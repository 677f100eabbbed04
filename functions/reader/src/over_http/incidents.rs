//! `GET /incidents`.

use http::StatusCode;

use super::*;

fn shop_with_incidents() -> Shop {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.monitor("s0-canary", "Canary", "https://canary.example/", false);
    shop.incident("s0-aaaaaa", 3 * 1_440, Some(3 * 1_440 - 20));
    shop.incident("s0-canary", 40, None);
    let mut open = shop.incident("s0-aaaaaa", 30, None);
    open.reason = Reason::Status;
    open.status = Some(503);
    open.flapping = true;
    open.regions.push("eu-west-1".parse().unwrap());
    shop.memory.tables().incidents.insert(open.id(), open);
    // Its monitor is gone.
    shop.incident("s0-dddddd", 20, Some(10));
    shop
}

#[tokio::test]
async fn the_newest_come_first_with_all_that_is_known() {
    let answer = shop_with_incidents().get("/incidents").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(answer.header("cache-control"), "public, max-age=10");
    insta::assert_snapshot!(answer.body.replace("},{", "},\n{"), @r#"
    {"incidents":[{"id":"2126-11-21T13:55:00Z#s0-aaaaaa","monitor":"s0-aaaaaa","name":"Shop","state":"down","reason":"status","status":503,"regions":["us-east-1","eu-west-1"],"opened_at":"2126-11-21T13:55:00Z","began_at":"2126-11-21T13:54:00Z","closed_at":null,"closed_by":null,"flapping":true},
    {"id":"2126-11-18T14:25:00Z#s0-aaaaaa","monitor":"s0-aaaaaa","name":"Shop","state":"down","reason":"timeout","status":null,"regions":["us-east-1"],"opened_at":"2126-11-18T14:25:00Z","began_at":"2126-11-18T14:24:00Z","closed_at":"2126-11-18T14:45:00Z","closed_by":"recovery","flapping":false}],"more":false}
    "#);
}

#[tokio::test]
async fn an_empty_install_has_an_empty_list() {
    assert_eq!(Shop::new().get("/incidents").await.body, r#"{"incidents":[],"more":false}"#);
}

async fn monitors(shop: &Shop, token: Option<&str>, path: &str) -> Vec<String> {
    let answer = match token {
        Some(token) => shop.get_with_key(token, path).await,
        None => shop.get(path).await,
    };
    let incidents = answer.json()["incidents"].as_array().unwrap().clone();
    incidents.iter().map(|incident| incident["monitor"].as_str().unwrap()[3..].to_owned()).collect()
}

#[tokio::test]
async fn private_and_deleted_monitors_are_shown_to_keys_with_the_scope_alone() {
    let shop = shop_with_incidents();
    let anonymous = shop.get("/incidents?days=400").await.body;
    assert!(!anonymous.to_lowercase().contains("canary") && !anonymous.contains("dddddd"), "{anonymous}");
    let read = shop.key(&[Scope::Read], None);
    assert_eq!(monitors(&shop, Some(&read), "/incidents").await, ["dddddd", "aaaaaa", "canary", "aaaaaa"]);
    let answer = shop.get_with_key(&read, "/incidents").await;
    assert_eq!((answer.header("cache-control"), answer.header("etag")), ("private, no-store", ""));
    assert_eq!(answer.json()["incidents"][0]["name"], Value::Null);

    let purchases = shop.key(&[Scope::Purchases], None);
    assert_eq!(shop.get_with_key(&purchases, "/incidents").await.status, StatusCode::FORBIDDEN);
    assert_eq!(shop.get_with_key("nonsense", "/incidents").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn days_narrow_it() {
    let shop = shop_with_incidents();
    for (path, count) in [
        ("/incidents?days=1", 1),
        ("/incidents?days=3", 2),
        ("/incidents?days=2", 1),
        ("/incidents?days=400", 2),
    ] {
        assert_eq!(monitors(&shop, None, path).await.len(), count, "{path}");
    }
    insta::assert_snapshot!(shop.get("/incidents?days=401").await.problem(), @r#"400 days: days must be a whole number from 1 to 400; got "401""#);
    for bad in ["days=0", "days=-1", "days=", "days=a", "days=1&days=2", "limit=5"] {
        assert_eq!(shop.get(&format!("/incidents?{bad}")).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn there_are_five_hundred_at_most_and_the_answer_says_so() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", true);
    shop.monitor("s0-canary", "Canary", "https://canary.example/", false);
    for opened in 0..500 {
        shop.incident("s0-aaaaaa", opened, None);
        shop.incident("s0-canary", opened, None);
    }
    let answer = shop.get("/incidents").await.json();
    assert_eq!((answer["incidents"].as_array().unwrap().len(), &answer["more"]), (500, &Value::Bool(false)));
    shop.incident("s0-aaaaaa", 500, None);
    let answer = shop.get("/incidents").await;
    assert_eq!(answer.json()["more"], true);
    assert_eq!(answer.json()["incidents"][499]["opened_at"], "2126-11-21T06:06:00Z");
    assert!(answer.body.len() < 500_000, "{}", answer.body.len());
}
