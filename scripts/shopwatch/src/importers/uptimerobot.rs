//! UptimeRobot's export: CSV whose header says what is where.

mod columns;

use std::collections::HashMap;

use serde_json::{Map, Value};
use shared::monitor::{CERTIFICATE_DAYS, Check, DnsCheck, HeartbeatCheck, Operator, RecordType};

use super::draft::{Collected, Draft, Entrance};
use super::http::Http;
use super::statuses::Statuses;
use super::{few, shown};
use columns::{Column, header};

/// Intervals below this many of no unit are minutes: nobody is checked so often.
const LEAST_SECONDS: u64 = 30;

/// Ports that have a name there, by name and by number.
const PORTS: [(&str, &str, u64); 6] = [
    ("http", "1", 80),
    ("https", "2", 443),
    ("ftp", "3", 21),
    ("smtp", "4", 25),
    ("pop3", "5", 110),
    ("imap", "6", 143),
];

/// Reads an export.
pub(super) fn read(bytes: &[u8], collected: &mut Collected) -> Result<(), String> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| first.iter().filter(|byte| **byte == delimiter).count();
    let delimiter =
        [b';', b'\t'].into_iter().find(|delimiter| count(*delimiter) > count(b',')).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let names = reader.headers().map_err(|error| format!("expected CSV: {error}"))?.clone();
    let header = header(&names, collected)?;
    let mut rows = Vec::new();
    for row in reader.records() {
        rows.push(row.map_err(|error| format!("expected CSV: {error}"))?);
        few(rows.len())?;
    }
    let mut lines = Lines { bytes, at: 0, line: 1 };
    for row in &rows {
        let line = row.position().map_or(0, |position| lines.of(position.byte()));
        let values = header.known.iter().filter_map(|(index, column)| Some((*column, row.get(*index)?)));
        let values = Values(values.filter(|(_, value)| !value.is_empty()).collect());
        let mut draft = Draft::of(format!("line {line}"), values.text(Column::Name));
        for (index, name, why) in &header.lost {
            if row.get(*index).is_some_and(|value| !matches!(value, "" | "0" | "false" | "no" | "[]")) {
                draft.note(name, format!("left out: {why}"));
            }
        }
        let check = check(&values, &mut draft);
        collected.add(draft, check);
    }
    Ok(())
}

/// Counts lines. The reader's own count is one behind where lines end with CR LF.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the row that begins at this byte, or behind the ends of lines that are there.
    fn of(&mut self, byte: u64) -> usize {
        let start = usize::try_from(byte).unwrap_or(usize::MAX).min(self.bytes.len());
        let ends = self.bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let here = start + ends;
        let between = self.bytes.get(self.at..here).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').count();
        self.at = here.max(self.at);
        self.line
    }
}

/// The values of one line that are not empty.
struct Values<'a>(HashMap<Column, &'a str>);

impl Values<'_> {
    fn get(&self, column: Column) -> &str {
        self.0.get(&column).copied().unwrap_or_default()
    }

    fn text(&self, column: Column) -> Option<String> {
        self.0.get(&column).map(|text| (*text).to_owned())
    }

    /// A word of a vocabulary.
    fn word(&self, column: Column) -> String {
        self.get(column).to_lowercase().replace(['_', '-'], " ")
    }
}

fn check(values: &Values<'_>, draft: &mut Draft) -> Option<Check> {
    let kind = values.word(Column::Kind);
    let target = values.get(Column::Target);
    let check = match kind.as_str() {
        "http" | "https" | "http(s)" | "1" => http(values, false, draft)?,
        "keyword" | "2" => http(values, true, draft)?,
        "port" | "4" => draft.tcp(["URL/IP", "Port"], target, port(values))?,
        "heartbeat" | "cron job" | "5" => {
            let what = "left out: `shopwatch beats token` makes another one, which the target has to call";
            draft.note("its address", what);
            Check::Heartbeat(HeartbeatCheck { grace_minutes: 1 })
        }
        "dns" => dns(values, draft)?,
        "ping" | "3" => return draft.leave_out("Type", "ping has no counterpart"),
        other => return draft.leave_out("Type", format!("{} has no counterpart", shown(other))),
    };
    interval(values, draft);
    draft.paused = matches!(values.word(Column::Status).as_str(), "paused" | "0");
    Some(check)
}

