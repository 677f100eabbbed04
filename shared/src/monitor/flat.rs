//! A monitor as requests and files write it: flat, the fields of its check beside the others, and a default for every one
//! that may be left out.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Check, DnsCheck, HeartbeatCheck, HttpCheck, Interval, IpFamily, MAX_NAME_CHARS, Monitor, MonitorId,
    MonitorName, Quorum, Region, Retries, Streak, TcpCheck, TlsCheck,
};
use crate::credentials::Credentials;
use crate::text::first_twice;

/// Fields whose values are repeated to nobody: they are secret, or may be.
const UNTOLD: [&str; 3] = ["body", "credentials", "headers"];

/// What a request wants a monitor to be.
#[derive(Debug, Clone)]
pub struct Asked {
    fields: Fields,
    check: Check,
    /// What the target lets the check in with.
    pub credentials: AskedCredentials,
}

/// What a request says of credentials, which nobody reads.
#[derive(Debug, Clone, Default)]
pub enum AskedCredentials {
    /// Nothing: those that are there stay, while the check's origin does.
    #[default]
    Kept,
    /// There shall be none.
    None,
    /// These.
    New(Credentials),
}

/// Which field breaks which rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct FieldError {
    /// The field with its place, such as `expect.json[0].path`.
    pub field: String,
    /// What was expected, and what came where that may be told.
    pub rule: String,
}

impl FieldError {
    fn new(field: impl Into<String>, rule: impl ToString) -> Self {
        Self { field: field.into(), rule: rule.to_string() }
    }
}

/// What every kind of monitor has; see [`Monitor`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Fields {
    name: Option<MonitorName>,
    interval_minutes: Interval,
    public: bool,
    paused: bool,
    keep_warm: bool,
    regions: Vec<Region>,
    ip: IpFamily,
    degraded_ms: Option<u32>,
    retries: Retries,
    quorum: Quorum,
    confirmations: Streak,
    recoveries: Streak,
    depends_on: Vec<MonitorId>,
}

/// The names of [`Fields`].
pub(crate) const FIELDS: [&str; 13] = [
    "name",
    "interval_minutes",
    "public",
    "paused",
    "keep_warm",
    "regions",
    "ip",
    "degraded_ms",
    "retries",
    "quorum",
    "confirmations",
    "recoveries",
    "depends_on",
];

impl Asked {
    /// What these fields ask for. `null` is as good as none.
    ///
    /// # Errors
    /// Names the first field that is unknown or wrong, and its rule.
    pub fn of(mut fields: Map<String, Value>) -> Result<Self, FieldError> {
        let credentials = match fields.remove("credentials") {
            None => AskedCredentials::Kept,
            Some(Value::Null) => AskedCredentials::None,
            Some(value) => AskedCredentials::New(credentials(value)?),
        };
        fields.retain(|_, value| !value.is_null());
        let kind = match fields.remove("kind") {
            None => "http".to_owned(),
            Some(Value::String(kind)) => kind,
            Some(_) => return Err(FieldError::new("kind", KINDS)),
        };
        let (common, of_check): (Map<_, _>, Map<_, _>) =
            fields.into_iter().partition(|(name, _)| FIELDS.contains(&name.as_str()));
        let fields: Fields = read(common)?;
        let check = match kind.as_str() {
            "http" => Check::Http(Box::new(read::<HttpCheck>(of_check)?)),
            "tcp" => Check::Tcp(read::<TcpCheck>(of_check)?),
            "tls" => Check::Tls(read::<TlsCheck>(of_check)?),
            // What a stored one calls its name.
            "dns" if !of_check.contains_key("host") => return Err(FieldError::new("host", "is missing")),
            "dns" => Check::Dns(read::<DnsCheck>(of_check)?),
            "heartbeat" => Check::Heartbeat(read::<HeartbeatCheck>(of_check)?),
            _ => return Err(FieldError::new("kind", KINDS)),
        };
        if let (AskedCredentials::New(_), false) = (&credentials, matches!(check, Check::Http(_))) {
            return Err(FieldError::new("credentials", "only a monitor of kind http has any"));
        }
        if let Some(twice) = first_twice(&fields.regions) {
            return Err(FieldError::new("regions", format!("expected each region once, got {twice} again")));
        }
        if let Some(twice) = first_twice(&fields.depends_on) {
            return Err(FieldError::new(
                "depends_on",
                format!("expected each monitor once, got {twice} again"),
            ));
        }
        Ok(Self { fields, check, credentials })
    }

