//! The flat fields of a monitor ([`crate::monitor::flat`]), kind by kind.
//!
//! What every kind has is written down here; what a check has comes from the check's own type.

use serde_json::Value;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::whole;
use crate::credentials::Credentials;
use crate::monitor::{
    DnsCheck, HeartbeatCheck, HttpCheck, Interval, IpFamily, MAX_DEGRADED_MS, MAX_HEADERS,
    MAX_INTERVAL_MINUTES, MAX_METRICS, MAX_PARENTS, MonitorId, MonitorName, Quorum, Region, Retries, Streak,
    TcpCheck, TlsCheck,
};
use crate::schedule::Slot;
use crate::state::State;

pub(super) type Property = (String, RefOr<Schema>);
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// The kinds, each with the component that describes its request.
pub(super) const KINDS: [(&str, &str); 5] = [
    ("http", "HttpMonitor"),
    ("tcp", "TcpMonitor"),
    ("tls", "TlsMonitor"),
    ("dns", "DnsMonitor"),
    ("heartbeat", "HeartbeatMonitor"),
];

pub(super) fn reference<T: ToSchema>(description: &str) -> Ref {
    let mut reference = Ref::from_schema_name(T::name());
    reference.description = description.to_owned();
    reference
}

fn flag(description: &str) -> Object {
    let flag = ObjectBuilder::new().schema_type(Type::Boolean).default(Some(false.into()));
    flag.description(Some(description)).build()
}

/// A small number that somebody chooses.
fn count(bounds: (u8, u8), default: u8, description: &str) -> Object {
    whole(bounds.0..=bounds.1).default(Some(default.into())).description(Some(description)).build()
}

