//! `GET /purchases`.

use http::{Method, StatusCode};

use super::*;

fn shop_with_purchases() -> (Shop, String) {
    let shop = Shop::new();
    shop.purchase("2126-11-19T23:59:59.999999999Z", 1, "9007199254740991", "1", "99999999999.9999");
    shop.purchase("2126-11-20T00:00:00Z", 2, "7", "-3", "12.50");
    shop.purchase("2126-11-20T10:00:00.25Z", 11, "8", "2", "0.1");
    shop.purchase("2126-11-20T10:00:00.25Z", 12, "8", "2", "0.1");
    shop.purchase("2126-11-21T11:00:00Z", 5, "7", "1", "100");
    let token = shop.key(&[Scope::Purchases], None);
    (shop, token)
}

#[tokio::test]
async fn purchases_are_in_time_order_and_exact() {
    let (shop, token) = shop_with_purchases();
    let answer = shop.get_with_key(&token, "/purchases").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "private, no-store");
    insta::assert_snapshot!(answer.body.replace(BUYER, "BUYER").replace("},{", "},\n{"), @r#"
    {"purchases":[{"buyer":"BUYER","item_id":9007199254740991,"quantity":1,"price":99999999999.9999,"purchase_date":"2126-11-19T23:59:59.999999999Z"},
    {"buyer":"BUYER","item_id":7,"quantity":-3,"price":12.5,"purchase_date":"2126-11-20T00:00:00Z"},
    {"buyer":"BUYER","item_id":8,"quantity":2,"price":0.1,"purchase_date":"2126-11-20T10:00:00.25Z"},
    {"buyer":"BUYER","item_id":8,"quantity":2,"price":0.1,"purchase_date":"2126-11-20T10:00:00.25Z"},
    {"buyer":"BUYER","item_id":7,"quantity":1,"price":100,"purchase_date":"2126-11-21T11:00:00Z"}],"next_cursor":null}
    "#);
}

