//! Imports for people: newest first.

use std::io::{self, Write};
use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::civil::Date;
use shared::import::{Import, ImportState};
use shared::store::{ListImports, StoreError, month_of, walk_imports};

use super::{short, state_name};
use crate::table::Table;

/// Most imports that are listed.
const MOST: usize = 500;

/// The imports of a month, newest first, at most 500; of one state, or of all.
///
/// # Errors
/// When the ledger does not answer.
pub async fn listed(
    ledger: &impl ListImports,
    month: Option<Date>,
    state: Option<ImportState>,
    now: Timestamp,
) -> Result<Vec<Import>, StoreError> {
    let month = month.unwrap_or_else(|| month_of(now));
    let mut found = Vec::new();
    walk_imports(ledger, month, 1, |import| {
        if state.is_none_or(|state| import.state == state) {
            found.push(import);
        }
        if found.len() >= MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .await?;
    Ok(found)
}

/// Prints the imports, as a table or as JSON.
///
/// # Errors
/// When `out` cannot be written.
pub fn list(imports: &[Import], json: bool, out: &mut impl Write) -> io::Result<()> {
    if json {
        serde_json::to_writer_pretty(&mut *out, imports)?;
        return writeln!(out);
    }
    let mut table = Table::new(["ID", "STARTED", "STATE", "ROWS", "LOADED", "REJECTED", "TOOK", "KEY"]);
    for import in imports {
        let counts = &import.counts;
        table.row([
            short(&import.import_id),
            format!("{:.0}", import.started_at),
            state_name(import.state).to_owned(),
            counts.rows.to_string(),
            counts.loaded.to_string(),
            counts.rejected_total().to_string(),
            took(import).unwrap_or_default(),
            import.object.key.clone(),
        ]);
    }
    table.print(out)?;
    if imports.len() >= MOST {
        writeln!(out, "the newest {MOST}: there may be more")?;
    }
    Ok(())
}

/// From its beginning to its end, in seconds.
pub(super) fn took(import: &Import) -> Option<String> {
    let ms = import.ended_at?.duration_since(import.started_at).as_millis().max(0);
    Some(format!("{}.{:03} s", ms / 1_000, ms % 1_000))
}
