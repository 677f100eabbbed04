//! Whether a value is what a schema says: as much of JSON Schema as the document uses.

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::document::{document, resolved};

/// Checks the value, and that every field of it is described.
pub(crate) fn check(schema: &'static Value, value: &Value) -> Result<(), String> {
    let mut known = Vec::new();
    checked(schema, value, &mut known)?;
    every_field(schema, value, &known)
}

fn every_field(schema: &Value, value: &Value, known: &[String]) -> Result<(), String> {
    let is_open = schema.get("additionalProperties").is_some() || known.is_empty();
    let unknown = value.as_object().into_iter().flatten().find(|(name, _)| !is_open && !known.contains(name));
    unknown.map_or(Ok(()), |(name, _)| Err(format!("{name} is not described: {value}")))
}

fn checked(schema: &'static Value, value: &Value, known: &mut Vec<String>) -> Result<(), String> {
    let schema = resolved(schema);
    let fail = |what: &str| Err(format!("{what}: {value} is not {schema}"));
    if let Some(all) = schema["allOf"].as_array() {
        all.iter().try_for_each(|part| checked(part, value, known))?;
    }
    if let Some(parts) = schema["oneOf"].as_array() {
        let mut fits = Vec::new();
        let mut errors = Vec::new();
        for part in parts {
            let mut of_part = Vec::new();
            match checked(part, value, &mut of_part)
                .and_then(|()| every_field(resolved(part), value, &of_part))
            {
                Ok(()) => fits.push(of_part),
                Err(error) => errors.push(error),
            }
        }
        match fits.pop() {
            Some(fields) if fits.is_empty() => known.extend(fields),
            Some(_) => return fail("more than one fits"),
            None => return Err(errors.join("\n")),
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        all => all.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    };
    if !types.is_empty() && !types.iter().any(|kind| is_of(kind, value)) {
        return fail("type");
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        return fail("enum");
    }
    match value {
        Value::String(text) => text_fits(schema, text).or_else(fail),
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            let low = schema["minimum"].as_f64().is_some_and(|bound| number < bound);
            let high = schema["maximum"].as_f64().is_some_and(|bound| number > bound);
            if low || high { fail("bounds") } else { Ok(()) }
        }
        Value::Array(items) => {
            let count = Some(items.len() as u64);
            if schema["minItems"].as_u64() > count
                || schema["maxItems"].as_u64().is_some_and(|most| Some(most) < count)
            {
                return fail("number of entries");
            }
            let of_items = schema.get("items");
            items.iter().try_for_each(|item| of_items.map_or(Ok(()), |schema| check(schema, item)))
        }
        Value::Object(map) => fields_fit(schema, map, known).or_else(|what| fail(&what)),
        Value::Null | Value::Bool(_) => Ok(()),
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other}"),
    }
}

fn text_fits(schema: &Value, text: &str) -> Result<(), &'static str> {
    let chars = text.chars().count() as u64;
    if schema["minLength"].as_u64().is_some_and(|least| chars < least)
        || schema["maxLength"].as_u64().is_some_and(|most| chars > most)
    {
        return Err("length");
    }
    if schema["pattern"].as_str().is_some_and(|pattern| !Regex::new(pattern).unwrap().is_match(text)) {
        return Err("pattern");
    }
    let is_instant = || text.parse::<jiff::Timestamp>().is_ok();
    if schema["format"] == "date-time" && !is_instant() { Err("format") } else { Ok(()) }
}

fn fields_fit(
    schema: &'static Value,
    map: &Map<String, Value>,
    known: &mut Vec<String>,
) -> Result<(), String> {
    for name in schema["required"].as_array().into_iter().flatten() {
        if !map.contains_key(name.as_str().unwrap()) {
            return Err(format!("{name} is missing"));
        }
    }
    let properties = schema["properties"].as_object();
    known.extend(properties.into_iter().flatten().map(|(name, _)| name.clone()));
    for (name, value) in map {
        if let Some(property) = properties.and_then(|all| all.get(name)) {
            check(property, value)?;
        } else if schema["additionalProperties"] == false {
            return Err(format!("{name} is not taken"));
        } else if schema["additionalProperties"].is_object() {
            check(&schema["additionalProperties"], value)?;
        }
    }
    Ok(())
}

/// Every schema of the document, wherever it is.
pub(crate) fn every(within: &'static Value, see: &mut impl FnMut(&'static Value)) {
    see(within);
    match within {
        Value::Array(items) => items.iter().for_each(|item| every(item, see)),
        Value::Object(map) => map.values().for_each(|value| every(value, see)),
        _ => {}
    }
}

#[test]
fn every_example_of_a_type_is_one() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let mut examples = 0;
    for (name, schema) in schemas {
        let all = schema["examples"].as_array().into_iter().flatten().chain(schema.get("example"));
        for example in all {
            examples += 1;
            check(schema, example).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    assert!(examples > 30, "{examples}");
}

#[test]
fn every_reference_leads_somewhere_and_every_pattern_is_one() {
    let mut references = 0;
    every(document(), &mut |value| {
        if value["$ref"].is_string() {
            references += 1;
            resolved(value);
        }
        if let Some(pattern) = value["pattern"].as_str() {
            assert!(Regex::new(pattern).is_ok(), "{pattern}");
        }
    });
    assert!(references > 200, "{references}");
}
