//! The whole ledger.

use std::ops::ControlFlow;

use jiff::{Timestamp, ToSpan as _};
use shared::import::Import;
use shared::store::{IMPORT_MONTHS, ListImports, StoreError, month_of, walk_imports};

/// The imports of the whole ledger that are to be kept, newest first.
pub(crate) async fn kept(
    ledger: &impl ListImports,
    now: Timestamp,
    mut keep: impl FnMut(&Import) -> bool,
) -> Result<Vec<Import>, StoreError> {
    // A clock of AWS may be ahead of this one, and a month with it.
    let newest = month_of(now).saturating_add(1.month());
    let mut found = Vec::new();
    walk_imports(ledger, newest, IMPORT_MONTHS + 1, |import| {
        if keep(&import) {
            found.push(import);
        }
        ControlFlow::Continue(())
    })
    .await?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use ::tests::memory::Memory;
    use shared::import::ObjectVersion;

    use super::*;

    fn put(memory: &Memory, version: &str, started_at: &str) {
        let object = ObjectVersion { key: "purchases/a.csv".into(), version: version.into() };
        let import = Import::begun(object, 1, "one", started_at.parse().unwrap());
        memory.tables().imports.insert((import.object.key.clone(), version.to_owned()), import);
    }

    #[tokio::test]
    async fn the_whole_ledger_is_walked() {
        let memory = Memory::default();
        for (version, at) in [
            ("oldest", "2025-10-18T00:00:00Z"),
            ("old", "2026-10-30T00:00:00Z"),
            ("new", "2026-11-01T00:00:00Z"),
            ("ahead", "2026-12-01T00:00:01Z"),
        ] {
            put(&memory, version, at);
        }
        let now = "2026-11-21T23:59:59Z".parse().unwrap();
        let found = kept(&memory, now, |import| import.object.version != "new").await.unwrap();
        let versions: Vec<&str> = found.iter().map(|import| import.object.version.as_str()).collect();
        assert_eq!(versions, ["ahead", "old", "oldest"]);
    }
}
