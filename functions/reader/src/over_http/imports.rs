//! `GET /imports` and `GET /imports/{id}`.

use http::StatusCode;
use shared::import::ImportState;

use super::*;

fn shop_with_imports() -> (Shop, String) {
    let shop = Shop::new();
    shop.import("purchases/oldest.csv", "2125-10-31T23:59:59Z");
    shop.import("purchases/september.csv", "2126-09-30T23:59:59.999999999Z");
    shop.import("purchases/first.csv", "2126-11-01T00:00:00Z");
    shop.import("purchases/second.csv", "2126-11-21T14:24:59.5Z");
    shop.import("purchases/third.csv", "2126-11-21T14:25:00Z");
    let token = shop.key(&[Scope::Purchases], None);
    (shop, token)
}

fn names(answer: &Value) -> Vec<&str> {
    let imports = answer["imports"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let keys = imports.iter().map(|import| import["key"].as_str().unwrap());
    keys.map(|key| key.strip_prefix("purchases/").unwrap().strip_suffix(".csv").unwrap()).collect()
}

#[tokio::test]
async fn an_import_is_shown_with_all_that_the_ledger_has_but_its_owner() {
    let (shop, token) = shop_with_imports();
    let mut import = shop.import("purchases/odd \"name\", +%.csv", "2126-11-21T14:25:10.25Z");
    import.state = ImportState::LoadedWithRejects;
    import.message = Some("3 rows were refused".to_owned());
    import.format = Some("gzip, header".to_owned());
    import.counts.rows = 100_000;
    import.counts.loaded = 99_996;
    import.counts.rejected = BTreeMap::from([("email".to_owned(), 2), ("price".to_owned(), 1)]);
    import.counts.erased = 1;
    import.counts.ambiguous_times = 4;
    import.counts.bytes = 1_000;
    import.counts.text_bytes = 5_000_000;
    import.counts.checkpoint = 100_000;
    import.key_id = Some("k1".to_owned());
    import.normalisation = Some(1);
    import.days = vec!["2126-11-20".parse().unwrap(), "2126-11-21".parse().unwrap()];
    import.unsorted = true;
    import.passes = 2;
    import.sequencer = Some("0055AED6DCD90281E5".to_owned());
    import.etag = Some("canary".to_owned());
    import.rejects_key = Some("rejects/1.csv".to_owned());
    import.ended_at = Some("2126-11-21T14:25:13Z".parse().unwrap());
    import.duration_ms = Some(2_750);
    shop.put_import(import.clone());
    let answer = shop.get_with_key(&token, &format!("/imports/{}", import.import_id)).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "private, no-store"));
    insta::assert_snapshot!(answer.body.replace(",\"", ",\n\""), @r#"
    {"id":"fb7f0f29aa34924eabc16893f2034fcd33d59c376c66a498f4ff392cffcd3620",
    "key":"purchases/odd \"name\", +%.csv",
    "version":"v1",
    "size":1000,
    "state":"loaded_with_rejects",
    "message":"3 rows were refused",
    "format":"gzip, header",
    "rows":100000,
    "loaded":99996,
    "rejected":{"email":2,
    "price":1},
    "erased":1,
    "ambiguous_times":4,
    "bytes":1000,
    "text_bytes":5000000,
    "rows_per_s":36363,
    "key_id":"k1",
    "normalisation":1,
    "unsorted":true,
    "passes":2,
    "checkpoint":100000,
    "days":["2126-11-20",
    "2126-11-21"],
    "rejects_key":"rejects/1.csv",
    "rejects_left_out":0,
    "sequencer":"0055AED6DCD90281E5",
    "started_at":"2126-11-21T14:25:10.25Z",
    "ended_at":"2126-11-21T14:25:13Z",
    "duration_ms":2750,
    "lease_until":null}
    "#);
    let list = shop.get_with_key(&token, "/imports?limit=1").await;
    assert_eq!(list.json()["imports"][0], answer.json());
    assert!(!list.body.contains("owner") && !list.body.contains("canary"), "{}", list.body);
}

