//! A monitor as requests write it and as answers show it, made of the fields of each kind (`monitor`).

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::monitor::{KINDS, Schemas, credentials, kind_of, reference, referred, request, union};
use crate::monitor::{Asked, MonitorId, shown};
use crate::schedule::Slot;
use crate::state::State;

/// What a request wants a monitor to be: a URL alone is enough.
#[derive(Debug)]
pub struct MonitorRequest;

/// What a request wants to be otherwise (RFC 7396): any field of any kind; `null` is the default.
#[derive(Debug)]
pub struct MonitorPatch;

/// A monitor as the answer to a change shows it.
#[derive(Debug)]
pub struct MonitorShown;

/// The same with how it fares.
#[derive(Debug)]
pub struct MonitorFaring;

/// What the request's example asks for.
fn example() -> Value {
    json!({
        "name": "Shop",
        "url": "https://shop.example/",
        "interval_minutes": 1,
        "public": true,
        "expect": {"status": "200-299", "body": [{"contains": "Add to cart"}], "certificate_days": 14},
    })
}

/// What becomes of the request's example.
fn shown_example() -> Value {
    let Value::Object(fields) = example() else { return Value::Null };
    let made = || {
        let (id, home) = ("s0-7f3k2a".parse().ok()?, "us-east-1".parse().ok()?);
        shown(&Asked::of(fields).ok()?.monitor(id, &home).ok()?).ok()
    };
    made().map_or(Value::Null, Value::Object)
}

/// What answers have of every monitor.
const ALWAYS: [&str; 17] = [
    "id",
    "version",
    "target",
    "has_credentials",
    "kind",
    "name",
    "interval_minutes",
    "public",
    "paused",
    "keep_warm",
    "regions",
    "ip",
    "retries",
    "quorum",
    "confirmations",
    "recoveries",
    "depends_on",
];

fn answer() -> ObjectBuilder {
    let text = |description| ObjectBuilder::new().schema_type(Type::String).description(Some(description));
    let version = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    let has = ObjectBuilder::new().schema_type(Type::Boolean);
    let mut object = ObjectBuilder::new()
        .property("id", reference::<MonitorId>("Its id."))
        .property(
            "version",
            version.description(Some("Counts the changes; what ETag and If-Match are about.")),
        )
        .property("target", text("What it watches, as /signals names it."))
        .property(
            "has_credentials",
            has.description(Some("Whether there are credentials, which nobody reads.")),
        )
        .property("hidden_before", reference::<Slot>("What was recorded before is shown to nobody."))
        .property("kind", kind_of(&KINDS.map(|(kind, _)| kind)));
    for (name, schema) in union() {
        object = object.property(name, schema);
    }
    ALWAYS.into_iter().fold(object, ObjectBuilder::required)
}

impl PartialSchema for MonitorRequest {
    fn schema() -> RefOr<Schema> {
        let kinds = KINDS
            .iter()
            .fold(OneOfBuilder::new(), |kinds, (_, component)| kinds.item(Ref::from_schema_name(*component)));
        let description = "A monitor of one kind, http where none is named. Fields of other kinds are refused; `null` is as \
                           good as left out.";
        Schema::from(kinds.description(Some(description)).examples([example()]).build()).into()
    }
}

impl ToSchema for MonitorRequest {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("MonitorRequest")
    }
    fn schemas(schemas: &mut Schemas) {
        schemas.extend(
            KINDS.map(|(kind, component)| (component.to_owned(), Schema::from(request(kind)).into())),
        );
        referred(schemas);
    }
}

impl PartialSchema for MonitorPatch {
    fn schema() -> RefOr<Schema> {
        let null = || ObjectBuilder::new().schema_type(Type::Null);
        let mut object = ObjectBuilder::new()
            .property("kind", kind_of(&KINDS.map(|(kind, _)| kind)))
            .property("credentials", credentials());
        for (name, schema) in union() {
            object = object.property(name, OneOfBuilder::new().item(null()).item(schema));
        }
        let object = object.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
        let description = "What is to be otherwise (RFC 7396): what is left out stays, `null` is the default, objects are \
                           merged. The result has to be a MonitorRequest.";
        let example = json!({"public": true, "degraded_ms": null, "expect": {"status": "200-204"}});
        Schema::from(object.description(Some(description)).examples([example]).build()).into()
    }
}

impl ToSchema for MonitorPatch {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("MonitorPatch")
    }
    fn schemas(schemas: &mut Schemas) {
        referred(schemas);
    }
}

impl PartialSchema for MonitorShown {
    fn schema() -> RefOr<Schema> {
        Schema::from(answer().description(Some("A monitor.")).examples([shown_example()]).build()).into()
    }
}

impl ToSchema for MonitorShown {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Monitor")
    }
    fn schemas(schemas: &mut Schemas) {
        referred(schemas);
    }
}

impl PartialSchema for MonitorFaring {
    fn schema() -> RefOr<Schema> {
        let null = ObjectBuilder::new().schema_type(Type::Null);
        let since =
            OneOfBuilder::new().item(null).item(reference::<Slot>("")).description(Some("Since when."));
        let object = answer().property("state", reference::<State>("How it fares.")).property("since", since);
        let object =
            object.required("state").required("since").description(Some("A monitor, and how it fares."));
        let mut example = shown_example();
        if let Value::Object(example) = &mut example {
            example.insert("state".to_owned(), "up".into());
            example.insert("since".to_owned(), "2026-11-21T14:25:00Z".into());
        }
        Schema::from(object.examples([example]).build()).into()
    }
}

impl ToSchema for MonitorFaring {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("MonitorWithState")
    }
    fn schemas(schemas: &mut Schemas) {
        referred(schemas);
    }
}
