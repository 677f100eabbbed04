//! Asserts on infra/template.yaml what the local cloud ignores, and freezes what must never change.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod alarms;
mod functions;
mod roles;
mod storage;

use serde_json::Value;

/// The template with its short-form tags (`!Sub`, `!GetAtt`, …) reduced to their arguments.
fn template() -> Value {
    read("infra/template.yaml")
}

/// The template of one more region.
fn probe() -> Value {
    read("infra/probe.yaml")
}

fn read(file: &str) -> Value {
    let path = tests::root().join(file);
    let text = std::fs::read_to_string(path).expect("the template can be read");
    serde_saphyr::from_str(&text).expect("the template is YAML")
}

fn resources_of(template: &Value, kind: &str) -> Vec<(String, Value)> {
    let all = template["Resources"].as_object().expect("resources");
    let found: Vec<_> = all
        .iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name.clone(), resource.clone()))
        .collect();
    assert!(!found.is_empty(), "the template has no {kind}");
    found
}

#[test]
fn the_http_api_is_throttled_and_its_log_holds_nothing_of_visitors() {
    let template = template();
    let stage = &template["Resources"]["ApiStage"]["Properties"];
    for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
        assert_eq!(stage["DefaultRouteSettings"][limit], "RequestsPerSecond");
    }
    let format = stage["AccessLogSettings"]["Format"].as_str().expect("a format");
    let fields: Value = serde_json::from_str(format).expect("the log's lines are JSON");
    for (field, variable) in fields.as_object().expect("fields") {
        let variable = variable.as_str().expect("a variable").trim_start_matches("$context.");
        let harmless = [
            "requestTime",
            "requestId",
            "httpMethod",
            "routeKey",
            "status",
            "responseLength",
            "responseLatency",
            "integrationErrorMessage",
        ];
        assert!(harmless.contains(&variable), "{field}: {variable}");
    }
}

#[test]
fn parameters_are_described_and_checked() {
    let (template, probe) = (template(), probe());
    let parameters = [&template, &probe].map(|t| t["Parameters"].as_object().expect("parameters"));
    for (name, parameter) in parameters.into_iter().flatten() {
        assert!(parameter["Description"].is_string(), "{name} has no description");
        assert!(!parameter["Default"].is_null(), "{name} has no default");
        let checks = ["AllowedValues", "AllowedPattern", "MinValue"];
        assert!(checks.iter().any(|check| !parameter[*check].is_null()), "{name} takes anything");
    }
    assert_eq!(template["Parameters"]["EtlConcurrency"]["Default"], 0);
    assert_eq!(template["Parameters"]["PiiMethod"]["Default"], "hmac");
    assert_eq!(template["Parameters"]["AllowPrivateTargets"]["Default"], "false");
}
