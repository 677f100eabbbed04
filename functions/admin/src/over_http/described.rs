//! Every route that is asked here is described.

use super::{channels, gates, ownership, upkeep};

/// Whether the description has an operation for this.
fn is_described(api: &serde_json::Value, method: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |template: &str| {
        let segments = || template.split('/').zip(path.split('/'));
        template.split('/').count() == path.split('/').count()
            && segments().all(|(of_template, of_path)| of_template.starts_with('{') || of_template == of_path)
    };
    let paths = api["paths"].as_object().unwrap();
    paths.iter().any(|(template, item)| fits(template) && item.get(method.to_lowercase()).is_some())
}

#[test]
fn every_route_is_described() {
    let api = serde_json::to_value(crate::openapi()).unwrap();
    let of_gates =
        gates::routes().into_iter().map(|(method, path, ..)| (method.to_string(), path.to_owned()));
    let of_monitors = ownership::ROUTES.into_iter().chain(ownership::MORE).chain(channels::ROUTES);
    let of_monitors = of_monitors.map(|(method, path, _)| (method.to_owned(), path.to_owned()));
    let of_upkeep = upkeep::ROUTES.map(|(method, path)| (method.to_owned(), path.to_owned()));
    let beats = [("POST".to_owned(), "/beats/token".to_owned())];
    for (method, path) in of_gates.chain(of_monitors).chain(of_upkeep).chain(beats) {
        assert!(is_described(&api, &method, &path), "{method} {path}");
    }
    assert!(!is_described(&api, "GET", "/api/monitor") && !is_described(&api, "POST", "/api/nothing"));
}