#[tokio::test]
async fn a_running_import_shows_its_lease_and_no_speed() {
    let (shop, token) = shop_with_imports();
    let import = shop.get_with_key(&token, "/imports?limit=1").await.json()["imports"][0].clone();
    assert_eq!(
        (&import["state"], &import["lease_until"]),
        (&"running".into(), &"2126-11-21T14:25:45Z".into())
    );
    for unknown in ["ended_at", "duration_ms", "rows_per_s", "message", "rejects_key", "key_id"] {
        assert!(import[unknown].is_null() && import.get(unknown).is_some(), "{unknown}: {import}");
    }
    let mut at_once = shop.import("purchases/at-once.csv", "2126-11-21T14:25:20Z");
    at_once.duration_ms = Some(0);
    shop.put_import(at_once.clone());
    let answer = shop.get_with_key(&token, &format!("/imports/{}", at_once.import_id)).await.json();
    assert_eq!((&answer["duration_ms"], &answer["rows_per_s"]), (&0.into(), &Value::Null));
}

#[tokio::test]
async fn the_newest_come_first_of_every_month_or_of_one() {
    let (shop, token) = shop_with_imports();
    let list = async |query: &str| shop.get_with_key(&token, &format!("/imports?{query}")).await.json();
    // The ledger forgets after 400 days.
    assert_eq!(names(&list("").await), ["third", "second", "first", "september", "oldest"]);
    assert_eq!(names(&list("month=2126-11").await), ["third", "second", "first"]);
    assert_eq!(names(&list("month=2126-09").await), ["september"]);
    assert_eq!(names(&list("month=2126-10").await), Vec::<&str>::new());
    assert_eq!(names(&list("month=2126-12").await), Vec::<&str>::new());
    assert_eq!(
        shop.get_with_key(&token, "/imports?month=2126-12").await.body,
        r#"{"imports":[],"next_cursor":null}"#
    );
}

#[tokio::test]
async fn pages_follow_each_other_by_cursor_and_by_link() {
    let (shop, token) = shop_with_imports();
    for (query, all) in [("", 5), ("&month=2126-11", 3)] {
        for limit in 1..=5 {
            let (mut path, mut found) = (format!("/imports?limit={limit}{query}"), Vec::new());
            for page in 1.. {
                let answer = shop.get_with_key(&token, &path).await;
                let imports = answer.json();
                assert!(names(&imports).len() <= limit);
                found.extend(names(&imports).into_iter().map(str::to_owned));
                // Begun meanwhile: newer than every page.
                shop.import("purchases/new.csv", "2126-11-21T14:25:29Z");
                let Some(cursor) = imports["next_cursor"].as_str() else {
                    assert_eq!((answer.header("link"), page), ("", all_pages(all, limit)));
                    break;
                };
                let link = answer.header("link").strip_prefix('<').unwrap();
                path = format!("/imports{}", link.strip_suffix(">; rel=\"next\"").unwrap());
                assert!(path.ends_with(&cursor.replace(':', "%3A")), "{path}");
            }
            shop.memory.tables().imports.retain(|(key, _), _| key != "purchases/new.csv");
            assert_eq!(found, ["third", "second", "first", "september", "oldest"][..all], "limit {limit}");
        }
    }
}

fn all_pages(all: usize, limit: usize) -> usize {
    all.div_ceil(limit)
}

#[tokio::test]
async fn no_import_of_the_same_instant_is_lost_between_pages() {
    let (shop, token) = shop_with_imports();
    for name in ["a", "b", "c"] {
        shop.import(&format!("purchases/{name}.csv"), "2126-11-21T14:24:59.5Z");
    }
    let first = shop.get_with_key(&token, "/imports?limit=3").await.json();
    assert_eq!(names(&first), ["third"]);
    let path = format!("/imports?limit=5&cursor={}", first["next_cursor"].as_str().unwrap());
    let mut rest = shop.get_with_key(&token, &path).await.json();
    let mut names: Vec<String> = names(&rest.take()).into_iter().map(str::to_owned).collect();
    names.sort();
    assert_eq!(names, ["a", "b", "c", "first", "second"]);
}

