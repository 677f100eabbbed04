//! What people and programs are told of an import: text, and an exit code.

use std::io::{self, Write};

use shared::import::{Import, ImportState, ObjectVersion};

use super::Followed;
use crate::imports::state_name;
use crate::names::Stack;

/// Every row is in the table.
pub const LOADED: u8 = 0;
/// Every row is in the table or in the rejects file.
pub const LOADED_WITH_REJECTS: u8 = 3;
/// Nothing was written.
pub const REFUSED: u8 = 4;
/// It ended before its end.
pub const FAILED: u8 = 5;
/// It did not begin, or not end, in the time given.
pub const TIMED_OUT: u8 = 6;

/// The exit code of `shopwatch import`.
pub fn exit_code(followed: &Followed) -> u8 {
    match followed {
        Followed::Running(_) | Followed::NotBegun => TIMED_OUT,
        Followed::Ended(import) => match import.state {
            ImportState::Loaded => LOADED,
            ImportState::LoadedWithRejects => LOADED_WITH_REJECTS,
            ImportState::Refused => REFUSED,
            ImportState::Failed => FAILED,
            ImportState::Running => TIMED_OUT,
        },
    }
}

/// Prints how it went.
///
/// # Errors
/// When `out` cannot be written.
pub fn report(
    followed: &Followed,
    object: &ObjectVersion,
    bucket: &str,
    stack: &Stack,
    out: &mut impl Write,
) -> io::Result<()> {
    match followed {
        Followed::Ended(import) => import_report(import, bucket, out),
        Followed::Running(import) => {
            import_report(import, bucket, out)?;
            writeln!(
                out,
                "It goes on without this command. Its lease ends at {:.0}: if that is over, look at the logs {}.",
                import.lease_until,
                stack.etl_logs()
            )
        }
        Followed::NotBegun => {
            let (key, version) = (&object.key, &object.version);
            let (logs, letters) = (stack.etl_logs(), stack.dead_letters());
            writeln!(out, "not begun  {key}")?;
            writeln!(out, "  version   {version}")?;
            writeln!(
                out,
                "The file is uploaded, but no ledger entry has appeared. Is etl deployed in the stack {stack}, and is \
                 {bucket} its bucket? Look at the logs {logs} and at the queue {letters}."
            )
        }
    }
}

fn import_report(import: &Import, bucket: &str, out: &mut impl Write) -> io::Result<()> {
    let counts = &import.counts;
    writeln!(out, "{}  {}", state_name(import.state), import.object.key)?;
    writeln!(out, "  version   {}", import.object.version)?;
    writeln!(out, "  import    {}", import.import_id)?;
    writeln!(out, "  rows      {}", counts.rows)?;
    writeln!(out, "  loaded    {}", counts.loaded)?;
    writeln!(out, "  rejected  {}", counts.rejected_total())?;
    for (reason, rows) in &counts.rejected {
        writeln!(out, "    {reason}  {rows}")?;
    }
    if let Some(key) = &import.rejects_key {
        writeln!(out, "  rejects   s3://{bucket}/{key}")?;
    }
    if let Some(ms) = import.duration_ms {
        writeln!(out, "  took      {}.{:03} s", ms / 1_000, ms % 1_000)?;
    }
    if let Some(message) = &import.message {
        writeln!(out, "  message   {message}")?;
    }
    Ok(())
}
