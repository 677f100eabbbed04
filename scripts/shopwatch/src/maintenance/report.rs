//! What was done with windows, and which there are, for people.

use std::collections::HashMap;
use std::io::{self, Write};

use shared::maintenance::{Day, When, Window};
use shared::monitor::{MonitorId, MonitorName};
use shared::store::Stored;

use super::{Applied, Difference};
use crate::table::{Table, harmless};

/// Names of monitors that a line shows; the rest is counted.
const SHOWN: usize = 4;

/// Prints a line for each window of the file, then a summary.
///
/// # Errors
/// When `out` cannot be written.
pub fn report(applied: &Applied, out: &mut impl Write) -> io::Result<()> {
    let count = |wanted| applied.outcomes.iter().filter(|(_, difference)| *difference == wanted).count();
    for (window, difference) in &applied.outcomes {
        let verb = match difference {
            Difference::Created => "+ created  ",
            Difference::Changed => "~ changed  ",
            Difference::Unchanged => "= unchanged",
        };
        writeln!(out, "{verb}  {}  {}: {}", window.id, window.name, when(&window.when))?;
    }
    let (created, changed) = (count(Difference::Created), count(Difference::Changed));
    writeln!(out, "done: {created} created, {changed} changed, {} unchanged", count(Difference::Unchanged))?;
    if !applied.unnamed.is_empty() {
        writeln!(out, "not in the file, left as they are:")?;
        for window in &applied.unnamed {
            writeln!(out, "  {}  {}", window.id, window.name)?;
        }
    }
    broken(&applied.broken, out)
}

fn broken(broken: &[shared::store::Broken], out: &mut impl Write) -> io::Result<()> {
    if !broken.is_empty() {
        writeln!(out, "cannot be read, and do not hold:")?;
    }
    for broken in broken {
        writeln!(out, "  {}  {}", harmless(&broken.id), harmless(&broken.why))?;
    }
    Ok(())
}

/// Prints every window; `names` has the monitors' names.
///
/// # Errors
/// When `out` cannot be written.
pub fn list(
    windows: &Stored<Window>,
    names: &HashMap<MonitorId, MonitorName>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut table = Table::new(["ID", "NAME", "WHEN", "MONITORS"]);
    for window in &windows.values {
        let monitors =
            if window.monitors.is_empty() { "all".to_owned() } else { named(&window.monitors, names) };
        table.row([window.id.to_string(), window.name.to_string(), when(&window.when), monitors]);
    }
    table.print(out)?;
    broken(&windows.broken, out)
}

fn named(monitors: &[MonitorId], names: &HashMap<MonitorId, MonitorName>) -> String {
    let name = |id: &MonitorId| names.get(id).map_or_else(|| id.to_string(), MonitorName::to_string);
    let mut shown: Vec<String> = monitors.iter().take(SHOWN).map(name).collect();
    if monitors.len() > SHOWN {
        shown.push(format!("{} more", monitors.len() - SHOWN));
    }
    shown.join(", ")
}

fn when(when: &When) -> String {
    match when {
        When::Once { from, until } => format!("{from} to {until}"),
        When::Weekly { days, from, minutes, time_zone } => {
            let days = if days.is_empty() { "every day".to_owned() } else { names_of(days) };
            format!("{days} {} {time_zone} for {minutes} min", from.strftime("%H:%M"))
        }
    }
}

fn names_of(days: &[Day]) -> String {
    let names = days.iter().map(|day| match day {
        Day::Mon => "mon",
        Day::Tue => "tue",
        Day::Wed => "wed",
        Day::Thu => "thu",
        Day::Fri => "fri",
        Day::Sat => "sat",
        Day::Sun => "sun",
    });
    names.collect::<Vec<_>>().join(",")
}
