//! Every example of a body is taken, and its fields are those that are read.

use serde_json::json;

use super::document::{operations, resolved};
use super::schema::check;
use super::shop::Shop;

#[tokio::test]
async fn every_example_of_a_body_is_taken() {
    let mut bodies = 0;
    for operation in operations() {
        let Some(body) = operation.body() else { continue };
        let content = operation.of["requestBody"].pointer("/content/application~1json").unwrap();
        check(&content["schema"], body).unwrap_or_else(|error| panic!("{operation:?}: {error}"));
        let answer = Shop::new().await.example(&operation).await;
        assert!(![400, 413, 415, 422].contains(&answer.status.as_u16()), "{operation:?}: {}", answer.body);
        bodies += 1;
    }
    assert!(bodies >= 13, "{bodies}");
}

#[tokio::test]
async fn fields_of_bodies_are_those_that_are_read() {
    let shop = Shop::new().await;
    let mut compared = 0;
    for operation in operations() {
        if operation.body().is_none() {
            continue;
        }
        let content = operation.of["requestBody"].pointer("/content/application~1json").unwrap();
        let schema = &content["schema"];
        let either =
            schema["oneOf"].as_array().and_then(|all| all.iter().find(|one| one["$ref"].is_string()));
        let schema = resolved(either.unwrap_or(schema));
        let answer =
            shop.ask(operation.method, &operation.example_path(), Some(&json!({"nothing": 1}))).await;
        assert_eq!(answer.status, 400, "{operation:?}: {}", answer.body);
        // «unknown field `nothing`, expected one of `a`, `b`»; monitors and beats say it otherwise.
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        let Some(expected) = detail.split("unknown field `nothing`, expected ").nth(1) else { continue };
        let mut read: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        read.sort_unstable();
        let described: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(described, read, "{operation:?}");
        compared += 1;
    }
    assert!(compared >= 8, "{compared}");
}