    /// Regions that are named.
    pub fn regions(&self) -> &[Region] {
        &self.fields.regions
    }

    /// Monitors without which this one cannot be up.
    pub fn depends_on(&self) -> &[MonitorId] {
        &self.fields.depends_on
    }

    /// The monitor that is asked for, of this id; `home` is where it is checked from unless the request says otherwise. It
    /// is in the account `home`, of version 1 and without credentials: all of these are the caller's to set.
    ///
    /// # Errors
    /// When it breaks a rule that is about several fields, or has no name and none can be made of its target.
    pub fn monitor(&self, id: MonitorId, home: &Region) -> Result<Monitor, FieldError> {
        let Fields { regions, name, .. } = &self.fields;
        let name = match name {
            Some(name) => name.clone(),
            None => name_of(&self.check)?,
        };
        let regions = if regions.is_empty() { vec![home.clone()] } else { regions.clone() };
        let fields = &self.fields;
        let monitor = Monitor {
            interval_minutes: fields.interval_minutes,
            public: fields.public,
            paused: fields.paused,
            keep_warm: fields.keep_warm,
            regions,
            ip: fields.ip,
            degraded_ms: fields.degraded_ms,
            retries: fields.retries,
            quorum: fields.quorum,
            confirmations: fields.confirmations,
            recoveries: fields.recoveries,
            depends_on: fields.depends_on.clone(),
            ..Monitor::of(id, name, self.check.clone(), home.clone())
        };
        match monitor.broken_rule() {
            None => Ok(monitor),
            Some((field, rule)) => Err(FieldError::new(field, rule)),
        }
    }
}

/// What a kind has to be.
const KINDS: &str = "expected http, tcp, tls, dns or heartbeat";

/// The monitor's fields as a request would write them, so that a change can be made of them: without id, version and
/// whatever else is not for requests to set, and without credentials.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn flat(monitor: &Monitor) -> serde_json::Result<Map<String, Value>> {
    let fields = Fields {
        name: Some(monitor.name.clone()),
        interval_minutes: monitor.interval_minutes,
        public: monitor.public,
        paused: monitor.paused,
        keep_warm: monitor.keep_warm,
        regions: monitor.regions.clone(),
        ip: monitor.ip,
        degraded_ms: monitor.degraded_ms,
        retries: monitor.retries,
        quorum: monitor.quorum,
        confirmations: monitor.confirmations,
        recoveries: monitor.recoveries,
        depends_on: monitor.depends_on.clone(),
    };
    let mut flat = object(serde_json::to_value(&monitor.check)?);
    flat.remove("credentials");
    if let (Check::Dns(_), Some(host)) = (&monitor.check, flat.remove("name")) {
        flat.insert("host".to_owned(), host);
    }
    flat.extend(object(serde_json::to_value(fields)?));
    flat.retain(|_, value| !value.is_null());
    Ok(flat)
}

/// The monitor as answers show it: [`flat`], with what is not for requests to set, and without credentials.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn shown(monitor: &Monitor) -> serde_json::Result<Map<String, Value>> {
    let mut shown = flat(monitor)?;
    shown.insert("id".to_owned(), monitor.id.to_string().into());
    shown.insert("version".to_owned(), monitor.version.into());
    shown.insert("target".to_owned(), monitor.target().into());
    let has_credentials = matches!(&monitor.check, Check::Http(http) if http.credentials.is_some());
    shown.insert("has_credentials".to_owned(), has_credentials.into());
    if let Some(slot) = monitor.hidden_before {
        shown.insert("hidden_before".to_owned(), slot.to_string().into());
    }
    Ok(shown)
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

/// The value of these fields.
fn read<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let path = error.path().to_string();
        let said = error.inner().to_string();
        // What is missing or unknown is named by the text, and the path ends above it.
        let named = quoted(&said);
        let field = match named {
            Some((name, _)) if path == "." || path == "?" || path == name => name.to_owned(),
            Some((name, _)) => format!("{}.{name}", path.trim_end_matches(&format!(".{name}"))),
            None => path,
        };
        let field: String = field.chars().take(MAX_NAME_CHARS).collect();
        let untold = UNTOLD.iter().any(|name| field.starts_with(name));
        let rule = match named {
            Some((_, rule)) => rule,
            None if untold => expected(&said),
            None => &said,
        };
        FieldError::new(field, rule.chars().take(300).collect::<String>())
    })
}

