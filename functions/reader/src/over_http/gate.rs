//! Who gets what: every route that needs somebody, asked by everybody.

use http::Method;

use super::*;

/// The scope that each route needs, and what its owner's viewer and a stranger's viewer get. Nobody, and whoever has a
/// key that has expired, gets 401; who has a key without the scope, 403.
pub(super) const ROUTES: [(&str, Scope, u16, u16); 15] = [
    ("/api/monitor", Scope::Read, 200, 200),
    ("/api/monitor/s0-aaaaaa", Scope::Read, 200, 404),
    ("/api/monitor/s0-zzzzzz", Scope::Read, 404, 404),
    ("/api/results/s0-aaaaaa/checks", Scope::Read, 200, 404),
    ("/api/results/s0-aaaaaa/latest", Scope::Read, 200, 404),
    ("/api/results/s0-aaaaaa/summary", Scope::Read, 200, 404),
    ("/api/incidents/nonsense", Scope::Read, 404, 404),
    ("/api/maintenance", Scope::Read, 200, 200),
    ("/api/channel", Scope::Read, 200, 200),
    ("/api/channel/c-7f3k2a9d0c1b2e4f", Scope::Read, 200, 404),
    ("/api/channel/nonsense", Scope::Read, 404, 404),
    ("/metrics", Scope::Metrics, 200, 200),
    ("/purchases", Scope::Purchases, 200, 403),
    ("/purchases/trends", Scope::Purchases, 200, 403),
    ("/imports", Scope::Purchases, 200, 403),
];

/// Nobody may read them, but who shows a key has to show one that opens them.
pub(super) const FOR_ANYBODY: [&str; 2] = ["/signals", "/incidents"];

fn shop() -> Shop {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Canary", "https://canary.example/", false);
    shop.record(1, &[("s0-aaaaaa", Outcome::Up, Some(299))]);
    shop.channel("c-7f3k2a9d0c1b2e4f", shared::account::AccountId::default());
    shop
}

#[tokio::test]
async fn every_route_opens_for_its_own_viewers_alone() {
    let shop = shop();
    for (path, scope, viewer, stranger) in ROUTES {
        let others: Vec<Scope> =
            Scope::ALL.iter().map(|(scope, _)| *scope).filter(|other| *other != scope).collect();
        let keys = [
            ("a key that has expired", shop.key(&[scope], Some(now())), 401),
            ("a token of nobody", Token::random().unwrap().expose().to_owned(), 401),
            ("no token", "nonsense".to_owned(), 401),
            ("a key without the scope", shop.key(&others, None), 403),
            ("a stranger's viewer", shop.strangers_key(&[scope]), stranger),
            ("a viewer", shop.key(&[scope], None), viewer),
        ];
        assert_eq!(shop.get(path).await.status, 401, "nobody {path}");
        for (who, token, expected) in keys {
            for method in [Method::GET, Method::HEAD] {
                let authorization = format!("Bearer {token}");
                let answer = shop.send(method.clone(), path, &[("authorization", &authorization)]).await;
                assert_eq!(answer.status, expected, "{who} {method} {path}");
                let kept = if expected == 200 { "private, no-store" } else { "no-store" };
                assert_eq!(answer.header("cache-control"), kept, "{who} {method} {path}");
                let challenge = if expected == 401 { "Bearer" } else { "" };
                assert_eq!(answer.header("www-authenticate"), challenge, "{who} {method} {path}");
                if who != "a viewer" {
                    let tells = ["anary", "299"].iter().any(|secret| answer.body.contains(secret));
                    assert!(!tells, "{who} {method} {path}: {}", answer.body);
                }
            }
        }
    }
}

#[tokio::test]
async fn what_anybody_may_read_is_refused_to_a_key_that_does_not_open_it() {
    let shop = shop();
    for path in FOR_ANYBODY {
        for (who, token, expected) in [
            ("expired", shop.key(&[Scope::Read], Some(now())), 401),
            ("without the scope", shop.key(&[Scope::Metrics, Scope::Purchases, Scope::Write], None), 403),
            ("a stranger", shop.strangers_key(&[Scope::Read]), 200),
            ("a viewer", shop.key(&[Scope::Read], None), 200),
        ] {
            assert_eq!(shop.get_with_key(&token, path).await.status, expected, "{who} {path}");
        }
        assert_eq!(shop.get(path).await.status, 200, "nobody {path}");
    }
}

#[tokio::test]
async fn a_text_that_is_no_id_is_as_good_as_none() {
    let shop = shop();
    let token = shop.key(&[Scope::Read], None);
    let none = shop.get_with_key(&token, "/api/monitor/s0-zzzzzz").await;
    insta::assert_snapshot!(none.problem(), @"404 not_found: there is no such monitor");
    for bad in ["x", "test", "s0-AAAAAA", "s99999-aaaaaa", "%FF", "%00", "ada%40shop.example", "s0-aaaaaa%2F"]
    {
        for path in [
            format!("/api/monitor/{bad}"),
            format!("/api/results/{bad}/checks"),
            format!("/api/results/{bad}/latest"),
            format!("/api/results/{bad}/summary"),
        ] {
            assert_eq!(shop.get_with_key(&token, &path).await.body, none.body, "{path}");
        }
    }
}

#[tokio::test]
async fn a_cookie_reads_too() {
    let shop = shop();
    let token = shop.key(&[Scope::Read], None);
    let hash = token.parse::<Token>().unwrap().hash().to_string();
    shop.memory.tables().sessions.get_mut(&hash).unwrap().kind = Kind::Cookie;
    let cookie = format!("__Host-shopwatch={token}");
    let answer = shop.send(Method::GET, "/api/monitor/s0-aaaaaa", &[("cookie", &cookie)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(shop.get_with_key(&token, "/api/monitor/s0-aaaaaa").await.status, 401);
}
