//! Types that travel as text: what each text looks like.

use std::borrow::Cow;

use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, OneOfBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{chars, one_of};
use crate::account::{AccountId, Email, MAX_EMAIL_CHARS, Role, UserId};
use crate::channel::ChannelId;
use crate::credentials::MAX_SECRET_BYTES;
use crate::import::ImportId;
use crate::incident::IncidentId;
use crate::maintenance::{WindowId, Zone};
use crate::monitor::{
    Condition, JsonPath, MAX_NAME_CHARS, MAX_PATH_BYTES, MAX_URL_BYTES, MAX_VALUE_BYTES, MetricName,
    MonitorId, MonitorName, Region, StatusCodes, TargetHost, TargetUrl,
};
use crate::purchase::BuyerToken;
use crate::schedule::Slot;
use crate::session::{KeyName, MAX_NAME_CHARS as MAX_KEY_NAME_CHARS, Scope};
use crate::signal::{Outcome, Reason};

/// An instant, which travels as text.
#[derive(Debug)]
pub struct Instant;

/// A day in UTC, which travels as text.
#[derive(Debug)]
pub struct Day;

macro_rules! texts {
    ($($type:ty, $name:literal: $schema:expr;)+) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                Schema::Object(ObjectBuilder::from($schema).build()).into()
            }
        }
        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )+};
}

fn pattern(pattern: &str, example: &str, description: &str) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    text.examples([example]).description(Some(description))
}

fn format(format: SchemaFormat, example: &str, description: &str) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).format(Some(format));
    text.examples([example]).description(Some(description))
}

texts! {
    MonitorId, "MonitorId": pattern("^s(0|[1-9][0-9]{0,4})-[a-z0-9]{6}$", "s0-7f3k2a", "A monitor: its shard and six letters or digits.");
    Region, "Region": pattern("^[a-z0-9-]{1,32}$", "us-east-1", "An AWS region that checks are made from.");
    MonitorName, "MonitorName": chars(1..=MAX_NAME_CHARS).examples(["Shop"])
        .description(Some("What people call it: no control characters, no white space around it."));
    TargetUrl, "TargetUrl": format(
        SchemaFormat::Custom("uri".to_owned()),
        "https://shop.example/",
        "An http or https URL without user name and password.",
    ).max_length(Some(MAX_URL_BYTES));
    TargetHost, "TargetHost": chars(1..=254).examples(["shop.example"])
        .description(Some("A name or an address, such as shop.example, 192.0.2.1 or [2001:db8::1]."));
    JsonPath, "JsonPath": chars(1..=MAX_PATH_BYTES).examples(["$.items[0].stock"])
        .description(Some("Names and indexes (RFC 9535, singular queries)."));
    MetricName, "MetricName": pattern("^[a-z0-9_]{1,20}$", "stock", "The name of a series of numbers.");
    StatusCodes, "StatusCodes": pattern(
        "^ *[1-5][0-9]{2} *(- *[1-5][0-9]{2} *)?(, *[1-5][0-9]{2} *(- *[1-5][0-9]{2} *)?){0,9}$",
        "200-299, 301",
        "At most ten status codes or ranges of them.",
    );
    Instant, "Instant": format(SchemaFormat::KnownFormat(KnownFormat::DateTime), "2026-11-21T14:25:00.5Z", "An instant in UTC.");
    Day, "Date": format(SchemaFormat::KnownFormat(KnownFormat::Date), "2026-11-21", "A day in UTC.");
    Slot, "Slot": format(SchemaFormat::KnownFormat(KnownFormat::DateTime), "2026-11-21T14:25:00Z", "A whole minute in UTC.");
    IncidentId, "IncidentId": pattern(
        "^[0-9-]+T[0-9:]+Z#s(0|[1-9][0-9]{0,4})-[a-z0-9]{6}$",
        "2026-11-21T14:25:00Z#s0-7f3k2a",
        "An incident: the minute in which it was opened, and its monitor. In a path # is written %23.",
    );
    WindowId, "WindowId": pattern("^[a-z0-9-]{1,40}$", "night", "A maintenance window.");
    ChannelId, "ChannelId": pattern("^c-[a-z0-9]{16}$", "c-7f3k2a9d0c1b2e4f", "A channel.");
    Zone, "TimeZone": chars(1..=64).examples(["Europe/Berlin"]).description(Some("A time zone of the IANA database."));
    Reason, "Reason": one_of(Reason::ALL.map(|(_, name)| name)).description(Some("Why a check did not find its target up."));
    Role, "Role": one_of(Role::ALL.map(|(_, name)| name)).description(Some("What a person may do; each may what those before it may."));
    Scope, "Scope": one_of(Scope::ALL.map(|(_, name)| name)).description(Some("What a session or key may be used for."));
    AccountId, "AccountId": pattern("^(home|a-[a-z0-9]{16})$", "home", "An account; the installation's own is home.");
    UserId, "UserId": pattern("^(operator|u-[a-z0-9]{16})$", "u-7f3k2a9d0c1b2e4f", "A person, or the operator's command.");
    KeyName, "KeyName": chars(1..=MAX_KEY_NAME_CHARS).examples(["ci"]).description(Some("What its owner calls a key: no control characters."));
    Email, "Email": format(SchemaFormat::Custom("email".to_owned()), "ada@shop.example", "The address that a person signs in with.")
        .max_length(Some(MAX_EMAIL_CHARS));
    ImportId, "ImportId": pattern("^[0-9a-f]{64}$", IMPORT, "One import.");
    BuyerToken, "BuyerToken": pattern("^([a-z0-9]+\\.[0-9a-f]{64}|[0-9a-f]{40})$", BUYER, "Who bought, in place of an e-mail address.");
}

const IMPORT: &str = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
const BUYER: &str = "k1.5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

/// A map of one operator to a value.
impl PartialSchema for Condition {
    fn schema() -> RefOr<Schema> {
        let value = || {
            let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_VALUE_BYTES));
            OneOfBuilder::new().item(text).item(ObjectBuilder::new().schema_type(Type::Number))
        };
        let names = ["equals", "not_equals", "at_most", "at_least", "contains", "matches"];
        let map = names.into_iter().fold(ObjectBuilder::new(), |map, name| map.property(name, value()));
        let map = map
            .min_properties(Some(1))
            .max_properties(Some(1))
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
        let description = "One operator and what it compares with. `at_most` and `at_least` take numbers, `matches` a \
                           regular expression of at most 128 bytes.";
        let example = serde_json::json!({"at_most": "5"});
        Schema::Object(map.description(Some(description)).examples([example]).build()).into()
    }
}

impl ToSchema for Condition {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Condition")
    }
}

/// What a check can find, by its name.
pub fn outcome() -> Object {
    let all =
        [Outcome::Up, Outcome::Degraded(Reason::Slow), Outcome::Down(Reason::Timeout), Outcome::Blocked];
    let names = all.into_iter().chain([Outcome::Unknown(Reason::Network)]).map(Outcome::name);
    one_of(names).description(Some("What the check found.")).build()
}

/// User name, password or token of a target.
pub(crate) fn of_target() -> Object {
    super::secret(1..=MAX_SECRET_BYTES)
}
