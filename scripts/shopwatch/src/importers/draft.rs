//! One monitor of another tool on its way into our file, and the file.

use std::collections::HashMap;
use std::num::NonZeroU16;

use shared::monitor::{
    Check, Interval, IpFamily, MAX_DEGRADED_MS, MAX_INTERVAL_MINUTES, MAX_NAME_CHARS, MonitorName, Streak,
    TargetHost, TcpCheck,
};

use super::Imported;
use super::secrets::{self, Variables};
use crate::monitors::{Access, MAX_BYTES, Note, Report, Wanted, Written, read, write};

/// Longest part of a variable's name that is made of a monitor's, in characters.
const MAX_VARIABLE_CHARS: usize = 60;

/// What is known of a monitor's way in.
#[derive(Debug, Clone, Default)]
pub(super) enum Entrance {
    #[default]
    Open,
    /// A user; the field has the password.
    Basic { user: String, field: String },
    /// The field has a token.
    Bearer { field: String },
    /// The field has something else.
    Other { field: String },
}

/// One monitor of another tool.
#[derive(Debug, Default)]
pub(super) struct Draft {
    place: String,
    name: String,
    /// What stands for a secret in this tool's texts.
    pub(super) variables: Variables,
    pub(super) interval: Interval,
    pub(super) paused: bool,
    pub(super) degraded_ms: Option<u32>,
    pub(super) confirmations: Streak,
    pub(super) ip: IpFamily,
    pub(super) entrance: Entrance,
    comments: Vec<String>,
    notes: Vec<Note>,
}

impl Draft {
    /// A monitor of this name, at this place of its file.
    pub(super) fn of(place: impl Into<String>, name: Option<String>) -> Self {
        Self { place: place.into(), name: name.unwrap_or_default(), ..Self::default() }
    }

    /// Notes that something is not as it was.
    pub(super) fn note(&mut self, field: &str, what: impl Into<String>) {
        self.notes.push(Note::new(field, what));
    }

    /// Notes why the whole monitor is left out.
    pub(super) fn leave_out<T>(&mut self, field: &str, what: impl Into<String>) -> Option<T> {
        self.note(field, what);
        None
    }

    /// Notes that something is left out which a person has to add.
    pub(super) fn note_secret(&mut self, field: &str, what: &str) {
        self.note(field, format!("{what}: left out"));
        self.comments.push(format!("left out: {field}"));
    }

    /// Lets the monitor rest: as it is here, it would say the opposite.
    pub(super) fn pause_for(&mut self, field: &str, what: &str) {
        self.paused = true;
        self.note(field, format!("{what}: paused"));
        self.comments.push(format!("paused: {field} has no counterpart"));
    }

    /// The text with its variables, if none of them is a secret that is not here.
    pub(super) fn settled(&mut self, field: &str, text: &str) -> Option<String> {
        let settled = self.variables.settled(text);
        if settled.is_none() {
            self.note_secret(field, "has a variable, whose value is a secret of another place");
        }
        settled
    }

    /// Sets the interval: whole minutes, at least as many.
    pub(super) fn every(&mut self, field: &str, seconds: u64) {
        let minutes = seconds.div_ceil(60).clamp(1, MAX_INTERVAL_MINUTES.into());
        let interval = u32::try_from(minutes).ok().and_then(|minutes| Interval::try_from(minutes).ok());
        self.interval = interval.unwrap_or_default();
        if minutes * 60 != seconds {
            let unit = if minutes == 1 { "minute" } else { "minutes" };
            self.note(
                field,
                format!("expected whole minutes up to a day, got {seconds} s: {minutes} {unit}"),
            );
        }
    }

    /// Sets how slow is too slow.
    pub(super) fn slower_than(&mut self, field: &str, ms: u64) {
        match u32::try_from(ms).ok().filter(|ms| (1..=MAX_DEGRADED_MS).contains(ms)) {
            Some(ms) => {
                self.degraded_ms = Some(ms);
                self.note(field, "what is slower is degraded, not down");
            }
            None => self.note(field, format!("expected 1 to {MAX_DEGRADED_MS} ms, got {ms}: left out")),
        }
    }

