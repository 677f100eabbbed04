//! The table `secrets`: partition `MONITOR#id` holds `CREDENTIALS#origin#revision`. Here, where an item is written, is the one place in
//! which what credentials hold is laid open; and no error of reading them repeats any of it.

use std::collections::HashMap;
use std::future::Future;

use aws_sdk_dynamodb::Client;
use secrecy::{ExposeSecret as _, SecretString};

use super::item::{Item, check_version, condition_failed, key, keyed, s, text, unavailable};
use super::{Result, StoreError};
use crate::credentials::{Credentials, CredentialsId};
use crate::revision::Revision;

/// What targets let us in with.
pub trait ReadCredentials {
    /// The credentials of this name.
    fn credentials(&self, id: &CredentialsId) -> impl Future<Output = Result<Option<Credentials>>> + Send;
}

/// Stores what targets let us in with.
pub trait WriteCredentials {
    /// Stores credentials under this name, in place of those there.
    fn put_credentials(
        &self,
        id: &CredentialsId,
        credentials: &Credentials,
    ) -> impl Future<Output = Result<()>> + Send;
    /// Whether it is these that are stored under this name. Reads nothing: whoever may only write finds out too.
    fn are_credentials(
        &self,
        id: &CredentialsId,
        credentials: &Credentials,
    ) -> impl Future<Output = Result<bool>> + Send;
    /// Deletes those of this name. Does nothing when there are none.
    fn delete_credentials(&self, id: &CredentialsId) -> impl Future<Output = Result<()>> + Send;
}

/// The table of credentials; see [`ReadCredentials`], [`WriteCredentials`].
#[derive(Debug, Clone)]
pub struct SecretsTable {
    pub(super) client: Client,
    pub(super) table: String,
}

impl SecretsTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

fn partition(id: &CredentialsId) -> String {
    format!("MONITOR#{}", id.monitor)
}

fn sort_key(CredentialsId { origin, revision, .. }: &CredentialsId) -> String {
    if *revision == Revision::first() {
        return format!("CREDENTIALS#{origin}");
    }
    format!("CREDENTIALS#{origin}#{revision}")
}

impl ReadCredentials for SecretsTable {
    async fn credentials(&self, id: &CredentialsId) -> Result<Option<Credentials>> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let get = get.set_key(Some(key(partition(id), sort_key(id))));
        let answer = get.send().await.map_err(unavailable("reading credentials"))?;
        answer.item.as_ref().map(credentials_of).transpose()
    }
}

impl WriteCredentials for SecretsTable {
    async fn put_credentials(&self, id: &CredentialsId, credentials: &Credentials) -> Result<()> {
        let put = self.client.put_item().table_name(&self.table);
        let put = put.set_item(Some(item_with(id, credentials)));
        put.send().await.map(drop).map_err(unavailable("storing credentials"))
    }

    /// Puts what is there again, on the condition that it is that.
    async fn are_credentials(&self, id: &CredentialsId, credentials: &Credentials) -> Result<bool> {
        let item = item_with(id, credentials);
        let (mut condition, mut names, mut values) = (Vec::new(), HashMap::new(), HashMap::new());
        for (at, (name, value)) in item.iter().enumerate() {
            condition.push(format!("#n{at} = :v{at}"));
            names.insert(format!("#n{at}"), name.clone());
            values.insert(format!(":v{at}"), value.clone());
        }
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression(condition.join(" AND "));
        let put = put.set_expression_attribute_names(Some(names));
        match put.set_expression_attribute_values(Some(values)).send().await {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(unavailable("comparing credentials")(error)),
        }
    }

    async fn delete_credentials(&self, id: &CredentialsId) -> Result<()> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(key(partition(id), sort_key(id))));
        delete.send().await.map(drop).map_err(unavailable("deleting credentials"))
    }
}

fn item_with(id: &CredentialsId, credentials: &Credentials) -> Item {
    let mut item = keyed(partition(id), sort_key(id));
    let mut set = |name: &str, value: &str| item.insert(name.to_owned(), s(value));
    match credentials {
        Credentials::Basic { user, password } => {
            set("scheme", "basic");
            set("user", user);
            set("password", password.expose_secret());
        }
        Credentials::Bearer { token } => {
            set("scheme", "bearer");
            set("token", token.expose_secret());
        }
    }
    item
}

fn credentials_of(item: &Item) -> Result<Credentials> {
    check_version(item)?;
    let secret = |name| text(item, name).map(SecretString::from);
    match text(item, "scheme")? {
        "basic" => {
            Ok(Credentials::Basic { user: text(item, "user")?.to_owned(), password: secret("password")? })
        }
        "bearer" => Ok(Credentials::Bearer { token: secret("token")? }),
        _ => Err(StoreError::Broken(format!("{}: neither basic nor bearer", text(item, "pk")?))),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn id() -> CredentialsId {
        CredentialsId {
            monitor: "s0-7f3k2a".parse().unwrap(),
            origin: "https://shop.example".to_owned(),
            revision: "abcdefghijklmnop".parse().unwrap(),
        }
    }

    #[test]
    fn what_was_stored_before_there_were_revisions_is_still_found() {
        assert_eq!(sort_key(&id()), "CREDENTIALS#https://shop.example#abcdefghijklmnop");
        let first = CredentialsId { revision: Revision::first(), ..id() };
        assert_eq!(sort_key(&first), "CREDENTIALS#https://shop.example");
    }

    #[test]
    fn an_item_keeps_credentials() {
        let basic = Credentials::Basic { user: "ada".to_owned(), password: "pa:ss".into() };
        let Ok(Credentials::Basic { user, password }) = credentials_of(&item_with(&id(), &basic)) else {
            panic!("not read as it was written");
        };
        assert_eq!((user.as_str(), password.expose_secret()), ("ada", "pa:ss"));
        let bearer = Credentials::Bearer { token: "to.ken".into() };
        let Ok(Credentials::Bearer { token }) = credentials_of(&item_with(&id(), &bearer)) else {
            panic!("not read as it was written");
        };
        assert_eq!(token.expose_secret(), "to.ken");
    }

    #[test]
    fn an_item_that_cannot_be_read_is_not_repeated() {
        let good = item_with(&id(), &Credentials::Basic { user: "canary".into(), password: "canary".into() });
        let broken = |name: &str, value: AttributeValue| {
            let mut item = good.clone();
            item.insert(name.to_owned(), value);
            credentials_of(&item).unwrap_err().to_string()
        };
        for error in [
            broken("password", AttributeValue::N("4711".to_owned())),
            broken("user", AttributeValue::Ss(vec!["4711".to_owned()])),
            broken("scheme", s("4711")),
            broken("v", s("4711")),
        ] {
            assert!(error.contains("MONITOR#s0-7f3k2a"), "{error}");
            assert!(!error.contains("canary") && !error.contains("4711"), "{error}");
        }
    }
}
