//! What a backup says of a monitor over HTTP.

use serde_json::{Map, Value};
use shared::monitor::{CERTIFICATE_DAYS, Check, IpFamily, Operator};

use super::super::draft::{Collected, Draft, Entrance};
use super::super::http::Http;
use super::super::shown;
use super::super::statuses::Statuses;
use super::Fields;

/// Those of a monitor over HTTP.
const OF_HTTP: [(&str, &str); 5] = [
    ("ignoreTls", "certificates are always checked"),
    ("tlsCa", "certificates are checked against public authorities"),
    ("tlsCert", "checks have no certificate of their own"),
    ("tlsKey", "checks have no certificate of their own"),
    ("cacheBust", "nothing is added to a URL"),
];

/// Longest time a check may take here, in seconds.
const BUDGET_SECONDS: u64 = 10;

/// Redirects that are followed here.
const REDIRECTS: u64 = 5;

/// The check of this type: `http`, `keyword` or `json-query`.
pub(super) fn http(
    kind: &str,
    fields: &Fields<'_>,
    draft: &mut Draft,
    collected: &mut Collected,
) -> Option<Check> {
    for (field, why) in OF_HTTP {
        if fields.is_set(field) {
            draft.note(field, format!("left out: {why}"));
        }
    }
    match fields.text("ipFamily").as_deref() {
        Some("ipv4") => draft.ip = IpFamily::V4,
        Some("ipv6") => draft.ip = IpFamily::V6,
        _ => {}
    }
    let mut http = Http::of(draft, "url", &fields.text("url").unwrap_or_default())?;
    if let Some(method) = fields.text("method") {
        http.method("method", &method);
    }
    headers(fields, &mut http);
    body(fields, &mut http);
    credentials(fields, &mut http);
    statuses(fields, &mut http);
    match fields.number("maxredirects") {
        Some(0) => http.follow_redirects(false),
        Some(count) if count > REDIRECTS => {
            collected.note("maxredirects", &format!("at most {REDIRECTS} redirects are followed"));
        }
        _ => {}
    }
    if fields.number("timeout").is_some_and(|seconds| seconds > BUDGET_SECONDS) {
        collected.note("timeout", &format!("a check may take {BUDGET_SECONDS} s"));
    }
    match kind {
        "keyword" => {
            let keyword = fields.text("keyword").unwrap_or_default();
            if fields.is_set("invertKeyword") {
                http.expect_absent("keyword", &keyword);
            } else {
                http.expect_body("keyword", Operator::Contains, &keyword);
            }
        }
        "json-query" => json_query(fields, &mut http),
        _ => {}
    }
    if fields.is_set("expiryNotification") && http.is_https() {
        // How many days is a setting that no backup has.
        http.certificate_days("expiryNotification", CERTIFICATE_DAYS.into());
    }
    Some(http.done())
}

/// A JSON text of names and values.
fn headers(fields: &Fields<'_>, http: &mut Http<'_>) {
    let Some(text) = fields.text("headers") else { return };
    let Ok(headers) = serde_json::from_str::<Map<String, Value>>(&text) else {
        return http.draft.note_secret("headers", "expected a JSON object, got something else");
    };
    for (name, value) in &headers {
        match value {
            Value::String(text) => http.header("headers", name, text),
            Value::Number(number) => http.header("headers", name, &number.to_string()),
            _ => http.draft.note_secret("headers", "expected a text for each, got something else"),
        }
    }
}

fn body(fields: &Fields<'_>, http: &mut Http<'_>) {
    let Some(text) = fields.text("body") else { return };
    let content_type = match fields.text("httpBodyEncoding").as_deref() {
        Some("xml") => "text/xml; charset=utf-8",
        Some("form") => "application/x-www-form-urlencoded",
        _ => "application/json",
    };
    if http.body("body", &text) && !http.has_header("content-type") {
        http.header("headers", "content-type", content_type);
    }
}

fn credentials(fields: &Fields<'_>, http: &mut Http<'_>) {
    let user = fields.text("basic_auth_user");
    http.draft.entrance = match (fields.text("authMethod").as_deref(), user) {
        (None | Some("basic"), Some(user)) => Entrance::Basic { user, field: "basic_auth_pass".to_owned() },
        (None | Some("basic"), None) => return,
        (Some(method), _) => Entrance::Other { field: format!("authMethod ({})", shown(method)) },
    };
}

fn statuses(fields: &Fields<'_>, http: &mut Http<'_>) {
    let Value::Array(codes) = fields.get("accepted_statuscodes") else { return };
    let mut statuses = Statuses::none();
    let read = codes.iter().all(|code| {
        let text = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
        statuses.add_text(&text).is_some()
    });
    if !read {
        http.draft.note("accepted_statuscodes", "expected codes and ranges, got something else: left out");
    }
    http.status("accepted_statuscodes", &statuses);
}

/// A path of JSONata, as far as it is one of names and indexes.
fn json_query(fields: &Fields<'_>, http: &mut Http<'_>) {
    let path = fields.text("jsonPath").unwrap_or_default();
    let path = path.trim();
    let path = if path.starts_with('$') { path.to_owned() } else { format!("$.{path}") };
    let expected = match fields.get("expectedValue") {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let operator = match fields.text("jsonPathOperator").as_deref() {
        None | Some("==") => Operator::Equals,
        Some("!=") => Operator::NotEquals,
        Some("<=") => Operator::AtMost,
        Some(">=") => Operator::AtLeast,
        Some("contains") => Operator::Contains,
        Some(_) => {
            let expected = "expected ==, !=, <=, >= or contains, got something else: left out";
            return http.draft.note("jsonPathOperator", expected);
        }
    };
    http.expect_json("jsonPath", &path, operator, &expected);
}
