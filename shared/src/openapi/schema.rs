//! Small schemas, with bounds from the constants that the code checks.

use std::fmt::Display;
use std::ops::RangeInclusive;

use utoipa::Number;
use utoipa::openapi::KnownFormat;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaFormat, Type};

/// A whole number between these bounds.
pub fn whole<T: Into<u64> + Copy>(bounds: RangeInclusive<T>) -> ObjectBuilder {
    let [least, most] = [*bounds.start(), *bounds.end()].map(|bound| Number::from(to_usize(bound.into())));
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least)).maximum(Some(most))
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A text of so many characters.
pub fn chars(bounds: RangeInclusive<usize>) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.min_length(Some(*bounds.start())).max_length(Some(*bounds.end()))
}

/// A text that is repeated to nobody, of so many characters.
pub fn secret(bounds: RangeInclusive<usize>) -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::Password);
    chars(bounds).format(Some(format)).write_only(Some(true)).build()
}

/// True or false, and false where it is left out.
pub fn flag() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Boolean).default(Some(false.into()))
}

/// One of these texts.
pub fn one_of<T: Display>(names: impl IntoIterator<Item = T>) -> ObjectBuilder {
    let names = names.into_iter().map(|name| name.to_string());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))
}
