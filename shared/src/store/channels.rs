//! Channels: in the table `monitors`, partition `META` holds `CHANNEL#id`, which names the revision of its target; in the
//! table `secrets`, partition `CHANNEL#id` holds `TARGET#revision`.
//!
//! A target is written before the channel that names it, under a revision of its own, and the former one is deleted
//! after: so a change that is refused replaces nothing. Here, where an item is written, is the one place in which what a
//! target holds is laid open; and no error of reading it repeats any of it.

use std::collections::BTreeSet;
use std::future::Future;

use secrecy::{ExposeSecret as _, SecretString};

use super::item::{
    Item, check_version, condition_failed, item_of, key, keyed, n, s, text, unavailable, value_of,
};
use super::monitors::META;
use super::{MonitorsTable, Result, SecretsTable, StoreError, Stored};
use crate::account::Email;
use crate::channel::{Channel, ChannelId, HookUrl, Target};
use crate::revision::Revision;

/// The channels.
pub trait ReadChannels {
    /// Every channel of every account, by id.
    fn channels(&self) -> impl Future<Output = Result<Stored<Channel>>> + Send;
    /// The channel of this id, as it is after every write that is over. One that cannot be read is none.
    fn channel(&self, id: &ChannelId) -> impl Future<Output = Result<Option<Channel>>> + Send;
}

/// Changes channels.
pub trait WriteChannels {
    /// Stores a channel, or answers [`StoreError::Conflict`]: one of version 1 must not be there yet, any other must
    /// follow the one that is.
    fn put_channel(&self, channel: &Channel) -> impl Future<Output = Result<()>> + Send;
    /// Deletes a channel, or answers [`StoreError::Conflict`] when it is not, or no longer, of this version.
    fn delete_channel(&self, id: &ChannelId, version: u64) -> impl Future<Output = Result<()>> + Send;
}

/// Where channels lead.
pub trait ReadTargets {
    /// The target of a channel that its revision names. None may be there: whoever has read a channel a moment ago reads
    /// it again then.
    fn target(
        &self,
        id: &ChannelId,
        revision: &Revision,
    ) -> impl Future<Output = Result<Option<Target>>> + Send;
}

/// Stores where channels lead.
pub trait WriteTargets {
    /// Stores a target of a channel.
    fn put_target(
        &self,
        id: &ChannelId,
        revision: &Revision,
        target: &Target,
    ) -> impl Future<Output = Result<()>> + Send;
    /// Deletes a target of a channel. Does nothing when there is none.
    fn delete_target(&self, id: &ChannelId, revision: &Revision) -> impl Future<Output = Result<()>> + Send;
}

/// What the sort key of a channel begins with, and the partition key of its targets.
const CHANNEL: &str = "CHANNEL#";

impl ReadChannels for MonitorsTable {
    async fn channels(&self) -> Result<Stored<Channel>> {
        self.stored(META.to_owned(), CHANNEL, Ok).await
    }

    async fn channel(&self, id: &ChannelId) -> Result<Option<Channel>> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let get = get.set_key(Some(key(META, format!("{CHANNEL}{id}"))));
        let item = get.send().await.map_err(unavailable("reading a channel"))?.item;
        let channel = item.map(value_of::<Channel>).transpose();
        Ok(channel.unwrap_or_else(|_| {
            tracing::warn!(%id, "left out a channel that is not valid");
            None
        }))
    }
}

impl WriteChannels for MonitorsTable {
    async fn put_channel(&self, channel: &Channel) -> Result<()> {
        let item = item_of(META, format!("{CHANNEL}{}", channel.id), channel)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = if channel.version == 1 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#version = :before")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":before", n(channel.version.saturating_sub(1)))
        };
        put.send().await.map(drop).map_err(|error| {
            if condition_failed(&error) {
                StoreError::Conflict(format!("channel {}", channel.id))
            } else {
                unavailable("storing a channel")(error)
            }
        })
    }

    async fn delete_channel(&self, id: &ChannelId, version: u64) -> Result<()> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(META, format!("{CHANNEL}{id}"))))
            .condition_expression("#version = :before")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":before", n(version));
        delete.send().await.map(drop).map_err(|error| {
            if condition_failed(&error) {
                StoreError::Conflict(format!("channel {id}"))
            } else {
                unavailable("deleting a channel")(error)
            }
        })
    }
}

fn key_of(id: &ChannelId, revision: &Revision) -> (String, String) {
    (format!("{CHANNEL}{id}"), format!("TARGET#{revision}"))
}

impl ReadTargets for SecretsTable {
    async fn target(&self, id: &ChannelId, revision: &Revision) -> Result<Option<Target>> {
        let (pk, sk) = key_of(id, revision);
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = get.set_key(Some(key(pk, sk))).send().await;
        answer.map_err(unavailable("reading a channel's target"))?.item.as_ref().map(target_of).transpose()
    }
}