/// What every kind of monitor has.
pub(super) fn common() -> Vec<Property> {
    let list = |items: Ref, description: &str| {
        ArrayBuilder::new().items(items).description(Some(description)).unique_items(true)
    };
    let regions = list(reference::<Region>(""), "From where; the stack's own region where it is left out.");
    let parents = list(
        reference::<MonitorId>(""),
        "Monitors without which this one cannot be up: while one of them is down, no incident is opened for this one.",
    );
    let (retries, streak) = (Retries::default().get(), Streak::default().get());
    let properties: Vec<(&str, RefOr<Schema>)> = vec![
        (
            "name",
            reference::<MonitorName>("Made of the target where it is left out; a heartbeat needs one.")
                .into(),
        ),
        (
            "interval_minutes",
            whole(1..=MAX_INTERVAL_MINUTES)
                .default(Some(Interval::default().minutes().into()))
                .description(Some("Minutes between two checks; of a heartbeat, between two beats."))
                .build()
                .into(),
        ),
        ("public", flag("Whether anybody sees it.").into()),
        ("paused", flag("Whether it rests: no checks, no incident.").into()),
        ("keep_warm", flag("Whether its checks only keep the target awake: no incident.").into()),
        ("regions", regions.build().into()),
        ("ip", reference::<IpFamily>("Over which IP: any where it is left out.").into()),
        (
            "degraded_ms",
            whole(1..=MAX_DEGRADED_MS)
                .description(Some("A check that takes longer, in ms, is degraded."))
                .build()
                .into(),
        ),
        (
            "retries",
            count((Retries::MIN, Retries::MAX), retries, "How often a check that failed fast is made again.")
                .into(),
        ),
        (
            "quorum",
            reference::<Quorum>(
                "In how many regions a minute must be down to be down: the majority where it is left out.",
            )
            .into(),
        ),
        (
            "confirmations",
            count(
                (Streak::MIN, Streak::MAX),
                streak,
                "Checks in a row that must be down before the monitor is.",
            )
            .into(),
        ),
        (
            "recoveries",
            count(
                (Streak::MIN, Streak::MAX),
                streak,
                "Checks in a row that must be up before the monitor is again.",
            )
            .into(),
        ),
        ("depends_on", parents.max_items(Some(MAX_PARENTS)).build().into()),
    ];
    properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// The fields of a kind's check as requests name them, and those that are needed.
pub(super) fn of_check(kind: &str) -> (Vec<Property>, Vec<String>) {
    let schema = match kind {
        "http" => HttpCheck::schema(),
        "tcp" => TcpCheck::schema(),
        "tls" => TlsCheck::schema(),
        "dns" => DnsCheck::schema(),
        _ => HeartbeatCheck::schema(),
    };
    let RefOr::T(Schema::Object(of_check)) = schema else { return (Vec::new(), Vec::new()) };
    let named = |name: String| if kind == "dns" && name == "name" { "host".to_owned() } else { name };
    // Whether there are credentials is not for requests to say.
    let fields = of_check.properties.into_iter().filter(|(name, _)| name != "credentials");
    let required = of_check.required.into_iter().map(named).collect();
    (fields.map(|(name, schema)| (named(name.clone()), bounded(&name, schema))).collect(), required)
}

/// How many entries maps may have, which attributes cannot say.
fn bounded(name: &str, mut schema: RefOr<Schema>) -> RefOr<Schema> {
    if let RefOr::T(Schema::Object(map)) = &mut schema {
        match name {
            "headers" => map.max_properties = Some(MAX_HEADERS),
            "metrics" => map.max_properties = Some(MAX_METRICS),
            _ => {}
        }
    }
    schema
}

pub(super) fn credentials() -> Schema {
    let item = reference::<Credentials>("");
    let null = ObjectBuilder::new().schema_type(Type::Null);
    let description = "What the target lets the check in with. Nobody reads them again; `null`: none. Left out of a \
                       change, those that are there stay, while scheme, host and port do.";
    OneOfBuilder::new().item(null).item(item).description(Some(description)).build().into()
}

pub(super) fn kind_of(kinds: &[&str]) -> ObjectBuilder {
    super::one_of(kinds).description(Some("What a check is."))
}

/// The request for a monitor of this kind.
pub(super) fn request(kind: &str) -> Object {
    let (fields, mut required) = of_check(kind);
    let mut of_kind = kind_of(&[kind]);
    match kind {
        "http" => of_kind = of_kind.default(Some(kind.into())),
        "heartbeat" => required.extend(["kind", "name"].map(str::to_owned)),
        _ => required.push("kind".to_owned()),
    }
    let mut object = ObjectBuilder::new().property("kind", of_kind);
    if kind == "http" {
        object = object.property("credentials", credentials());
    }
    for (name, schema) in common().into_iter().chain(fields) {
        object = object.property(name, schema);
    }
    for name in required {
        object = object.required(name);
    }
    object.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false))).build()
}

/// Every field of every kind, each once; where kinds differ, what any of them takes.
pub(super) fn union() -> Vec<Property> {
    let mut all = common();
    for (name, schema) in KINDS.iter().flat_map(|(kind, _)| of_check(kind).0) {
        match all.iter_mut().find(|(there, _)| *there == name) {
            None => all.push((name, schema)),
            Some((_, there)) if plain(there) == plain(&schema) => {}
            Some((_, there)) => {
                *there = Schema::from(OneOfBuilder::new().item(there.clone()).item(schema).build()).into();
            }
        }
    }
    all
}

/// What a schema says without its words and default: kinds say these differently.
fn plain(schema: &RefOr<Schema>) -> Value {
    let mut value = serde_json::to_value(schema).unwrap_or_default();
    if let Value::Object(map) = &mut value {
        map.remove("description");
        map.remove("default");
    }
    value
}

/// The schemas that these refer to.
pub(super) fn referred(schemas: &mut Schemas) {
    fn with<T: ToSchema>(schemas: &mut Schemas) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
    with::<MonitorName>(schemas);
    with::<MonitorId>(schemas);
    with::<Region>(schemas);
    with::<IpFamily>(schemas);
    with::<Quorum>(schemas);
    with::<Credentials>(schemas);
    with::<Slot>(schemas);
    with::<State>(schemas);
    HttpCheck::schemas(schemas);
    TcpCheck::schemas(schemas);
    TlsCheck::schemas(schemas);
    DnsCheck::schemas(schemas);
    HeartbeatCheck::schemas(schemas);
}
