//! Walks the ledger, newest import first.

use std::ops::ControlFlow;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use shared::import::Import;
use shared::store::{ListImports, StoreError};

/// Imports asked for at once.
const PAGE: usize = 1_000;

/// Most pages of one month: a million imports.
const MAX_PAGES: usize = 1_000;

/// Months that an entry lives at most: 400 days reach into 15 of them.
pub(super) const MONTHS: i32 = 15;

/// The month of an instant in UTC, by its first day.
pub(super) fn month_of(instant: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(instant).date().first_of_month()
}

/// Shows the imports of so many months, this one and those before it, newest first, until told to stop.
pub(super) async fn walk(
    ledger: &impl ListImports,
    newest: Date,
    months: i32,
    mut seen: impl FnMut(Import) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    for back in 0..months {
        let Ok(month) = newest.first_of_month().checked_sub(back.months()) else { break };
        if walk_month(ledger, month, PAGE, &mut seen).await?.is_break() {
            break;
        }
    }
    Ok(())
}

async fn walk_month(
    ledger: &impl ListImports,
    month: Date,
    page: usize,
    seen: &mut impl FnMut(Import) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, StoreError> {
    let mut before = None;
    for _ in 0..MAX_PAGES {
        let mut imports = ledger.imports(month, before, page).await?;
        let Some(last) = imports.last().map(|import| import.started_at) else { break };
        // The next page begins with imports that began before an instant. Others of the last one's instant may not
        // have fitted here: all of them are the next page's, unless this one has no other.
        let earlier = imports.partition_point(|import| import.started_at > last);
        if imports.len() >= page && earlier > 0 {
            imports.truncate(earlier);
        }
        before = imports.last().map(|import| import.started_at);
        for import in imports {
            if seen(import).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// The imports of the whole ledger that are to be kept, newest first.
pub(crate) async fn kept(
    ledger: &impl ListImports,
    now: Timestamp,
    keep: impl Fn(&Import) -> bool,
) -> Result<Vec<Import>, StoreError> {
    // A clock of AWS may be ahead of this one, and a month with it.
    let newest = month_of(now).saturating_add(1.month());
    let mut found = Vec::new();
    walk(ledger, newest, MONTHS + 1, |import| {
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

    async fn versions(memory: &Memory, page: usize) -> Vec<String> {
        let mut found = Vec::new();
        let mut seen = |import: Import| {
            found.push(import.object.version);
            ControlFlow::Continue(())
        };
        let month = "2026-11-01".parse().unwrap();
        assert!(walk_month(memory, month, page, &mut seen).await.unwrap().is_continue());
        found.sort();
        found
    }

    #[tokio::test]
    async fn no_import_falls_between_two_pages() {
        let memory = Memory::default();
        for (version, minute) in [("a", 1), ("b", 2), ("c", 2), ("d", 2), ("e", 3), ("f", 3), ("g", 4)] {
            put(&memory, version, &format!("2026-11-21T14:0{minute}:00Z"));
        }
        put(&memory, "other month", "2026-10-31T23:59:59Z");
        for page in [4, 5, 100] {
            assert_eq!(versions(&memory, page).await, ["a", "b", "c", "d", "e", "f", "g"], "{page}");
        }
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
