//! Logs and metrics, both as JSON lines: no API call, no waiting.
//!
//! A log line is a message and fields, with units in the names; a failure is logged once, where it is handled;
//! never a token, a body or an e-mail address.

use std::io::Write as _;

use jiff::Timestamp;
use lambda_runtime::tracing::subscriber::{filter::LevelFilter, fmt};
use serde_json::{Value, json};

/// The namespace of every metric; the template's alarms name it too.
pub const NAMESPACE: &str = "Shopwatch";

/// Starts logging, as `AWS_LAMBDA_LOG_FORMAT` and `AWS_LAMBDA_LOG_LEVEL` say (the template sets both). Not the
/// runtime's own subscriber: its filter brings a regular expression engine into every zip.
pub fn init() {
    let lines = fmt().with_target(false).without_time().with_max_level(level());
    match std::env::var("AWS_LAMBDA_LOG_FORMAT") {
        Ok(format) if format.eq_ignore_ascii_case("json") => lines.json().init(),
        _ => lines.init(),
    }
}

/// The level that is asked for, `INFO` at most: what is below is not ours, but whole events and requests of the crates that
/// we use, with the passwords and addresses in them.
fn level() -> LevelFilter {
    let asked = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    asked.unwrap_or(LevelFilter::INFO).min(LevelFilter::INFO)
}

/// Writes counts as one line in CloudWatch's embedded metric format, with the stack's name as dimension. They
/// count for the minute of `at`, whenever they are written.
pub fn count(stack: &str, at: Timestamp, counts: &[(&str, u64)]) {
    let line = embedded_metrics(stack, at, counts);
    // A metric that cannot be written must not stop what it counts.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
fn embedded_metrics(stack: &str, at: Timestamp, counts: &[(&str, u64)]) -> Value {
    let metrics: Vec<Value> = counts.iter().map(|(name, _)| json!({"Name": name, "Unit": "Count"})).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": at.as_millisecond(),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["Stack"]], "Metrics": metrics}],
        },
        "Stack": stack,
    });
    for (name, value) in counts {
        line[*name] = json!(value);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_in_the_embedded_metric_format() {
        let at = Timestamp::from_millisecond(1_000).unwrap();
        let line = embedded_metrics("shop", at, &[("ImportsEnded", 1)]);
        insta::assert_json_snapshot!(line, @r#"
        {
          "ImportsEnded": 1,
          "Stack": "shop",
          "_aws": {
            "CloudWatchMetrics": [
              {
                "Dimensions": [
                  [
                    "Stack"
                  ]
                ],
                "Metrics": [
                  {
                    "Name": "ImportsEnded",
                    "Unit": "Count"
                  }
                ],
                "Namespace": "Shopwatch"
              }
            ],
            "Timestamp": 1000
          }
        }
        "#);
    }
}
