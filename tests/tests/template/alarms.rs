//! Alarms: what is always seen, and what only in detail.

use serde_json::{Value, json};

use super::{probe, resources_of, template};

/// Watching costs a hundredth of a dollar a monitor because silence and dead letters are all that has to be seen.
#[test]
fn silence_and_dead_letters_are_seen_and_the_rest_is_detail() {
    let template = template();
    let silence = &template["Resources"]["BlocksMissing"];
    assert_eq!(silence["Condition"], Value::Null, "everywhere");
    let silence = &silence["Properties"];
    let source =
        json!([silence["Namespace"], silence["MetricName"], silence["Statistic"], silence["Period"]]);
    assert_eq!(source, json!(["AWS/Lambda", "Errors", "Sum", 60]));
    assert_eq!(silence["Dimensions"], json!([{"Name": "FunctionName", "Value": "SchedulerFunction"}]));
    assert_eq!(json!([silence["EvaluationPeriods"], silence["DatapointsToAlarm"]]), json!([5, 3]));
    assert_eq!(silence["ComparisonOperator"], "GreaterThanOrEqualToThreshold");
    assert_eq!(json!([silence["Threshold"], silence["TreatMissingData"]]), json!([1, "breaching"]));
    for template in [&template, &probe()] {
        let dead = &template["Resources"]["DeadLetterSent"];
        assert_eq!(dead["Condition"], Value::Null, "everywhere");
        assert_eq!(dead["Properties"]["MetricName"], "NumberOfMessagesSent");
    }
    let watching = ["Throttles", "PingErrors", "JudgeErrors", "JudgeLate", "RollupErrors"];
    for name in watching {
        assert_eq!(template["Resources"][name]["Condition"], "HasDetailedAlarms", "{name}");
    }
    for name in ["PingErrors", "PingThrottles"] {
        assert_eq!(probe()["Resources"][name]["Condition"], "HasDetailedAlarms", "{name}");
    }
    assert_eq!(template["Conditions"]["HasDetailedAlarms"], json!(["OnAws", ["DetailedAlarms", "true"]]));
}

/// The README names the price of these, and `shopwatch cost` counts those of watching, `ALARM_METRICS` at home and
/// `ALARM_METRICS_OF_A_REGION` elsewhere: an alarm that is there by default belongs into both.
#[test]
fn five_alarms_are_always_there_and_two_of_them_are_of_watching() {
    let unconditional = |template: &Value| -> Vec<String> {
        let alarms = resources_of(template, "AWS::CloudWatch::Alarm").into_iter();
        let always = alarms.filter(|(_, alarm)| alarm["Condition"].is_null());
        let names =
            always.inspect(|(name, alarm)| assert!(alarm["Properties"]["Metrics"].is_null(), "{name}"));
        names.map(|(name, _)| name).collect()
    };
    // Of watching: the second and the third.
    let always = ["AdminErrors", "BlocksMissing", "DeadLetterSent", "EtlErrors", "ReaderErrors"];
    assert_eq!(unconditional(&template()), always);
    assert_eq!(unconditional(&probe()), ["DeadLetterSent"]);
}

#[test]
fn alarms_watch_every_function() {
    let template = template();
    for function in ["Ping", "Judge", "Rollup", "Etl", "Reader", "Admin"] {
        let alarm = &template["Resources"][format!("{function}Errors")]["Properties"];
        let source = json!([alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"]]);
        let of_function = json!([{"Name": "FunctionName", "Value": format!("{function}Function")}]);
        // reader answers 503 without being in error itself: what visitors see is watched.
        let expected = match function {
            "Reader" => json!(["AWS/ApiGateway", "5xx", [{"Name": "ApiId", "Value": "Api"}]]),
            _ => json!(["AWS/Lambda", "Errors", of_function]),
        };
        assert_eq!(source, expected, "{function}");
    }
    // Concurrency is the account's: one alarm for all functions, without the one that may have to wait.
    let throttles = &template["Resources"]["Throttles"]["Properties"];
    assert_eq!(throttles["Metrics"][0]["Expression"], "FILL(all, 0) - FILL(etl, 0)");
    let all = json!({"Namespace": "AWS/Lambda", "MetricName": "Throttles"});
    assert_eq!(throttles["Metrics"][1]["MetricStat"]["Metric"], all);
    let etl = &throttles["Metrics"][2]["MetricStat"]["Metric"]["Dimensions"];
    assert_eq!(*etl, json!([{"Name": "FunctionName", "Value": "EtlFunction"}]));
    assert_eq!(throttles["Threshold"], 1);
    let late = &template["Resources"]["JudgeLate"]["Properties"];
    assert_eq!(json!([late["MetricName"], late["Threshold"]]), json!(["IteratorAge", 120_000]));
    for (name, alarm) in resources_of(&template, "AWS::CloudWatch::Alarm") {
        let topic = json!(["MailsAlarms", ["AlarmTopic"], "AWS::NoValue"]);
        assert_eq!(alarm["Properties"]["AlarmActions"], topic, "{name}");
    }
}
