//! Where channels lead.

use secrecy::ExposeSecret as _;
use shared::channel::{ChannelId, HookUrl, Target};
use shared::revision::Revision;
use shared::store::{ReadTargets, WriteTargets};

contracts!(SecretsTable, "secrets", [targets_are_kept_by_revision]);

fn hook(text: &str) -> HookUrl {
    HookUrl::of(&text.into()).unwrap()
}

/// What is stored, laid open.
async fn stored(store: &impl ReadTargets, id: &ChannelId, revision: &Revision) -> Option<String> {
    store.target(id, revision).await.unwrap().map(|target| match target {
        Target::Webhook { url, secret } => {
            let secret = secret.as_ref().map_or("nothing", |secret| secret.expose_secret());
            format!("{} with {secret}", url.exposed().expose_secret())
        }
        Target::Slack { url } => url.exposed().expose_secret().to_owned(),
        Target::Email { addresses } => {
            addresses.iter().map(|address| address.as_str()).collect::<Vec<_>>().join(" and ")
        }
    })
}

async fn targets_are_kept_by_revision(store: &(impl ReadTargets + WriteTargets)) {
    let id: ChannelId = "c-aaaaaaaaaaaaaaaa".parse().unwrap();
    let other: ChannelId = "c-bbbbbbbbbbbbbbbb".parse().unwrap();
    let revisions: [Revision; 4] = ["a", "b", "c", "d"].map(|letter| letter.repeat(16).parse().unwrap());
    let url = || hook("https://hooks.shop.example/größe?a=b");
    let targets = [
        Target::Webhook { url: url(), secret: Some("sechzehn \"größer\"".into()) },
        Target::Webhook { url: url(), secret: None },
        Target::Slack { url: hook("https://hooks.slack.com/services/T0/B0/x") },
        Target::Email {
            addresses: ["ben@shop.example", "größe@shop.example"].map(|one| one.parse().unwrap()).into(),
        },
    ];
    let expected = [
        "https://hooks.shop.example/gr%C3%B6%C3%9Fe?a=b with sechzehn \"größer\"",
        "https://hooks.shop.example/gr%C3%B6%C3%9Fe?a=b with nothing",
        "https://hooks.slack.com/services/T0/B0/x",
        "ben@shop.example and größe@shop.example",
    ];
    for _ in 0..2 {
        for (revision, target) in revisions.iter().zip(&targets) {
            store.put_target(&id, revision, target).await.unwrap();
        }
        for (revision, expected) in revisions.iter().zip(expected) {
            assert_eq!(stored(store, &id, revision).await.as_deref(), Some(expected));
            assert_eq!(stored(store, &other, revision).await, None);
        }
    }
    // Nothing is deleted but what is named, and once more is no error.
    for _ in 0..2 {
        store.delete_target(&other, &revisions[1]).await.unwrap();
        store.delete_target(&id, &revisions[0]).await.unwrap();
    }
    assert_eq!(stored(store, &id, &revisions[0]).await, None);
    assert_eq!(stored(store, &id, &revisions[1]).await.as_deref(), Some(expected[1]));
}
