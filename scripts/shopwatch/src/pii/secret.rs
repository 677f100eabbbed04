//! The secret of the PII keys in Secrets Manager, and the first key's fingerprint in the ledger.

use std::future::Future;

use anyhow::{Context as _, anyhow};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_secretsmanager::Client;
use rand::TryRngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use shared::clients::causes;

/// What names the version in use (Secrets Manager's own name).
const CURRENT: &str = "AWSCURRENT";

/// What names a version that is written and not in use yet. Moves to the next one, should it ever be left over.
const WRITTEN: &str = "SHOPWATCH-WRITTEN";

/// One version of the secret.
#[derive(Debug, Clone)]
pub struct Version {
    /// Names it.
    pub id: String,
    /// Its text.
    pub text: SecretString,
}

/// What replacing the secret came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replaced {
    /// It is the secret from now on.
    Done,
    /// Somebody else has changed the secret: this version is in use. Nothing was replaced.
    Changed(String),
}

/// Reads and replaces the secret.
pub trait KeepKeys {
    /// The version in use.
    fn current(&self) -> impl Future<Output = anyhow::Result<Version>> + Send;
    /// Makes this text the secret's if the version in use is still the one of this id.
    fn replace(&self, id: &str, text: &SecretString)
    -> impl Future<Output = anyhow::Result<Replaced>> + Send;
}

/// Reads the fingerprint of the first key that this installation has ever had.
pub trait ReadFirstKey {
    /// The fingerprint; none before the first import.
    fn recorded(&self) -> impl Future<Output = anyhow::Result<Option<String>>> + Send;
}

/// The stack's secret.
pub(crate) struct PiiSecret {
    client: Client,
    name: String,
}

impl PiiSecret {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Puts a name on a version, or only takes it off another. Fails when it is not on that other one.
    async fn name(&self, name: &str, on: Option<&str>, off: &str) -> anyhow::Result<()> {
        let update = self.client.update_secret_version_stage().secret_id(&self.name).version_stage(name);
        let update = update.set_move_to_version_id(on.map(str::to_owned)).remove_from_version_id(off);
        update.send().await.map(drop).map_err(|error| anyhow!(causes(&error)))
    }
}

impl KeepKeys for PiiSecret {
    async fn current(&self) -> anyhow::Result<Version> {
        let answer = self.client.get_secret_value().secret_id(&self.name).version_stage(CURRENT).send().await;
        let answer =
            answer.map_err(|error| anyhow!("reading the secret {} failed: {}", self.name, causes(&error)))?;
        let id = answer.version_id.context("the secret's version has no id")?;
        Ok(Version { id, text: answer.secret_string.context("the secret holds no text")?.into() })
    }

    /// Secrets Manager has no conditional write, but it moves the name of the version in use only from the version
    /// that has it: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html>.
    /// So the text is written under another name first.
    async fn replace(&self, id: &str, text: &SecretString) -> anyhow::Result<Replaced> {
        let token = token()?;
        let put = self.client.put_secret_value().secret_id(&self.name).client_request_token(&token);
        let put = put.version_stages(WRITTEN).secret_string(text.expose_secret());
        put.send().await.map_err(|error| anyhow!("writing the secret failed: {}", causes(&error)))?;
        let moved = self.name(CURRENT, Some(&token), id).await;
        let now = match &moved {
            Ok(()) => token.clone(),
            // The call may have been sent twice, because the first answer was lost.
            Err(_) => self.current().await?.id,
        };
        // A version without names is dropped by Secrets Manager; one that keeps this name does no harm.
        let _ = self.name(WRITTEN, None, &token).await;
        match moved {
            Err(error) if now == id => Err(error.context("making the new version the secret's failed")),
            _ if now == token => Ok(Replaced::Done),
            _ => Ok(Replaced::Changed(now)),
        }
    }
}

/// An id for a version: 32 hex digits.
fn token() -> anyhow::Result<String> {
    let mut bits = [0; 16];
    rand::rngs::OsRng.try_fill_bytes(&mut bits).context("the system has no random numbers")?;
    Ok(format!("{:032x}", u128::from_le_bytes(bits)))
}

/// The item of the ledger that holds the fingerprint. Read only: the ledger's own store would record a missing one.
pub(crate) struct RecordedKey {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl RecordedKey {
    pub(crate) fn new(client: aws_sdk_dynamodb::Client, table: String) -> Self {
        Self { client, table }
    }
}

impl ReadFirstKey for RecordedKey {
    async fn recorded(&self) -> anyhow::Result<Option<String>> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = get.key("pk", text("KEY")).key("sk", text("FIRST")).send().await;
        let answer = answer.map_err(|error| anyhow!("reading the first key failed: {}", causes(&error)))?;
        let Some(mut item) = answer.item else { return Ok(None) };
        match item.remove("fingerprint") {
            Some(AttributeValue::S(fingerprint)) => Ok(Some(fingerprint)),
            _ => Err(anyhow!("the item KEY/FIRST of the table {} has no fingerprint", self.table)),
        }
    }
}
