//! Every operation is answered, with a status and a body that are described.

use serde_json::{Value, json};

use super::document::{Operation, example, operations, resolved};
use super::schema::check;
use super::shop::{Answer, Shop};

/// The description of this answer, which has to be there.
fn described(operation: &Operation, answer: &Answer) -> &'static Value {
    let of = operation.of["responses"].get(answer.status.as_str());
    of.unwrap_or_else(|| {
        panic!("{} {}: {} is not described: {}", operation.method, operation.path, answer.status, answer.body)
    })
}

/// The answer is what is described.
fn fits(operation: &Operation, answer: &Answer) {
    let place = format!("{} {} {}", operation.method, operation.path, answer.status);
    let contents = described(operation, answer).get("content");
    if answer.body.is_empty() {
        assert!(contents.is_none(), "{place}: a body is described");
        return;
    }
    let contents = contents.unwrap_or_else(|| panic!("{place}: no body is described: {}", answer.body));
    let content =
        contents.get(&answer.media_type).unwrap_or_else(|| panic!("{place}: {}", answer.media_type));
    if answer.media_type.ends_with("json") {
        check(&content["schema"], &answer.json())
            .unwrap_or_else(|error| panic!("{place}: {error}\n{}", answer.body));
    }
}

#[tokio::test]
async fn every_operation_is_answered_as_described() {
    let mut succeeded = 0;
    for operation in operations() {
        let shop = Shop::new().await;
        let answer = shop.example(&operation).await;
        let nowhere = answer.body.contains("nothing is here") || answer.body.contains("nothing is at");
        assert!(answer.status != 405 && !nowhere, "{operation:?}: {}", answer.body);
        fits(&operation, &answer);
        succeeded += usize::from(answer.status.is_success());
    }
    // The others need what no example can name: a password, a token, a key.
    assert!(succeeded > 35, "{succeeded}");
}

#[tokio::test]
async fn every_refusal_is_described() {
    for operation in operations() {
        let mut shop = Shop::new().await;
        let path = operation.example_path();
        let bodies = [json!({"nothing": 1}), json!([]), json!("x".repeat(5_000_000))];
        for body in bodies.iter().map(Some).chain([None]) {
            let answer = shop.ask(operation.method, &path, body).await;
            // A body that nobody asked for is not read.
            if answer.status != 413 || operation.body().is_some() {
                fits(&operation, &answer);
            }
        }
        let answer = shop.ask(operation.method, &format!("{path}?nothing=1"), operation.body()).await;
        fits(&operation, &answer);
        let elsewhere = path.replace("s0-7f3k2a", "s0-nobody").replace("u-7f3k", "u-0000");
        fits(&operation, &shop.ask(operation.method, &elsewhere, operation.body()).await);
        for token in ["shopwatch_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA", "nonsense"] {
            shop.owner = token.to_owned();
            fits(&operation, &shop.ask(operation.method, &path, operation.body()).await);
        }
        shop.memory.fail_after(0);
        let answer = shop.ask(operation.method, &path, operation.body()).await;
        fits(&operation, &answer);
    }
}

#[tokio::test]
async fn parameters_are_those_that_are_read() {
    for operation in operations() {
        let shop = Shop::new().await;
        let path = format!("{}?nothing=1", operation.example_path());
        let answer = shop.ask(operation.method, &path, operation.body()).await;
        let takes = answer.body.split("is not a parameter of this; it takes ").nth(1);
        let mut names: Vec<&str> = match takes.and_then(|rest| rest.split('"').next()) {
            Some("none") | None => Vec::new(),
            Some(names) => names.split(", ").collect(),
        };
        names.sort_unstable();
        assert_eq!(operation.query(), names, "{} {}: {}", operation.method, operation.path, answer.body);
    }
}

#[tokio::test]
async fn bounds_of_parameters_are_those_that_hold() {
    let mut bounds = 0;
    for operation in operations() {
        let path = operation.example_path();
        let numbers = operation.of["parameters"].as_array().into_iter().flatten();
        for parameter in numbers.filter(|one| one["in"] == "query" && one["schema"]["type"] == "integer") {
            let shop = Shop::new().await;
            let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
            let ask = async |number: u64| {
                shop.ask(operation.method, &format!("{path}?{name}={number}"), None).await
            };
            for (bound, beyond) in [("minimum", -1), ("maximum", 1)] {
                let bound = schema[bound].as_u64().unwrap();
                assert!(!ask(bound).await.body.contains(&format!("{name} must be")), "{path} {name} {bound}");
                if let Some(beyond) = bound.checked_add_signed(beyond) {
                    assert_eq!(ask(beyond).await.status, 400, "{path} {name} {beyond}");
                }
            }
            bounds += 1;
        }
    }
    assert!(bounds > 8, "{bounds}");
}

#[test]
fn every_example_of_an_answer_is_one() {
    let mut without = Vec::new();
    for operation in operations() {
        for (status, response) in operation.of["responses"].as_object().unwrap() {
            for (media_type, content) in response["content"].as_object().into_iter().flatten() {
                if !media_type.ends_with("json") {
                    continue;
                }
                match example(content) {
                    Some(example) => check(resolved(&content["schema"]), example).unwrap_or_else(|error| {
                        panic!("{} {} {status}: {error}", operation.method, operation.path)
                    }),
                    None => without.push(format!("{} {} {status}", operation.method, operation.path)),
                }
            }
        }
    }
    // The page has those of the types that these are made of.
    println!("without an example of their own: {without:?}");
    assert!(without.len() < 20, "{without:?}");
}
