//! What would become of a file, for people and as an exit code.

use std::io::{self, Write};

use shared::purchase::written;

use super::{Rejected, Report, Verdict};
use crate::import::{FAILED, LOADED, LOADED_WITH_REJECTS, REFUSED};
use crate::table::harmless;

/// The exit code: the one that importing the file would end with.
pub fn exit_code(report: &Report) -> u8 {
    match report.verdict {
        Verdict::Loaded => LOADED,
        Verdict::LoadedWithRejects => LOADED_WITH_REJECTS,
        Verdict::Refused(_) => REFUSED,
        Verdict::Failed(_) => FAILED,
    }
}

/// Prints it. `name` is the file's.
///
/// # Errors
/// When `out` cannot be written.
pub fn print(report: &Report, name: &str, out: &mut impl Write) -> io::Result<()> {
    let (state, why) = match &report.verdict {
        Verdict::Loaded => ("loaded", report.note.as_ref()),
        Verdict::LoadedWithRejects => ("loaded_with_rejects", report.note.as_ref()),
        Verdict::Refused(why) => ("refused", Some(why)),
        Verdict::Failed(why) => ("failed", Some(why)),
    };
    writeln!(out, "would be {state}  {}", harmless(name))?;
    let mut line = |label: &str, value: &str| writeln!(out, "  {label:<17}{}", harmless(value));
    if let Some(format) = &report.format {
        line("format", format)?;
    }
    let (bytes, text) = report.bytes;
    line("bytes", &if text == bytes { bytes.to_string() } else { format!("{bytes}, {text} of text") })?;
    let rejected: u64 = report.rejected.values().map(|of| of.rows).sum();
    line("rows", &report.rows.to_string())?;
    line("good", &report.rows.saturating_sub(rejected).to_string())?;
    line("rejected", &rejected.to_string())?;
    for (reason, of) in &report.rejected {
        line(&format!("  {reason}"), &format!("{} in {}", of.rows, lines(of)))?;
        for (number, row) in of.first.iter().filter_map(|(number, row)| Some((number, row.as_ref()?))) {
            line("", &format!("{number}: {row}"))?;
        }
    }
    if let Some((first, last)) = report.span {
        line("first", &written(first))?;
        line("last", &written(last))?;
        line("days", &report.days.to_string())?;
    }
    if report.ambiguous_times > 0 {
        line("ambiguous times", &format!("{}, resolved by rule", report.ambiguous_times))?;
    }
    if report.unsorted {
        line("out of order", "yes: rows are not in time order, which takes memory and a second pass")?;
    }
    if let Some(why) = why {
        line("message", why)?;
    }
    writeln!(out, "Nothing was uploaded.")
}

/// The numbers of the first lines.
fn lines(of: &Rejected) -> String {
    let numbers: Vec<String> = of.first.iter().map(|(number, _)| number.to_string()).collect();
    let more = if of.rows > numbers.len() as u64 { ", …" } else { "" };
    format!("{} {}{more}", if of.rows == 1 { "line" } else { "lines" }, numbers.join(", "))
}
