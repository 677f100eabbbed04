//! The whole document, and its operations.

use std::sync::LazyLock;

use serde_json::Value;

/// What both functions answer.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut api = reader::openapi();
    api.merge(admin::openapi());
    serde_json::to_value(api).unwrap()
});

pub(crate) fn document() -> &'static Value {
    &DOCUMENT
}

/// An operation with its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) of: &'static Value,
}

pub(crate) fn operations() -> Vec<Operation> {
    let paths = document()["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, of)| Operation { method, path, of })
    });
    all.collect()
}

/// What this refers to, or it itself.
pub(crate) fn resolved(schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            document().pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}"))
        }
        None => schema,
    }
}

/// The example of a body, its own or its type's.
pub(crate) fn example(content: &'static Value) -> Option<&'static Value> {
    let schema = &content["schema"];
    let of_either = schema["oneOf"].as_array().into_iter().flatten().find(|one| one["$ref"].is_string());
    let schema = resolved(of_either.unwrap_or(schema));
    content.get("example").or_else(|| schema.get("example")).or_else(|| schema.get("examples")?.get(0))
}

impl Operation {
    /// Its parameters in the query.
    pub(crate) fn query(&self) -> Vec<&'static str> {
        let all = self.of["parameters"].as_array().into_iter().flatten();
        let mut names: Vec<&str> =
            all.filter(|one| one["in"] == "query").map(|one| one["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        names
    }

    /// Its path with the parameters' examples in it.
    pub(crate) fn example_path(&self) -> String {
        let mut path = self.path.to_owned();
        for parameter in
            self.of["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "path")
        {
            let example = parameter["example"].as_str().unwrap_or_else(|| panic!("{self:?}: {parameter}"));
            let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
            path = path.replace(&name, &example.replace('#', "%23"));
        }
        assert!(!path.contains('{'), "{path}");
        path
    }

    /// The example of its body.
    pub(crate) fn body(&self) -> Option<&'static Value> {
        let content = self.of.get("requestBody")?.pointer("/content/application~1json").unwrap();
        Some(example(content).unwrap_or_else(|| panic!("{} {} has no example", self.method, self.path)))
    }
}
