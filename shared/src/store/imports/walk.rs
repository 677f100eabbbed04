//! Walks the ledger, newest import first.

use std::ops::ControlFlow;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::import::Import;
use crate::store::{ListImports, Result, StoreError};

/// Imports asked for at once.
const PAGE: usize = 1_000;

/// Most pages of one month: a million imports.
const MAX_PAGES: usize = 1_000;

/// Months that an entry lives at most: 400 days reach into 15 of them.
pub const IMPORT_MONTHS: i32 = 15;

/// The month of an instant in UTC, by its first day.
pub fn month_of(instant: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(instant).date().first_of_month()
}

/// Shows the imports of so many months, this one and those before it, newest first and each once, until told to stop.
///
/// # Errors
/// When the ledger cannot be read, or has more than a million imports of a month.
pub async fn walk_imports(
    ledger: &impl ListImports,
    newest: Date,
    months: i32,
    mut seen: impl FnMut(Import) -> ControlFlow<()>,
) -> Result<()> {
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
) -> Result<ControlFlow<()>> {
    let mut before = None;
    for _ in 0..MAX_PAGES {
        let mut imports = ledger.imports(month, before, page).await?;
        let Some(last) = imports.last().map(|import| import.started_at) else {
            return Ok(ControlFlow::Continue(()));
        };
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
    Err(StoreError::Broken(format!("more than {} imports of {month}", MAX_PAGES * page)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{ImportId, ObjectVersion};

    /// A ledger of one month.
    struct Ledger(Vec<Import>);

    impl ListImports for Ledger {
        async fn import_by_id(&self, _: &ImportId) -> Result<Option<Import>> {
            Ok(None)
        }

        async fn imports(&self, _: Date, before: Option<Timestamp>, limit: usize) -> Result<Vec<Import>> {
            let is_before = |import: &&Import| before.is_none_or(|before| import.started_at < before);
            Ok(self.0.iter().rev().filter(is_before).take(limit).cloned().collect())
        }
    }

    fn begun((version, minute): (&str, u32)) -> Import {
        let object = ObjectVersion { key: "purchases/a.csv".into(), version: version.into() };
        Import::begun(object, 1, "one", format!("2026-11-21T14:0{minute}:00Z").parse().unwrap())
    }

    #[tokio::test]
    async fn no_import_falls_between_two_pages() {
        let begun_at = [("a", 1), ("b", 2), ("c", 2), ("d", 2), ("e", 3), ("f", 3), ("g", 4)];
        let ledger = Ledger(begun_at.map(begun).into());
        let month = "2026-11-01".parse().unwrap();
        for page in [4, 5, 100] {
            let mut found = Vec::new();
            let mut seen = |import: Import| {
                found.push(import.object.version);
                ControlFlow::Continue(())
            };
            assert!(walk_month(&ledger, month, page, &mut seen).await.unwrap().is_continue());
            found.sort();
            assert_eq!(found, ["a", "b", "c", "d", "e", "f", "g"], "{page}");
        }
    }

    #[tokio::test]
    async fn a_month_without_end_is_an_error() {
        let ledger = Ledger([("a", 1), ("b", 1)].map(begun).into());
        /// Has the same page always.
        struct Endless(Ledger);
        impl ListImports for Endless {
            async fn import_by_id(&self, _: &ImportId) -> Result<Option<Import>> {
                Ok(None)
            }
            async fn imports(&self, month: Date, _: Option<Timestamp>, limit: usize) -> Result<Vec<Import>> {
                self.0.imports(month, None, limit).await
            }
        }
        let month = "2026-11-01".parse().unwrap();
        let walked = walk_month(&Endless(ledger), month, 2, &mut |_| ControlFlow::Continue(())).await;
        assert!(walked.unwrap_err().to_string().contains("imports of 2026-11"));
    }
}
