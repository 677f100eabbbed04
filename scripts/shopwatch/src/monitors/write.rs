//! Monitors as a file that [`read`](super::read) reads: their order kept, defaults left out.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use serde::Serialize;
use serde_json::Result;
use shared::monitor::{
    CERTIFICATE_DAYS, Check, Condition, Expect, HttpCheck, Interval, IpFamily, Method, Quorum, RecordType,
    Retries, StatusCodes, Streak, TlsCheck,
};

use super::Wanted;
use crate::table::harmless;
use crate::yaml::{quoted, value};

/// Longest name of a field that may stand before a colon, in bytes: readers look 1,024 characters ahead for it.
const MAX_KEY_BYTES: usize = 500;

/// A monitor on its way into a file. Its credentials are never written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The monitor.
    pub wanted: Wanted,
    /// How it gets in.
    pub access: Access,
    /// What a person has to know who applies the file; no secrets.
    pub comments: Vec<String>,
}

/// How a check gets in, as far as a file may say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Access {
    /// Without anything.
    #[default]
    Open,
    /// With this user, and the password of an environment variable.
    Basic {
        /// The user.
        user: String,
        /// The variable's name.
        password_env: String,
    },
    /// With the token of this environment variable.
    Bearer {
        /// The variable's name.
        bearer_env: String,
    },
}

/// What is behind a name: one value, already as YAML, or more of them.
enum Field {
    One(String),
    Fields(Vec<(String, Field)>),
    Items(Vec<String>),
}

/// The file of these monitors.
///
/// # Errors
/// Never for monitors that were read: every part of theirs is a text.
pub fn write(monitors: &[Written]) -> Result<String> {
    if monitors.is_empty() {
        return Ok("monitors: []\n".to_owned());
    }
    let mut out = "monitors:\n".to_owned();
    for monitor in monitors {
        for comment in &monitor.comments {
            line(&mut out, 2, &format!("# {}", harmless(comment)));
        }
        let mut fields = String::new();
        for (name, field) in of_monitor(monitor)? {
            put(&mut fields, 4, &name, &field);
        }
        out.push_str("  - ");
        out.push_str(fields.trim_start());
    }
    Ok(out)
}

fn line(out: &mut String, indent: usize, text: &str) {
    // Writing to a text never fails.
    let _ = writeln!(out, "{:indent$}{text}", "");
}

fn put(out: &mut String, indent: usize, name: &str, field: &Field) {
    let mut key = format!("{}:", quoted(name));
    if name.len() > MAX_KEY_BYTES {
        line(out, indent, &format!("? {}", quoted(name)));
        key = ":".to_owned();
    }
    match field {
        Field::One(value) => line(out, indent, &format!("{key} {value}")),
        Field::Fields(fields) => {
            line(out, indent, &key);
            fields.iter().for_each(|(name, field)| put(out, indent + 2, name, field));
        }
        Field::Items(items) => {
            line(out, indent, &key);
            items.iter().for_each(|item| line(out, indent + 2, &format!("- {item}")));
        }
    }
}

/// The fields of one monitor, in the order of the help.
fn of_monitor(monitor: &Written) -> Result<Vec<(String, Field)>> {
    let wanted = &monitor.wanted;
    let mut fields = Fields::default();
    fields.text("name", wanted.name.as_str());
    match &wanted.check {
        Check::Http(http) => of_http(http, &monitor.access, &mut fields)?,
        Check::Tcp(tcp) => {
            fields.text("kind", "tcp");
            fields.text("host", &tcp.host.to_string());
            fields.one("port", tcp.port);
        }
        Check::Tls(tls) => of_tls(tls, &mut fields),
        Check::Dns(dns) => {
            fields.text("kind", "dns");
            fields.text("host", &dns.name.to_string());
            fields.unless("record", dns.record, RecordType::default());
            fields.list("expect", dns.expect.iter().map(|answer| quoted(answer)));
        }
        Check::Heartbeat(beat) => {
            fields.text("kind", "heartbeat");
            fields.unless("grace_minutes", beat.grace_minutes, 1);
        }
    }
    fields.unless("interval_minutes", wanted.interval_minutes.minutes(), Interval::default().minutes());
    fields.unless("public", wanted.public, false);
    fields.unless("paused", wanted.paused, false);
    fields.unless("keep_warm", wanted.keep_warm, false);
    fields.list("regions", wanted.regions.iter().map(|region| quoted(region.as_str())));
    if wanted.ip != IpFamily::default() {
        fields.text("ip", &name_of(&wanted.ip)?);
    }
    if let Some(ms) = wanted.degraded_ms {
        fields.one("degraded_ms", ms);
    }
    fields.unless("retries", wanted.retries.get(), Retries::default().get());
    if let Quorum::AtLeast(regions) = wanted.quorum {
        fields.one("quorum", regions);
    }
    fields.unless("confirmations", wanted.confirmations.get(), Streak::default().get());
    fields.unless("recoveries", wanted.recoveries.get(), Streak::default().get());
    fields.list("depends_on", wanted.depends_on.iter().map(|parent| quoted(parent.name.as_str())));
    Ok(fields.0)
}

