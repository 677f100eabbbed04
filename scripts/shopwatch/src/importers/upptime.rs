//! Upptime's `.upptimerc.yml`: YAML with a list `sites`.

use shared::monitor::{CERTIFICATE_DAYS, Check, IpFamily, Operator, TlsCheck};

use super::draft::{Collected, Draft};
use super::http::Http;
use super::secrets::Variables;
use super::shown;
use super::statuses::Statuses;
use super::tree::{Fields, Root};
use crate::yaml::Node;

/// Minutes between two checks unless the schedule says otherwise.
const USUAL_MINUTES: u64 = 5;

/// What else the file has, with what becomes of it; the rest is about the repository.
const BESIDE: [(&str, &str); 4] = [
    ("status-website", "there is one status page, of the public monitors"),
    ("assignees", "incidents have no assignees"),
    ("notifications", "notification channels are not part of a file of monitors"),
    ("PAT", "is a secret"),
];

/// Fields of a site without a counterpart, with the reason.
const OF_SITE: [(&str, &str); 11] = [
    ("assignees", "incidents have no assignees"),
    ("icon", "monitors have no icon"),
    ("slug", "monitors have ids of their own"),
    ("tags", "monitors have no tags"),
    ("maxRedirects", "at most 5 redirects are followed"),
    ("location", "regions are chosen with `regions`"),
    ("type", "regions are chosen with `regions`"),
    ("__dangerous__insecure", "certificates are always checked"),
    ("__dangerous__disable_verify_peer", "certificates are always checked"),
    ("__dangerous__disable_verify_host", "certificates are always checked"),
    ("__dangerous__body_degraded", "a text of the body makes a monitor down or nothing"),
];

/// Reads a configuration.
pub(super) fn read(bytes: &[u8], collected: &mut Collected) -> Result<(), String> {
    let root = Root::parse(bytes)?;
    let root = root.fields()?;
    let sites = root.entries(&["sites"])?;
    for (field, why) in BESIDE {
        if root.has(field) {
            collected.note(field, &format!("left out: {why}"));
        }
    }
    let minutes = schedule(&root, collected);
    for (place, node) in sites {
        let fields = Fields::of(node);
        let mut draft = Draft::of(place, fields.as_ref().and_then(|fields| fields.text("name")));
        draft.variables = Variables::Dollar;
        let check = match fields {
            Some(fields) => site(&fields, minutes, &mut draft),
            None => draft.leave_out("site", "expected a map, got something else"),
        };
        collected.add(draft, check);
    }
    Ok(())
}

/// Minutes between two checks: of `*/5 * * * *`.
fn schedule(root: &Fields<'_>, collected: &mut Collected) -> u64 {
    let schedules = root.get("workflowSchedule").and_then(Fields::of);
    let Some(cron) = schedules.and_then(|schedules| schedules.text("uptime")) else { return USUAL_MINUTES };
    let minutes = cron.split_once(' ').filter(|(_, rest)| rest.split_whitespace().all(|part| part == "*"));
    let minutes = minutes.and_then(|(first, _)| match first {
        "*" => Some(1),
        first => first.strip_prefix("*/")?.parse::<u64>().ok().filter(|minutes| (1..60).contains(minutes)),
    });
    minutes.unwrap_or_else(|| {
        let expected = "expected a schedule such as */5 * * * *, got something else";
        collected.note("workflowSchedule.uptime", &format!("{expected}: every {USUAL_MINUTES} minutes"));
        USUAL_MINUTES
    })
}

fn site(fields: &Fields<'_>, minutes: u64, draft: &mut Draft) -> Option<Check> {
    draft.every("workflowSchedule.uptime", minutes * 60);
    let url = fields.text("url").unwrap_or_default();
    let port = fields.number("port");
    let check = match fields.text("check").unwrap_or_default().as_str() {
        "" | "http" => http(fields, &url, draft)?,
        "tcp-ping" => draft.tcp(["url", "port"], &url, port)?,
        "ssl" => {
            let (host, found) = draft.address("url", &url)?;
            let port = draft.port("port", port.or(found).or(Some(443)))?;
            let (certificate_days, names) = (CERTIFICATE_DAYS, Vec::new());
            Check::Tls(TlsCheck { host, port, certificate_days, issuer: None, names })
        }
        other => return draft.leave_out("check", format!("{} has no counterpart", shown(other))),
    };
    if fields.flag("ipv6") == Some(true) {
        draft.ip = IpFamily::V6;
    }
    if let Some(ms) = fields.number("maxResponseTime") {
        draft.slower_than("maxResponseTime", ms);
    }
    for (field, why) in OF_SITE {
        if fields.has(field) {
            draft.note(field, format!("left out: {why}"));
        }
    }
    if fields.has("__dangerous__body_degraded_if_text_missing") {
        let why = "left out: a text of the body makes a monitor down or nothing";
        draft.note("__dangerous__body_degraded_if_text_missing", why);
    }
    Some(check)
}

fn http(fields: &Fields<'_>, url: &str, draft: &mut Draft) -> Option<Check> {
    let mut http = Http::of(draft, "url", url)?;
    if let Some(method) = fields.text("method") {
        http.method("method", &method);
    }
    if matches!(fields.get("headers"), Some(Node::List(_))) {
        for header in fields.list("headers") {
            let line = crate::yaml::scalar(&header.value).unwrap_or_default();
            match line.split_once(':') {
                Some((name, value)) => http.header("headers", name, value.trim()),
                None => http.draft.note_secret("headers", "expected `Name: value`, got something else"),
            }
        }
    } else if fields.has("headers") {
        http.draft.note_secret("headers", "expected a list of `Name: value`, got something else");
    }
    if let Some(body) = fields.text("body") {
        http.body("body", &body);
    }
    if let Some(Node::List(codes)) = fields.get("expectedStatusCodes") {
        let mut statuses = Statuses::none();
        for code in codes {
            let text = crate::yaml::scalar(&code.value).unwrap_or_default();
            if statuses.add_text(&text).is_none() {
                http.draft.note("expectedStatusCodes", "expected codes, got something else: left out");
            }
        }
        http.status("expectedStatusCodes", &statuses);
    }
    if let Some(text) = fields.text("__dangerous__body_down") {
        http.expect_absent("__dangerous__body_down", &text);
    }
    if let Some(text) = fields.text("__dangerous__body_down_if_text_missing") {
        http.expect_body("__dangerous__body_down_if_text_missing", Operator::Contains, &text);
    }
    Some(http.done())
}
