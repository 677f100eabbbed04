//! Channels where others change them at the same moment, or a table does not answer: no channel is without its target, no
//! target without its channel, and nothing of one is repeated.

use ::tests::logged::Logged;
use shared::account::AccountId;
use shared::channel::{Channel, ChannelId, HookUrl, Target};
use shared::monitor::Monitor;
use shared::revision::Revision;
use shared::store::{ReadChannels, ReadMonitor, Result, StoreError, Stored, WriteChannels};
use tracing::Level;

use super::auth::By;
use super::channels::{CHANNEL, ROUTES, everything_is_in_pairs};
use super::*;
use crate::auth::Auth;
use crate::channels::{Channels, routes};

/// What happens to the next write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    /// Somebody else is first.
    Overtaken,
    /// It is done, its answer is lost, and its repetition is refused.
    Repeated,
    /// It is done, and its answer is lost.
    Unanswered,
}

/// The registry in memory, with mishaps.
#[derive(Debug, Clone)]
struct Raced {
    memory: Memory,
    next: Arc<Mutex<Option<Mishap>>>,
}

impl Raced {
    fn mishap(&self) -> Option<Mishap> {
        self.next.lock().unwrap().take()
    }

    /// Another's change, with a target of its own.
    fn overtake(&self, id: &ChannelId) {
        let revision = Revision::random(&mut rand::rng());
        let url = HookUrl::of(&"https://others.example/".into()).unwrap();
        let mut tables = self.memory.tables();
        let former = tables.channels[id].clone();
        tables.targets.remove(&(id.clone(), former.revision.clone()));
        tables.targets.insert((id.clone(), revision.clone()), Target::Webhook { url, secret: None });
        let version = former.version + 1;
        tables.channels.insert(id.clone(), Channel { revision, version, has_secret: false, ..former });
    }

    fn answer(mishap: Option<Mishap>, done: Result<()>) -> Result<()> {
        match mishap {
            Some(Mishap::Repeated) => Err(StoreError::Conflict("channel".to_owned())),
            Some(Mishap::Unanswered) => {
                Err(StoreError::Unavailable { action: "storing a channel", cause: "no answer".to_owned() })
            }
            Some(Mishap::Overtaken) | None => done,
        }
    }
}

impl ReadMonitor for Raced {
    async fn monitor(&self, id: &MonitorId) -> Result<Option<Monitor>> {
        self.memory.monitor(id).await
    }
}

impl ReadChannels for Raced {
    async fn channels(&self) -> Result<Stored<Channel>> {
        self.memory.channels().await
    }
    async fn channel(&self, id: &ChannelId) -> Result<Option<Channel>> {
        self.memory.channel(id).await
    }
}

impl WriteChannels for Raced {
    async fn put_channel(&self, channel: &Channel) -> Result<()> {
        let mishap = self.mishap();
        if mishap == Some(Mishap::Overtaken) {
            self.overtake(&channel.id);
        }
        Self::answer(mishap, self.memory.put_channel(channel).await)
    }
    async fn delete_channel(&self, id: &ChannelId, version: u64) -> Result<()> {
        let mishap = self.mishap();
        if mishap == Some(Mishap::Overtaken) {
            self.overtake(id);
        }
        Self::answer(mishap, self.memory.delete_channel(id, version).await)
    }
}

/// A shop with one channel, whose next write has this mishap.
async fn shop(mishap: Mishap) -> (Shop, By) {
    let mut shop = Shop::new();
    let by = shop.editor().await;
    shop.channel(AccountId::default());
    let memory = shop.memory.clone();
    let gate = Arc::new(Auth {
        accounts: memory.clone(),
        sessions: memory.clone(),
        audit: memory.clone(),
        sign_up: SignUp::Closed,
        clock: now,
    });
    let registry = Raced { memory: memory.clone(), next: Arc::new(Mutex::new(Some(mishap))) };
    shop.router = routes(Channels { gate, registry, targets: memory });
    (shop, by)
}

fn moved() -> Option<Value> {
    Some(json!({"url": "https://ours.example/", "secret": null}))
}

