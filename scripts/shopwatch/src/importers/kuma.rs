//! The backup of Uptime Kuma 1: JSON with a `monitorList`.

mod http;

use serde_json::{Map, Value};
use shared::monitor::{Check, DnsCheck, HeartbeatCheck, MAX_GRACE_MINUTES, RecordType, Streak};

use super::draft::{Collected, Draft};
use super::{few, shown};

/// Lists beside the monitors, with what becomes of them.
const LISTS: [(&str, &str); 3] = [
    ("notificationList", "notification channels are not part of a file of monitors"),
    ("proxyList", "checks go through no proxy"),
    ("statusPageList", "there is one status page, of the public monitors"),
];

/// Fields of any monitor without a counterpart, with the reason.
const OF_ANY: [(&str, &str); 6] = [
    ("notificationIDList", "notification channels are not part of a monitor"),
    ("parent", "monitors have no groups"),
    ("tags", "monitors have no tags"),
    ("description", "monitors have no description"),
    ("proxyId", "checks go through no proxy"),
    ("resendInterval", "notifications are not part of a monitor"),
];

/// Reads a backup.
pub(super) fn read(bytes: &[u8], collected: &mut Collected) -> Result<(), String> {
    let root: Value = serde_json::from_slice(bytes).map_err(|error| format!("expected JSON: {error}"))?;
    let Some(Value::Array(monitors)) = root.get("monitorList") else {
        return Err("expected a backup with the list `monitorList`, got none".to_owned());
    };
    few(monitors.len())?;
    for (list, what) in LISTS {
        if let Some(count) = root.get(list).and_then(Value::as_array).map(Vec::len).filter(|count| *count > 0)
        {
            collected.note(list, &format!("{count} left out: {what}"));
        }
    }
    for (index, monitor) in monitors.iter().enumerate() {
        let place = format!("monitorList[{index}]");
        match monitor {
            Value::Object(fields) => {
                let fields = Fields(fields);
                let mut draft = Draft::of(place, fields.text("name"));
                let check = check(&fields, &mut draft, collected);
                collected.add(draft, check);
            }
            _ => {
                let mut draft = Draft::of(place, None);
                draft.note("monitor", "expected an object, got something else");
                collected.add(draft, None);
            }
        }
    }
    Ok(())
}

/// The fields of one monitor.
struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// A text that is not empty.
    fn text(&self, name: &str) -> Option<String> {
        match self.get(name) {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<u64> {
        let value = self.get(name);
        value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
    }

    /// Whether it says more than nothing.
    fn is_set(&self, name: &str) -> bool {
        fn is_set(value: &Value) -> bool {
            match value {
                Value::Null => false,
                Value::Bool(flag) => *flag,
                Value::Number(number) => number.as_f64() != Some(0.0),
                Value::String(text) => !text.trim().is_empty(),
                Value::Array(values) => !values.is_empty(),
                Value::Object(fields) => fields.values().any(is_set),
            }
        }
        is_set(self.get(name))
    }
}

/// What one monitor checks; nothing where it has no counterpart.
fn check(fields: &Fields<'_>, draft: &mut Draft, collected: &mut Collected) -> Option<Check> {
    let kind = fields.text("type").unwrap_or_default();
    let check = match kind.as_str() {
        "http" | "keyword" | "json-query" => http::http(&kind, fields, draft, collected)?,
        "port" => {
            let host = fields.text("hostname").unwrap_or_default();
            draft.tcp(["hostname", "port"], &host, fields.number("port"))?
        }
        "dns" => dns(fields, draft)?,
        "push" => push(fields, draft),
        other => return draft.leave_out("type", format!("{} has no counterpart", shown(other))),
    };
    if let Some(seconds) = fields.number("interval") {
        draft.every("interval", seconds);
    }
    draft.paused = fields.0.contains_key("active") && !fields.is_set("active");
    if kind != "push" {
        retries(fields, draft);
    }
    for (field, why) in OF_ANY {
        if fields.is_set(field) {
            draft.note(field, format!("left out: {why}"));
        }
    }
    if fields.is_set("upsideDown") {
        draft.pause_for("upsideDown", "a monitor is up when its target is");
    }
    Some(check)
}

/// Failures in a row are what is retried there: here they are confirmations.
fn retries(fields: &Fields<'_>, draft: &mut Draft) {
    let Some(retries) = fields.number("maxretries") else { return };
    let wanted = u8::try_from(retries.saturating_add(1)).unwrap_or(u8::MAX);
    draft.confirmations = wanted.min(Streak::MAX).try_into().unwrap_or_default();
    if wanted > Streak::MAX {
        let most = Streak::MAX;
        draft.note(
            "maxretries",
            format!("expected at most {} retries, got {retries}: {most} confirmations", most - 1),
        );
    }
    if retries > 0
        && fields.is_set("retryInterval")
        && fields.number("retryInterval") != fields.number("interval")
    {
        draft.note("retryInterval", "left out: failures are confirmed by checks of the usual interval");
    }
}

fn dns(fields: &Fields<'_>, draft: &mut Draft) -> Option<Check> {
    let host = draft.host("hostname", &fields.text("hostname").unwrap_or_default())?;
    let asked = fields.text("dns_resolve_type").unwrap_or_else(|| "A".to_owned());
    let Ok(record) = serde_json::from_value::<RecordType>(asked.to_ascii_uppercase().into()) else {
        return draft.leave_out("dns_resolve_type", format!("{} has no counterpart", shown(&asked)));
    };
    if fields.is_set("dns_resolve_server") {
        draft.note("dns_resolve_server", "left out: the resolver of the function is asked");
    }
    if !matches!(host.host(), url::Host::Domain(_)) {
        return draft.leave_out("hostname", "expected a name, got an address");
    }
    Some(Check::Dns(DnsCheck { name: host, record, expect: Vec::new() }))
}

/// The target calls; what is retried there is grace here.
fn push(fields: &Fields<'_>, draft: &mut Draft) -> Check {
    let retries = fields.number("maxretries").unwrap_or(0);
    let seconds = retries.saturating_mul(fields.number("retryInterval").unwrap_or(60));
    let most = MAX_GRACE_MINUTES.into();
    let minutes = seconds.div_ceil(60).clamp(1, most);
    if seconds.div_ceil(60) > most {
        draft.note(
            "maxretries",
            format!("expected a grace of at most {most} minutes, got {seconds} s: {most} minutes"),
        );
    }
    draft.note(
        "pushToken",
        "left out: `shopwatch beats token` makes another address, which the target has to call",
    );
    Check::Heartbeat(HeartbeatCheck { grace_minutes: u16::try_from(minutes).unwrap_or(MAX_GRACE_MINUTES) })
}
