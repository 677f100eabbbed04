//! The stored monitors as a file.

use std::collections::HashMap;

use shared::monitor::{Check, Monitor, MonitorId, Region};

use super::losses::Note;
use super::stored::{by_name, own};
use super::write::{Access, Written, write};
use super::{MAX_BYTES, MAX_MONITORS, Parent, Report, StoredShard, Wanted, read};

/// What stands above a monitor whose credentials a person has to add.
const CREDENTIALS: &str = "credentials are not exported: add basic or bearer_env";

/// A file of monitors, and what it does not hold.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The file's text.
    pub text: String,
    /// What it does not hold.
    pub report: Report,
}

/// The file that, applied to what is stored, changes nothing but what its report tells; `home` is the stack's own region.
/// Monitors come in the order of their names.
///
/// # Errors
/// Never for monitors that were read.
pub fn export(shards: &[StoredShard], home: &Region) -> serde_json::Result<Exported> {
    let named = by_name(shards);
    let mut monitors: Vec<&Monitor> = own(shards).collect();
    monitors.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    let by_id: HashMap<&MonitorId, &Monitor> =
        monitors.iter().map(|monitor| (&monitor.id, *monitor)).collect();
    let is_meant = |monitor: &Monitor| named.get(&monitor.name).is_some_and(|meant| meant.id == monitor.id);

    let mut report = Report::default();
    let mut written = Vec::with_capacity(monitors.len());
    for monitor in monitors {
        let title = format!("{} ({})", monitor.name, monitor.id);
        if !is_meant(monitor) {
            let why =
                "expected each name once: another monitor has it too, and a file could not tell them apart";
            report.monitor(title, false, vec![Note::new("name", why)]);
            continue;
        }
        let mut notes = Vec::new();
        let mut depends_on = Vec::new();
        for id in &monitor.depends_on {
            match by_id.get(id).filter(|parent| is_meant(parent)) {
                Some(parent) => {
                    depends_on.push(Parent { name: parent.name.clone(), line: 0, place: String::new() });
                }
                None => notes.push(Note::new("depends_on", format!("{id} is not in the file: left out"))),
            }
        }
        let mut comments = Vec::new();
        if matches!(&monitor.check, Check::Http(http) if http.credentials.is_some()) {
            comments.push(CREDENTIALS.to_owned());
            notes.push(Note::new("credentials", CREDENTIALS));
        }
        report.monitor(title, true, notes);
        written.push(Written { wanted: wanted(monitor, home, depends_on), access: Access::Open, comments });
    }
    for broken in shards.iter().flat_map(|shard| &shard.broken) {
        report.monitor(&broken.id, false, vec![Note::new("monitor", "cannot be read")]);
    }
    let text = write(&written)?;
    // Requests have other bounds than files.
    if text.len() > MAX_BYTES || written.len() > MAX_MONITORS {
        let bounds =
            format!("expected at most {MAX_MONITORS} monitors and {MAX_BYTES} bytes in a file to apply");
        report.file("file", &format!("{bounds}, got {} and {}: split it", written.len(), text.len()));
    } else if let Err(error) = read("the file", text.as_bytes(), |_| None) {
        let told = error.to_string();
        let problems: Vec<&str> = told.lines().skip(1).map(str::trim).collect();
        report.file("file", &format!("cannot be applied as it is: {}", problems.join("; ")));
    }
    Ok(Exported { text, report })
}

/// A stored monitor as a file wants it.
fn wanted(monitor: &Monitor, home: &Region, depends_on: Vec<Parent>) -> Wanted {
    let is_home = monitor.regions.as_slice() == std::slice::from_ref(home);
    Wanted {
        interval_minutes: monitor.interval_minutes,
        public: monitor.public,
        paused: monitor.paused,
        keep_warm: monitor.keep_warm,
        regions: if is_home { Vec::new() } else { monitor.regions.clone() },
        ip: monitor.ip,
        degraded_ms: monitor.degraded_ms,
        retries: monitor.retries,
        quorum: monitor.quorum,
        confirmations: monitor.confirmations,
        recoveries: monitor.recoveries,
        depends_on,
        ..Wanted::of(monitor.name.clone(), monitor.check.clone())
    }
}