impl WriteTargets for SecretsTable {
    async fn put_target(&self, id: &ChannelId, revision: &Revision, target: &Target) -> Result<()> {
        let item = item_with(id, revision, target);
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(unavailable("storing a channel's target"))
    }

    async fn delete_target(&self, id: &ChannelId, revision: &Revision) -> Result<()> {
        let (pk, sk) = key_of(id, revision);
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(pk, sk)));
        delete.send().await.map(drop).map_err(unavailable("deleting a channel's target"))
    }
}

fn item_with(id: &ChannelId, revision: &Revision, target: &Target) -> Item {
    let (pk, sk) = key_of(id, revision);
    let mut item = keyed(pk, sk);
    let mut set = |name: &str, value: &str| item.insert(name.to_owned(), s(value));
    set("kind", target.kind().name());
    match target {
        Target::Webhook { url, secret } => {
            set("url", url.exposed().expose_secret());
            if let Some(secret) = secret {
                set("secret", secret.expose_secret());
            }
        }
        Target::Slack { url } => {
            set("url", url.exposed().expose_secret());
        }
        // No address has white space in it.
        Target::Email { addresses } => {
            let all: Vec<&str> = addresses.iter().map(Email::as_str).collect();
            set("addresses", &all.join(" "));
        }
    }
    item
}

fn target_of(item: &Item) -> Result<Target> {
    check_version(item)?;
    let broken = |what: &str| {
        let pk = text(item, "pk").unwrap_or("?");
        StoreError::Broken(format!("{pk}: {what}"))
    };
    let url = || {
        HookUrl::of(&SecretString::from(text(item, "url")?)).map_err(|rule| broken(&format!("url: {rule}")))
    };
    let target = match text(item, "kind")? {
        "webhook" => {
            let secret = item.contains_key("secret").then(|| text(item, "secret")).transpose()?;
            Target::Webhook { url: url()?, secret: secret.map(SecretString::from) }
        }
        "slack" => Target::Slack { url: url()? },
        "email" => {
            let all = text(item, "addresses")?.split(' ').map(str::parse);
            let addresses = all.collect::<std::result::Result<BTreeSet<Email>, _>>();
            Target::Email { addresses: addresses.map_err(|_| broken("addresses: not all of them are"))? }
        }
        _ => return Err(broken("kind: neither webhook, slack nor email")),
    };
    target.validated().map_err(|(field, rule)| broken(&format!("{field}: {rule}")))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;
    use proptest::prelude::*;

    use super::*;

    fn stored(target: &Target) -> Item {
        let (id, revision) = ("c-7f3k2a9d0c1b2e4f".parse().unwrap(), "7f3k2a9d0c1b2e4f".parse().unwrap());
        item_with(&id, &revision, target)
    }

    fn hook(text: &str) -> HookUrl {
        HookUrl::of(&text.into()).unwrap()
    }

    proptest! {
        #[test]
        fn an_item_keeps_a_target(
            path in "[a-zA-Z0-9 /?%€-]{0,60}",
            secret in proptest::option::of("[ -~ä€]{16,60}"),
            mailboxes in proptest::collection::btree_set("[a-z0-9+._-]{1,20}", 1..=10),
        ) {
            let url = hook(&format!("https://hooks.shop.example/{path}"));
            let addresses = mailboxes.iter().map(|one| format!("{one}@shop.example").parse().unwrap());
            for target in [
                Target::Webhook { url: url.clone(), secret: secret.map(SecretString::from) },
                Target::Slack { url },
                Target::Email { addresses: addresses.collect() },
            ] {
                let item = stored(&target);
                let again = target_of(&item).unwrap();
                prop_assert_eq!(again.kind(), target.kind());
                prop_assert_eq!(stored(&again), item);
            }
        }
    }

    #[test]
    fn an_item_that_cannot_be_read_is_not_repeated() {
        let webhook = Target::Webhook {
            url: hook("https://canary.example/canary"),
            secret: Some("canary canary canary".into()),
        };
        let email = Target::Email { addresses: BTreeSet::from(["canary@shop.example".parse().unwrap()]) };
        let broken = |target: &Target, name: &str, value: AttributeValue| {
            let mut item = stored(target);
            item.insert(name.to_owned(), value);
            target_of(&item).unwrap_err().to_string()
        };
        for error in [
            broken(&webhook, "url", s("http://4711.example/canary")),
            broken(&webhook, "url", AttributeValue::N("4711".to_owned())),
            broken(&webhook, "secret", s("4711")),
            broken(&webhook, "kind", s("4711")),
            broken(&webhook, "v", s("4711")),
            broken(&email, "addresses", s("canary@shop.example 4711")),
            broken(&email, "addresses", s("")),
        ] {
            assert!(error.contains("CHANNEL#c-7f3k2a9d0c1b2e4f"), "{error}");
            assert!(!error.contains("canary") && !error.contains("4711"), "{error}");
        }
    }
}
