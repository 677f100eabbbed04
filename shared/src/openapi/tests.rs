//! Bounds, defaults and names of what is described, against the code that checks them.

use serde_json::{Map, Value, json};
use utoipa::PartialSchema as _;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};

use super::monitor::{common, of_check, request};
use super::{MonitorPatch, MonitorRequest};
use crate::maintenance::{MAX_WINDOW_MINUTES, When};
use crate::monitor::{
    Asked, CERTIFICATE_DAYS, DnsCheck, Expect, FIELDS, HeartbeatCheck, HttpCheck, MAX_EXPECTATIONS,
    MAX_EXPECTED, MAX_GRACE_MINUTES, MAX_REQUEST_BODY_BYTES, Monitor, TlsCheck,
};

const KINDS: [&str; 5] = ["http", "tcp", "tls", "dns", "heartbeat"];

fn least(kind: &str) -> Map<String, Value> {
    let least = match kind {
        "http" => json!({"url": "https://shop.example/"}),
        "tcp" => json!({"kind": "tcp", "host": "shop.example", "port": 22}),
        "tls" | "dns" => json!({"kind": kind, "host": "shop.example"}),
        _ => json!({"kind": "heartbeat", "name": "Nightly"}),
    };
    least.as_object().unwrap().clone()
}

fn made(fields: Map<String, Value>) -> Result<Monitor, String> {
    let (id, home) = ("s0-7f3k2a".parse().unwrap(), "us-east-1".parse().unwrap());
    let asked = Asked::of(fields).map_err(|error| error.to_string())?;
    asked.monitor(id, &home).map_err(|error| error.to_string())
}

fn properties(object: &Object) -> Map<String, Value> {
    serde_json::to_value(object).unwrap()["properties"].as_object().unwrap().clone()
}

#[test]
fn a_request_has_the_fields_that_are_read() {
    assert_eq!(common().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), FIELDS);
    let all: Vec<String> =
        KINDS.iter().flat_map(|kind| properties(&request(kind))).map(|(name, _)| name).collect();
    assert!(all.len() > 80, "{all:?}");
    for kind in KINDS {
        let of_kind = properties(&request(kind));
        for name in &all {
            // Of a type that no other field takes.
            let value =
                if name == "credentials" { json!({"scheme": "bearer", "token": "x"}) } else { json!([[[]]]) };
            let mut fields = least(kind);
            fields.insert(name.clone(), value);
            let error = Asked::of(fields).err().map(|error| error.to_string()).unwrap_or_default();
            let known = !error.contains("is no field")
                && !error.contains("expected something else")
                && !error.contains("only a monitor of kind http");
            assert_eq!(known, of_kind.contains_key(name), "{kind} {name}: {error}");
        }
        let required = serde_json::to_value(request(kind)).unwrap()["required"].clone();
        let mut needed: Vec<String> = least(kind).into_iter().map(|(name, _)| name).collect();
        let mut required: Vec<String> = serde_json::from_value(required).unwrap();
        needed.sort();
        required.sort();
        assert_eq!(required, needed, "{kind}");
    }
}

#[test]
fn defaults_and_bounds_are_those_that_hold() {
    for kind in KINDS {
        let plain = made(least(kind)).unwrap();
        for (name, schema) in properties(&request(kind)) {
            let with = |value: Value| {
                let mut fields = least(kind);
                fields.insert(name.clone(), value);
                made(fields)
            };
            if let Some(default) = schema.get("default") {
                assert_eq!(with(default.clone()).as_ref(), Ok(&plain), "{kind} {name}");
            }
            if schema["type"] == "integer" || schema["type"][0] == "integer" {
                for (bound, beyond) in [("minimum", -1), ("maximum", 1)] {
                    if let Some(bound) = schema.get(bound).and_then(Value::as_i64) {
                        assert!(with(bound.into()).is_ok(), "{kind} {name} {bound}");
                        assert!(with((bound + beyond).into()).is_err(), "{kind} {name} {bound}");
                    }
                }
            }
        }
    }
}

fn bound(schema: RefOr<Schema>, place: &str) -> usize {
    let schema = serde_json::to_value(schema).unwrap();
    let bound = schema.pointer(place).and_then(Value::as_u64);
    bound.unwrap_or_else(|| panic!("{place}: {schema}")).try_into().unwrap()
}

#[test]
fn what_attributes_say_are_the_constants() {
    for name in ["body", "absent", "json", "headers"] {
        assert_eq!(bound(Expect::schema(), &format!("/properties/{name}/maxItems")), MAX_EXPECTATIONS);
    }
    assert_eq!(bound(TlsCheck::schema(), "/properties/names/maxItems"), MAX_EXPECTED);
    assert_eq!(
        bound(TlsCheck::schema(), "/properties/certificate_days/default"),
        usize::from(CERTIFICATE_DAYS)
    );
    assert_eq!(bound(DnsCheck::schema(), "/properties/expect/maxItems"), MAX_EXPECTED);
    assert_eq!(bound(HttpCheck::schema(), "/properties/body/maxLength"), MAX_REQUEST_BODY_BYTES);
    assert_eq!(
        bound(HeartbeatCheck::schema(), "/properties/grace_minutes/maximum"),
        usize::from(MAX_GRACE_MINUTES)
    );
    let minutes = "/oneOf/1/properties/weekly/properties/minutes/maximum";
    assert_eq!(bound(When::schema(), minutes), MAX_WINDOW_MINUTES as usize);
}

#[test]
fn a_patch_has_every_field_and_its_example_is_taken() {
    let RefOr::T(Schema::Object(patch)) = MonitorPatch::schema() else { panic!() };
    let names = properties(&patch);
    for kind in KINDS {
        assert!(of_check(kind).0.iter().chain(&common()).all(|(name, _)| names.contains_key(name)), "{kind}");
    }
    let example = serde_json::to_value(MonitorRequest::schema()).unwrap()["examples"][0].clone();
    let monitor = made(example.as_object().unwrap().clone()).unwrap();
    assert_eq!(monitor.name.as_str(), "Shop");
}
