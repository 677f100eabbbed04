//! Parameters of an address, with bounds and defaults from the constants that the code checks.

use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{RefOr, Required, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::{one_of, whole};
use crate::monitor::MonitorId;

/// A parameter of the query that may be left out.
pub fn optional(name: &str, schema: impl Into<RefOr<Schema>>, description: impl Into<String>) -> Parameter {
    parameter(name, ParameterIn::Query, schema).description(Some(description)).build()
}

/// A whole number in the query, between these bounds, and what it is where it is left out.
pub fn number<T: Into<u64> + Copy>(
    name: &str,
    bounds: std::ops::RangeInclusive<T>,
    default: Option<T>,
    description: &str,
) -> Parameter {
    let default = default.map(|default| Value::from(default.into()));
    optional(name, whole(bounds).default(default), description)
}

/// A text in the query; what it may be, its description says.
pub fn text(name: &str, example: &str, description: impl Into<String>) -> Parameter {
    let schema = String::schema();
    let text = parameter(name, ParameterIn::Query, schema).description(Some(description));
    text.example(Some(example.into())).build()
}

/// One of a few texts in the query, and which it is where it is left out.
pub fn choice(name: &str, names: &[&str], default: Option<&str>, description: &str) -> Parameter {
    optional(name, one_of(names).default(default.map(Value::from)), description)
}

/// A part of the path.
pub fn path(name: &str, schema: impl Into<RefOr<Schema>>, description: &str, example: &str) -> Parameter {
    let path = parameter(name, ParameterIn::Path, schema).required(Required::True);
    path.description(Some(description)).example(Some(example.into())).build()
}

fn parameter(name: &str, place: ParameterIn, schema: impl Into<RefOr<Schema>>) -> ParameterBuilder {
    ParameterBuilder::new().name(name).parameter_in(place).required(Required::False).schema(Some(schema))
}

/// The monitor that a path names.
#[derive(Debug)]
pub struct PathId;

impl IntoParams for PathId {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = utoipa::openapi::Ref::from_schema_name(MonitorId::name());
        vec![path("id", schema, "The monitor.", "s0-7f3k2a")]
    }
}
