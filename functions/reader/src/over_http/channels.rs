//! `GET /api/channel` and `GET /api/channel/{id}`.

use shared::account::AccountId;
use shared::channel::{Channel, Kind, Transition};

use super::*;

impl Shop {
    /// A channel of this account.
    pub(super) fn channel(&self, id: &str, account: AccountId) {
        let channel = Channel {
            id: id.parse().unwrap(),
            account,
            name: "Canary".parse().unwrap(),
            kind: Kind::Slack,
            target: "https://hooks.slack.com".to_owned(),
            has_secret: false,
            monitors: ["s0-aaaaaa".parse().unwrap()].into(),
            on: [Transition::Down].into(),
            paused: false,
            revision: "aaaaaaaaaaaaaaaa".parse().unwrap(),
            version: 3,
        };
        self.memory.tables().channels.insert(channel.id.clone(), channel);
    }
}

#[tokio::test]
async fn an_account_reads_its_own_channels() {
    let shop = Shop::new();
    shop.channel("c-bbbbbbbbbbbbbbbb", AccountId::default());
    shop.channel("c-aaaaaaaaaaaaaaaa", elsewhere());
    shop.channel("c-cccccccccccccccc", AccountId::default());
    let (own, theirs) = (shop.key(&[Scope::Read], None), shop.strangers_key(&[Scope::Read]));
    let listed = async |token: &str| {
        let answer = shop.get_with_key(token, "/api/channel").await;
        let channels = answer.json()["channels"].as_array().unwrap().clone();
        channels.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&own).await, ["c-bbbbbbbbbbbbbbbb", "c-cccccccccccccccc"]);
    assert_eq!(listed(&theirs).await, ["c-aaaaaaaaaaaaaaaa"]);

    let one = shop.get_with_key(&own, "/api/channel/c-bbbbbbbbbbbbbbbb").await;
    assert_eq!((one.status, one.header("etag")), (StatusCode::OK, "\"3\""));
    insta::assert_snapshot!(one.body, @r#"{"id":"c-bbbbbbbbbbbbbbbb","name":"Canary","kind":"slack","target":"https://hooks.slack.com","has_secret":false,"monitors":["s0-aaaaaa"],"on":["down"],"paused":false,"version":3}"#);
    let none = shop.get_with_key(&own, "/api/channel/c-0000000000000000").await;
    insta::assert_snapshot!(none.problem(), @"404 not_found: there is no such channel");
    for path in ["/api/channel/c-aaaaaaaaaaaaaaaa", "/api/channel/nonsense", "/api/channel/%FF"] {
        assert_eq!(shop.get_with_key(&own, path).await.body, none.body, "{path}");
    }
    assert_eq!(shop.get_with_key(&own, "/api/channel?limit=1").await.status, StatusCode::BAD_REQUEST);
}
