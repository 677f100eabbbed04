//! The configuration of Gatus: YAML with the lists `endpoints` and `external-endpoints`.

mod conditions;

use jiff::SignedDuration;
use shared::monitor::{
    CERTIFICATE_DAYS, Check, DnsCheck, HeartbeatCheck, MAX_INTERVAL_MINUTES, RecordType, TlsCheck,
};

use super::draft::{Collected, Draft, Entrance};
use super::http::Http;
use super::secrets::Variables;
use super::shown;
use super::tree::{Fields, Root};
use crate::yaml::scalar;

/// Lists of what becomes monitors; the last but one is what old files call the first.
const LISTS: [&str; 3] = ["endpoints", "services", "external-endpoints"];

/// What else the file has, with what becomes of it; the rest is about Gatus itself.
const BESIDE: [(&str, &str); 6] = [
    ("alerting", "notification channels are not part of a file of monitors"),
    ("announcements", "the status page has none"),
    ("connectivity", "every check looks after its own way out"),
    ("maintenance", "windows have a file of their own: `shopwatch maintenance apply`"),
    ("remote", "other installations are not asked"),
    ("suites", "endpoints that depend on each other's answers have no counterpart"),
];

/// Fields of an endpoint without a counterpart, with the reason.
const OF_ENDPOINT: [(&str, &str); 6] = [
    ("alerts", "notification channels are not part of a monitor"),
    ("extra-labels", "monitors have no labels"),
    ("maintenance-windows", "windows have a file of their own: `shopwatch maintenance apply`"),
    ("ssh", "checks sign in nowhere"),
    ("store", "endpoints that depend on each other's answers have no counterpart"),
    ("ui", "what the status page shows cannot be chosen"),
];

/// Reads a configuration.
pub(super) fn read(bytes: &[u8], collected: &mut Collected) -> Result<(), String> {
    let root = Root::parse(bytes)?;
    let root = root.fields()?;
    for (field, why) in BESIDE {
        if root.has(field) {
            collected.note(field, &format!("left out: {why}"));
        }
    }
    for (place, node) in root.entries(&LISTS)? {
        let fields = Fields::of(node);
        let mut draft = Draft::of(place.clone(), fields.as_ref().and_then(name));
        draft.variables = Variables::Shell;
        let check = match fields {
            None => draft.leave_out("endpoint", "expected a map, got something else"),
            Some(fields) if place.starts_with("external-") => Some(external(&fields, &mut draft)),
            Some(fields) => endpoint(&fields, &mut draft),
        };
        collected.add(draft, check);
    }
    Ok(())
}

/// Names are told apart by their groups there.
fn name(fields: &Fields<'_>) -> Option<String> {
    let name = fields.text("name")?;
    Some(match fields.text("group").filter(|group| !group.is_empty()) {
        Some(group) => format!("{group} / {name}"),
        None => name,
    })
}

/// What every endpoint has.
fn common(fields: &Fields<'_>, draft: &mut Draft) {
    if fields.has("group") {
        draft.note("group", "monitors have no groups: it is part of the name");
    }
    draft.paused = fields.flag("enabled") == Some(false);
    for (field, why) in OF_ENDPOINT {
        if fields.has(field) {
            draft.note(field, format!("left out: {why}"));
        }
    }
}

fn endpoint(fields: &Fields<'_>, draft: &mut Draft) -> Option<Check> {
    common(fields, draft);
    if let Some(text) = fields.text("interval") {
        interval("interval", &text, draft);
    }
    let url = fields.text("url").unwrap_or_default();
    let url = url.trim();
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    if let Some(asked) = fields.get("dns").and_then(Fields::of) {
        client(fields, draft);
        return dns(fields, &asked, draft);
    }
    match scheme {
        "http" | "https" => http(fields, url, draft),
        "tcp" => {
            client(fields, draft);
            let check = draft.tcp(["url", "url"], url, None)?;
            conditions::of_connection(fields, draft);
            Some(check)
        }
        "tls" => {
            client(fields, draft);
            let (host, port) = draft.address("url", url)?;
            let port = draft.port("url", port)?;
            let days = conditions::of_connection(fields, draft);
            let certificate_days = days.unwrap_or(CERTIFICATE_DAYS);
            Some(Check::Tls(TlsCheck { host, port, certificate_days, issuer: None, names: Vec::new() }))
        }
        "" => draft.leave_out("url", "expected a URL, got something else"),
        other => draft.leave_out("url", format!("{} has no counterpart", shown(other))),
    }
}

