//! Asserts on infra/template.yaml what the local cloud ignores, and freezes what must never change.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};

/// The template with its short-form tags (`!Sub`, `!GetAtt`, …) reduced to their arguments.
fn template() -> Value {
    let path = tests::root().join("infra/template.yaml");
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
fn tables_are_keyed_encrypted_and_paid_by_use() {
    let tables = resources_of(&template(), "AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 5);
    for (name, table) in tables {
        let properties = &table["Properties"];
        assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST", "{name}");
        assert_eq!(properties["SSESpecification"], json!({"SSEEnabled": true}), "{name}");
        let keys = json!([
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ]);
        assert_eq!(properties["KeySchema"], keys, "{name}");
    }
}

#[test]
fn what_cannot_be_made_again_is_backed_up_and_outlives_the_stack() {
    let template = template();
    for (name, table) in resources_of(&template, "AWS::DynamoDB::Table") {
        let passing = matches!(name.as_str(), "SignalsTable" | "SessionsTable");
        let backup = &table["Properties"]["PointInTimeRecoverySpecification"];
        if passing {
            assert_eq!(backup, &Value::Null, "{name}");
            continue;
        }
        assert_eq!(backup, &json!({"PointInTimeRecoveryEnabled": true}), "{name}");
        assert_eq!(table["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
        assert_eq!(table["UpdateReplacePolicy"], "Retain", "{name}");
    }
    let secret = &template["Resources"]["PiiKey"];
    assert_eq!(secret["DeletionPolicy"], "RetainExceptOnCreate");
    assert_eq!(secret["UpdateReplacePolicy"], "Retain");
}

#[test]
fn what_passes_expires() {
    let template = template();
    let expiring: Vec<_> = resources_of(&template, "AWS::DynamoDB::Table")
        .into_iter()
        .filter(|(_, table)| {
            table["Properties"]["TimeToLiveSpecification"]
                == json!({"AttributeName": "expires_at", "Enabled": true})
        })
        .map(|(name, _)| name)
        .collect();
    assert_eq!(expiring, ["ImportsTable", "SessionsTable", "SignalsTable"]);

    let rules = &template["Resources"]["UploadsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"];
    let rule = |id: &str| {
        let found = rules.as_array().and_then(|rules| rules.iter().find(|rule| rule["Id"] == id));
        found.cloned().unwrap_or_else(|| panic!("no life-cycle rule {id}"))
    };
    assert_eq!(rule("raw-exports")["Prefix"], "purchases/");
    assert_eq!(rule("raw-exports")["ExpirationInDays"], "RawRetentionDays");
    assert_eq!(rule("rejects")["Prefix"], "rejects/");
    assert_eq!(rule("rejects")["ExpirationInDays"], "RejectsRetentionDays");
    let old = json!({"NoncurrentDays": "NoncurrentRetentionDays"});
    assert_eq!(rule("old-versions")["NoncurrentVersionExpiration"], old);
    for id in ["raw-exports", "rejects", "old-versions"] {
        assert_eq!(rule(id)["Status"], "Enabled", "{id}");
    }

    for (name, group) in resources_of(&template, "AWS::Logs::LogGroup") {
        assert_eq!(group["Properties"]["RetentionInDays"], "LogRetentionDays", "{name}");
    }
}

/// A change in here makes CloudFormation generate a new key, and every old purchase look new.
#[test]
fn the_generated_key_is_frozen() {
    let frozen = json!({
        "SecretStringTemplate": r#"{"active": "k1"}"#,
        "GenerateStringKey": "k1",
        "PasswordLength": 64,
        "ExcludePunctuation": true,
    });
    assert_eq!(template()["Resources"]["PiiKey"]["Properties"]["GenerateSecretString"], frozen);
}

#[test]
fn uploads_are_private_versioned_and_announced_below_one_prefix() {
    let template = template();
    let bucket = &template["Resources"]["UploadsBucket"]["Properties"];
    for block in ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"] {
        assert_eq!(bucket["PublicAccessBlockConfiguration"][block], true, "{block}");
    }
    assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled");
    let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    assert_eq!(encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");

    let announced = bucket["NotificationConfiguration"]["LambdaConfigurations"].as_array().expect("a list");
    let [announced] = announced.as_slice() else { panic!("one notification expected: {announced:?}") };
    assert_eq!(announced["Event"], "s3:ObjectCreated:*");
    let rules = json!([{"Name": "prefix", "Value": "purchases/"}]);
    assert_eq!(announced["Filter"]["S3Key"]["Rules"], rules);

    let policy = &template["Resources"]["UploadsTlsOnly"];
    assert_eq!(policy["Condition"], "OnAws");
    let statement = &policy["Properties"]["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(statement["Condition"]["Bool"]["aws:SecureTransport"], "false");
}

#[test]
fn asynchronous_invocations_end_in_the_dead_letter_queue() {
    let template = template();
    let limits = [("SchedulerFunction", 120, 1), ("PingFunction", 120, 1), ("EtlFunction", 21_600, 2)];
    for (name, age, retries) in limits {
        let invoked = &template["Resources"][name]["Properties"]["EventInvokeConfig"];
        assert_eq!(invoked["MaximumEventAgeInSeconds"], age, "{name}");
        assert_eq!(invoked["MaximumRetryAttempts"], retries, "{name}");
        let failed = json!({"Type": "SQS", "Destination": "DeadLetters.Arn"});
        assert_eq!(invoked["DestinationConfig"]["OnFailure"], failed, "{name}");
    }
    let queue = &template["Resources"]["DeadLetters"]["Properties"];
    assert_eq!(queue["MessageRetentionPeriod"], 14 * 24 * 3600);
    assert_eq!(queue["SqsManagedSseEnabled"], true);
}

#[test]
fn the_schedule_is_on_the_minute() {
    let template = template();
    let event = &template["Resources"]["SchedulerFunction"]["Properties"]["Events"]["EveryMinute"];
    assert_eq!(event["Type"], "ScheduleV2");
    let schedule = &event["Properties"];
    assert_eq!(schedule["ScheduleExpression"], "cron(* * * * ? *)");
    assert_eq!(schedule["ScheduleExpressionTimezone"], "UTC");
    assert_eq!(schedule["FlexibleTimeWindow"], json!({"Mode": "OFF"}));
    assert_eq!(schedule["Input"], r#"{"time":"<aws.scheduler.scheduled-time>"}"#);
    let retries = json!({"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 2});
    assert_eq!(schedule["RetryPolicy"], retries);
}

#[test]
fn every_function_has_a_role_and_a_log_group_of_its_own() {
    let template = template();
    let global = &template["Globals"]["Function"];
    assert_eq!(global["Architectures"], json!(["arm64"]));
    assert_eq!(global["Runtime"], "provided.al2023");
    let functions = resources_of(&template, "AWS::Serverless::Function");
    assert_eq!(functions.len(), 4);
    for (name, function) in functions {
        let short = name.trim_end_matches("Function");
        let properties = &function["Properties"];
        assert_eq!(properties["Role"], format!("{short}Role.Arn"));
        let logging = json!({"LogFormat": "JSON", "LogGroup": format!("{short}Logs")});
        assert_eq!(properties["LoggingConfig"], logging, "{name}");
        assert_eq!(properties["CodeUri"], format!("../target/lambda/{}/", short.to_lowercase()));
    }
}

/// Rule 6: the permission a function has is the trait its handler asks for.
#[test]
fn roles_hold_exactly_what_their_function_does() {
    let template = template();
    let expected = [
        (
            "SchedulerRole",
            json!([
                ["dynamodb:Query", "MonitorsTable.Arn"],
                ["lambda:InvokeFunction", "PingFunction.Arn"],
                ["sqs:SendMessage", "DeadLetters.Arn"],
                [["logs:CreateLogStream", "logs:PutLogEvents"], "SchedulerLogs.Arn"],
            ]),
        ),
        (
            "PingRole",
            json!([
                ["dynamodb:Query", "MonitorsTable.Arn"],
                ["dynamodb:PutItem", "SignalsTable.Arn"],
                ["sqs:SendMessage", "DeadLetters.Arn"],
                [["logs:CreateLogStream", "logs:PutLogEvents"], "PingLogs.Arn"],
            ]),
        ),
        (
            "EtlRole",
            json!([
                ["dynamodb:BatchWriteItem", "PurchasesTable.Arn"],
                [["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], "ImportsTable.Arn"],
                [["s3:GetObject", "s3:GetObjectVersion"], format!("{UPLOADS_ARN}/purchases/*")],
                [["s3:PutObject", "s3:AbortMultipartUpload"], format!("{UPLOADS_ARN}/rejects/*")],
                ["secretsmanager:GetSecretValue", "PiiKey.Id"],
                ["sqs:SendMessage", "DeadLetters.Arn"],
                [["logs:CreateLogStream", "logs:PutLogEvents"], "EtlLogs.Arn"],
            ]),
        ),
        (
            "ReaderRole",
            json!([
                ["dynamodb:Query", ["MonitorsTable.Arn", "SignalsTable.Arn", "PurchasesTable.Arn"]],
                ["dynamodb:GetItem", "SessionsTable.Arn"],
                [["logs:CreateLogStream", "logs:PutLogEvents"], "ReaderLogs.Arn"],
            ]),
        ),
        (
            "EveryMinuteRole",
            json!([
                ["lambda:InvokeFunction", "SchedulerFunction.Arn"],
                ["sqs:SendMessage", "DeadLetters.Arn"],
            ]),
        ),
    ];
    assert_eq!(resources_of(&template, "AWS::IAM::Role").len(), expected.len());
    for (role, expected) in expected {
        let policies = template["Resources"][role]["Properties"]["Policies"].as_array().expect("a list");
        let [policy] = policies.as_slice() else { panic!("{role}: one policy expected") };
        let statements = policy["PolicyDocument"]["Statement"].as_array().expect("a list");
        let granted: Vec<_> = statements
            .iter()
            .inspect(|statement| assert_eq!(statement["Effect"], "Allow", "{role}"))
            .map(|statement| json!([statement["Action"], statement["Resource"]]))
            .collect();
        assert_eq!(Value::from(granted), expected, "{role}");
    }
    let summaries = &template["Resources"]["SchedulerRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        [0];
    let leading = json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["META"]}});
    assert_eq!(summaries["Condition"], leading);
}

const UPLOADS_ARN: &str =
    "arn:${AWS::Partition}:s3:::${AWS::StackName}-uploads-${AWS::AccountId}-${AWS::Region}";

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
fn imports_may_have_concurrency_of_their_own_and_pings_never_need_it() {
    let template = template();
    for (name, function) in resources_of(&template, "AWS::Serverless::Function") {
        let reserved = &function["Properties"]["ReservedConcurrentExecutions"];
        let expected = match name.as_str() {
            "EtlFunction" => json!(["ReservesEtl", "EtlConcurrency", "AWS::NoValue"]),
            _ => Value::Null,
        };
        assert_eq!(*reserved, expected, "{name}");
    }
    assert_eq!(template["Parameters"]["EtlConcurrency"]["Default"], 0);
}

#[test]
fn alarms_watch_every_function_the_dead_letters_and_the_silence() {
    let template = template();
    for function in ["Scheduler", "Ping", "Etl", "Reader"] {
        for metric in ["Errors", "Throttles"] {
            let alarm = &template["Resources"][format!("{function}{metric}")]["Properties"];
            let source = json!([alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"]]);
            let of_function = json!([{"Name": "FunctionName", "Value": format!("{function}Function")}]);
            // reader answers 503 without being in error itself: what visitors see is watched.
            let expected = match (function, metric) {
                ("Reader", "Errors") => json!(["AWS/ApiGateway", "5xx", [{"Name": "ApiId", "Value": "Api"}]]),
                _ => json!(["AWS/Lambda", metric, of_function]),
            };
            assert_eq!(source, expected, "{function}{metric}");
        }
    }
    assert_eq!(template["Resources"]["DeadLetterSent"]["Properties"]["MetricName"], "NumberOfMessagesSent");

    let silence = &template["Resources"]["BlocksMissing"]["Properties"];
    assert_eq!(silence["TreatMissingData"], "breaching");
    assert_eq!(json!([silence["EvaluationPeriods"], silence["DatapointsToAlarm"]]), json!([5, 4]));
    assert_eq!(silence["ComparisonOperator"], "GreaterThanOrEqualToThreshold");
    assert_eq!(silence["Threshold"], 1);
    assert_eq!(silence["Metrics"][0]["Expression"], "expected - FILL(written, 0)");
    for (at, metric, statistic) in [(1, "BlocksExpected", "Maximum"), (2, "BlocksWritten", "Sum")] {
        let source = &silence["Metrics"][at]["MetricStat"];
        assert_eq!(source["Stat"], statistic);
        assert_eq!(source["Period"], 60, "a slot");
        let watched = json!({
            "Namespace": "Shopwatch",
            "MetricName": metric,
            "Dimensions": [{"Name": "Stack", "Value": "AWS::StackName"}],
        });
        assert_eq!(source["Metric"], watched);
    }
    for (name, alarm) in resources_of(&template, "AWS::CloudWatch::Alarm") {
        let topic = json!(["MailsAlarms", ["AlarmTopic"], "AWS::NoValue"]);
        assert_eq!(alarm["Properties"]["AlarmActions"], topic, "{name}");
    }
}

#[test]
fn parameters_are_described_and_checked() {
    let template = template();
    for (name, parameter) in template["Parameters"].as_object().expect("parameters") {
        assert!(parameter["Description"].is_string(), "{name} has no description");
        assert!(!parameter["Default"].is_null(), "{name} has no default");
        let checks = ["AllowedValues", "AllowedPattern", "MinValue"];
        assert!(checks.iter().any(|check| !parameter[*check].is_null()), "{name} takes anything");
    }
    assert_eq!(template["Parameters"]["EtlConcurrency"]["Default"], 0);
    assert_eq!(template["Parameters"]["PiiMethod"]["Default"], "hmac");
    assert_eq!(template["Parameters"]["AllowPrivateTargets"]["Default"], "false");
}
