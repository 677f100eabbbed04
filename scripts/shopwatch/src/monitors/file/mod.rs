//! The file of monitors: YAML read, checked as a whole, and everything wrong in it told at once.

mod check;
mod credentials;
mod expect;
mod http;

use std::collections::HashMap;

use shared::first_twice;
use shared::monitor::{
    Interval, IpFamily, MAX_DEGRADED_MS, MAX_INTERVAL_MINUTES, MAX_PARENTS, MonitorName, Quorum, Region,
    Retries, Streak,
};

use super::{Parent, Wanted};
use crate::yaml::{
    Document, Entry, FileError, Node, Problems, Told, boolean, list_of, parsed, shown, text, whole,
};

/// Largest file, in bytes: 10,000 monitors of 500 bytes.
pub const MAX_BYTES: usize = 5_000_000;

/// Most monitors in one file.
pub const MAX_MONITORS: usize = 10_000;

/// Most regions of a monitor.
const MAX_REGIONS: usize = 32;

/// Reads a file of monitors; `file` names it in the error, `variable` knows the environment.
///
/// # Errors
/// Names each problem with its line, its field, what was expected and what came; never a secret.
pub fn read(
    file: &str,
    bytes: &[u8],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Wanted>, FileError> {
    const FILE: Document = Document { key: "monitors", max_bytes: MAX_BYTES, max_entries: MAX_MONITORS };
    let mut problems = Problems::default();
    let mut names = HashMap::new();
    let mut monitors = Vec::new();
    for (place, node) in list_of(&FILE, bytes, &mut problems) {
        let entry = Entry::of(place, node, "a monitor with a name", &mut problems);
        monitors.extend(entry.and_then(|entry| monitor(entry, &mut names, &variable)));
    }
    problems.of_file(file).map(|()| monitors)
}

/// One entry of the list. `names` has the line of each name so far, wherever else its monitor is wrong.
fn monitor(
    mut entry: Entry<'_>,
    names: &mut HashMap<MonitorName, u64>,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<Wanted, Told> {
    let name = name(&mut entry, names);
    let kind = entry.or_default("kind", check::kind);
    // What a monitor of an unknown kind may have is unknown too.
    let is_known = kind.is_ok();
    let checked = kind.and_then(|kind| check::check(&mut entry, kind, variable));
    let interval_minutes = entry.or_default("interval_minutes", interval);
    let public = entry.or_default("public", boolean);
    let paused = entry.or_default("paused", boolean);
    let keep_warm = entry.or_default("keep_warm", boolean);
    let regions = entry.list("regions", MAX_REGIONS, parsed::<Region>);
    let ip = entry.or_default("ip", ip);
    let degraded_ms = entry.given("degraded_ms", whole("milliseconds", 1..=MAX_DEGRADED_MS));
    let retries = entry.given("retries", whole("a number", Retries::MIN..=Retries::MAX));
    let quorum = entry.or_default("quorum", quorum);
    let streak = || whole("a number of slots", Streak::MIN..=Streak::MAX);
    let confirmations = entry.given("confirmations", streak());
    let recoveries = entry.given("recoveries", streak());
    let depends_on =
        entry.items("depends_on", MAX_PARENTS, |place, node, problems| match parsed(&node.value) {
            Ok(name) => Ok(Parent { name, line: node.line, place }),
            Err(error) => {
                problems.wrong(node.line, format!("{place}: {error}"));
                Err(Told)
            }
        });
    if is_known {
        entry.finish();
    }
    let (check, credentials) = checked?;
    let wanted = Wanted {
        name: name?,
        check,
        credentials,
        interval_minutes: interval_minutes?,
        public: public?,
        paused: paused?,
        keep_warm: keep_warm?,
        regions: regions?,
        ip: ip?,
        degraded_ms: degraded_ms?,
        retries: count(retries?),
        quorum: quorum?,
        confirmations: count(confirmations?),
        recoveries: count(recoveries?),
        depends_on: depends_on?,
    };
    if let Some(twice) = first_twice(&wanted.regions) {
        return Err(entry.wrong(&format!("expected each region once, got {twice} again")));
    }
    wanted.validate().map_err(|error| entry.wrong(&error.to_string()))?;
    Ok(wanted)
}

/// The name. Two monitors of one name could not be told apart.
fn name(entry: &mut Entry<'_>, names: &mut HashMap<MonitorName, u64>) -> Result<MonitorName, Told> {
    let Some(node) = entry.take("name") else {
        return Err(entry.wrong_at(entry.line(), "name", "expected one, got none"));
    };
    let name: MonitorName = parsed(&node.value).map_err(|error| entry.wrong_at(node.line, "name", &error))?;
    if let Some(first) = names.get(&name) {
        let what = format!("expected each name once, got {:?} of line {first} again", name.as_str());
        return Err(entry.wrong_at(node.line, "name", &what));
    }
    names.insert(name.clone(), node.line);
    Ok(name)
}

/// A number whose range was checked already.
fn count<const MIN: u8, const MAX: u8, const DEFAULT: u8>(
    number: Option<u8>,
) -> shared::monitor::Count<MIN, MAX, DEFAULT> {
    number.and_then(|number| number.try_into().ok()).unwrap_or_default()
}

fn interval(node: &Node) -> Result<Interval, String> {
    let minutes = whole("whole minutes", 1..=MAX_INTERVAL_MINUTES)(node)?;
    Interval::try_from(minutes).map_err(shown)
}

fn ip(node: &Node) -> Result<IpFamily, String> {
    match text(node)? {
        "any" => Ok(IpFamily::Any),
        "v4" => Ok(IpFamily::V4),
        "v6" => Ok(IpFamily::V6),
        _ => Err(format!("expected any, v4 or v6, got {node}")),
    }
}

fn quorum(node: &Node) -> Result<Quorum, String> {
    match node {
        Node::Text(text) if text == "majority" => Ok(Quorum::Majority),
        Node::Whole(_) => whole("majority, or a number", 1..=u8::MAX)(node).map(Quorum::AtLeast),
        other => Err(format!("expected majority, or a number of regions, got {other}")),
    }
}
