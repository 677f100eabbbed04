//! CSV, where `Accept` asks for it: of `GET /purchases` and `GET /purchases/trends`.

use http::{Method, StatusCode};

use super::*;

fn shop_with_purchases() -> (Shop, String) {
    let shop = Shop::new();
    shop.purchase("2126-11-20T00:00:00Z", 2, "7", "-3", "12.50");
    shop.purchase("2126-11-20T10:00:00.25Z", 11, "8", "2", "0.1");
    shop.link(11);
    shop.purchase("2126-11-21T11:00:00Z", 5, "9007199254740991", "1", "99999999999.9999");
    shop.day("2126-11-20", |day| {
        day.sales.revenue = "-37.30".parse().unwrap();
        day.sales.quantity = -1;
        day.sales.returns = 3;
    });
    let token = shop.key(&[Scope::Purchases], None);
    (shop, token)
}

#[tokio::test]
async fn purchases_are_rows() {
    let (shop, token) = shop_with_purchases();
    let answer = shop.get_csv(&token, "/purchases").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(answer.header("link"), "");
    insta::assert_snapshot!(answer.body.replace(BUYER, "BUYER").replace(LINKED, "LINKED").replace('\r', "|"), @"
    buyer,item_id,quantity,price,purchase_date,linked|
    BUYER,7,-3,12.5,2126-11-20T00:00:00Z,|
    BUYER,8,2,0.1,2126-11-20T10:00:00.25Z,LINKED|
    BUYER,9007199254740991,1,99999999999.9999,2126-11-21T11:00:00Z,|
    ");
}

#[tokio::test]
async fn a_page_of_csv_is_the_page_of_json_and_links_to_the_next() {
    let (shop, token) = shop_with_purchases();
    let mut path = "/purchases?limit=1&from=2126-11-20T01:00:00%2B01:00".to_owned();
    let mut rows = Vec::new();
    for _ in 0..3 {
        let (csv, json) = (shop.get_csv(&token, &path).await, shop.get_with_key(&token, &path).await);
        assert_eq!(csv.header("link"), json.header("link"), "{path}");
        let row = csv.body.split("\r\n").nth(1).unwrap().to_owned();
        let purchase = &json.json()["purchases"][0];
        assert!(row.contains(purchase["purchase_date"].as_str().unwrap()), "{row} {purchase}");
        rows.push(row);
        let cursor = json.json()["next_cursor"].as_str().map(str::to_owned);
        let Some(link) = csv.header("link").strip_prefix('<') else {
            assert_eq!(cursor, None);
            break;
        };
        let (target, rest) = link.split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"");
        assert!(target.ends_with(&format!("&cursor={}", cursor.unwrap())), "{target}");
        // Relative to the address that was asked for (RFC 3986, 5.2.2): another query of the same path.
        path = format!("/purchases{target}");
    }
    let dates: Vec<&str> = rows.iter().map(|row| row.split(',').nth(4).unwrap()).collect();
    assert_eq!(dates, ["2126-11-20T00:00:00Z", "2126-11-20T10:00:00.25Z", "2126-11-21T11:00:00Z"]);
}

#[tokio::test]
async fn trends_are_rows() {
    let (shop, token) = shop_with_purchases();
    let csv = async |query: &str| {
        let answer = shop.get_csv(&token, &format!("/purchases/trends?{query}")).await;
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
        answer.body.replace('\r', "|")
    };
    insta::assert_snapshot!(csv("from=2126-11-19&to=2126-11-20").await, @"
    from,to,orders,quantity,revenue,returns,buyers,new_buyers,returning_buyers|
    2126-11-19T00:00:00Z,2126-11-20T00:00:00Z,0,0,0,0,0,0,0|
    2126-11-20T00:00:00Z,2126-11-21T00:00:00Z,0,-1,-37.3,3,0,0,0|
    ");
    insta::assert_snapshot!(csv("from=2126-11-19&to=2126-11-20&bucket=week").await, @"
    from,to,orders,quantity,revenue,returns,buyers,new_buyers,returning_buyers|
    2126-11-19T00:00:00Z,2126-11-21T00:00:00Z,0,-1,-37.3,3,,0,|
    ");
    insta::assert_snapshot!(csv("from=2126-11-20T09:59:00&to=2126-11-20T11:00:00&bucket=hour").await, @"
    from,to,orders,quantity,revenue,returns,buyers,new_buyers,returning_buyers|
    2126-11-20T09:00:00Z,2126-11-20T10:00:00Z,0,0,0,0,0,,|
    2126-11-20T10:00:00Z,2126-11-20T11:00:00Z,0,0,0,0,0,,|
    ");
}

/// Numbers, tokens and instants: nothing has to be quoted, and nothing is a formula.
#[tokio::test]
async fn no_field_needs_quotes_or_begins_a_formula() {
    let (shop, token) = shop_with_purchases();
    for path in ["/purchases", "/purchases/trends", "/purchases/trends?bucket=month"] {
        let body = shop.get_csv(&token, path).await.body;
        let lines: Vec<&str> = body.strip_suffix("\r\n").unwrap().split("\r\n").collect();
        let columns = lines[0].split(',').count();
        assert!(lines.len() > 1, "{path}");
        for line in lines {
            assert_eq!(line.split(',').count(), columns, "{line}");
            for field in line.split(',') {
                let plain = field.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte));
                let is_number = field.parse::<f64>().is_ok();
                assert!(plain && (is_number || !field.starts_with('-')), "{field}");
            }
        }
    }
}

#[tokio::test]
async fn who_does_not_ask_for_csv_gets_json() {
    let (shop, token) = shop_with_purchases();
    let authorization = format!("Bearer {token}");
    for (accept, media_type) in [
        ("*/*", "application/json"),
        ("image/png", "application/json"),
        ("text/csv;q=0.1, application/json", "application/json"),
        ("text/csv, */*;q=0.1", "text/csv; charset=utf-8; header=present"),
    ] {
        let headers = [("authorization", authorization.as_str()), ("accept", accept)];
        for path in ["/purchases", "/purchases/trends"] {
            let answer = shop.send(Method::GET, path, &headers).await;
            assert_eq!(answer.header("content-type"), media_type, "{accept}");
            assert_eq!(answer.headers.get_all("vary").iter().collect::<Vec<_>>(), ["authorization, accept"]);
        }
        // What is not a list of numbers has one format.
        let answer = shop.send(Method::GET, "/imports", &headers).await;
        assert_eq!(answer.header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn a_problem_is_a_problem_document_in_any_case() {
    let (shop, token) = shop_with_purchases();
    for path in ["/purchases?limit=0", "/purchases/trends?bucket=year"] {
        assert!(shop.get_csv(&token, path).await.problem().starts_with("400 "), "{path}");
    }
    assert!(shop.get_csv(&token[1..], "/purchases").await.problem().starts_with("401 "));
}
