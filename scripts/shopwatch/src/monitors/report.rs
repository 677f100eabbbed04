//! What `monitors` prints.

use std::io::{self, Write};

use shared::monitor::{Monitor, Region};
use shared::store::Broken;

use super::{Applied, Difference, Outcome, Plan, Step, StoredShard};
use crate::table::{Table, harmless};

/// What a private monitor is told with: it is what people wonder about who look for it on the status page.
const PRIVATE: &str = "  (private: not on the status page)";

/// Prints what is to be done.
///
/// # Errors
/// When `out` cannot be written.
pub fn plan(plan: &Plan, out: &mut impl Write) -> io::Result<()> {
    let [mut create, mut change, mut compare, mut unchanged] = [0; 4];
    for Step { monitor, difference, .. } in &plan.steps {
        let private = if monitor.public { "" } else { PRIVATE };
        let Monitor { id, name, .. } = monitor;
        match difference {
            Difference::Created => {
                create += 1;
                writeln!(out, "+ create   {name}{private}")?;
            }
            Difference::Changed(what) => {
                change += 1;
                writeln!(out, "~ change   {id}  {name}: {}{private}", harmless(what))?;
            }
            Difference::Compared => {
                compare += 1;
                writeln!(out, "? compare  {id}  {name}: credentials, which nobody reads back{private}")?;
            }
            Difference::Unchanged => unchanged += 1,
            // A plan refuses nobody.
            Difference::Refused(_) => {}
        }
    }
    for Monitor { id, name, .. } in plan.removed() {
        writeln!(out, "- delete   {id}  {name}")?;
    }
    write!(out, "plan: {create} to create, {change} to change, ")?;
    if compare > 0 {
        write!(out, "{compare} to compare, ")?;
    }
    writeln!(out, "{} to delete, {unchanged} unchanged", plan.removed().len())?;
    if !plan.prune && !plan.unnamed.is_empty() {
        writeln!(out, "not in the file, left as they are (--prune deletes them):")?;
        for Monitor { id, name, .. } in &plan.unnamed {
            writeln!(out, "  {id}  {name}")?;
        }
    }
    Ok(())
}

/// Prints what was done: those that were refused one by one, as the plan said the rest.
///
/// # Errors
/// When `out` cannot be written.
pub fn applied(applied: &Applied, out: &mut impl Write) -> io::Result<()> {
    let [mut created, mut changed, mut unchanged, mut refused, mut deleted] = [0; 5];
    for Outcome { monitor: Monitor { id, name, .. }, difference } in &applied.outcomes {
        match difference {
            Difference::Created => {
                created += 1;
                writeln!(out, "created  {id}  {name}")?;
            }
            Difference::Changed(_) => changed += 1,
            Difference::Compared | Difference::Unchanged => unchanged += 1,
            Difference::Refused(why) => {
                refused += 1;
                writeln!(out, "refused  {name}: {}", harmless(why))?;
            }
        }
    }
    for (Monitor { id, name, .. }, why) in &applied.removed {
        match why {
            None => deleted += 1,
            Some(why) => {
                refused += 1;
                writeln!(out, "not deleted  {id}  {name}: {}", harmless(why))?;
            }
        }
    }
    write!(out, "done: {created} created, {changed} changed, {deleted} deleted, {unchanged} unchanged")?;
    if refused > 0 {
        write!(out, ", {refused} refused")?;
    }
    writeln!(out)
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