#[tokio::test]
async fn an_empty_range_is_an_empty_page() {
    let (shop, token) = shop_with_purchases();
    let answer = shop.get_with_key(&token, "/purchases?from=2126-11-01&to=2126-11-02").await;
    assert_eq!(answer.body, r#"{"purchases":[],"next_cursor":null}"#);
}

async fn dates(shop: &Shop, token: &str, query: &str) -> Vec<String> {
    let answer = shop.get_with_key(token, &format!("/purchases?{query}")).await.json();
    let purchases = answer["purchases"].as_array().unwrap_or_else(|| panic!("{answer}"));
    purchases.iter().map(|purchase| purchase["purchase_date"].as_str().unwrap()[8..13].to_owned()).collect()
}

#[tokio::test]
async fn filters_narrow_it() {
    let (shop, token) = shop_with_purchases();
    let dates = async |query: &str| dates(&shop, &token, query).await;
    assert_eq!(dates("from=2126-11-20&to=2126-11-20").await, ["20T00", "20T10", "20T10"]);
    assert_eq!(dates("to=2126-11-20T00:00:00").await, ["19T23"]);
    assert_eq!(dates("from=2126-11-20T00:00:00.000000001Z&to=2126-11-21").await, ["20T10", "20T10", "21T11"]);
    assert_eq!(dates("item=7").await, ["20T00", "21T11"]);
    assert_eq!(dates(&format!("item=8&buyer={BUYER}")).await.len(), 2);
    assert!(dates(&format!("buyer=k2.{}", &BUYER[3..])).await.is_empty());
    // By default the last 30 days.
    shop.purchase("2126-10-22T14:25:29Z", 3, "7", "1", "1");
    shop.purchase("2126-11-21T14:25:30Z", 4, "7", "1", "1");
    assert_eq!(dates("").await.len(), 5);
}

#[tokio::test]
async fn a_linked_buyer_is_shown_and_found_by_either_token() {
    let (shop, token) = shop_with_purchases();
    shop.link(11);
    let other = format!("k1.{}", "ab".repeat(32));
    for purchase in shop.memory.tables().purchases.values_mut().filter(|p| p.position.row_id == RowId(12)) {
        purchase.buyer = other.parse().unwrap();
    }
    let rows = async |buyer: &str| {
        let path = format!("/purchases?from=2126-11-20&to=2126-11-20&buyer={buyer}");
        shop.get_with_key(&token, &path).await.json()["purchases"].as_array().unwrap().clone()
    };
    let linked = rows(LINKED).await;
    assert_eq!(linked.len(), 1);
    assert_eq!((&linked[0]["buyer"], &linked[0]["linked"]), (&BUYER.into(), &LINKED.into()));
    let own = rows(BUYER).await;
    assert_eq!((own.len(), own[0].get("linked"), &own[1]["linked"]), (2, None, &LINKED.into()));
    assert_eq!(rows(&other).await.len(), 1);
    // Both filters at once.
    assert!(rows(&format!("{LINKED}&item=7")).await.is_empty());
    assert_eq!(rows(&format!("{LINKED}&item=8")).await.len(), 1);
}

#[tokio::test]
async fn pages_follow_each_other_by_cursor() {
    let (shop, token) = shop_with_purchases();
    for limit in 1..=5 {
        let mut found = Vec::new();
        let mut cursor = String::new();
        for _ in 0..7 {
            let path = format!("/purchases?limit={limit}{cursor}");
            let page = shop.get_with_key(&token, &path).await.json();
            let rows = page["purchases"].as_array().unwrap().clone();
            assert!(rows.len() <= limit, "{page}");
            found.extend(rows);
            let Some(next) = page["next_cursor"].as_str() else {
                cursor.clear();
                break;
            };
            cursor = format!("&cursor={next}");
        }
        assert_eq!((found.len(), cursor.as_str()), (5, ""), "limit {limit}");
        assert!(found.is_sorted_by_key(|row| row["purchase_date"].as_str().unwrap().to_owned()));
    }
}

#[tokio::test]
async fn what_is_loaded_meanwhile_does_not_shift_a_cursor() {
    let (shop, token) = shop_with_purchases();
    let first = shop.get_with_key(&token, "/purchases?limit=2").await.json();
    shop.purchase("2126-11-19T10:00:00Z", 6, "7", "1", "1");
    shop.purchase("2126-11-20T10:00:00Z", 6, "7", "1", "1");
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = dates(&shop, &token, &format!("limit=2&cursor={cursor}")).await;
    assert_eq!(rest, ["20T10", "20T10"]);
}

#[tokio::test]
async fn a_cursor_is_refused_unless_it_is_this_querys() {
    let (shop, token) = shop_with_purchases();
    let page = shop.get_with_key(&token, "/purchases?limit=1&item=8").await.json();
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    let problem =
        async |query: &str| shop.get_with_key(&token, &format!("/purchases?{query}")).await.problem();
    insta::assert_snapshot!(problem("cursor=forged").await, @"400 cursor: this is not a cursor of this version");
    insta::assert_snapshot!(problem(&format!("cursor={cursor}&item=7")).await, @"400 cursor: this cursor belongs to another query: repeat from, to, item and buyer as in its first request");
    let forged = format!("{}A", &cursor[..cursor.len() - 1]);
    for bad in [
        "cursor=".to_owned(),
        format!("cursor={forged}&item=8"),
        format!("cursor={}&item=8", "A".repeat(5_000)),
    ] {
        assert!(problem(&bad).await.starts_with("400 cursor: "), "{bad}");
    }
}

#[tokio::test]
async fn wrong_parameters_name_field_value_and_rule() {
    let (shop, token) = shop_with_purchases();
    let problem =
        async |query: &str| shop.get_with_key(&token, &format!("/purchases?{query}")).await.problem();
    insta::assert_snapshot!(problem("limit=1001").await, @r#"400 limit: limit must be a whole number from 1 to 1000; got "1001""#);
    insta::assert_snapshot!(problem("item=1e3").await, @r#"400 item: item must be an item's number; got "1e3""#);
    insta::assert_snapshot!(problem("buyer=ada@shop.example").await, @"400 buyer: buyer must be a buyer token as purchases have it, such as k1.<64 hex digits>");
    insta::assert_snapshot!(problem("from=2126-02-31").await, @r#"400 from: from must be a date (2026-11-21), an instant (2026-11-21T14:00:00Z, or with an offset whose + is written %2B) or a date and time in UTC (2026-11-21T14:00:00), from 1970 to 9998; got "2126-02-31""#);
    insta::assert_snapshot!(problem("from=2126-11-22").await, @"400 range: from must be before to; the range is 2126-11-22T00:00:00Z to 2126-11-21T14:25:30Z");
    for bad in [
        "limit=0",
        "limit=abc",
        "item=-1",
        "item=9007199254740992",
        "buyer=",
        "to=tomorrow",
        "from=&to=",
        "offset=5",
    ] {
        assert!(problem(bad).await.starts_with("400 "), "{bad}");
    }
}

#[tokio::test]
async fn without_a_key_that_holds_nothing_is_told() {
    let (shop, token) = shop_with_purchases();
    let unknown = Token::random().unwrap();
    let expired = shop.key(&[Scope::Purchases], Some(now()));
    let no_scope = shop.key(&[], None);
    let malformed = format!("Bearer {}", &token[1..]);
    let mut told = Vec::new();
    for authorization in [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(malformed),
        Some(format!("Basic {token}")),
        Some(token.clone()),
        Some(format!("Bearer {}", unknown.expose())),
        Some(format!("Bearer {expired}")),
        Some(format!("Bearer {no_scope}")),
        Some(format!("Bearer {token}, Bearer {token}")),
    ] {
        let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        // Also with parameters that are wrong: those are told to key holders alone.
        let answer = shop.send(Method::GET, "/purchases?limit=0", &headers).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{authorization:?}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert_eq!(answer.header("cache-control"), "no-store");
        told.push(answer.body);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "they look alike: {told:?}");
    insta::assert_snapshot!(told[0], @r#"{"type":"unauthorized","title":"Unauthorized","status":401,"detail":"this needs a header such as Authorization: Bearer shopwatch_... with a session or an API key that holds"}"#);

    let still = shop.key(&[Scope::Purchases], Some(now() + 1.second()));
    assert_eq!(shop.get_with_key(&still, "/purchases").await.status, StatusCode::OK);
    let lower = [("authorization", format!("bearer {token}"))].map(|(n, v)| (n, v));
    let lower: Vec<_> = lower.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(shop.send(Method::GET, "/purchases", &lower).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_of_another_scope_is_refused() {
    let (shop, _) = shop_with_purchases();
    let read = shop.key(&[Scope::Read], None);
    let answer = shop.get_with_key(&read, "/purchases").await;
    insta::assert_snapshot!(answer.problem(), @"403 scope_missing: this session or key does not have the scope purchases");
}

#[tokio::test]
async fn unknown_and_malformed_keys_cost_the_same_lookup() {
    let (shop, token) = shop_with_purchases();
    for text in [&token[1..], Token::random().unwrap().expose()] {
        shop.memory.fail_after(0);
        let answer = shop.get_with_key(text, "/purchases").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "the table was not asked");
    }
}