    /// A host, however it is written.
    pub(super) fn host(&mut self, field: &str, text: &str) -> Option<TargetHost> {
        let text = self.settled(field, text.trim())?;
        let found = text.parse().or_else(|_| format!("[{text}]").parse()).ok();
        found.or_else(|| self.leave_out(field, "expected a host such as shop.example, got something else"))
    }

    /// A port.
    pub(super) fn port(&mut self, field: &str, port: Option<u64>) -> Option<NonZeroU16> {
        let found = port.and_then(|port| u16::try_from(port).ok()).and_then(NonZeroU16::new);
        found.or_else(|| self.leave_out(field, "expected a port from 1 to 65535, got none"))
    }

    /// `tcp://host:port`, `host:port`, or a host whose port is said elsewhere.
    pub(super) fn address(&mut self, field: &str, text: &str) -> Option<(TargetHost, Option<u64>)> {
        let text = self.settled(field, text.trim())?;
        let behind = text.split_once("://").map_or(text.as_str(), |(_, behind)| behind);
        let parsed = url::Url::parse(&format!("tcp://{behind}")).ok();
        match parsed.as_ref().and_then(|url| Some((url.host_str()?.to_owned(), url.port()))) {
            Some((host, port)) => Some((self.host(field, &host)?, port.map(u64::from))),
            None => Some((self.host(field, behind)?, None)),
        }
    }

    /// A connection that opens.
    pub(super) fn tcp(&mut self, fields: [&str; 2], host: &str, port: Option<u64>) -> Option<Check> {
        let (host, found) = self.address(fields[0], host)?;
        let port = self.port(fields[1], port.or(found))?;
        Some(Check::Tcp(TcpCheck { host, port }))
    }
}

/// Texts that are taken; of each how often it was asked for.
#[derive(Default)]
struct Taken(HashMap<String, u32>);

impl Taken {
    /// The text, or the first of its variants, from number 2, that is not taken.
    fn unique(&mut self, text: &str, variant: impl Fn(u32) -> String) -> String {
        let mut unique = text.to_owned();
        while self.0.contains_key(&unique) {
            let asked = self.0.entry(text.to_owned()).or_insert(1);
            *asked += 1;
            unique = variant(*asked);
        }
        self.0.insert(unique.clone(), 1);
        unique
    }
}

/// Our file, as far as it has come.
#[derive(Default)]
pub(super) struct Collected {
    /// Its entries, as they are written.
    entries: String,
    report: Report,
    names: Taken,
    variables: Taken,
}

impl Collected {
    /// Notes something about the whole file.
    pub(super) fn note(&mut self, field: &str, what: &str) {
        self.report.file(field, what);
    }

    /// Adds a monitor, if there is a check to be made.
    pub(super) fn add(&mut self, mut draft: Draft, check: Option<Check>) {
        let name = check.as_ref().and_then(|_| self.name(&mut draft));
        let (Some(check), Some(name)) = (check, name) else {
            let title = format!("{} ({})", start(&draft.name, MAX_NAME_CHARS), draft.place);
            return self.report.monitor(title.trim_start(), false, draft.notes);
        };
        let title = format!("{name} ({})", draft.place);
        let access = self.access(&mut draft, name.as_str());
        let wanted = Wanted {
            interval_minutes: draft.interval,
            paused: draft.paused,
            degraded_ms: draft.degraded_ms,
            confirmations: draft.confirmations,
            ip: draft.ip,
            ..Wanted::of(name, check)
        };
        let written = Written { wanted, access, comments: draft.comments };
        match self.entry(&written) {
            Ok(entry) => self.entries.push_str(&entry),
            Err(why) => {
                draft.notes.push(Note::new("monitor", why));
                return self.report.monitor(title, false, draft.notes);
            }
        }
        self.report.monitor(title, true, draft.notes);
    }

