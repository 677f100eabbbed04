//! An import: one uploaded object being loaded, and its entry in the ledger.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::text::{Invalid, is_hex};

/// How long a lease holds without a heartbeat, in seconds.
pub const LEASE_SECONDS: i64 = 45;

/// The owner of an import that was released, for the next invocation to go on with.
pub const NOBODY: &str = "nobody";

/// Most different days of one import, of one night, and of what follows one day: 27 years. They are named in one entry
/// of the ledger, which may have 400 KB, and in one event, which may have 1 MB (256 KB until 2025): 130 KB.
pub const MAX_DAYS: usize = 10_000;

/// One version of one object: what is imported at most once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectVersion {
    /// The object's key, decoded; at most 1,024 bytes (S3's limit).
    pub key: String,
    /// The version's id; `null` in a bucket without versions.
    pub version: String,
}

impl ObjectVersion {
    /// The import's id: SHA-256 of key and version as 64 hex digits, because a key can be longer than a name may be.
    pub fn import_id(&self) -> ImportId {
        let mut hash = Sha256::new();
        hash.update(self.key.as_bytes());
        hash.update([0]);
        hash.update(self.version.as_bytes());
        ImportId(faster_hex::hex_string(&hash.finalize()))
    }
}

/// Names one import: 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImportId(String);

impl ImportId {
    /// The key of the rejects file of this import.
    pub fn rejects_key(&self) -> String {
        format!("rejects/{}.csv", self.0)
    }
}

impl fmt::Display for ImportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ImportId {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        let valid = is_hex(&text, 64);
        if valid { Ok(Self(text)) } else { Err(Invalid::new("an import id of 64 hex digits", text)) }
    }
}

impl std::str::FromStr for ImportId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::try_from(text.to_owned())
    }
}

impl From<ImportId> for String {
    fn from(id: ImportId) -> Self {
        id.0
    }
}

/// How far an import is, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Somebody is loading it, or died while loading it.
    Running,
    /// Every row is in the table.
    Loaded,
    /// Every row is in the table or in the rejects file.
    LoadedWithRejects,
    /// Nothing was written: not a file that can be loaded.
    Refused,
    /// It ended before its end; what was written stays, and sending the file again adds only the rest.
    Failed,
}

impl ImportState {
    /// Whether nothing more will happen. A failed import may be tried again, by a retry or a new delivery.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Loaded | Self::LoadedWithRejects | Self::Refused)
    }
}

/// What an import has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Bytes read of the object, as it is stored.
    pub bytes: u64,
    /// Bytes of text that they were, in UTF-8.
    #[serde(default)]
    pub text_bytes: u64,
    /// Rows read, without header and empty lines.
    pub rows: u64,
    /// Rows that are in the table.
    pub loaded: u64,
    /// Rows refused, by reason.
    #[serde(default)]
    pub rejected: BTreeMap<String, u64>,
    /// Rows left out because the person has asked to be erased.
    #[serde(default)]
    pub erased: u64,
    /// Local times that a change of the clocks made ambiguous, or left out, and that were resolved by rule.
    #[serde(default)]
    pub ambiguous_times: u64,
    /// Every row up to this one is settled: loaded, refused or left out. The next pass goes on behind it.
    #[serde(default)]
    pub checkpoint: u64,
}

impl ImportCounts {
    /// Rows refused, for whatever reason.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }
}

/// An import's entry in the ledger. Holds no row of the file and no e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Its id.
    pub import_id: ImportId,
    /// What is imported.
    #[serde(flatten)]
    pub object: ObjectVersion,
    /// The object's size in bytes.
    pub size: u64,
    /// How far it is.
    pub state: ImportState,
    /// What has been done.
    #[serde(flatten)]
    pub counts: ImportCounts,
    /// For people: why it was refused or failed, or what they should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The key under which buyers were hashed; `sha1` for the plain hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// Version of the rule that e-mail addresses are normalised by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalisation: Option<u32>,
    /// What the file was found to be, for people: `gzip, utf-16le, header, delimiter ;`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Whether the rows were out of time order, so that the file was read twice.
    #[serde(default)]
    pub unsorted: bool,
    /// Passes over the file, this one included.
    #[serde(default)]
    pub passes: u32,
    /// The days (UTC) that any row was loaded for, in order; recorded with every heartbeat.
    #[serde(default)]
    pub days: Vec<Date>,
    /// Rejected rows that the rejects file has no room for.
    #[serde(default)]
    pub rejects_left_out: u64,
    /// S3's order of the events of one key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequencer: Option<String>,
    /// The object's entity tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Where the refused rows are, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects_key: Option<String>,
    /// When it was begun: by the first delivery, or after it had failed by the one that began it anew.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// How long the last attempt took, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Who holds the lease: the id of one invocation, or [`NOBODY`].
    pub owner: String,
    /// Until when nobody else may load it.
    pub lease_until: Timestamp,
}

impl Import {
    /// An import that this owner begins now, with the lease it takes.
    pub fn begun(object: ObjectVersion, size: u64, owner: &str, now: Timestamp) -> Self {
        Self {
            import_id: object.import_id(),
            object,
            size,
            state: ImportState::Running,
            counts: ImportCounts::default(),
            message: None,
            key_id: None,
            normalisation: None,
            format: None,
            unsorted: false,
            passes: 1,
            days: Vec::new(),
            rejects_key: None,
            rejects_left_out: 0,
            sequencer: None,
            etag: None,
            started_at: now,
            ended_at: None,
            duration_ms: None,
            owner: owner.to_owned(),
            lease_until: lease_from(now),
        }
    }

    /// Rows that the last attempt read each second: all of them, because every attempt begins with the first. Nothing
    /// while it is running.
    pub fn rows_per_s(&self) -> Option<u64> {
        let duration_ms = self.duration_ms.filter(|_| self.state != ImportState::Running)?;
        self.counts.rows.saturating_mul(1_000).checked_div(duration_ms)
    }
}

/// Until when a lease taken now holds.
pub fn lease_from(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(LEASE_SECONDS)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_named_by_key_and_version() {
        let id =
            |key: &str, version: &str| ObjectVersion { key: key.into(), version: version.into() }.import_id();
        assert_eq!(id("purchases/a.csv", "1"), id("purchases/a.csv", "1"));
        assert_ne!(id("purchases/a.csv", "1"), id("purchases/a.csv", "2"));
        assert_ne!(id("purchases/a.csv1", ""), id("purchases/a.csv", "1"));
        assert_eq!(id("purchases/a.csv", "1").rejects_key().len(), "rejects/.csv".len() + 64);
    }

    #[test]
    fn rows_per_second_are_the_last_attempts() {
        let object = ObjectVersion { key: "purchases/a.csv".into(), version: "1".into() };
        let mut import = Import::begun(object, 1_000, "one", "2026-11-21T14:25:00Z".parse().unwrap());
        import.counts.rows = 3_000;
        assert_eq!(import.rows_per_s(), None);
        import.duration_ms = Some(1_500);
        assert_eq!(import.rows_per_s(), None, "it goes on");
        // It was begun long before the attempt that ended it.
        import.ended_at = Some("2026-11-21T19:00:00Z".parse().unwrap());
        import.state = ImportState::Loaded;
        assert_eq!(import.rows_per_s(), Some(2_000));
        import.duration_ms = Some(0);
        assert_eq!(import.rows_per_s(), None);
    }
}
