//! Every route that is asked here is described, and what describes them is served.

use super::*;

/// Whether the description has an operation for this.
fn is_described(api: &Value, path: &str) -> bool {
    let fits = |template: &str| {
        let mut segments = template.split('/').zip(path.split('/'));
        template.split('/').count() == path.split('/').count()
            && segments.all(|(of_template, of_path)| of_template.starts_with('{') || of_template == of_path)
    };
    api["paths"]
        .as_object()
        .unwrap()
        .iter()
        .any(|(template, item)| fits(template) && item.get("get").is_some())
}

#[test]
fn every_route_is_described() {
    let api = serde_json::to_value(crate::openapi()).unwrap();
    let of_gate = gate::ROUTES.iter().map(|(path, ..)| *path);
    for path in of_gate.chain(gate::FOR_ANYBODY).chain(frame::ROUTES) {
        assert!(is_described(&api, path), "{path}");
    }
    assert!(!is_described(&api, "/nothing"));
}

#[tokio::test]
async fn anybody_may_read_the_description() {
    let shop = Shop::new();
    for (path, media_type, begins) in [
        ("/openapi.json", "application/json", "{\n  \"components\": {"),
        ("/docs", "text/html; charset=utf-8", "<!doctype html>"),
    ] {
        let answer = shop.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, media_type));
        assert!(answer.body.starts_with(begins) && answer.body.len() < 1_000_000, "{path}");
        let etag = answer.header("etag");
        let again = shop.send(Method::GET, path, &[("if-none-match", etag)]).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
        assert_eq!(shop.get(&format!("{path}?a=b")).await.status, StatusCode::BAD_REQUEST);
    }
}
