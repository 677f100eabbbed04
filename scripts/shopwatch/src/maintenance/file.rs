//! The file of maintenance windows: YAML read, checked as a whole, and everything wrong in it told at once.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use shared::maintenance::{Day, MAX_WINDOW_MINUTES, MAX_WINDOWS, When, Window, WindowId, Zone};
use shared::monitor::MonitorName;

use crate::monitors::Parent;
use crate::yaml::{Document, Entry, FileError, Node, Problems, Told, list_of, parsed, text, whole};

/// Largest file, in bytes: 500 windows of 2,000 bytes.
pub const MAX_BYTES: usize = 1_000_000;

/// Most monitors of a window that is not everything's.
const MAX_MONITORS: usize = 100;

/// A window as the file wants it: its monitors are names yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedWindow {
    /// The window, of nobody so far.
    pub window: Window,
    /// Names of its monitors; empty: everything's.
    pub monitors: Vec<Parent>,
}

/// Reads a file of windows; `file` names it in the error.
///
/// # Errors
/// Names each problem with its line, its field, what was expected and what came.
pub fn read(file: &str, bytes: &[u8]) -> Result<Vec<WantedWindow>, FileError> {
    const FILE: Document = Document { key: "windows", max_bytes: MAX_BYTES, max_entries: MAX_WINDOWS };
    let mut problems = Problems::default();
    let mut ids = HashMap::new();
    let mut windows = Vec::new();
    for (place, node) in list_of(&FILE, bytes, &mut problems) {
        let entry = Entry::of(place, node, "a window with id and name", &mut problems);
        windows.extend(entry.and_then(|entry| window(entry, &mut ids)));
    }
    problems.of_file(file).map(|()| windows)
}

fn window(mut entry: Entry<'_>, ids: &mut HashMap<WindowId, u64>) -> Result<WantedWindow, Told> {
    let line = entry.line();
    let id = entry.required("id", parsed::<WindowId>).and_then(|id| match ids.insert(id.clone(), line) {
        None => Ok(id),
        Some(first) => {
            let what = format!("expected each id once, got {id} of the window of line {first} again");
            Err(entry.wrong_at(line, "id", &what))
        }
    });
    let name = entry.required("name", parsed::<MonitorName>);
    let monitors = entry.items("monitors", MAX_MONITORS, |place, node, problems| match parsed(&node.value) {
        Ok(name) => Ok(Parent { name, line: node.line, place }),
        Err(error) => {
            problems.wrong(node.line, format!("{place}: {error}"));
            Err(Told)
        }
    });
    let when = when(&mut entry);
    entry.finish();
    let window = Window { id: id?, name: name?, monitors: Vec::new(), when: when? };
    match window.validated() {
        Ok(window) => Ok(WantedWindow { window, monitors: monitors? }),
        Err(error) => Err(entry.wrong(&error.to_string())),
    }
}

/// Either `from` and `until`, or `at`, `minutes` and `time_zone`, with `days` where it is not every day.
fn when(entry: &mut Entry<'_>) -> Result<When, Told> {
    let zone = entry.given("time_zone", parsed::<Zone>);
    // Whose clock an end without an offset is on: told once, if that is wrong.
    let clock = match &zone {
        Ok(zone) => zone.clone(),
        Err(Told) => "UTC".parse().ok(),
    };
    let from = entry.given("from", |node| instant(node, clock.as_ref()));
    let until = entry.given("until", |node| instant(node, clock.as_ref()));
    let days = entry.list("days", 7, day);
    let at = entry.given("at", time);
    let minutes = entry.given("minutes", whole("minutes", 1..=MAX_WINDOW_MINUTES));
    let (zone, from, until, days, at, minutes) = (zone?, from?, until?, days?, at?, minutes?);
    match (from, until, at, minutes, zone) {
        (Some(from), Some(until), None, None, _) if days.is_empty() => Ok(When::Once { from, until }),
        (None, None, Some(from), Some(minutes), Some(time_zone)) => {
            Ok(When::Weekly { days, from, minutes, time_zone })
        }
        _ => Err(entry.wrong(
            "expected from and until, or at, minutes and time_zone with days where it is not every day; got another \
             choice of them",
        )),
    }
}

/// An instant, or a time on the clocks of the time zone.
fn instant(node: &Node, zone: Option<&Zone>) -> Result<Timestamp, String> {
    let text = text(node)?;
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let local: DateTime = text.parse().map_err(|_| {
        format!("expected an instant such as 2026-11-28T22:00:00Z, or a local time, got {node}")
    })?;
    let zone = zone.ok_or_else(|| {
        format!("expected an instant with Z or an offset, or a time_zone beside it, got {node}")
    })?;
    let at = local.to_zoned(zone.time_zone().clone());
    at.map(|at| at.timestamp()).map_err(|_| format!("expected a time within the calendar, got {node}"))
}

fn time(node: &Node) -> Result<Time, String> {
    let expected = || format!("expected a time such as \"22:30\", got {node}");
    let text = text(node)?;
    // jiff reads 22 as a time too, and 22:30:15.5; windows begin with a minute.
    let whole = text.len() == 5 && text.as_bytes().get(2) == Some(&b':');
    text.parse().ok().filter(|_| whole).ok_or_else(expected)
}

fn day(node: &Node) -> Result<Day, String> {
    serde_json::from_value(text(node)?.to_ascii_lowercase().into())
        .map_err(|_| format!("expected mon, tue, wed, thu, fri, sat or sun, got {node}"))
}
