//! Makes a new key the active one. No key is ever removed.

use anyhow::{bail, ensure};
use jiff::Timestamp;
use secrecy::SecretString;

use super::status::{FirstKey, Previous, status};
use super::{KeepKeys, Keys, ReadFirstKey, Replaced, new_key};

/// A rotation that is ready to be written.
pub struct Rotation {
    /// The version of the secret that it was made of.
    version: String,
    text: SecretString,
    /// The id of the new key.
    pub active: String,
    /// The id of the key that was active.
    pub former: String,
    /// Until when purchases carry the former key's token too.
    pub until: Timestamp,
    /// A key whose tokens are written until then, and no longer with this rotation.
    pub unlinks: Option<Previous>,
}

/// Plans a rotation: makes the key, writes nothing.
///
/// # Errors
/// When the secret is not one that `etl` would take, or its first key is not the installation's.
pub async fn rotation(
    secret: &impl KeepKeys,
    first: &impl ReadFirstKey,
    link_days: u16,
    now: Timestamp,
) -> anyhow::Result<Rotation> {
    let before = status(secret, first, now).await?;
    ensure!(
        before.first_key != FirstKey::Another,
        "the first key is not the one that this installation began with: restore the secret first"
    );
    let current = secret.current().await?;
    ensure!(current.id == before.version, "{}", changed(&current.id));
    let rotated = Keys::parse(&current.text, now)?.rotated(new_key()?, now, link_days)?;
    let (former, until) = rotated.previous().unwrap_or((before.active, now));
    Ok(Rotation {
        version: current.id,
        text: rotated.text(now)?,
        active: rotated.active(),
        former,
        until,
        unlinks: before.previous.filter(|previous| previous.linked),
    })
}

/// Writes it, if the secret is still the one that it was made of.
///
/// # Errors
/// When it is not, or Secrets Manager does not answer.
pub async fn written(secret: &impl KeepKeys, rotation: &Rotation) -> anyhow::Result<()> {
    match secret.replace(&rotation.version, &rotation.text).await? {
        Replaced::Done => Ok(()),
        Replaced::Changed(version) => bail!(changed(&version)),
    }
}

fn changed(version: &str) -> String {
    format!(
        "somebody has changed the secret meanwhile, its version is {version} now: nothing was rotated. Look at \
         `shopwatch pii status`, then decide again"
    )
}
