//! `shopwatch monitors import-from`: another monitor's configuration as a file of ours, and what of it has no place there.
//!
//! What may be a secret is written and told nowhere: passwords and tokens become names of environment variables, headers,
//! bodies and parts of URLs that look like secrets are left out.

mod draft;
mod gatus;
mod http;
mod kuma;
mod secrets;
mod statuses;
mod tree;
mod upptime;
mod uptimerobot;

use anyhow::ensure;
use clap::ValueEnum;

use crate::monitors::MAX_MONITORS;
use draft::Collected;

pub use crate::monitors::{MAX_BYTES, Report};

/// Whose configuration it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// The JSON file of "Export backup" in Uptime Kuma 1
    Kuma,
    /// The YAML file of Gatus
    Gatus,
    /// The CSV file of UptimeRobot's export
    #[value(name = "uptimerobot")]
    UptimeRobot,
    /// Upptime's .upptimerc.yml
    Upptime,
}

/// A file of monitors, and what of its source it does not hold.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The file's text: what [`crate::monitors::read`] reads.
    pub text: String,
    /// What it does not hold.
    pub report: Report,
}

/// Reads another monitor's configuration; `file` names it in the error.
///
/// # Errors
/// When it is not such a configuration, or too large. No error repeats what is in it.
pub fn import(source: Source, file: &str, bytes: &[u8]) -> anyhow::Result<Imported> {
    ensure!(bytes.len() <= MAX_BYTES, "{file}: expected at most {MAX_BYTES} bytes, got more");
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut collected = Collected::default();
    let read = match source {
        Source::Kuma => kuma::read(bytes, &mut collected),
        Source::Gatus => gatus::read(bytes, &mut collected),
        Source::UptimeRobot => uptimerobot::read(bytes, &mut collected),
        Source::Upptime => upptime::read(bytes, &mut collected),
    };
    read.map_err(|error| anyhow::anyhow!("{file}: {error}"))?;
    Ok(collected.done())
}

/// Whether a file may have so many monitors.
fn few(count: usize) -> Result<(), String> {
    if count > MAX_MONITORS {
        return Err(format!("expected at most {MAX_MONITORS} monitors, got {count}"));
    }
    Ok(())
}

/// A text that a report may repeat: a name out of a fixed vocabulary, such as a type.
fn shown(name: &str) -> &str {
    let is_name =
        (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_name { name } else { "something else" }
}

#[cfg(test)]
mod tests;
