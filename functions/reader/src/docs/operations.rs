//! The operations of a document, by their tags.

use std::collections::BTreeMap;

use serde_json::Value;

use super::types::{Piece, Property, example, pieces};

/// The methods of a path, in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The operations of one tag.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) tag: &'a str,
    pub(super) operations: Vec<Operation<'a>>,
}

#[derive(Debug)]
pub(super) struct Operation<'a> {
    pub(super) id: &'a str,
    pub(super) method: String,
    pub(super) path: &'a str,
    pub(super) summary: &'a str,
    pub(super) description: &'a str,
    pub(super) who: String,
    pub(super) parameters: Vec<Property<'a>>,
    pub(super) body: Option<Content<'a>>,
    pub(super) responses: Vec<Response<'a>>,
}

/// A body of one media type.
#[derive(Debug)]
pub(super) struct Content<'a> {
    pub(super) media_type: &'a str,
    pub(super) kind: Vec<Piece>,
    pub(super) example: Option<String>,
}

#[derive(Debug)]
pub(super) struct Response<'a> {
    pub(super) status: &'a str,
    pub(super) description: &'a str,
    pub(super) headers: Vec<Property<'a>>,
    pub(super) contents: Vec<Content<'a>>,
}

/// The document's operations, by the names of their tags, then by path.
pub(super) fn groups(document: &Value) -> Vec<Group<'_>> {
    let mut by_tag: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in METHODS.iter().filter_map(|method| Some((method, item.get(method)?))) {
            let tag = operation["tags"][0].as_str().unwrap_or("Others");
            by_tag.entry(tag).or_default().push(shown(document, method, path, operation));
        }
    }
    by_tag.into_iter().map(|(tag, operations)| Group { tag, operations }).collect()
}

fn shown<'a>(document: &'a Value, method: &str, path: &'a str, operation: &'a Value) -> Operation<'a> {
    let text = |name: &str| operation[name].as_str().unwrap_or_default();
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let responses = operation["responses"].as_object().into_iter().flatten();
    Operation {
        id: text("operationId"),
        method: method.to_uppercase(),
        path,
        summary: text("summary"),
        description: text("description"),
        who: who(operation),
        parameters: parameters.map(parameter).collect(),
        body: contents(document, &operation["requestBody"]).into_iter().next(),
        responses: responses.map(|(status, response)| answer(document, status, response)).collect(),
    }
}

/// Who may, in words.
fn who(operation: &Value) -> String {
    let all = operation["security"].as_array().map(Vec::as_slice).unwrap_or_default();
    let takes = |name: &str| all.iter().any(|one| one.get(name).is_some());
    let by = match (takes("bearer"), takes("cookie")) {
        (true, true) => "a session or an API key",
        (true, false) => "a bearer token",
        _ => return "Anybody".to_owned(),
    };
    let open = all.iter().any(|one| one.as_object().is_some_and(serde_json::Map::is_empty));
    let who = if open { format!("Anybody; who shows {by}") } else { format!("Whoever has {by}") };
    match operation["x-scope"].as_str() {
        Some(scope) => format!("{who} with the scope {scope}"),
        None => who,
    }
}

fn parameter(parameter: &Value) -> Property<'_> {
    let text = |name: &str| parameter[name].as_str().unwrap_or_default();
    Property {
        name: text("name"),
        place: text("in"),
        is_required: parameter["required"].as_bool().unwrap_or_default(),
        kind: pieces(&parameter["schema"]),
        description: text("description"),
        example: parameter.get("example").map(ToString::to_string),
    }
}

fn answer<'a>(document: &'a Value, status: &'a str, response: &'a Value) -> Response<'a> {
    let headers = response["headers"].as_object().into_iter().flatten();
    let header = |(name, header): (&'a String, &'a Value)| Property {
        name,
        place: "header",
        is_required: false,
        kind: pieces(&header["schema"]),
        description: header["description"].as_str().unwrap_or_default(),
        example: None,
    };
    Response {
        status,
        description: response["description"].as_str().unwrap_or_default(),
        headers: headers.map(header).collect(),
        contents: contents(document, response),
    }
}

/// What a body may be; the example is its own, or its type's.
fn contents<'a>(document: &'a Value, of: &'a Value) -> Vec<Content<'a>> {
    let contents = of["content"].as_object().into_iter().flatten();
    let shown = |(media_type, content): (&'a String, &'a Value)| Content {
        media_type,
        kind: pieces(&content["schema"]),
        example: example(document, content),
    };
    contents.map(shown).collect()
}