fn of_http(http: &HttpCheck, access: &Access, fields: &mut Fields) -> Result<()> {
    fields.text("url", &http.url.to_string());
    if http.method != Method::default() {
        fields.text("method", &name_of(&http.method)?);
    }
    fields.map("headers", http.headers.iter().map(|(name, text)| (name.clone(), value(text))));
    if let Some(body) = &http.body {
        fields.text("body", body);
    }
    match access {
        Access::Open => {}
        Access::Basic { user, password_env } => {
            let pairs = [("user", quoted(user)), ("password_env", quoted(password_env))];
            fields.map("basic", pairs.into_iter().map(|(name, text)| (name.to_owned(), text)));
        }
        Access::Bearer { bearer_env } => fields.text("bearer_env", bearer_env),
    }
    fields.unless("follow_redirects", http.follow_redirects, true);
    fields.unless("browser", http.browser, false);
    let expect = of_expect(&http.expect)?;
    if !expect.0.is_empty() {
        fields.0.push(("expect".to_owned(), Field::Fields(expect.0)));
    }
    fields.map(
        "metrics",
        http.metrics.iter().map(|(name, path)| (name.to_string(), quoted(&path.to_string()))),
    );
    Ok(())
}

fn of_expect(expect: &Expect) -> Result<Fields> {
    let mut fields = Fields::default();
    if expect.status != StatusCodes::default() {
        // Digits, hyphens and commas: a number or a text, and both are read as the same.
        fields.one("status", &expect.status);
    }
    let body: Result<Vec<String>> = expect.body.iter().map(condition).collect();
    fields.list("body", body?.into_iter());
    fields.list("absent", expect.absent.iter().map(|text| value(text)));
    let json = expect.json.iter();
    let json: Result<Vec<String>> = json
        .map(|json| Ok(format!("{{path: {}, is: {}}}", quoted(&json.path.to_string()), condition(&json.is)?)))
        .collect();
    fields.items("json", json?);
    let headers = expect.headers.iter();
    let headers: Result<Vec<String>> = headers
        .map(|header| Ok(format!("{{name: {}, is: {}}}", quoted(&header.name), condition(&header.is)?)))
        .collect();
    fields.items("headers", headers?);
    if let Some(days) = expect.certificate_days {
        fields.one("certificate_days", days);
    }
    Ok(fields)
}

fn of_tls(tls: &TlsCheck, fields: &mut Fields) {
    fields.text("kind", "tls");
    fields.text("host", &tls.host.to_string());
    fields.unless("port", tls.port.get(), 443);
    fields.unless("certificate_days", tls.certificate_days, CERTIFICATE_DAYS);
    if let Some(issuer) = &tls.issuer {
        fields.text("issuer", issuer);
    }
    fields.list("names", tls.names.iter().map(|name| quoted(&name.to_string())));
}

/// `{at_most: 5}`.
fn condition(condition: &Condition) -> Result<String> {
    let raw: BTreeMap<String, String> = serde_json::from_value(serde_json::to_value(condition)?)?;
    let pairs: Vec<String> =
        raw.iter().map(|(operator, text)| format!("{operator}: {}", value(text))).collect();
    Ok(format!("{{{}}}", pairs.join(", ")))
}

/// What a value that has a name is called in files.
fn name_of(named: &impl Serialize) -> Result<String> {
    let name = serde_json::to_value(named)?;
    Ok(name.as_str().unwrap_or_default().to_owned())
}

/// Fields in the order in which they are added.
#[derive(Default)]
struct Fields(Vec<(String, Field)>);

impl Fields {
    fn one(&mut self, name: &str, value: impl Display) {
        self.0.push((name.to_owned(), Field::One(value.to_string())));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.one(name, quoted(text));
    }

    fn unless<T: Display + PartialEq>(&mut self, name: &str, value: T, default: T) {
        if value != default {
            self.one(name, value);
        }
    }

    /// `[a, b]`, of values that are YAML already.
    fn list(&mut self, name: &str, values: impl Iterator<Item = String>) {
        let values: Vec<String> = values.collect();
        if !values.is_empty() {
            self.one(name, format_args!("[{}]", values.join(", ")));
        }
    }

    /// One line for each.
    fn items(&mut self, name: &str, items: Vec<String>) {
        if !items.is_empty() {
            self.0.push((name.to_owned(), Field::Items(items)));
        }
    }

    fn map(&mut self, name: &str, pairs: impl Iterator<Item = (String, String)>) {
        let fields: Vec<(String, Field)> = pairs.map(|(name, value)| (name, Field::One(value))).collect();
        if !fields.is_empty() {
            self.0.push((name.to_owned(), Field::Fields(fields)));
        }
    }
}
