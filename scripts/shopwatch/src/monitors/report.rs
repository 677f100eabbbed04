//! What was done, and what is there, for people.

use std::io::{self, Write};

use shared::monitor::Region;
use shared::store::Broken;

use super::{Applied, Difference, Outcome, StoredShard};
use crate::table::{Table, harmless};

/// Prints a line for each monitor of the file, then a summary.
///
/// # Errors
/// When `out` cannot be written.
pub fn report(applied: &Applied, out: &mut impl Write) -> io::Result<()> {
    let [mut created, mut changed, mut unchanged, mut refused] = [0; 4];
    for Outcome { monitor, difference } in &applied.outcomes {
        let (verb, what, count) = match difference {
            Difference::Created => ("+ created  ", None, &mut created),
            Difference::Changed(what) => ("~ changed  ", Some(what), &mut changed),
            Difference::Unchanged => ("= unchanged", None, &mut unchanged),
            Difference::Refused(why) => ("! refused  ", Some(why), &mut refused),
        };
        *count += 1;
        write!(out, "{verb}  {}  {}", monitor.id, monitor.name)?;
        if let Some(what) = what {
            write!(out, ": {}", harmless(what))?;
        }
        let note = if monitor.public { "" } else { "  (private: not on the status page)" };
        writeln!(out, "{note}")?;
    }
    write!(out, "done: {created} created, {changed} changed, {unchanged} unchanged")?;
    if refused > 0 {
        write!(out, ", {refused} refused")?;
    }
    writeln!(out)?;
    if !applied.unnamed.is_empty() {
        writeln!(out, "not in the file, left as they are:")?;
        for monitor in &applied.unnamed {
            writeln!(out, "  {}  {}", monitor.id, monitor.name)?;
        }
    }
    broken(applied.broken.iter(), out)
}

fn broken<'a>(broken: impl Iterator<Item = &'a Broken>, out: &mut impl Write) -> io::Result<()> {
    let mut broken = broken.peekable();
    if broken.peek().is_some() {
        writeln!(out, "cannot be read, left as they are and not checked:")?;
    }
    for Broken { id, why } in broken {
        writeln!(out, "  {}  {}", harmless(id), harmless(why))?;
    }
    Ok(())
}

/// Prints every monitor.
///
/// # Errors
/// When `out` cannot be written.
pub fn list(shards: &[StoredShard], out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new(["ID", "NAME", "KIND", "TARGET", "INTERVAL", "REGIONS", "PUBLIC", "PAUSED"]);
    let yes_or_no = |flag| if flag { "yes" } else { "no" }.to_owned();
    for monitor in shards.iter().flat_map(|shard| &shard.monitors) {
        let regions: Vec<&str> = monitor.regions.iter().map(Region::as_str).collect();
        table.row([
            monitor.id.to_string(),
            monitor.name.to_string(),
            monitor.check.kind().to_owned(),
            monitor.target(),
            format!("{} min", monitor.interval_minutes.minutes()),
            regions.join(","),
            yes_or_no(monitor.public),
            yes_or_no(monitor.paused),
        ]);
    }
    table.print(out)?;
    broken(shards.iter().flat_map(|shard| &shard.broken), out)
}
