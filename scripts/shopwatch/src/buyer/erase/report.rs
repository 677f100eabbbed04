//! What was erased, and what is left, for people.

use std::io::{self, Write};

use super::{Erased, Holds};
use crate::table::{counted, harmless};

/// Objects that are listed.
const LISTED: usize = 1_000;

/// Prints it. `bucket` is the uploads bucket.
///
/// # Errors
/// When `out` cannot be written.
pub fn report(erased: &Erased, bucket: &str, out: &mut impl Write) -> io::Result<()> {
    let purchases = counted(erased.purchases as u64, "purchase");
    let days = counted(erased.days.len() as u64, "day");
    writeln!(out, "erased: {purchases} deleted, {days} recomputed")?;
    writeln!(out, "The person is recorded: no import loads them again.")?;
    let objects = erased.looked_through;
    if erased.holding.is_empty() {
        writeln!(out, "No object of s3://{bucket} holds the address, of {objects} looked through.")?;
    } else {
        writeln!(out, "Objects of s3://{bucket} that still hold the address, of {objects} looked through:")?;
    }
    for holding in erased.holding.iter().take(LISTED) {
        let (key, version) = (harmless(&holding.key), holding.version.as_deref().unwrap_or("null"));
        match &holding.holds {
            Holds::Lines(lines) => writeln!(out, "  {key}  version {version}: {}", counted(*lines, "line"))?,
            Holds::Unknown(why) => {
                writeln!(out, "  {key}  version {version}: not searched: {}", harmless(why))?;
            }
        }
    }
    if erased.holding.len() > LISTED {
        writeln!(out, "  and {} more", erased.holding.len() - LISTED)?;
    }
    if !erased.holding.is_empty() {
        writeln!(
            out,
            "They are deleted by the bucket's rules in time, or by you: aws s3api delete-object --bucket {bucket} \
             --key KEY --version-id VERSION"
        )?;
    }
    writeln!(
        out,
        "Backups are out of reach: point-in-time recovery keeps the tables as they were for 35 days. After restoring \
         one, run this again."
    )
}
