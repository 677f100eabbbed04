//! Keys read and rotated, in memory.

use std::sync::Mutex;

use ::tests::memory::Memory;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use super::*;

pub(crate) const FIRST: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";
pub(crate) const SECOND: &str = "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba987654321098";

pub(crate) fn now() -> Timestamp {
    "2026-11-21T14:25:30.5Z".parse().unwrap()
}

pub(crate) fn secret(text: &str) -> SecretString {
    text.into()
}

/// The secret in memory; every version counts one up.
pub(crate) struct Kept {
    versions: Mutex<Vec<SecretString>>,
}

impl Kept {
    pub(crate) fn of(text: &str) -> Self {
        Self { versions: Mutex::new(vec![text.into()]) }
    }

    pub(crate) fn one_key() -> Self {
        Self::of(&format!(r#"{{"active":"k1","k1":"{FIRST}"}}"#))
    }

    pub(crate) fn text(&self) -> String {
        self.versions.lock().unwrap().last().unwrap().expose_secret().to_owned()
    }

    /// As if somebody wrote it by hand.
    fn change(&self, text: &str) {
        self.versions.lock().unwrap().push(text.into());
    }
}

impl KeepKeys for Kept {
    async fn current(&self) -> anyhow::Result<Version> {
        let versions = self.versions.lock().unwrap();
        Ok(Version { id: format!("v{}", versions.len()), text: versions.last().unwrap().clone() })
    }

    async fn replace(&self, id: &str, text: &SecretString) -> anyhow::Result<Replaced> {
        let mut versions = self.versions.lock().unwrap();
        let current = format!("v{}", versions.len());
        if current != id {
            return Ok(Replaced::Changed(current));
        }
        versions.push(text.clone());
        Ok(Replaced::Done)
    }
}

impl ReadFirstKey for Memory {
    async fn recorded(&self) -> anyhow::Result<Option<String>> {
        Ok(self.tables().first_key.clone())
    }
}

fn fingerprint() -> String {
    Keys::parse(&secret(&Kept::one_key().text()), now()).unwrap().fingerprint().to_owned()
}

async fn printed(kept: &Kept, memory: &Memory, now: Timestamp) -> String {
    let status = status(kept, memory, now).await.unwrap();
    let mut out = Vec::new();
    print(&status, false, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn keys_are_told_by_their_ids() {
    let (kept, memory) = (Kept::one_key(), Memory::default());
    insta::assert_snapshot!(printed(&kept, &memory, now()).await, @"
    keys       k1
    active     k1
    previous   none
    first key  k1: nothing has been imported yet
    version    v1
    ");
    memory.tables().first_key = Some(fingerprint());
    let planned = rotation(&kept, &memory, 90, now()).await.unwrap();
    assert_eq!(
        printed(&kept, &memory, now()).await.lines().next(),
        Some("keys       k1"),
        "nothing is written yet"
    );
    written(&kept, &planned).await.unwrap();
    let after = printed(&kept, &memory, now()).await;
    insta::assert_snapshot!(after, @"
    keys       k1, k2
    active     k2
    previous   k1: purchases carry both tokens until 2027-02-19T14:25:30Z
    first key  k1: the one that this installation began with
    version    v2
    ");
    assert!(!after.contains(&FIRST[..8]));
    let later = "2027-02-19T14:25:30Z".parse().unwrap();
    assert!(printed(&kept, &memory, later).await.contains("k1: purchases carried both tokens until"));
    let mut json = Vec::new();
    print(&status(&kept, &memory, now()).await.unwrap(), true, &mut json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((&json["active"], &json["previous"]["linked"]), (&"k2".into(), &true.into()));
    assert_eq!((&json["first_key"], &json["keys"]), (&"same".into(), &vec!["k1", "k2"].into()));
}

#[tokio::test]
async fn another_first_key_is_told_and_never_rotated() {
    let (kept, memory) = (Kept::one_key(), Memory::default());
    memory.tables().first_key = Some("0".repeat(64));
    assert!(printed(&kept, &memory, now()).await.contains("NOT the one that this installation began with"));
    let error = rotation(&kept, &memory, 90, now()).await.err().unwrap();
    insta::assert_snapshot!(error, @"the first key is not the one that this installation began with: restore the secret first");
    assert_eq!(memory.tables().first_key, Some("0".repeat(64)), "a status records nothing");
    let empty = Memory::default();
    status(&kept, &empty, now()).await.unwrap();
    assert_eq!(empty.tables().first_key, None, "a status records nothing");
}

#[tokio::test]
async fn a_secret_that_somebody_has_changed_is_left_as_it_is() {
    let (kept, memory) = (Kept::one_key(), Memory::default());
    let planned = rotation(&kept, &memory, 90, now()).await.unwrap();
    let other = format!(r#"{{"active":"k2","k1":"{FIRST}","k2":"{SECOND}"}}"#);
    kept.change(&other);
    insta::assert_snapshot!(written(&kept, &planned).await.unwrap_err(), @"somebody has changed the secret meanwhile, its version is v2 now: nothing was rotated. Look at `shopwatch pii status`, then decide again");
    assert_eq!(kept.text(), other);
}

#[tokio::test]
async fn a_rotation_says_what_it_unlinks() {
    let (kept, memory) = (Kept::one_key(), Memory::default());
    let first = rotation(&kept, &memory, 90, now()).await.unwrap();
    assert_eq!((first.active.as_str(), first.former.as_str(), &first.unlinks), ("k2", "k1", &None));
    written(&kept, &first).await.unwrap();
    let second = rotation(&kept, &memory, 90, now()).await.unwrap();
    assert_eq!(second.unlinks.map(|previous| previous.id), Some("k1".to_owned()));
    let later = "2027-02-19T14:25:30Z".parse().unwrap();
    assert_eq!(rotation(&kept, &memory, 90, later).await.unwrap().unlinks, None);
}
