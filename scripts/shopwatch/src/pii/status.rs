//! Which keys there are, for people.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::{KeepKeys, Keys, ReadFirstKey};

/// Whether the first key is the one that this installation began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstKey {
    /// It is.
    Same,
    /// It is another: every import fails.
    Another,
    /// Nothing has been imported yet.
    NotRecorded,
}

/// The key before the active one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Previous {
    /// Its id.
    pub id: String,
    /// Until when purchases carry its token too.
    pub until: Timestamp,
    /// Whether they still do.
    pub linked: bool,
}

/// What is known of the keys; holds none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The ids, by number.
    pub keys: Vec<String>,
    /// The id of the one that new purchases are hashed under.
    pub active: String,
    /// The one before it.
    pub previous: Option<Previous>,
    /// Whether the first one is the first one.
    pub first_key: FirstKey,
    /// The version of the secret.
    pub version: String,
}

/// Reads the secret, and compares its first key with the recorded one.
///
/// # Errors
/// When either cannot be read, or `etl` would refuse the secret.
pub async fn status(
    secret: &impl KeepKeys,
    first: &impl ReadFirstKey,
    now: Timestamp,
) -> anyhow::Result<Status> {
    let version = secret.current().await?;
    let keys = Keys::parse(&version.text, now)?;
    let first_key = match first.recorded().await? {
        None => FirstKey::NotRecorded,
        Some(recorded) if recorded == keys.fingerprint() => FirstKey::Same,
        Some(_) => FirstKey::Another,
    };
    let previous = keys.previous().map(|(id, until)| Previous { id, until, linked: now < until });
    Ok(Status { keys: keys.ids(), active: keys.active(), previous, first_key, version: version.id })
}

/// Prints it, as text or as JSON.
///
/// # Errors
/// When `out` cannot be written.
pub fn print(status: &Status, json: bool, out: &mut impl Write) -> io::Result<()> {
    if json {
        serde_json::to_writer_pretty(&mut *out, status)?;
        return writeln!(out);
    }
    writeln!(out, "keys       {}", status.keys.join(", "))?;
    writeln!(out, "active     {}", status.active)?;
    match &status.previous {
        None => writeln!(out, "previous   none")?,
        Some(Previous { id, until, linked: true }) => {
            writeln!(out, "previous   {id}: purchases carry both tokens until {until}")?;
        }
        Some(Previous { id, until, linked: false }) => {
            writeln!(out, "previous   {id}: purchases carried both tokens until {until}")?;
        }
    }
    let first = status.keys.first().map_or("", String::as_str);
    match status.first_key {
        FirstKey::Same => writeln!(out, "first key  {first}: the one that this installation began with")?,
        FirstKey::NotRecorded => writeln!(out, "first key  {first}: nothing has been imported yet")?,
        FirstKey::Another => writeln!(
            out,
            "first key  {first}: NOT the one that this installation began with. Imports fail until the former secret \
             is restored: with another first key every purchase would be loaded again"
        )?,
    }
    writeln!(out, "version    {}", status.version)
}
