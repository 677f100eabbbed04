//! `GET /purchases/trends`.

use http::{Method, StatusCode};
use shared::trend::ItemSales;

use super::*;

fn sales(orders: u64, quantity: i64, revenue: &str, buyers: u64, returns: u64) -> Sales {
    let item = ItemSales { item_id: "7".parse().unwrap(), quantity, revenue: revenue.parse().unwrap() };
    Sales { orders, quantity, revenue: revenue.parse().unwrap(), buyers, returns, top_items: vec![item] }
}

/// 2126-11-21 is a Thursday.
fn sell(shop: &Shop) {
    shop.day("2126-10-31", |day| (day.sales, day.new_buyers) = (sales(1, 1, "1", 1, 0), 1));
    shop.day("2126-11-17", |day| {
        (day.sales, day.new_buyers, day.returning_buyers) = (sales(2, 3, "0.10", 2, 0), 1, 1);
    });
    shop.day("2126-11-21", |day| {
        day.sales = sales(5, -4, "99999999999.9999", 3, 6);
        (day.new_buyers, day.returning_buyers) = (2, 1);
        day.hours.insert(0, sales(1, -6, "-0.5", 1, 6));
        day.hours.insert(14, sales(4, 2, "100000000000.4999", 2, 0));
    });
}

fn shop_with_sales() -> (Shop, String) {
    let shop = Shop::new();
    sell(&shop);
    let token = shop.key(&[Scope::Purchases], None);
    (shop, token)
}

