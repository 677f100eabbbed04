//! Channels: made, changed and deleted; what lets anybody deliver goes in and never comes out.

use std::collections::BTreeSet;

use ::secrecy::ExposeSecret as _;
use shared::account::{AccountId, Role};
use shared::channel::{Channel, ChannelId, HookUrl, Kind, MAX_CHANNELS, Target, Transition};

use super::auth::By;
use super::*;

/// The channel that [`Shop::channel`] makes.
pub(super) const CHANNEL: &str = "/api/channel/c-7f3k2a9d0c1b2e4f";

/// Each way to change channels.
pub(super) const ROUTES: [(&str, &str, &str); 4] = [
    ("POST", "/api/channel", r#"{"name": "Hook", "kind": "slack", "url": "https://hooks.slack.com/a"}"#),
    ("PUT", CHANNEL, r#"{"name": "Hook", "kind": "slack", "url": "https://hooks.slack.com/b"}"#),
    ("PATCH", CHANNEL, r#"{"paused": true}"#),
    ("DELETE", CHANNEL, ""),
];

const HOOK: &str = "https://hooks.shop.example/canary-path";
const SIGNED: &str = "canary-of-a-secret";

impl Shop {
    /// A signed webhook of this account.
    pub(super) fn channel(&self, account: AccountId) -> Channel {
        let url = HookUrl::of(&HOOK.into()).unwrap();
        let target = Target::Webhook { url, secret: Some(SIGNED.into()) };
        let channel = Channel {
            id: CHANNEL["/api/channel/".len()..].parse().unwrap(),
            account,
            name: "On call".parse().unwrap(),
            kind: Kind::Webhook,
            target: target.shown(),
            has_secret: true,
            monitors: BTreeSet::new(),
            on: Transition::all(),
            paused: false,
            revision: "aaaaaaaaaaaaaaaa".parse().unwrap(),
            version: 1,
        };
        let mut tables = self.memory.tables();
        tables.targets.insert((channel.id.clone(), channel.revision.clone()), target);
        tables.channels.insert(channel.id.clone(), channel.clone());
        channel
    }

    async fn put_channel(&self, by: &By, method: Method, path: &str, body: Value) -> Answer {
        let answer = self.ask(by, method, path, Some(body)).await;
        assert!(!answer.body.contains("canary"), "{answer:?}");
        answer
    }

    /// The URL that the only channel leads to, and what it is signed with.
    pub(super) fn leads_to(&self) -> (String, Option<String>) {
        everything_is_in_pairs(&self.memory);
        let tables = self.memory.tables();
        assert_eq!(tables.targets.len(), 1);
        match tables.targets.values().next().unwrap() {
            Target::Webhook { url, secret } => {
                let secret = secret.as_ref().map(|secret| secret.expose_secret().to_owned());
                (url.exposed().expose_secret().to_owned(), secret)
            }
            Target::Slack { url } => (url.exposed().expose_secret().to_owned(), None),
            Target::Email { .. } => panic!("no URL"),
        }
    }
}

/// Each channel has its target, and no target is without its channel.
pub(super) fn everything_is_in_pairs(memory: &Memory) {
    let tables = memory.tables();
    let named: BTreeSet<_> =
        tables.channels.values().map(|channel| (channel.id.clone(), channel.revision.clone())).collect();
    assert_eq!(tables.targets.keys().cloned().collect::<BTreeSet<_>>(), named);
}

#[tokio::test]
async fn a_channel_of_each_kind_is_made() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let monitor = shop.created(&by, "https://shop.example/").await;
    let make = async |body: Value| {
        let made = shop.put_channel(&by, Method::POST, "/api/channel", body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        assert_eq!(made.headers["location"], format!("/api/channel/{}", made.text("id")));
        assert!(made.headers["etag"] == "\"1\"" && made.headers["cache-control"] == "no-store");
        let mut shown = made.json();
        shown["id"] = json!("…");
        shown.to_string()
    };
    let webhook = json!({"name": "Hook", "kind": "webhook", "url": HOOK, "secret": SIGNED, "monitors": [monitor, monitor], "on": ["up", "down", "up"]});
    let shown = make(webhook).await.replace(&monitor, "s0-…");
    insta::assert_snapshot!(shown, @r#"{"has_secret":true,"id":"…","kind":"webhook","monitors":["s0-…"],"name":"Hook","on":["down","up"],"paused":false,"target":"https://hooks.shop.example","version":1}"#);
    let slack = json!({"name": "Slack", "kind": "slack", "url": "https://hooks.slack.com/services/canary", "paused": true});
    insta::assert_snapshot!(make(slack).await, @r#"{"has_secret":false,"id":"…","kind":"slack","monitors":[],"name":"Slack","on":["down","degraded","up"],"paused":true,"target":"https://hooks.slack.com","version":1}"#);
    let email = json!({"name": "People", "kind": "email", "addresses": ["Canary@shop.example", "canary@shop.example", "canary@else.example"]});
    insta::assert_snapshot!(make(email).await, @r#"{"has_secret":false,"id":"…","kind":"email","monitors":[],"name":"People","on":["down","degraded","up"],"paused":false,"target":"2 addresses at else.example, shop.example","version":1}"#);
    everything_is_in_pairs(&shop.memory);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name_and_not_repeated() {
    let shop = Shop::new();
    let by = shop.editor().await;
    shop.channel(AccountId::default());
    let good = json!({"name": "Hook", "kind": "webhook", "url": HOOK});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let email = |addresses: Value| json!({"name": "People", "kind": "email", "addresses": addresses});
    let many: Vec<String> = (0..11).map(|n| format!("canary{n}@shop.example")).collect();
    let cases = [
        ("body: url", with("url", json!(5))),
        ("url: url", with("url", json!("canary"))),
        ("url: url", with("url", json!("http://canary.example/"))),
        ("url: url", with("url", json!("https://canary:canary@shop.example/"))),
        ("url: url", with("url", json!(format!("https://shop.example/canary{}", "q".repeat(2_000))))),
        ("url: url", with("url", json!(null))),
        ("secret: secret", with("secret", json!("canary"))),
        ("secret: secret", with("secret", json!("canary\n".repeat(5)))),
        ("addresses: addresses", with("addresses", json!(["canary@shop.example"]))),
        ("secret: secret", json!({"name": "S", "kind": "slack", "url": HOOK, "secret": SIGNED})),
        ("url: url", json!({"name": "P", "kind": "email", "url": HOOK})),
        ("addresses: addresses", json!({"name": "P", "kind": "email"})),
        ("addresses: addresses", email(json!([]))),
        ("addresses: addresses", email(json!(many))),
        ("body: addresses", email(json!(["canary"]))),
        ("body: addresses", email(json!(["canary@shop.example\r\nBcc: canary@else.example"]))),
        ("on: on", with("on", json!([]))),
        ("body: on", with("on", json!(["sideways"]))),
        ("body: kind", with("kind", json!("pager"))),
        ("body: missing field `kind`", json!({"name": "Hook", "url": HOOK})),
        ("body: name", with("name", json!(""))),
        ("monitors: monitors", with("monitors", json!(["s0-nobody"]))),
        (
            "monitors: monitors",
            with("monitors", json!((0..101).map(|n| format!("s0-{n:06}")).collect::<Vec<_>>())),
        ),
        ("body: id", with("id", json!("c-7f3k2a9d0c1b2e4f"))),
        ("body: account", with("account", json!("home"))),
        ("body: version", with("version", json!(7))),
        ("body: revision", with("revision", json!("aaaaaaaaaaaaaaaa"))),
        ("body: target", with("target", json!("https://else.example"))),
        ("body: has_secret", with("has_secret", json!(true))),
    ];
    for (expected, body) in cases {
        for (method, path) in [(Method::POST, "/api/channel"), (Method::PUT, CHANNEL)] {
            let answer = shop.put_channel(&by, method, path, body.clone()).await;
            // What is there has a URL already, and a secret that goes with it.
            assert!(
                answer.problem().starts_with(&format!("400 {expected}"))
                    || path == CHANNEL && answer.problem().starts_with("400 secret: "),
                "{body}: {answer:?}"
            );
        }
    }
    for field in ["id", "account", "version", "revision", "target"] {
        let answer = shop.put_channel(&by, Method::PATCH, CHANNEL, json!({field: "home"})).await;
        assert!(answer.problem().starts_with(&format!("400 body: {field}: unknown field")), "{answer:?}");
    }
    assert_eq!(shop.memory.tables().channels.len(), 1);
    assert_eq!(shop.leads_to(), (HOOK.to_owned(), Some(SIGNED.to_owned())));
}

#[tokio::test]
async fn where_it_leads_stays_while_that_is_not_named_and_changes_as_a_whole() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let first = shop.channel(AccountId::default()).revision;
    let patch = async |body: Value| shop.put_channel(&by, Method::PATCH, CHANNEL, body).await;
    let put = async |body: Value| shop.put_channel(&by, Method::PUT, CHANNEL, body).await;
    let revision = || shop.memory.tables().channels.values().next().unwrap().revision.clone();

    let changed = patch(json!({"name": "Night", "on": ["down"], "paused": true})).await;
    assert_eq!((changed.status, &changed.headers["etag"]), (StatusCode::OK, &"\"2\"".parse().unwrap()));
    assert_eq!(patch(json!({"name": "Night"})).await.headers["etag"], "\"2\"", "it is that already");
    let put_back = put(json!({"name": "Day", "kind": "webhook"})).await.json();
    let shown = json!([put_back["on"], put_back["paused"], put_back["has_secret"]]);
    assert_eq!(shown, json!([["down", "degraded", "up"], false, true]));
    assert_eq!((shop.leads_to(), revision()), ((HOOK.to_owned(), Some(SIGNED.to_owned())), first.clone()));
    patch(json!({"on": ["up"], "paused": true})).await;
    let defaults =
        patch(json!({"on": null, "paused": null, "monitors": null, "addresses": null})).await.json();
    assert_eq!(json!([defaults["on"], defaults["paused"]]), json!([["down", "degraded", "up"], false]));

    // Nobody can read the one to keep it beside the other.
    let new = "https://new.example/canary";
    for body in [json!({"url": new}), json!({"secret": "another canary of theirs"}), json!({"secret": null})]
    {
        assert!(patch(body.clone()).await.problem().starts_with("400 secret: secret: "), "{body}");
    }
    assert_eq!(revision(), first);
    for (body, secret) in [
        (json!({"url": new, "secret": "another canary of theirs"}), Some("another canary of theirs")),
        (json!({"url": new, "secret": null}), None),
        (json!({"secret": null}), None),
        (json!({"url": new}), None),
    ] {
        assert_eq!(patch(body.clone()).await.json()["has_secret"], secret.is_some(), "{body}");
        assert_eq!(shop.leads_to(), (new.to_owned(), secret.map(str::to_owned)), "{body}");
        assert_ne!(revision(), first);
    }

    // Another kind is told where it leads.
    for (kind, field) in [("slack", "url"), ("email", "addresses")] {
        let refused = patch(json!({"kind": kind})).await;
        assert!(refused.problem().starts_with(&format!("400 {field}: {field}: ")), "{refused:?}");
    }
    for body in [json!({"kind": null}), json!({"name": null})] {
        assert!(patch(body).await.problem().ends_with("a channel needs one"));
    }
    let mailed = patch(json!({"kind": "email", "addresses": ["canary@shop.example"]})).await.json();
    assert_eq!(json!([mailed["kind"], mailed["target"]]), json!(["email", "1 address at shop.example"]));
    everything_is_in_pairs(&shop.memory);
}

#[tokio::test]
async fn of_two_at_once_the_later_one_is_told() {
    let shop = Shop::new();
    let by = shop.editor().await;
    shop.channel(AccountId::default());
    let change = async |tag: &str, method: Method, body: Option<Value>| {
        shop.ask_with(&by, method, CHANNEL, &[("if-match", tag)], body).await
    };
    let url = |path: &str| Some(json!({"url": format!("https://shop.example/{path}"), "secret": null}));
    assert_eq!(change("\"1\"", Method::PATCH, url("first")).await.status, StatusCode::OK);
    let second = change("\"1\"", Method::PATCH, url("second")).await;
    insta::assert_snapshot!(second.problem(), @r#"412 changed: it is version "2" by now: read it and decide again"#);
    let body = Some(json!({"name": "Hook", "kind": "webhook"}));
    assert_eq!(change("\"1\"", Method::PUT, body).await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(change("\"1\"", Method::DELETE, None).await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(shop.leads_to().0, "https://shop.example/first");
    assert_eq!(change("\"2\"", Method::DELETE, None).await.status, StatusCode::NO_CONTENT);
    let again = change("\"2\"", Method::DELETE, None).await;
    insta::assert_snapshot!(again.problem(), @"404 not_found: there is no such channel");
    assert!(shop.memory.tables().channels.is_empty() && shop.memory.tables().targets.is_empty());
    let audit = format!("{:?}", shop.memory.tables().audit);
    assert!(audit.contains("channel.change") && audit.contains("channel.delete"), "{audit}");
}

#[tokio::test]
async fn another_accounts_channel_and_monitor_are_none() {
    let shop = Shop::new();
    let owner = shop.somebody(Role::Owner, "owner@shop.example").await.0;
    let stranger = shop.stranger().await;
    let theirs = shop.channel(AccountId::default());
    for (method, path, body) in ROUTES.into_iter().filter(|(method, ..)| *method != "POST") {
        let ask = async |path: &str| {
            let body = (!body.is_empty()).then(|| serde_json::from_str(body).unwrap());
            shop.ask(&stranger, method.parse().unwrap(), path, body).await
        };
        let refused = ask(path).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{method}");
        for none in ["/api/channel/c-0000000000000000", "/api/channel/nonsense", "/api/channel/%FF"] {
            assert_eq!(ask(none).await.body, refused.body, "{method} {none}");
        }
    }
    assert_eq!(shop.memory.tables().channels[&theirs.id], theirs);
    let monitor = shop.created(&owner, "https://shop.example/").await;
    let body = json!({"name": "Hook", "kind": "webhook", "url": HOOK, "monitors": [monitor]});
    let refused = shop.put_channel(&stranger, Method::POST, "/api/channel", body.clone()).await;
    assert_eq!(refused.problem(), format!("400 monitors: monitors: there is no monitor {monitor}"));

    // What was right once is no reason to refuse another change.
    let made = shop.put_channel(&owner, Method::POST, "/api/channel", body).await;
    let path = format!("/api/channel/{}", made.text("id"));
    shop.ask(&owner, Method::DELETE, &format!("/api/monitor/{monitor}"), None).await;
    let paused = shop.put_channel(&owner, Method::PATCH, &path, json!({"paused": true})).await;
    assert_eq!(paused.json()["monitors"], json!([monitor]), "{paused:?}");
}

#[tokio::test]
async fn an_installation_has_so_many() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let one = shop.channel(AccountId::default());
    let fill = |one: &Channel| {
        for _ in 1..MAX_CHANNELS {
            let id = ChannelId::random(&mut rand::rng());
            shop.memory.tables().channels.insert(id.clone(), Channel { id, ..one.clone() });
        }
    };
    // Guests are not in the way.
    fill(&Channel { account: "a-0000000000000000".parse().unwrap(), ..one.clone() });
    fill(&one);
    let before = shop.memory.tables().targets.len();
    let body = json!({"name": "Hook", "kind": "webhook", "url": HOOK});
    let refused = shop.put_channel(&by, Method::POST, "/api/channel", body.clone()).await;
    insta::assert_snapshot!(refused.problem(), @"409 too_many: an installation has at most 100 channels");
    assert_eq!(shop.memory.tables().targets.len(), before);
    shop.memory.tables().channels.remove(&one.id);
    let made = shop.put_channel(&by, Method::POST, "/api/channel", body.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED);

    // Of guests there is one left, whoever makes it; of one there are five.
    let guest = shop.stranger().await;
    let made = shop.put_channel(&guest, Method::POST, "/api/channel", body.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let refused = shop.put_channel(&guest, Method::POST, "/api/channel", body.clone()).await;
    insta::assert_snapshot!(refused.problem(), @"409 too_many: all guests together have at most 100 channels");
    shop.memory.tables().channels.retain(|_, channel| channel.account.to_string() != "a-0000000000000000");
    for _ in 1..5 {
        let made = shop.put_channel(&guest, Method::POST, "/api/channel", body.clone()).await;
        assert_eq!(made.status, StatusCode::CREATED);
    }
    let refused = shop.put_channel(&guest, Method::POST, "/api/channel", body).await;
    insta::assert_snapshot!(refused.problem(), @"409 too_many: an account has at most 5 channels");
}