/// The name that an error is about, and what the error says of it.
fn quoted(said: &str) -> Option<(&str, &'static str)> {
    let of = |start: &str, rule: &'static str| {
        let rest = said.strip_prefix(start)?;
        Some((&rest[..rest.find('`')?], rule))
    };
    of("missing field `", "is missing")
        .or_else(|| of("unknown field `", "is no field of a monitor of this kind"))
}

/// What an error says without the value that came.
fn expected(rule: &str) -> &str {
    let rule = rule.rfind("expected ").map_or("expected something else", |at| &rule[at..]);
    rule.find(", got ").map_or(rule, |at| &rule[..at])
}

fn credentials(value: Value) -> Result<Credentials, FieldError> {
    // serde would repeat a secret in the wrong place.
    let rule = "expected {\"scheme\": \"basic\", \"user\": …, \"password\": …} or {\"scheme\": \"bearer\", \"token\": …}";
    let credentials: Credentials =
        serde_json::from_value(value).map_err(|_| FieldError::new("credentials", rule))?;
    credentials.validated().map_err(|rule| FieldError::new("credentials", rule))
}

/// A name made of what is watched: a URL without its scheme and query, a host with its port.
fn name_of(check: &Check) -> Result<MonitorName, FieldError> {
    let name = match check {
        Check::Http(http) => {
            let url = http.url.url();
            let path = url.path().trim_end_matches('/');
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}{port}{path}", url.host_str().unwrap_or_default())
        }
        Check::Tcp(tcp) => format!("{}:{}", tcp.host, tcp.port),
        Check::Tls(tls) => format!("{}:{}", tls.host, tls.port),
        Check::Dns(dns) => format!("{} {}", dns.name, dns.record),
        Check::Heartbeat(_) => {
            return Err(FieldError::new("name", "is missing: a heartbeat has nothing to be called by"));
        }
    };
    let name: String = name.chars().take(MAX_NAME_CHARS).collect();
    name.trim().parse().map_err(|error| FieldError::new("name", error))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::revision::Revision;

    fn fields(value: Value) -> Map<String, Value> {
        object(value)
    }

    fn home() -> Region {
        "us-east-1".parse().unwrap()
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let names = prop::sample::select(vec![
            "url",
            "kind",
            "host",
            "port",
            "name",
            "expect",
            "headers",
            "body",
            "json",
            "path",
            "is",
            "equals",
            "retries",
            "quorum",
            "at_least",
            "regions",
            "depends_on",
            "credentials",
            "scheme",
            "token",
            "metrics",
            "record",
            "other",
        ]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            prop::sample::select(vec![
                "https://shop.example/",
                "tcp",
                "dns",
                "tls",
                "heartbeat",
                "shop.example",
                "basic"
            ])
            .prop_map(Value::from),
            "[a-z$.]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(names.clone().prop_map(str::to_owned), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_object_is_a_monitor_or_names_a_field(value in any_json()) {
            match Asked::of(fields(value)) {
                Ok(asked) => {
                    let id: MonitorId = "s0-7f3k2a".parse().unwrap();
                    if let Ok(monitor) = asked.monitor(id.clone(), &home()) {
                        let mut back = Asked::of(flat(&monitor).unwrap()).unwrap().monitor(id, &home()).unwrap();
                        if let (Check::Http(back), Check::Http(there)) = (&mut back.check, &monitor.check) {
                            back.credentials.clone_from(&there.credentials);
                        }
                        prop_assert_eq!(back, monitor);
                    }
                }
                Err(error) => prop_assert!(!error.field.is_empty() && !error.rule.is_empty()),
            }
        }
    }

    #[test]
    fn a_shown_monitor_has_its_id_and_no_credentials() {
        let asked = Asked::of(fields(json!({
            "url": "https://shop.example/", "credentials": {"scheme": "bearer", "token": "canary"}
        })));
        let mut monitor = asked.unwrap().monitor("s0-7f3k2a".parse().unwrap(), &home()).unwrap();
        let Check::Http(http) = &mut monitor.check else { panic!("of kind http") };
        http.credentials = Some(Revision::first());
        let shown = shown(&monitor).unwrap();
        assert_eq!((&shown["id"], &shown["has_credentials"]), (&json!("s0-7f3k2a"), &json!(true)));
        assert!(!shown.contains_key("credentials") && !flat(&monitor).unwrap().contains_key("id"));
    }
}