fn http(fields: &Fields<'_>, url: &str, draft: &mut Draft) -> Option<Check> {
    let mut http = Http::of(draft, "url", url)?;
    if let Some(method) = fields.text("method") {
        http.method("method", &method);
    }
    for (name, value) in fields.get("headers").and_then(Fields::of).iter().flat_map(Fields::pairs) {
        http.header("headers", name, &scalar(value).unwrap_or_default());
    }
    let body = fields.text("body").filter(|body| !body.is_empty());
    match body {
        Some(body) if fields.flag("graphql") == Some(true) => {
            let wrapped = serde_json::json!({ "query": body }).to_string();
            if http.body("body", &wrapped) && !http.has_header("content-type") {
                http.header("headers", "content-type", "application/json");
            }
        }
        Some(body) => {
            http.body("body", &body);
        }
        None => {}
    }
    let asked = fields.get("client").and_then(Fields::of);
    if asked.as_ref().and_then(|client| client.flag("ignore-redirect")) == Some(true) {
        http.follow_redirects(false);
    }
    client(fields, http.draft);
    conditions::of_http(fields, &mut http);
    Some(http.done())
}

/// How the request is made: nearly all of it without a counterpart.
fn client(fields: &Fields<'_>, draft: &mut Draft) {
    for (name, value) in fields.get("client").and_then(Fields::of).iter().flat_map(Fields::pairs) {
        let field = format!("client.{}", shown(name));
        match name {
            "ignore-redirect" => {}
            "insecure" if !matches!(value, crate::yaml::Node::Bool(false)) => {
                draft.note(&field, "left out: certificates are always checked");
            }
            "insecure" => {}
            "oauth2" | "identity-aware-proxy-config" => draft.entrance = Entrance::Other { field },
            "timeout" => draft.note(&field, "left out: a check may take 10 s"),
            _ => draft.note(&field, "left out: has no counterpart"),
        }
    }
}

/// The URL is the server that is asked there; here it is the function's own.
fn dns(fields: &Fields<'_>, asked: &Fields<'_>, draft: &mut Draft) -> Option<Check> {
    let host = draft.host("dns.query-name", &asked.text("query-name").unwrap_or_default())?;
    let record = asked.text("query-type").unwrap_or_else(|| "A".to_owned());
    let Ok(record) = serde_json::from_value::<RecordType>(record.to_ascii_uppercase().into()) else {
        return draft.leave_out("dns.query-type", format!("{} has no counterpart", shown(&record)));
    };
    if !matches!(host.host(), url::Host::Domain(_)) {
        return draft.leave_out("dns.query-name", "expected a name, got an address");
    }
    draft.note("url", "left out: the resolver of the function is asked");
    let expect = conditions::of_dns(fields, draft);
    Some(Check::Dns(DnsCheck { name: host, record, expect }))
}

/// The target calls.
fn external(fields: &Fields<'_>, draft: &mut Draft) -> Check {
    common(fields, draft);
    let beat = fields.get("heartbeat").and_then(Fields::of);
    match beat.and_then(|beat| beat.text("interval")) {
        Some(text) => interval("heartbeat.interval", &text, draft),
        None => {
            draft.every("heartbeat.interval", u64::from(MAX_INTERVAL_MINUTES) * 60);
            draft.note("heartbeat.interval", "expected one, got none: a beat a day");
        }
    }
    let what = "left out: `shopwatch beats token` makes an address instead, which the target has to call";
    draft.note("token", what);
    Check::Heartbeat(HeartbeatCheck { grace_minutes: 1 })
}

fn interval(field: &str, text: &str, draft: &mut Draft) {
    match duration_ms(text) {
        Some(ms) => draft.every(field, ms.div_ceil(1_000)),
        None => draft.note(field, "expected a duration such as 5m, got something else: every minute"),
    }
}

/// A duration as Go writes it: `1m30s`.
fn duration_ms(text: &str) -> Option<u64> {
    let duration: SignedDuration = text.trim().parse().ok()?;
    u64::try_from(duration.as_millis()).ok().filter(|ms| *ms > 0)
}