#[tokio::test]
async fn a_change_that_is_overtaken_is_made_of_what_is_there_then() {
    let (shop, by) = shop(Mishap::Overtaken).await;
    let answer = shop.ask(&by, Method::PATCH, CHANNEL, moved()).await;
    assert_eq!((answer.status, &answer.json()["version"]), (StatusCode::OK, &json!(3)), "{answer:?}");
    assert_eq!(shop.leads_to().0, "https://ours.example/");
}

#[tokio::test]
async fn a_lost_race_leaves_nothing_of_the_loser() {
    let (shop, by) = shop(Mishap::Overtaken).await;
    let answer = shop.ask_with(&by, Method::PATCH, CHANNEL, &[("if-match", "\"1\"")], moved()).await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "{answer:?}");
    assert_eq!(shop.leads_to().0, "https://others.example/");

    let (shop, by) = self::shop(Mishap::Overtaken).await;
    let answer = shop.ask_with(&by, Method::DELETE, CHANNEL, &[("if-match", "\"1\"")], None).await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "{answer:?}");
    assert_eq!(shop.leads_to().0, "https://others.example/");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_known_again() {
    let (shop, by) = shop(Mishap::Repeated).await;
    let answer = shop.ask(&by, Method::PATCH, CHANNEL, moved()).await;
    assert_eq!((answer.status, &answer.json()["version"]), (StatusCode::OK, &json!(2)), "{answer:?}");
    assert_eq!(shop.leads_to().0, "https://ours.example/");

    let (shop, by) = self::shop(Mishap::Repeated).await;
    let answer = shop.ask(&by, Method::DELETE, CHANNEL, None).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    everything_is_in_pairs(&shop.memory);
    assert!(shop.memory.tables().channels.is_empty());
}

#[tokio::test]
async fn a_write_without_an_answer_loses_no_target() {
    let (shop, by) = shop(Mishap::Unanswered).await;
    let answer = shop.ask(&by, Method::PATCH, CHANNEL, moved()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    let tables = shop.memory.tables();
    for channel in tables.channels.values() {
        assert!(tables.targets.contains_key(&(channel.id.clone(), channel.revision.clone())));
    }
}

#[tokio::test]
async fn wherever_it_fails_no_channel_is_without_its_target_and_nothing_of_one_is_told() {
    let (logged, _guard) = Logged::here(Level::TRACE);
    let canaries = ["canary-url", "canary-of-a-secret", "canary@"];
    let mut statuses = std::collections::BTreeSet::new();
    for calls in 0..12 {
        for (method, path, _) in ROUTES {
            for target in [
                json!({"kind": "webhook", "url": "https://shop.example/canary-url", "secret": "canary-of-a-secret"}),
                json!({"kind": "slack", "url": "https://shop.example/canary-url"}),
                json!({"kind": "email", "addresses": ["canary@shop.example"]}),
                json!({"kind": "email", "url": "https://shop.example/canary-url"}),
                json!({"kind": "webhook", "url": "http://shop.example/canary-url"}),
            ] {
                let shop = Shop::new();
                let by = shop.editor().await;
                shop.channel(AccountId::default());
                let mut body = target;
                body["name"] = json!("Hook");
                shop.memory.fail_after(calls);
                let answer = shop.ask(&by, method.parse().unwrap(), path, Some(body)).await;
                shop.memory.tables().calls_left = None;
                statuses.insert(answer.status.as_u16());
                let tables = shop.memory.tables();
                for channel in tables.channels.values() {
                    let key = (channel.id.clone(), channel.revision.clone());
                    assert!(tables.targets.contains_key(&key), "{calls} {method}: {channel:?}");
                }
                let told =
                    format!("{answer:?} {:?} {:?} {:?}", tables.audit, tables.channels, tables.targets);
                assert!(canaries.iter().all(|canary| !told.contains(canary)), "{told}");
            }
        }
    }
    assert_eq!(Vec::from_iter(statuses), [200, 201, 204, 400, 503]);
    let log = logged.text();
    assert!(log.contains("a store failed") && log.contains("still stored"), "{log}");
    assert!(canaries.iter().all(|canary| !log.contains(canary)), "{log}");
}
