//! Whose monitors are whose: nobody else's can be told from none, by any verb.

use shared::account::{AccountId, Role};
use shared::monitor::{ShardId, ShardSummary};
use shared::schedule::Slot;
use shared::session::Scope;

use super::auth::{By, PASSWORD};
use super::channels;
use super::*;

/// Each way to change a monitor; `{}` is its id.
pub(super) const ROUTES: [(&str, &str, &str); 10] = [
    ("PUT", "/api/monitor/{}", r#"{"url": "https://shop.example/"}"#),
    ("PATCH", "/api/monitor/{}", r#"{"public": true}"#),
    ("DELETE", "/api/monitor/{}", ""),
    ("POST", "/api/monitor/{}/pause", ""),
    ("POST", "/api/monitor/{}/resume", ""),
    ("POST", "/api/monitor/{}/check", ""),
    ("POST", "/api/monitor/{}/beat-token", ""),
    ("DELETE", "/api/monitor/{}/beat-tokens", ""),
    ("DELETE", "/api/results/{}/cleanup", ""),
    ("DELETE", "/api/results/{}/cleanup?days=0", ""),
];

/// The others.
pub(super) const MORE: [(&str, &str, &str); 3] = [
    ("POST", "/api/monitor", r#"{"url": "https://shop.example/"}"#),
    ("POST", "/api/monitor/bulk", r#"{"create": [], "delete": []}"#),
    ("POST", "/api/monitor/test", r#"{"url": "https://shop.example/"}"#),
];

impl Shop {
    /// Somebody of another account, who may do everything there.
    pub(super) async fn stranger(&self) -> By {
        self.guest_of("stranger", "a-7f3k2a9d0c1b2e4f").await
    }

    /// Somebody of an account that is named by one letter.
    async fn guest(&self, letter: &str) -> By {
        self.guest_of(letter, &format!("a-{}", letter.repeat(16))).await
    }

    async fn guest_of(&self, name: &str, account: &str) -> By {
        let (by, id) = self.somebody(Role::Owner, &format!("{name}@else.example")).await;
        let elsewhere: AccountId = account.parse().unwrap();
        let mut tables = self.memory.tables();
        for user in tables.users.values_mut().filter(|user| user.id.as_str() == id) {
            user.account = elsewhere.clone();
        }
        for session in tables.sessions.values_mut().filter(|session| session.user.as_str() == id) {
            session.account = elsewhere.clone();
        }
        by
    }

    /// A key of an owner's with these scopes.
    async fn key(&self, owner: &By, scopes: &[Scope]) -> By {
        let body = json!({"name": "key", "scopes": scopes});
        By::Bearer(self.ask(owner, Method::POST, "/api/auth/keys", Some(body)).await.text("token"))
    }
}

async fn ask(shop: &Shop, by: &By, (method, path, body): (&str, &str, &str), id: &str) -> Answer {
    let body = (!body.is_empty()).then(|| serde_json::from_str(body).unwrap());
    shop.ask(by, method.parse().unwrap(), &path.replace("{}", id), body).await
}

#[tokio::test]
async fn every_route_lets_through_whom_it_is_for() {
    for route in ROUTES.into_iter().chain(MORE).chain(channels::ROUTES) {
        let shop = Shop::new();
        shop.channel(AccountId::default());
        let (owner, _) = shop.somebody(Role::Owner, "owner@shop.example").await;
        let id = shop.created(&owner, "https://shop.example/").await;
        let (viewer, _) = shop.somebody(Role::Viewer, "viewer@shop.example").await;
        let (expired, expired_id) = shop.somebody(Role::Owner, "expired@shop.example").await;
        let (revoked, _) = shop.somebody(Role::Owner, "revoked@shop.example").await;
        shop.ask(&revoked, Method::POST, "/api/auth/logout", None).await;
        for session in shop.memory.tables().sessions.values_mut() {
            if session.user.as_str() == expired_id {
                session.valid_until = Some(now());
            }
        }
        let reading = shop.key(&owner, &[Scope::Read, Scope::Purchases, Scope::Metrics]).await;
        let cookie = shop.log_in("owner@shop.example", PASSWORD, true).await;
        let set = cookie.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let stored = || {
            let tables = shop.memory.tables();
            (tables.monitors.clone(), tables.channels.clone())
        };
        let before = stored();
        for (by, status) in [
            (By::Nobody, 401),
            (revoked, 401),
            (expired, 401),
            (By::Bearer(UNKNOWN.to_owned()), 401),
            (viewer, 403),
            (reading, 403),
            (By::Cookie(set.clone(), None), 403),
            (By::Cookie(set.clone(), Some("forged".to_owned())), 403),
        ] {
            let answer = ask(&shop, &by, route, &id).await;
            assert_eq!(answer.status.as_u16(), status, "{route:?} by {by:?}: {answer:?}");
        }
        assert_eq!(stored(), before, "{route:?}");
        let editor = shop.editor().await;
        let writing = shop.key(&owner, &[Scope::Write]).await;
        let page = By::Cookie(set, Some(cookie.text("csrf_token")));
        for by in [editor, writing, page] {
            let answer = ask(&shop, &by, route, &id).await;
            // A heartbeat alone has a token; and what one has deleted the next one does not find.
            let fits = answer.status.is_success()
                || answer.status == StatusCode::CONFLICT && route.1.ends_with("beat-token")
                || answer.status == StatusCode::NOT_FOUND && route.0 == "DELETE";
            assert!(fits, "{route:?} by {by:?}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn another_accounts_monitor_is_none() {
    let shop = Shop::new();
    let owner = shop.somebody(Role::Owner, "owner@shop.example").await.0;
    let stranger = shop.stranger().await;
    let id = shop.created(&owner, "https://shop.example/").await;
    let before = shop.memory.tables().monitors.clone();
    for route in ROUTES {
        let theirs = ask(&shop, &stranger, route, &id).await;
        let none = ask(&shop, &stranger, route, "s0-nobody").await;
        let nonsense = ask(&shop, &stranger, route, "nonsense").await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{route:?}: {theirs:?}");
        assert_eq!((&theirs.body, &theirs.body), (&none.body, &nonsense.body), "{route:?}");
    }
    let body = json!({"delete": [id]});
    let bulk = shop.ask(&stranger, Method::POST, "/api/monitor/bulk", Some(body)).await.json();
    assert_eq!(bulk["deleted"][0]["problem"]["status"], 404);
    let body = json!({"url": "https://else.example/", "depends_on": [id]});
    let depending = shop.create(&stranger, body).await;
    assert_eq!(depending.problem(), format!("400 monitor: depends_on: there is no monitor {id}"));
    assert_eq!(shop.memory.tables().monitors, before);

    // Their own are theirs.
    let own = shop.created(&stranger, "https://else.example/").await;
    assert_eq!(shop.stored(&own).unwrap().account.to_string(), "a-7f3k2a9d0c1b2e4f");
    let put = ask(&shop, &owner, ROUTES[0], &own).await;
    assert_eq!(put.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn where_anybody_signs_up_each_has_an_account_of_their_own() {
    let shop = Shop::open();
    let home = shop.somebody(Role::Owner, "owner@shop.example").await.0;
    let sign_up = async |email: &str| {
        let body = json!({"email": email, "password": PASSWORD});
        shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await
    };
    let (ada, ben) = (sign_up("ada@else.example").await, sign_up("ben@else.example").await);
    assert_eq!((ada.status, &ada.json()["user"]["role"]), (StatusCode::CREATED, &json!("owner")), "{ada:?}");
    let accounts = [&ada, &ben].map(|answer| answer.json()["user"]["account"].clone());
    assert!(accounts[0] != accounts[1] && accounts.iter().all(|account| account != "home"), "{accounts:?}");
    assert_eq!(sign_up("ada@else.example").await.status, StatusCode::CONFLICT);
    let ada = By::Bearer(ada.text("token"));
    let users = shop.ask(&ada, Method::GET, "/api/auth/users", None).await;
    assert!(users.body.contains("ada@else.example") && !users.body.contains("shop.example"), "{users:?}");
    let audit = shop.ask(&ada, Method::GET, "/api/auth/audit", None).await;
    assert_eq!(audit.json()["entries"].as_array().unwrap().len(), 1);
    let id = shop.created(&home, "https://shop.example/").await;
    assert_eq!(ask(&shop, &ada, ROUTES[0], &id).await.status, StatusCode::NOT_FOUND);
    let create = vec![json!({"url": "https://else.example/"}); 50];
    let many = shop.ask(&ada, Method::POST, "/api/monitor/bulk", Some(json!({"create": create}))).await;
    assert_eq!(many.status, StatusCode::OK);
    let more = shop.create(&ada, json!({"url": "https://else.example/"})).await;
    insta::assert_snapshot!(more.problem(), @"409 too_many: an account has at most 50 monitors");
    shop.created(&home, "https://shop.example/more").await;

    // By invitation it is the inviter's account.
    let invitation = shop.invited(Role::Viewer, None);
    let body = json!({"invitation": invitation, "email": "eve@shop.example", "password": PASSWORD});
    let invited = shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await;
    assert_eq!(invited.json()["user"]["account"], "home");
}

#[tokio::test]
async fn guests_and_the_installation_do_not_take_each_others_room() {
    let shop = Shop::open();
    let home = shop.editor().await;
    let guest = shop.stranger().await;
    let fill = |count: usize, guests: usize| {
        let full = ShardSummary::of(ShardId(7), &[], 1, Slot::containing(now()));
        shop.memory.tables().shards.insert(full.shard, ShardSummary { count, guests, ..full });
    };
    let create = async |by: &By| shop.create(by, json!({"url": "https://shop.example/"})).await;
    fill(11_000, 1_000);
    let (own, theirs) = (create(&home).await.problem(), create(&guest).await.problem());
    insta::assert_snapshot!(own, @"409 too_many: an installation has at most 10000 monitors");
    insta::assert_snapshot!(theirs, @"409 too_many: all guests together have at most 1000 monitors");
    fill(10_999, 1_000);
    assert_eq!(create(&guest).await.status, StatusCode::CONFLICT);
    assert_eq!(create(&home).await.status, StatusCode::CREATED);
    assert_eq!(create(&home).await.status, StatusCode::CONFLICT);
    fill(10_999, 999);
    assert_eq!(create(&home).await.status, StatusCode::CONFLICT);
    assert_eq!(create(&guest).await.status, StatusCode::CREATED);
    assert_eq!(create(&guest).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn guests_and_the_installation_share_no_shard() {
    let shop = Shop::open();
    let (home, guest, other) = (shop.editor().await, shop.stranger().await, shop.guest("b").await);
    let shards = async |by: &By, count: usize| {
        let create = vec![json!({"url": "https://shop.example/"}); count];
        let made =
            shop.ask(by, Method::POST, "/api/monitor/bulk", Some(json!({"create": create}))).await.json();
        let made = made["created"].as_array().unwrap().clone();
        let shard =
            |one: &Value| one["monitor"]["id"].as_str().unwrap().split_once('-').unwrap().0.to_owned();
        made.iter().map(shard).collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(shards(&guest, 2).await, ["s0"]);
    assert_eq!(shards(&home, 100).await, ["s1", "s2"]);
    assert_eq!(shards(&other, 50).await, ["s0"]);
    assert_eq!(shards(&guest, 48).await, ["s0", "s3"]);
    assert_eq!(shards(&home, 92).await, ["s2"]);
    // What was a guest's may be the installation's when it is empty.
    let ids: Vec<MonitorId> = shop.memory.tables().monitors.keys().cloned().collect();
    let last: Vec<&MonitorId> = ids.iter().filter(|id| id.shard() == ShardId(3)).collect();
    shop.ask(&guest, Method::POST, "/api/monitor/bulk", Some(json!({"delete": last}))).await;
    assert_eq!(shards(&home, 1).await, ["s3"]);
    for summary in shop.memory.tables().shards.values() {
        assert!(summary.guests == 0 || summary.guests == summary.count, "{summary:?}");
    }
}

#[tokio::test]
async fn so_many_guests_come_in_an_hour() {
    let shop = Shop::open();
    let sign_up = async |n: usize| {
        let body = json!({"email": format!("n{n}@else.example"), "password": PASSWORD});
        shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await.status.as_u16()
    };
    for n in 0..30 {
        assert_eq!(sign_up(n).await, 201);
    }
    assert_eq!(sign_up(30).await, 429);
    // Who was invited comes in.
    shop.somebody(Role::Viewer, "eve@shop.example").await;
}

#[tokio::test]
async fn guests_have_their_monitors_looked_at_so_often() {
    let shop = Shop::open();
    let (home, guest) = (shop.editor().await, shop.stranger().await);
    let started = || shop.pings.0.lock().unwrap().iter().filter(|heard| heard.get("start").is_some()).count();
    for number in 0..35_usize {
        let made = shop.create(&guest, json!({"url": "https://else.example/"})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        assert_eq!(started(), (number + 1).min(30));
    }
    let test = json!({"url": "https://else.example/"});
    let refused = shop.ask(&guest, Method::POST, "/api/monitor/test", Some(test.clone())).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    // The installation's own are not rationed.
    for _ in 0..35 {
        shop.created(&home, "https://shop.example/").await;
    }
    assert_eq!(started(), 65);

    // Of many that a guest makes at once a few are, and of all guests' so many.
    let mut looked_at = 30;
    for letter in ["c", "d", "e", "f", "g", "h", "i"] {
        let guest = shop.guest(letter).await;
        let create = vec![json!({"url": "https://else.example/"}); 20];
        shop.ask(&guest, Method::POST, "/api/monitor/bulk", Some(json!({"create": create}))).await;
        let last = shop.pings.0.lock().unwrap().last().cloned().unwrap();
        let started = last["start"].as_array().unwrap().len();
        looked_at += if looked_at < 60 { started } else { 0 };
        assert!(started <= 5 && looked_at <= 60, "{letter}: {started}, {looked_at}");
    }
    assert_eq!(looked_at, 60);
    let home_too = shop.ask(&home, Method::POST, "/api/monitor/test", Some(test.clone())).await;
    assert_eq!(home_too.status, StatusCode::OK);
    shop.memory.tables().attempts.clear();
    // Whose it would be decides what a test may reach.
    for (by, account) in [(home, "home"), (shop.guest("b").await, "a-bbbbbbbbbbbbbbbb")] {
        let tested = shop.ask(&by, Method::POST, "/api/monitor/test", Some(test.clone())).await;
        assert_eq!(tested.status, StatusCode::OK, "{tested:?}");
        let asked = shop.pings.0.lock().unwrap().last().cloned().unwrap();
        let monitor: Monitor = serde_json::from_value(asked["test"]["monitor"].clone()).unwrap();
        assert_eq!(monitor.account.to_string(), account);
    }
}

#[tokio::test]
async fn without_an_invitation_nobody_signs_up_where_it_takes_one() {
    let shop = Shop::new();
    let body = json!({"email": "ada@else.example", "password": PASSWORD});
    let answer = shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await;
    insta::assert_snapshot!(answer.problem(), @"400 invitation: invitation: signing up here takes one");
    assert!(shop.memory.tables().users.is_empty());
}
