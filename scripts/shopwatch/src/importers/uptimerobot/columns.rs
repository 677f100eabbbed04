//! The columns of an export, by what they are called.

use super::super::draft::Collected;

/// Most columns of a file.
const MAX_COLUMNS: usize = 200;

/// Columns that are read, by what they are called.
const COLUMNS: [(Column, &[&str]); 20] = [
    (Column::Name, &["friendly name", "name", "monitor name", "monitor"]),
    (Column::Target, &["url ip", "url", "url or ip", "url ip host", "ip", "host", "hostname", "target"]),
    (Column::Kind, &["type", "monitor type"]),
    (Column::Interval(1), &["interval seconds", "interval in seconds", "interval sec", "interval s"]),
    (Column::Interval(60), &["interval minutes", "interval in minutes", "interval min", "interval mins"]),
    (Column::Interval(0), &["interval", "monitoring interval", "check interval"]),
    (Column::KeywordType, &["keyword type"]),
    (Column::Keyword, &["keyword value", "keyword"]),
    (Column::KeywordCase, &["keyword case type", "keyword case"]),
    (Column::Port, &["port", "port number"]),
    (Column::PortType, &["sub type", "subtype", "port type"]),
    (Column::Record, &["dns record type", "record type", "dns type"]),
    (Column::User, &["http username", "http user", "username", "auth username"]),
    (Column::AuthType, &["http auth type", "auth type", "authentication type"]),
    (Column::Method, &["http method", "method"]),
    (Column::Body, &["post value", "post body", "http body", "request body", "body"]),
    (Column::Headers, &["custom http headers", "custom headers", "http headers", "headers"]),
    (Column::Statuses, &["custom http statuses", "http statuses"]),
    (Column::Status, &["status", "state", "monitor status", "current status"]),
    (Column::Certificate, &["ssl expiration reminder", "ssl expiration reminders", "ssl reminder"]),
];

/// Columns whose values have no counterpart, with the reason.
const LOST: [(&str, &str); 12] = [
    ("alert contacts", "alert contacts are not part of a monitor"),
    ("alert contact", "alert contacts are not part of a monitor"),
    ("maintenance windows", "windows have a file of their own: `shopwatch maintenance apply`"),
    ("tags", "monitors have no tags"),
    ("group", "monitors have no groups"),
    ("group name", "monitors have no groups"),
    ("timeout", "a check may take 10 s"),
    ("domain expiration reminder", "registrations of domains are not checked"),
    ("response time threshold", "say it with `degraded_ms`"),
    ("region", "regions are chosen with `regions`"),
    ("status page", "there is one status page, of the public monitors"),
    ("status pages", "there is one status page, of the public monitors"),
];

/// Columns of secrets: never read.
const SECRETS: [&str; 4] = ["http password", "password", "auth password", "heartbeat url"];

/// What a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Name,
    Target,
    Kind,
    /// Of so many seconds; 0 where nobody says.
    Interval(u64),
    KeywordType,
    Keyword,
    KeywordCase,
    Port,
    PortType,
    Record,
    User,
    AuthType,
    Method,
    Body,
    Headers,
    Statuses,
    Status,
    Certificate,
}

/// The header's columns, by their place.
#[derive(Default)]
pub(super) struct Header {
    /// Those that are read.
    pub(super) known: Vec<(usize, Column)>,
    /// Those without a counterpart: their name and the reason.
    pub(super) lost: Vec<(usize, &'static str, &'static str)>,
}

/// What the columns are. Where the first line is none, no error repeats it.
pub(super) fn header(names: &csv::StringRecord, collected: &mut Collected) -> Result<Header, String> {
    if names.len() > MAX_COLUMNS {
        return Err(format!("line 1: expected at most {MAX_COLUMNS} columns, got {}", names.len()));
    }
    let mut header = Header::default();
    let mut unknown = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let plain = words.collect::<Vec<_>>().join(" ").to_lowercase();
        let known = COLUMNS.iter().find(|(_, names)| names.contains(&plain.as_str()));
        let lost = LOST.iter().find(|(lost, _)| *lost == plain);
        match (known, lost) {
            (Some((column, _)), _) if header.known.iter().all(|(_, known)| known != column) => {
                header.known.push((index, *column));
            }
            (_, Some((name, why))) => header.lost.push((index, name, why)),
            _ if SECRETS.contains(&plain.as_str()) || plain.is_empty() => {}
            _ => unknown.push(name),
        }
    }
    for (column, expected) in [(Column::Name, "Friendly Name"), (Column::Kind, "Type")] {
        if !header.known.iter().any(|(_, known)| *known == column) {
            return Err(format!("line 1: expected a header with the column {expected:?}, got none"));
        }
    }
    for name in unknown {
        let name: String = name.chars().take(80).collect();
        collected.note(&format!("column {name:?}"), "is unknown: left out");
    }
    Ok(header)
}
