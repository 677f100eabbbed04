//! The types of a document: what they are, in words.

use serde_json::Value;

/// How deep a type is told inside another.
const MAX_DEPTH: usize = 4;

/// Part of what a type is in words: plain, or the name of a type that has a place of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) is_type: bool,
}

/// A named part: a parameter, a header, a field.
#[derive(Debug)]
pub(super) struct Property<'a> {
    pub(super) name: &'a str,
    /// Where it stands: `query`, `path`, `header`; nothing for a field.
    pub(super) place: &'a str,
    pub(super) is_required: bool,
    pub(super) kind: Vec<Piece>,
    pub(super) description: &'a str,
    pub(super) example: Option<String>,
}

/// A type with a name.
#[derive(Debug)]
pub(super) struct Described<'a> {
    pub(super) name: &'a str,
    pub(super) description: &'a str,
    pub(super) kind: Vec<Piece>,
    pub(super) fields: Vec<Property<'a>>,
    pub(super) example: Option<String>,
}

/// The document's named types.
pub(super) fn described(document: &Value) -> Vec<Described<'_>> {
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    schemas
        .map(|(name, schema)| Described {
            name,
            description: schema["description"].as_str().unwrap_or_default(),
            kind: pieces(schema),
            fields: fields(schema),
            example: own_example(schema),
        })
        .collect()
}

/// The fields of an object, of all the objects that it is made of.
fn fields(schema: &Value) -> Vec<Property<'_>> {
    let parts = schema["allOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    let all = std::iter::once(schema).chain(parts);
    all.flat_map(|part| {
        let required = part["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let properties = part["properties"].as_object().into_iter().flatten();
        properties.map(move |(name, field)| Property {
            name,
            place: "",
            is_required: required.iter().any(|required| required == name.as_str()),
            kind: pieces(field),
            description: field["description"].as_str().unwrap_or_default(),
            example: own_example(field),
        })
    })
    .collect()
}

/// The example of a body: its own, or its type's.
pub(super) fn example(document: &Value, content: &Value) -> Option<String> {
    let of_content = content.get("example").map(written);
    of_content.or_else(|| {
        let name = content["schema"]["$ref"].as_str()?.rsplit('/').next()?;
        own_example(document["components"]["schemas"].get(name)?)
    })
}

fn own_example(schema: &Value) -> Option<String> {
    schema.get("example").or_else(|| schema.get("examples")?.get(0)).map(written)
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => serde_json::to_string_pretty(value).unwrap_or_default(),
    }
}

/// What this schema is, in words.
pub(super) fn pieces(schema: &Value) -> Vec<Piece> {
    let mut pieces = Vec::new();
    tell(schema, MAX_DEPTH, &mut pieces);
    pieces
}

fn plain(pieces: &mut Vec<Piece>, text: impl Into<String>) {
    pieces.push(Piece { text: text.into(), is_type: false });
}

fn tell(schema: &Value, depth: usize, pieces: &mut Vec<Piece>) {
    let Some(deeper) = depth.checked_sub(1) else {
        return plain(pieces, "…");
    };
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return pieces.push(Piece { text: name.to_owned(), is_type: true });
    }
    for (name, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        for (index, part) in schema[name].as_array().into_iter().flatten().enumerate() {
            if index > 0 {
                plain(pieces, between);
            }
            tell(part, deeper, pieces);
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values.iter().map(written).collect();
        plain(pieces, values.join(", "));
    } else {
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            all => all.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        };
        for (index, kind) in types.iter().enumerate() {
            plain(pieces, if index > 0 { " or " } else { "" });
            plain(pieces, *kind);
            if *kind == "array" {
                plain(pieces, " of ");
                tell(&schema["items"], deeper, pieces);
            } else if *kind == "object" && schema["additionalProperties"].is_object() {
                plain(pieces, " of ");
                tell(&schema["additionalProperties"], deeper, pieces);
            }
        }
    }
    let bounds = bounds(schema);
    if !bounds.is_empty() {
        plain(pieces, format!(" ({})", bounds.join(", ")));
    }
}

/// What a value has to be besides.
fn bounds(schema: &Value) -> Vec<String> {
    let words = [
        ("format", "format "),
        ("pattern", "pattern "),
        ("minimum", "at least "),
        ("maximum", "at most "),
        ("minLength", "characters at least "),
        ("maxLength", "characters at most "),
        ("minItems", "entries at least "),
        ("maxItems", "entries at most "),
        ("minProperties", "entries at least "),
        ("maxProperties", "entries at most "),
        ("default", "default "),
    ];
    let said =
        words.iter().filter_map(|(name, words)| Some(format!("{words}{}", written(schema.get(name)?))));
    said.collect()
}
