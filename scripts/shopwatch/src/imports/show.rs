//! One import: everything that the ledger knows of it.

use std::convert::Infallible;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::str::FromStr;

use anyhow::{anyhow, bail};
use jiff::Timestamp;
use jiff::civil::Date;
use shared::import::{Import, ImportId, ImportState, NOBODY};
use shared::store::{IMPORT_MONTHS, ListImports, month_of, walk_imports};

use super::list::took;
use super::state_name;
use crate::table::harmless;

/// Fewest digits of an id that name an import.
const FEWEST_DIGITS: usize = 4;

/// What exports are uploaded below.
const PREFIX: &str = "purchases/";

/// Days that are named one by one; of more only the first and the last.
const DAYS_SHOWN: usize = 10;

/// Which import is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The one of this id.
    Id(ImportId),
    /// The one whose id begins so.
    Prefix(String),
    /// The last one of this key.
    Key(String),
}

impl FromStr for Wanted {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let hex = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        Ok(match text.parse() {
            Ok(id) => Self::Id(id),
            Err(_) if hex && (FEWEST_DIGITS..64).contains(&text.len()) => Self::Prefix(text.to_owned()),
            Err(_) if text.starts_with(PREFIX) => Self::Key(text.to_owned()),
            Err(_) => Self::Key(format!("{PREFIX}{text}")),
        })
    }
}

/// The import that is asked for.
///
/// # Errors
/// When there is none, when there are several, or when the ledger does not answer.
pub async fn found(ledger: &impl ListImports, wanted: &Wanted, now: Timestamp) -> anyhow::Result<Import> {
    const SEE: &str = "see `shopwatch imports list`";
    let newest = month_of(now);
    let mut found = Vec::new();
    match wanted {
        Wanted::Id(id) => {
            let import = ledger.import_by_id(id).await?;
            return import.ok_or_else(|| anyhow!("no import has the id {id}: {SEE}"));
        }
        Wanted::Prefix(digits) => {
            walk_imports(ledger, newest, IMPORT_MONTHS, |import| {
                if import.import_id.to_string().starts_with(digits) {
                    found.push(import);
                }
                ControlFlow::Continue(())
            })
            .await?;
        }
        Wanted::Key(key) => {
            walk_imports(ledger, newest, IMPORT_MONTHS, |import| {
                if import.object.key == *key {
                    found.push(import);
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            })
            .await?;
        }
    }
    match (found.pop(), wanted) {
        (Some(import), _) if found.is_empty() => Ok(import),
        (Some(_), _) => bail!("{} imports have ids that begin so: give more of the digits", found.len() + 1),
        (None, Wanted::Key(key)) => bail!("no import is of the object {}: {SEE}", harmless(key)),
        (None, Wanted::Prefix(digits)) => bail!("no import has an id that begins with {digits}: {SEE}"),
        (None, Wanted::Id(id)) => bail!("no import has the id {id}: {SEE}"),
    }
}

/// Prints the import, as text or as JSON.
///
/// # Errors
/// When `out` cannot be written.
pub fn show(import: &Import, now: Timestamp, json: bool, out: &mut impl Write) -> io::Result<()> {
    if json {
        serde_json::to_writer_pretty(&mut *out, import)?;
        return writeln!(out);
    }
    writeln!(out, "{}  {}", state_name(import.state), harmless(&import.object.key))?;
    for (label, value) in lines(import, now) {
        if let Some(value) = value {
            writeln!(out, "  {label:<17}{}", harmless(&value))?;
        }
    }
    Ok(())
}

/// What is shown, in order; nothing for what is not known, or not worth a line.
fn lines(import: &Import, now: Timestamp) -> Vec<(String, Option<String>)> {
    let counts = &import.counts;
    let some = |number: u64| (number > 0).then(|| number.to_string());
    let first = [
        ("import", Some(import.import_id.to_string())),
        ("version", Some(import.object.version.clone())),
        ("format", import.format.clone()),
        ("began", Some(format!("{:.0}", import.started_at))),
        ("ended", import.ended_at.map(|at| format!("{at:.0}"))),
        ("took", took(import)),
        ("lease", lease(import, now)),
        ("bytes", Some(bytes(import))),
        ("rows", Some(rows(import))),
        ("loaded", Some(counts.loaded.to_string())),
        ("rejected", Some(counts.rejected_total().to_string())),
    ];
    let reasons =
        counts.rejected.iter().map(|(reason, rows)| (format!("  {reason}"), Some(rows.to_string())));
    let last = [
        ("rejects", import.rejects_key.clone()),
        ("  left out", some(import.rejects_left_out)),
        ("erased", some(counts.erased)),
        ("ambiguous times", some(counts.ambiguous_times)),
        ("out of order", import.unsorted.then(|| "yes: rows are not in time order".to_owned())),
        ("passes", (import.passes > 1).then(|| import.passes.to_string())),
        ("settled rows", some(counts.checkpoint)),
        ("days", days(&import.days)),
        ("key", key(import)),
        ("sequencer", import.sequencer.clone()),
        ("entity tag", import.etag.clone()),
        ("message", import.message.clone()),
    ];
    let owned = |(label, value): (&str, _)| (label.to_owned(), value);
    first.into_iter().map(owned).chain(reasons).chain(last.into_iter().map(owned)).collect()
}

fn lease(import: &Import, now: Timestamp) -> Option<String> {
    let until = import.lease_until;
    match import.state {
        ImportState::Running if import.owner == NOBODY => Some(format!(
            "released at {until:.0}: it goes on in another invocation; if none begins within a minute, the hourly \
             sweep takes it up"
        )),
        ImportState::Running if until < now => {
            Some(format!("ran out at {until:.0}: nobody is loading it, the hourly sweep takes it up"))
        }
        ImportState::Running => Some(format!("until {until:.0}, of {}", import.owner)),
        _ => None,
    }
}

fn bytes(import: &Import) -> String {
    let counts = &import.counts;
    let text = match counts.text_bytes {
        0 => String::new(),
        text if text == counts.bytes => String::new(),
        text => format!(", {text} of text"),
    };
    format!("{} of {}{text}", counts.bytes, import.size)
}

fn rows(import: &Import) -> String {
    let rows = import.counts.rows;
    match import.rows_per_s().filter(|_| rows > 0) {
        Some(each_second) => format!("{rows} ({each_second} a second)"),
        None => rows.to_string(),
    }
}

fn days(days: &[Date]) -> Option<String> {
    let (first, last) = (days.first()?, days.last()?);
    if days.len() > DAYS_SHOWN {
        return Some(format!("{} from {first} to {last}", days.len()));
    }
    Some(days.iter().map(Date::to_string).collect::<Vec<_>>().join(", "))
}

fn key(import: &Import) -> Option<String> {
    let key = import.key_id.as_ref()?;
    Some(match import.normalisation {
        Some(version) => format!("{key}, normalisation {version}"),
        None => key.clone(),
    })
}
