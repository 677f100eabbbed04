//! The committed document is what the code says.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::document::{document, operations};

/// Where the document is committed.
const PATH: &str = "functions/reader/src/openapi.json";

#[test]
fn the_committed_document_is_up_to_date() {
    let mut text = serde_json::to_string_pretty(document()).unwrap();
    text.push('\n');
    let path = tests::root().join(PATH);
    if std::env::var_os("SHOPWATCH_UPDATE_OPENAPI").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap();
    let first = there.lines().zip(text.lines()).position(|(there, now)| there != now);
    assert!(
        there == text,
        "{PATH} is not up to date, from line {first:?} on: run the tests with SHOPWATCH_UPDATE_OPENAPI=1 and build again"
    );
}

#[test]
fn it_is_openapi_and_says_everything_of_each_operation() {
    assert!(document()["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut ids = BTreeSet::new();
    let schemes = document()["components"]["securitySchemes"].as_object().unwrap();
    for operation in operations() {
        let of = operation.of;
        let text = |name: &str| of[name].as_str().unwrap_or_else(|| panic!("{operation:?} has no {name}"));
        assert!(ids.insert(text("operationId")), "{operation:?}");
        assert!(!text("summary").is_empty() && !text("description").is_empty() && of["tags"][0].is_string());
        for scheme in
            of["security"].as_array().into_iter().flatten().flat_map(|one| one.as_object().unwrap().keys())
        {
            assert!(schemes.contains_key(scheme), "{scheme}");
        }
        if let Some(scope) = of.get("x-scope").and_then(Value::as_str) {
            assert!(text("description").contains(&format!("`{scope}`")), "{operation:?}");
        }
        for (status, response) in of["responses"].as_object().unwrap() {
            assert!(!response["description"].as_str().unwrap().is_empty(), "{operation:?} {status}");
            let is_refusal = status.starts_with(['4', '5']);
            let problem = response.pointer("/content/application~1problem+json/schema/$ref");
            assert_eq!(
                problem.is_some_and(|of| of == "#/components/schemas/Problem"),
                is_refusal,
                "{operation:?} {status}"
            );
        }
        let parameters = of["parameters"].as_array().into_iter().flatten();
        assert!(parameters.clone().all(|one| one["description"].is_string() && one["schema"].is_object()));
    }
    assert!(ids.len() >= 49, "{}", ids.len());
    let again: utoipa::openapi::OpenApi = serde_json::from_value(document().clone()).unwrap();
    assert_eq!(
        serde_json::to_value(again).unwrap()["paths"].as_object().unwrap().len(),
        document()["paths"].as_object().unwrap().len()
    );
}