    /// The monitor as an entry of the file that our own reader takes.
    fn entry(&self, written: &Written) -> Result<String, String> {
        let text = write(std::slice::from_ref(written)).map_err(|_| "cannot be written".to_owned())?;
        // The error may repeat what is no report's business.
        read("", text.as_bytes(), |_| Some("x".to_owned()))
            .map_err(|_| "breaks a rule of our file".to_owned())?;
        let entry = text.strip_prefix("monitors:\n").unwrap_or_default();
        if self.entries.len() + entry.len() + "monitors:\n".len() > MAX_BYTES {
            return Err(format!("expected a file of at most {MAX_BYTES} bytes, and there is no room left"));
        }
        Ok(entry.to_owned())
    }

    /// A name that nobody has yet.
    fn name(&mut self, draft: &mut Draft) -> Option<MonitorName> {
        let clean = draft.name.replace(char::is_control, " ");
        let mut name = start(clean.trim(), MAX_NAME_CHARS).to_owned();
        if name.is_empty() {
            draft.note("name", "expected one, got none: called by its place");
            name.clone_from(&draft.place);
        } else if name != draft.name {
            let expected = format!("expected at most {MAX_NAME_CHARS} characters, no control characters");
            draft.note("name", format!("{expected}: changed"));
        }
        let unique = self.names.unique(&name, |number| {
            let suffix = format!(" ({number})");
            format!("{}{suffix}", start(&name, MAX_NAME_CHARS - suffix.len()))
        });
        if unique != name {
            draft.note("name", format!("expected each name once, got one again: called {unique:?}"));
        }
        match unique.parse() {
            Ok(name) => Some(name),
            Err(_) => draft.leave_out("name", "expected a name, got something else"),
        }
    }

    /// How the monitor gets in, with variables of its own.
    fn access(&mut self, draft: &mut Draft, name: &str) -> Access {
        match std::mem::take(&mut draft.entrance) {
            Entrance::Open => Access::Open,
            Entrance::Basic { user, field } if secrets::is_user(&user) => {
                let password_env = self.variable("PASSWORD", name);
                tell_variable(draft, &field, &password_env);
                Access::Basic { user, password_env }
            }
            Entrance::Bearer { field } => {
                let bearer_env = self.variable("TOKEN", name);
                tell_variable(draft, &field, &bearer_env);
                Access::Bearer { bearer_env }
            }
            Entrance::Basic { field, .. } | Entrance::Other { field } => {
                draft.note(&field, "credentials are not carried over: add basic or bearer_env");
                draft.comments.push("credentials are not carried over: add basic or bearer_env".to_owned());
                Access::Open
            }
        }
    }

    /// The name of a variable that no other monitor has: `SHOPWATCH_PASSWORD_FRONT_PAGE`.
    fn variable(&mut self, what: &str, name: &str) -> String {
        let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let words = words.collect::<Vec<_>>().join("_").to_ascii_uppercase();
        let words = start(&words, MAX_VARIABLE_CHARS);
        let base = [&format!("SHOPWATCH_{what}"), words].map(str::to_owned);
        let base = base.join(if words.is_empty() { "" } else { "_" });
        self.variables.unique(&base, |number| format!("{base}_{number}"))
    }

    /// The file, and what it does not hold.
    pub(super) fn done(mut self) -> Imported {
        if self.entries.is_empty() {
            return Imported { text: "monitors: []\n".to_owned(), report: self.report };
        }
        self.report
            .file("public", "every monitor is private: add `public: true` to those for the status page");
        Imported { text: format!("monitors:\n{}", self.entries), report: self.report }
    }
}

fn tell_variable(draft: &mut Draft, field: &str, variable: &str) {
    draft.note(field, format!("is not carried over: expected in the environment variable {variable}"));
    draft.comments.push(format!("set {variable} to apply this file"));
}

/// The first so many characters, no space behind them.
fn start(text: &str, chars: usize) -> &str {
    let end = text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    text[..end].trim_end()
}
