//! Whether a person can be found at all: by the keys of the secret, and by no others.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use shared::store::{IMPORT_MONTHS, ListImports, month_of, walk_imports};

use super::status::{FirstKey, status};
use super::{KeepKeys, ReadFirstKey};

/// What the ledger calls the plain hash, which needs no key.
const PLAIN: &str = "sha1";

/// The ids of keys that imports of the ledger hashed people under and that the secret does not have: who is stored
/// under such a key alone is not found.
///
/// # Errors
/// When the first key is not the installation's: a person recorded as erased under another would be loaded again. And
/// when secret or ledger cannot be read.
pub async fn lost(
    secret: &impl KeepKeys,
    first: &impl ReadFirstKey,
    ledger: &impl ListImports,
    now: Timestamp,
) -> anyhow::Result<BTreeSet<String>> {
    let known = status(secret, first, now).await?;
    ensure!(
        known.first_key != FirstKey::Another,
        "the first key is not the one that this installation began with, so nobody is found by it: restore the \
         secret first"
    );
    let mut lost = BTreeSet::new();
    let walked = walk_imports(ledger, month_of(now), IMPORT_MONTHS, |import| {
        lost.extend(import.key_id.filter(|id| id != PLAIN && !known.keys.contains(id)));
        ControlFlow::Continue(())
    });
    walked.await.context("reading the import ledger")?;
    Ok(lost)
}

#[cfg(test)]
mod tests {
    use ::tests::memory::Memory;
    use shared::import::{Import, ObjectVersion};

    use super::super::tests::{Kept, now};
    use super::*;

    #[tokio::test]
    async fn a_key_that_imports_had_and_the_secret_has_not_is_told() {
        let (kept, memory) = (Kept::one_key(), Memory::default());
        for (key, id) in
            [("a.csv", Some("k1")), ("b.csv", Some("k2")), ("c.csv", None), ("d.csv", Some("sha1"))]
        {
            let object = ObjectVersion { key: key.to_owned(), version: "1".to_owned() };
            let import = Import { key_id: id.map(str::to_owned), ..Import::begun(object, 1, "owner", now()) };
            memory.tables().imports.insert((key.to_owned(), "1".to_owned()), import);
        }
        let lost = lost(&kept, &memory, &memory, now()).await.unwrap();
        assert_eq!(lost.into_iter().collect::<Vec<_>>(), ["k2"]);
    }

    #[tokio::test]
    async fn nobody_is_looked_for_by_another_first_key() {
        let (kept, memory) = (Kept::one_key(), Memory::default());
        memory.tables().first_key = Some("0".repeat(64));
        let error = lost(&kept, &memory, &memory, now()).await.unwrap_err().to_string();
        assert!(error.contains("restore the secret first"), "{error}");
    }
}
