//! The page shows all of the document, and nothing of it as markup.

use serde_json::json;

use super::*;

#[test]
fn every_operation_and_type_is_shown() {
    let page = page(DOCUMENT).unwrap();
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            let id = operation["operationId"].as_str().unwrap();
            let heading = format!(
                "<section id=\"{id}\">\n<h3><strong class=\"method\">{}</strong> <code>{path}</code></h3>",
                method.to_uppercase()
            );
            assert!(page.contains(&heading), "{heading}");
            let section = page.split(&heading).nth(1).unwrap().split("</section>").next().unwrap();
            for status in operation["responses"].as_object().unwrap().keys() {
                assert!(section.contains(&format!("<dt><code>{status}</code></dt>")), "{id} {status}");
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                assert!(section.contains(&format!("<dt><code>{name}</code>")), "{id} {name}");
            }
        }
    }
    assert!(operations > 45, "{operations}");
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("<section id=\"type-{name}\">")), "{name}");
    }
}

#[test]
fn nothing_is_loaded_or_run() {
    let page = page(DOCUMENT).unwrap();
    let head = page.to_lowercase();
    for foreign in ["<script", "javascript:", " src=", "<link", "<img", "<iframe", "@import", "url(", " on"] {
        let found = head.match_indices(foreign).any(|(at, _)| {
            // Words may begin with "on"; attributes end with "=".
            foreign != " on"
                || head[at + 1..].split([' ', '>']).next().is_some_and(|word| word.contains("=\""))
        });
        assert!(!found, "{foreign}");
    }
}

#[test]
fn what_a_document_says_is_text() {
    let evil = "<b onclick=\"x\">'&";
    let schema = json!({"type": "string", "pattern": evil, "default": evil, "enum": [evil], "description": evil, "example": evil});
    let document = json!({
        "info": {"title": evil, "description": format!("a `{evil}` b {evil}")},
        "paths": {evil: {"get": {
            "operationId": evil, "tags": [evil], "summary": evil, "description": evil, "x-scope": evil,
            "security": [{"bearer": []}],
            "parameters": [{"name": evil, "in": evil, "description": evil, "schema": schema, "example": evil}],
            "requestBody": {"content": {evil: {"schema": {"$ref": evil}, "example": evil}}},
            "responses": {"2<b>": {
                "description": evil,
                "headers": {evil: {"description": evil, "schema": schema}},
                "content": {evil: {"schema": schema, "example": {evil: evil}}},
            }},
        }}},
        "components": {"schemas": {evil: {
            "description": evil, "type": evil, "required": [evil], "properties": {evil: schema}, "examples": [evil],
        }}},
    });
    let page = page(&document.to_string()).unwrap();
    assert!(!page.contains("<b ") && !page.contains("<b>"), "{page}");
    assert!(page.matches("&#60;b onclick=&#34;x&#34;&#62;&#39;&#38;").count() > 25, "{page}");
}

#[test]
fn an_odd_document_is_no_panic() {
    for odd in [
        "{}",
        "[]",
        "null",
        r#"{"paths": [], "components": 1}"#,
        r#"{"paths": {"/": {"get": 1, "put": null}}}"#,
    ] {
        assert!(page(odd).is_ok(), "{odd}");
    }
    let mut deep = json!({"type": "string"});
    for _ in 0..60 {
        deep = json!({"type": "array", "items": deep});
    }
    let document = json!({"components": {"schemas": {"Deep": deep}}});
    assert!(page(&document.to_string()).unwrap().contains("…"));
    assert!(page("<").is_err());
}