/// In seconds or minutes: as the column says, or the value.
fn interval(values: &Values<'_>, draft: &mut Draft) {
    let units = [1, 60, 0].into_iter();
    let Some((unit, text)) =
        units.map(|unit| (unit, values.get(Column::Interval(unit)))).find(|(_, text)| !text.is_empty())
    else {
        return;
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    let unit = match rest.trim().to_lowercase().as_str() {
        "" => unit,
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3_600,
        _ => return draft.note("Interval", "expected a number, got something else: every minute"),
    };
    let Ok(number) = number.parse::<u64>() else {
        return draft.note("Interval", "expected a number, got something else: every minute");
    };
    let unit = match unit {
        0 if number < LEAST_SECONDS => {
            draft.note("Interval", "has no unit: taken for minutes");
            60
        }
        0 => {
            draft.note("Interval", "has no unit: taken for seconds");
            1
        }
        unit => unit,
    };
    draft.every("Interval", number.saturating_mul(unit));
}

fn http(values: &Values<'_>, has_keyword: bool, draft: &mut Draft) -> Option<Check> {
    let mut http = Http::of(draft, "URL/IP", values.get(Column::Target))?;
    let method = values.get(Column::Method);
    // Numbers are what the API calls them.
    let method = ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .zip(1..)
        .find(|(_, number)| method == number.to_string())
        .map_or(method, |(name, _)| name);
    if !method.is_empty() {
        http.method("HTTP Method", method);
    }
    if let Some(body) = values.text(Column::Body) {
        http.body("Post Value", &body);
    }
    headers(values, &mut http);
    if let Some(user) = values.text(Column::User) {
        let field = "HTTP Password".to_owned();
        let is_basic = !matches!(values.word(Column::AuthType).as_str(), "digest" | "2");
        http.draft.entrance =
            if is_basic { Entrance::Basic { user, field } } else { Entrance::Other { field } };
    }
    statuses(values, &mut http);
    if has_keyword {
        keyword(values, &mut http);
    }
    if !matches!(values.word(Column::Certificate).as_str(), "" | "0" | "false" | "no" | "off")
        && http.is_https()
    {
        http.certificate_days("SSL Expiration Reminder", CERTIFICATE_DAYS.into());
    }
    Some(http.done())
}

/// A keyword that exists is what makes a monitor down there, unless it is one that does not.
fn keyword(values: &Values<'_>, http: &mut Http<'_>) {
    let keyword = values.get(Column::Keyword);
    match values.word(Column::KeywordType).as_str() {
        "exists" | "exist" | "1" => http.expect_absent("Keyword Value", keyword),
        "not exists" | "not exist" | "doesn't exist" | "2" => {
            http.expect_body("Keyword Value", Operator::Contains, keyword);
        }
        _ => http.draft.note("Keyword Type", "expected exists or not exists, got something else: left out"),
    }
    if matches!(values.word(Column::KeywordCase).as_str(), "case insensitive" | "insensitive" | "1") {
        http.draft.note("Keyword Case Type", "left out: capitals and small letters are told apart");
    }
}

/// A JSON object.
fn headers(values: &Values<'_>, http: &mut Http<'_>) {
    let Some(text) = values.text(Column::Headers) else { return };
    let Ok(headers) = serde_json::from_str::<Map<String, Value>>(&text) else {
        return http.draft.note_secret("Custom HTTP Headers", "expected a JSON object, got something else");
    };
    for (name, value) in &headers {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        http.header("Custom HTTP Headers", name, &value);
    }
}

/// `404:0_200:1`: codes that are bad and good, beside the usual ones.
fn statuses(values: &Values<'_>, http: &mut Http<'_>) {
    let text = values.get(Column::Statuses);
    if text.is_empty() {
        return;
    }
    let mut statuses = Statuses::none();
    statuses.add(200..=399);
    for part in text.split('_') {
        let code = part
            .split_once(':')
            .and_then(|(code, is_up)| Some((code.trim().parse::<u16>().ok()?, is_up.trim())));
        match code {
            Some((code, "1")) => statuses.add(code..=code),
            Some((bad, "0")) => statuses.keep(|code| code != bad),
            _ => {
                let expected = "expected codes such as 404:0_200:1, got something else: left out";
                return http.draft.note("Custom HTTP Statuses", expected);
            }
        }
    }
    http.status("Custom HTTP Statuses", &statuses);
}

/// The port, by number or by what listens there.
fn port(values: &Values<'_>) -> Option<u64> {
    let kind = values.word(Column::PortType);
    let named = || PORTS.iter().find(|(name, number, _)| [*name, *number].contains(&kind.as_str()));
    values.get(Column::Port).parse().ok().or_else(|| named().map(|(_, _, port)| *port))
}

fn dns(values: &Values<'_>, draft: &mut Draft) -> Option<Check> {
    let (host, _) = draft.address("URL/IP", values.get(Column::Target))?;
    let asked = values.text(Column::Record).unwrap_or_else(|| "A".to_owned());
    let Ok(record) = serde_json::from_value::<RecordType>(asked.to_ascii_uppercase().into()) else {
        return draft.leave_out("DNS Record Type", format!("{} has no counterpart", shown(&asked)));
    };
    if !matches!(host.host(), url::Host::Domain(_)) {
        return draft.leave_out("URL/IP", "expected a name, got an address");
    }
    Some(Check::Dns(DnsCheck { name: host, record, expect: Vec::new() }))
}