#[tokio::test]
async fn a_page_of_large_entries_is_shorter() {
    let (shop, token) = shop_with_imports();
    let days: Vec<jiff::civil::Date> = {
        let first: jiff::civil::Date = "1970-01-01".parse().unwrap();
        first.series(1.day()).take(30_000).collect()
    };
    for second in 0..30 {
        let mut import =
            shop.import(&format!("purchases/{second}.csv"), &format!("2126-11-20T10:00:{second:02}Z"));
        import.days.clone_from(&days);
        shop.put_import(import);
    }
    let (mut cursor, mut found) = (String::new(), Vec::new());
    for _ in 0..10 {
        let answer = shop.get_with_key(&token, &format!("/imports?limit=100{cursor}")).await;
        assert!(answer.body.len() < 5_000_000, "{}", answer.body.len());
        let page = answer.json();
        found.extend(names(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else {
            cursor.clear();
            break;
        };
        cursor = format!("&cursor={next}");
    }
    found.sort();
    found.dedup();
    assert_eq!((found.len(), cursor.as_str()), (35, ""));
}

#[tokio::test]
async fn wrong_parameters_name_field_value_and_rule() {
    let (shop, token) = shop_with_imports();
    let problem = async |path: &str| shop.get_with_key(&token, path).await.problem();
    insta::assert_snapshot!(problem("/imports?month=2126-13").await, @r#"400 month: month must be a month such as 2026-11, from 1970 to 9998; got "2126-13""#);
    insta::assert_snapshot!(problem("/imports?limit=101").await, @r#"400 limit: limit must be a whole number from 1 to 100; got "101""#);
    insta::assert_snapshot!(problem("/imports?cursor=2126-11-21").await, @"400 cursor: this is not a cursor as next_cursor has it");
    insta::assert_snapshot!(problem("/imports?state=running").await, @r#"400 unknown_parameter: "state" is not a parameter of this; it takes month, limit, cursor"#);
    insta::assert_snapshot!(problem("/imports/purchases%2Fada.csv").await, @"400 id: an import's id is 64 hex digits, as /imports has it");
    insta::assert_snapshot!(problem(&format!("/imports/{}", "0".repeat(64))).await, @"404 not_found: no import has this id; entries are kept for 400 days");
    for bad in [
        "?limit=0",
        "?month=",
        "?cursor=",
        "?cursor=2126-11-21T14:25:00Z",
        "?cursor=1969-12-31T23:59:59.999999999Z",
        "?cursor=9999-12-01T00:00:00.000000000Z",
        "?cursor=2126-11-21T15:25:00.000000000%2B01:00",
        "/x",
        "/%FF",
        "/%00",
        &format!("/{}", "A".repeat(64)),
        &format!("/{}?month=2126-11", "0".repeat(64)),
    ] {
        assert!(problem(&format!("/imports{bad}")).await.starts_with("400 "), "{bad}");
    }
}

#[tokio::test]
async fn the_ledger_needs_a_key_of_the_scope() {
    let (shop, token) = shop_with_imports();
    let read = shop.key(&[Scope::Read], None);
    let revoked = shop.key(&[Scope::Purchases], None);
    let hash = revoked.parse::<Token>().unwrap().hash();
    assert_eq!(shop.get_with_key(&revoked, "/imports").await.status, StatusCode::OK);
    shop.memory.tables().sessions.remove(&hash.to_string());
    for path in ["/imports", "/imports?limit=0", "/imports/x", &format!("/imports/{}", "0".repeat(64))] {
        for answer in [
            shop.get(path).await,
            shop.get_with_key(&revoked, path).await,
            shop.get_with_key(&token[1..], path).await,
        ] {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        let answer = shop.get_with_key(&read, path).await;
        assert!(answer.problem().starts_with("403 scope_missing"), "{path}: {answer:?}");
    }
}