async fn trends(shop: &Shop, token: &str, query: &str) -> Value {
    let answer = shop.get_with_key(token, &format!("/purchases/trends?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn a_day_has_all_that_is_known_of_it() {
    let (shop, token) = shop_with_sales();
    let answer = shop.get_with_key(&token, "/purchases/trends?from=2126-11-20&to=2126-11-21").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!((answer.header("cache-control"), answer.header("etag")), ("private, no-store", ""));
    insta::assert_snapshot!(answer.body.replace("},{\"from", "},\n{\"from"), @r#"
    {"bucket":"day","from":"2126-11-20T00:00:00Z","to":"2126-11-22T00:00:00Z","trends":[{"from":"2126-11-20T00:00:00Z","to":"2126-11-21T00:00:00Z","orders":0,"quantity":0,"revenue":0,"returns":0,"buyers":0,"new_buyers":0,"returning_buyers":0,"top_items":[]},
    {"from":"2126-11-21T00:00:00Z","to":"2126-11-22T00:00:00Z","orders":5,"quantity":-4,"revenue":99999999999.9999,"returns":6,"buyers":3,"new_buyers":2,"returning_buyers":1,"top_items":[{"item_id":7,"quantity":-4,"revenue":99999999999.9999}]}]}
    "#);
}

#[tokio::test]
async fn an_hour_has_no_new_buyers() {
    let (shop, token) = shop_with_sales();
    let path = "/purchases/trends?bucket=hour&from=2126-11-20T23:59:59&to=2126-11-21T02:00:00";
    let answer = shop.get_with_key(&token, path).await;
    insta::assert_snapshot!(answer.body.replace("},{\"from", "},\n{\"from"), @r#"
    {"bucket":"hour","from":"2126-11-20T23:00:00Z","to":"2126-11-21T02:00:00Z","trends":[{"from":"2126-11-20T23:00:00Z","to":"2126-11-21T00:00:00Z","orders":0,"quantity":0,"revenue":0,"returns":0,"buyers":0,"new_buyers":null,"returning_buyers":null,"top_items":[]},
    {"from":"2126-11-21T00:00:00Z","to":"2126-11-21T01:00:00Z","orders":1,"quantity":-6,"revenue":-0.5,"returns":6,"buyers":1,"new_buyers":null,"returning_buyers":null,"top_items":[{"item_id":7,"quantity":-6,"revenue":-0.5}]},
    {"from":"2126-11-21T01:00:00Z","to":"2126-11-21T02:00:00Z","orders":0,"quantity":0,"revenue":0,"returns":0,"buyers":0,"new_buyers":null,"returning_buyers":null,"top_items":[]}]}
    "#);
}

#[tokio::test]
async fn weeks_and_months_have_sums_and_nothing_that_is_none() {
    let (shop, token) = shop_with_sales();
    let path = "/purchases/trends?bucket=week&from=2126-11-13&to=2126-11-24";
    let answer = shop.get_with_key(&token, path).await;
    insta::assert_snapshot!(answer.body.replace("},{\"from", "},\n{\"from"), @r#"
    {"bucket":"week","from":"2126-11-13T00:00:00Z","to":"2126-11-25T00:00:00Z","trends":[{"from":"2126-11-13T00:00:00Z","to":"2126-11-18T00:00:00Z","orders":2,"quantity":3,"revenue":0.1,"returns":0,"buyers":null,"new_buyers":1,"returning_buyers":null,"top_items":null},
    {"from":"2126-11-18T00:00:00Z","to":"2126-11-25T00:00:00Z","orders":5,"quantity":-4,"revenue":99999999999.9999,"returns":6,"buyers":null,"new_buyers":2,"returning_buyers":null,"top_items":null}]}
    "#);
    let path = "/purchases/trends?bucket=month&from=2126-10-01&to=2126-11-30";
    let answer = shop.get_with_key(&token, path).await;
    insta::assert_snapshot!(answer.body.replace("},{\"from", "},\n{\"from"), @r#"
    {"bucket":"month","from":"2126-10-01T00:00:00Z","to":"2126-12-01T00:00:00Z","trends":[{"from":"2126-10-01T00:00:00Z","to":"2126-11-01T00:00:00Z","orders":1,"quantity":1,"revenue":1,"returns":0,"buyers":null,"new_buyers":1,"returning_buyers":null,"top_items":null},
    {"from":"2126-11-01T00:00:00Z","to":"2126-12-01T00:00:00Z","orders":7,"quantity":-1,"revenue":100000000000.0999,"returns":6,"buyers":null,"new_buyers":3,"returning_buyers":null,"top_items":null}]}
    "#);
}

#[tokio::test]
async fn by_default_these_are_the_days_of_the_last_thirty() {
    let (shop, token) = shop_with_sales();
    let answer = trends(&shop, &token, "").await;
    assert_eq!((&answer["bucket"], &answer["from"]), (&"day".into(), &"2126-10-22T00:00:00Z".into()));
    assert_eq!(answer["to"], "2126-11-22T00:00:00Z");
    let days = answer["trends"].as_array().unwrap();
    assert_eq!(days.len(), 31);
    let sold = days.iter().filter(|day| day["orders"] != 0).map(|day| &day["from"]);
    assert_eq!(
        sold.collect::<Vec<_>>(),
        ["2126-10-31T00:00:00Z", "2126-11-17T00:00:00Z", "2126-11-21T00:00:00Z"]
    );
    assert_eq!(trends(&shop, &token, "bucket=hour").await["trends"].as_array().unwrap().len(), 721);
}

#[tokio::test]
async fn a_range_covers_the_days_it_touches_and_no_others() {
    let (shop, token) = shop_with_sales();
    for (query, from, to, orders) in [
        ("from=2126-11-21T23:00:00&to=2126-11-21T23:00:01", "2126-11-21", "2126-11-22", 5),
        ("from=2126-11-20T23:59:59Z&to=2126-11-21T00:00:00Z", "2126-11-20", "2126-11-21", 0),
        ("from=2126-11-18&to=2126-11-21&bucket=week", "2126-11-18", "2126-11-22", 5),
        ("from=2126-11-18&to=2126-11-20&bucket=month", "2126-11-18", "2126-11-21", 0),
        ("from=2126-11-21T14:59:00&to=2126-11-21T15:00:00&bucket=hour", "2126-11-21", "2126-11-21", 4),
    ] {
        let answer = trends(&shop, &token, query).await;
        assert!(answer["from"].as_str().unwrap().starts_with(from), "{query}: {answer}");
        assert!(answer["to"].as_str().unwrap().starts_with(to), "{query}: {answer}");
        let sold = answer["trends"].as_array().unwrap().iter().map(|trend| trend["orders"].as_u64().unwrap());
        assert_eq!(sold.sum::<u64>(), orders, "{query}");
        assert_eq!(answer["trends"][0]["from"], answer["from"]);
    }
}

#[tokio::test]
async fn wrong_parameters_name_field_value_and_rule() {
    let (shop, token) = shop_with_sales();
    let problem =
        async |query: &str| shop.get_with_key(&token, &format!("/purchases/trends?{query}")).await.problem();
    insta::assert_snapshot!(problem("bucket=year").await, @r#"400 bucket: bucket must be hour, day, week or month; got "year""#);
    insta::assert_snapshot!(problem("from=2000-01-01").await, @"400 range: a range has at most 744 hours (31 days) with bucket=hour and 3660 days with day, week or month; from 2000-01-01T00:00:00Z to 2126-11-22T00:00:00Z there are 46346 days");
    insta::assert_snapshot!(problem("bucket=hour&from=2126-10-21T14:00:00").await, @"400 range: a range has at most 744 hours (31 days) with bucket=hour and 3660 days with day, week or month; from 2126-10-21T14:00:00Z to 2126-11-21T15:00:00Z there are 745 hours");
    insta::assert_snapshot!(problem("buyer=k1").await, @r#"400 unknown_parameter: "buyer" is not a parameter of this; it takes from, to, bucket"#);
    for bad in ["bucket=", "bucket=Day", "from=tomorrow", "from=2126-11-22", "from=2126-11-01&to=2126-10-01"]
    {
        assert!(problem(bad).await.starts_with("400 "), "{bad}");
    }
    for most in ["from=2116-11-15&to=2126-11-22", "bucket=hour&from=2126-10-01&to=2126-10-31"] {
        trends(&shop, &token, most).await;
    }
    assert!(problem("from=2116-11-14&to=2126-11-22").await.starts_with("400 range: "));
}

#[tokio::test]
async fn ten_years_are_given_unless_they_are_too_large() {
    let (shop, token) = shop_with_sales();
    let item = |id: u64| ItemSales {
        item_id: (9_007_199_254_740_000 + id).to_string().parse().unwrap(),
        quantity: i64::MIN,
        revenue: "-7922816251426433759354395.0335".parse().unwrap(),
    };
    let items: Vec<ItemSales> = (0..20).map(item).collect();
    let mut date: jiff::civil::Date = "2116-11-15".parse().unwrap();
    for _ in 0..3_660 {
        shop.day(&date.to_string(), |day| {
            day.sales.orders = 1;
            day.sales.top_items = items.clone();
        });
        date = date.tomorrow().unwrap();
    }
    let years = "/purchases/trends?from=2116-11-15&to=2126-11-22";
    let answer = shop.get_with_key(&token, years).await;
    assert!(answer.problem().starts_with("400 answer_too_large: the answer has "), "{}", answer.body);
    assert_eq!(shop.get_csv(&token, years).await.body.lines().count(), 3_661);
    let answer = trends(&shop, &token, "from=2116-11-15&to=2126-11-22&bucket=month").await;
    let months = answer["trends"].as_array().unwrap();
    assert_eq!(months.iter().map(|month| month["orders"].as_u64().unwrap()).sum::<u64>(), 3_660);
}

#[tokio::test]
async fn a_sum_without_room_is_no_wrong_number() {
    let (shop, token) = shop_with_sales();
    for day in ["2126-11-17", "2126-11-18"] {
        shop.day(day, |day| day.sales.quantity = i64::MAX);
    }
    let answer = shop.get_with_key(&token, "/purchases/trends?bucket=month").await;
    assert_eq!(answer.problem(), "500 internal: the answer cannot be written");
}

#[tokio::test]
async fn trends_need_a_key_of_the_scope() {
    let (shop, token) = shop_with_sales();
    let read = shop.key(&[Scope::Read], None);
    let revoked = shop.key(&[Scope::Purchases], None);
    let hash = revoked.parse::<Token>().unwrap().hash();
    assert_eq!(shop.get_with_key(&revoked, "/purchases/trends").await.status, StatusCode::OK);
    shop.memory.tables().sessions.remove(&hash.to_string());
    assert!(shop.get("/purchases/trends").await.problem().starts_with("401 unauthorized"));
    assert!(shop.get("/purchases/trends?bucket=year").await.problem().starts_with("401 unauthorized"));
    for bad in [revoked.as_str(), &token[1..]] {
        let answer = shop.get_with_key(bad, "/purchases/trends").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    let answer = shop.get_with_key(&read, "/purchases/trends").await;
    assert!(answer.problem().starts_with("403 scope_missing"), "{answer:?}");
}

#[tokio::test]
async fn where_trends_are_public_they_may_be_kept_and_a_wrong_key_still_is_one() {
    let shop = Shop::with_public_trends();
    sell(&shop);
    let answer = shop.get("/purchases/trends").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "public, max-age=10");
    let etag = answer.header("etag").to_owned();
    let again = shop.send(Method::GET, "/purchases/trends", &[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let csv = [("if-none-match", etag.as_str()), ("accept", "text/csv")];
    let csv = shop.send(Method::GET, "/purchases/trends", &csv).await;
    assert_eq!((csv.status, csv.header("vary")), (StatusCode::OK, "authorization, accept"));

    let read = shop.key(&[Scope::Read], None);
    assert_eq!(shop.get_with_key(&read, "/purchases/trends").await.status, StatusCode::FORBIDDEN);
    assert_eq!(shop.get_with_key("nonsense", "/purchases/trends").await.status, StatusCode::UNAUTHORIZED);
    let token = shop.key(&[Scope::Purchases], None);
    let private = shop.get_with_key(&token, "/purchases/trends").await;
    assert_eq!((private.header("cache-control"), &private.body), ("private, no-store", &answer.body));
}

#[tokio::test]
async fn public_trends_tell_of_no_person_and_open_nothing_else() {
    let shop = Shop::with_public_trends();
    sell(&shop);
    shop.purchase("2126-11-21T11:00:00Z", 0xcafe, "31337", "1", "4711.25");
    shop.link(0xcafe);
    shop.import("purchases/ada.canary@shop.example.csv", "2126-11-21T14:00:00Z");
    for query in ["", "?bucket=hour", "?bucket=week", "?bucket=month"] {
        for accept in ["*/*", "text/csv"] {
            let path = format!("/purchases/trends{query}");
            let body = shop.send(Method::GET, &path, &[("accept", accept)]).await.body;
            for secret in
                ["canary", "the-owner", "k1.", "k2.", "31337", "4711", "cafe", "000ff", "000ee", "@"]
            {
                assert!(!body.contains(secret), "{path} tells {secret}");
            }
        }
    }
    for path in ["/purchases", "/imports", &format!("/imports/{}", "0".repeat(64))] {
        assert_eq!(shop.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}
