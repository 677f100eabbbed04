//! Asserts on infra/template.yaml what the local cloud ignores, and freezes what must never change.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};

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
fn tables_are_keyed_encrypted_and_paid_by_use() {
    let tables = resources_of(&template(), "AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 9);
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
    assert_eq!(expiring, ["HistoryTable", "ImportsTable", "SessionsTable", "SignalsTable"]);

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
fn buckets_are_private_and_encrypted_and_want_tls() {
    let template = template();
    for name in ["Uploads", "Analytics"] {
        let bucket = &template["Resources"][format!("{name}Bucket")]["Properties"];
        for block in ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"] {
            assert_eq!(bucket["PublicAccessBlockConfiguration"][block], true, "{name} {block}");
        }
        let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
        assert_eq!(encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256", "{name}");
        let policy = &template["Resources"][format!("{name}TlsOnly")];
        assert_eq!(policy["Condition"], "OnAws", "{name}");
        let statement = &policy["Properties"]["PolicyDocument"]["Statement"][0];
        assert_eq!(statement["Effect"], "Deny", "{name}");
        assert_eq!(statement["Condition"]["Bool"]["aws:SecureTransport"], "false", "{name}");
    }
    assert_eq!(resources_of(&template, "AWS::S3::Bucket").len(), 2);
}

#[test]
fn uploads_are_versioned_and_announced_below_one_prefix_and_analytics_are_neither() {
    let template = template();
    let bucket = &template["Resources"]["UploadsBucket"]["Properties"];
    assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled");
    let announced = bucket["NotificationConfiguration"]["LambdaConfigurations"].as_array().expect("a list");
    let [announced] = announced.as_slice() else { panic!("one notification expected: {announced:?}") };
    assert_eq!(announced["Event"], "s3:ObjectCreated:*");
    let rules = json!([{"Name": "prefix", "Value": "purchases/"}]);
    assert_eq!(announced["Filter"]["S3Key"]["Rules"], rules);
    // Who is erased must not live on in an old version.
    let analytics = &template["Resources"]["AnalyticsBucket"]["Properties"];
    assert_eq!(analytics["VersioningConfiguration"], Value::Null);
    assert_eq!(analytics["NotificationConfiguration"], Value::Null);
}

#[test]
fn imports_are_taken_up_again_and_sales_recomputed_by_schedule() {
    let template = template();
    let schedules = [
        ("EtlFunction", "Sweep", "cron(17 * * * ? *)", r#"{"sweep":"<aws.scheduler.scheduled-time>"}"#),
        (
            "RollupFunction",
            "EveryNight",
            "cron(41 2 * * ? *)",
            r#"{"nightly":"<aws.scheduler.scheduled-time>"}"#,
        ),
    ];
    for (function, event, when, input) in schedules {
        let schedule = &template["Resources"][function]["Properties"]["Events"][event]["Properties"];
        assert_eq!(json!([schedule["ScheduleExpression"], schedule["Input"]]), json!([when, input]));
        assert_eq!(schedule["DeadLetterConfig"]["Arn"], "DeadLetters.Arn");
    }
    // It starts itself to go on; Lambda would stop that after sixteen times.
    for function in ["EtlFunction", "RollupFunction"] {
        assert_eq!(template["Resources"][function]["Properties"]["RecursiveLoop"], "Allow", "{function}");
    }
}

#[test]
fn asynchronous_invocations_end_in_the_dead_letter_queue() {
    let template = template();
    let probe = probe();
    let limits = [
        (&template, "PingFunction", 120, 1),
        (&probe, "PingFunction", 120, 1),
        (&template, "RollupFunction", 21_600, 2),
        (&template, "EtlFunction", 21_600, 2),
    ];
    for (template, name, age, retries) in limits {
        let invoked = &template["Resources"][name]["Properties"]["EventInvokeConfig"];
        assert_eq!(invoked["MaximumEventAgeInSeconds"], age, "{name}");
        assert_eq!(invoked["MaximumRetryAttempts"], retries, "{name}");
        let failed = json!({"Type": "SQS", "Destination": "DeadLetters.Arn"});
        assert_eq!(invoked["DestinationConfig"]["OnFailure"], failed, "{name}");
    }
    // Its errors are the dead man's switch: trying again would make every check twice.
    let scheduler = &template["Resources"]["SchedulerFunction"]["Properties"]["EventInvokeConfig"];
    assert_eq!(*scheduler, json!({"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}));
    let queue = &template["Resources"]["DeadLetters"]["Properties"];
    assert_eq!(queue["MessageRetentionPeriod"], 14 * 24 * 3600);
    assert_eq!(queue["SqsManagedSseEnabled"], true);
}

/// The emulator knows none of these limits: there a failing batch is tried until it is too old.
#[test]
fn judge_follows_blocks_and_gives_up_in_the_end() {
    let template = template();
    let signals = &template["Resources"]["JudgeFunction"]["Properties"]["Events"]["Signals"];
    assert_eq!(signals["Type"], "DynamoDB");
    let mapping = &signals["Properties"];
    assert_eq!(mapping["StartingPosition"], "TRIM_HORIZON");
    assert_eq!(mapping["MaximumRecordAgeInSeconds"], 3_600);
    assert_eq!(mapping["MaximumRetryAttempts"], 100);
    assert_eq!(mapping["BisectBatchOnFunctionError"], true);
    let failed = json!({"OnFailure": {"Type": "SQS", "Destination": "DeadLetters.Arn"}});
    assert_eq!(mapping["DestinationConfig"], failed);
    let filters = mapping["FilterCriteria"]["Filters"].as_array().expect("a list");
    let [filter] = filters.as_slice() else { panic!("one filter expected: {filters:?}") };
    let pattern: Value = serde_json::from_str(filter["Pattern"].as_str().expect("a text")).expect("JSON");
    let blocks = json!({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["block"]}}}});
    assert_eq!(pattern, blocks);
    let stream = &template["Resources"]["SignalsTable"]["Properties"]["StreamSpecification"];
    assert_eq!(stream["StreamViewType"], "NEW_IMAGE");
}

/// What differs between the two is where the tables are.
#[test]
fn another_regions_ping_is_the_one_at_home() {
    let (template, probe) = (template(), probe());
    let [home, away] = [&template, &probe].map(|t| &t["Resources"]["PingFunction"]["Properties"]);
    for same in ["FunctionName", "CodeUri", "MemorySize", "Timeout", "LoggingConfig", "EventInvokeConfig"] {
        assert_eq!(home[same], away[same], "{same}");
    }
    let names = |ping: &Value| -> Vec<String> {
        let variables = ping["Environment"]["Variables"].as_object().expect("variables");
        variables.keys().cloned().collect()
    };
    assert_eq!(names(home), names(away));
    assert_eq!(away["Environment"]["Variables"]["HOME_REGION"], "HomeRegion");
    for parameter in
        ["AllowPrivateTargets", "ReferenceTargets", "LogRetentionDays", "AlarmEmail", "DetailedAlarms"]
    {
        let checks = |template: &Value| {
            let parameter = &template["Parameters"][parameter];
            json!([parameter["AllowedPattern"], parameter["AllowedValues"], parameter["Default"]])
        };
        assert_eq!(checks(&template), checks(&probe), "{parameter}");
    }
    assert!(probe["Rules"]["AnotherRegion"].is_object(), "the home region is refused");
}

#[test]
fn history_is_recomputed_when_an_hour_is_over() {
    let template = template();
    let schedule =
        &template["Resources"]["RollupFunction"]["Properties"]["Events"]["EveryHour"]["Properties"];
    assert_eq!(schedule["ScheduleExpression"], "cron(3 * * * ? *)");
    assert_eq!(schedule["FlexibleTimeWindow"], json!({"Mode": "OFF"}));
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
    assert_eq!(functions.len(), 7);
    for (name, function) in functions {
        let short = name.trim_end_matches("Function");
        let properties = &function["Properties"];
        assert_eq!(properties["Role"], format!("{short}Role.Arn"));
        let mut logging = json!({"LogFormat": "JSON", "LogGroup": format!("{short}Logs")});
        // Three system lines an invocation would cost more than the invocation.
        if matches!(short, "Scheduler" | "Ping" | "Judge") {
            logging["SystemLogLevel"] = "WARN".into();
        }
        assert_eq!(properties["Tracing"], Value::Null, "{name}");
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
                ["dynamodb:Query", "IncidentsTable.Arn"],
                ["lambda:InvokeFunction", PING_ANYWHERE],
                [["logs:CreateLogStream", "logs:PutLogEvents"], "SchedulerLogs.Arn"],
            ]),
        ),
        (
            "PingRole",
            json!([
                ["dynamodb:Query", ["MonitorsTable.Arn", "BeatsTable.Arn"]],
                ["dynamodb:GetItem", "SecretsTable.Arn"],
                ["dynamodb:GetItem", "IncidentsTable.Arn"],
                ["dynamodb:PutItem", "SignalsTable.Arn"],
                ["sqs:SendMessage", "DeadLetters.Arn"],
                [["logs:CreateLogStream", "logs:PutLogEvents"], "PingLogs.Arn"],
            ]),
        ),
        (
            "JudgeRole",
            json!([
                [
                    ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
                    "SignalsTable.StreamArn"
                ],
                ["dynamodb:ListStreams", "*"],
                ["dynamodb:Query", ["MonitorsTable.Arn", "SignalsTable.Arn"]],
                [["dynamodb:GetItem", "dynamodb:PutItem"], "IncidentsTable.Arn"],
                ["sqs:SendMessage", "DeadLetters.Arn"],
                [["logs:CreateLogStream", "logs:PutLogEvents"], "JudgeLogs.Arn"],
            ]),
        ),
        (
            "RollupRole",
            json!([
                [
                    "dynamodb:Query",
                    [
                        "MonitorsTable.Arn",
                        "SignalsTable.Arn",
                        "PurchasesTable.Arn",
                        "${ImportsTable.Arn}/index/by_month"
                    ]
                ],
                [
                    [
                        "dynamodb:BatchGetItem",
                        "dynamodb:BatchWriteItem",
                        "dynamodb:DeleteItem",
                        "dynamodb:GetItem",
                        "dynamodb:PutItem",
                        "dynamodb:Query"
                    ],
                    "HistoryTable.Arn"
                ],
                ["s3:PutObject", format!("{ANALYTICS_ARN}/analytics/*")],
                ["lambda:InvokeFunction", function_arn("rollup")],
                ["sqs:SendMessage", "DeadLetters.Arn"],
                [["logs:CreateLogStream", "logs:PutLogEvents"], "RollupLogs.Arn"],
            ]),
        ),
        (
            "AdminRole",
            json!([
                [["dynamodb:GetItem", "dynamodb:PutItem"], "BeatsTable.Arn"],
                [["logs:CreateLogStream", "logs:PutLogEvents"], "AdminLogs.Arn"],
            ]),
        ),
        (
            "EtlRole",
            json!([
                ["dynamodb:BatchWriteItem", "PurchasesTable.Arn"],
                [
                    ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
                    "ImportsTable.Arn"
                ],
                ["dynamodb:Query", "${ImportsTable.Arn}/index/by_month"],
                ["lambda:InvokeFunction", [function_arn("etl"), "RollupFunction.Arn".to_owned()]],
                [["s3:GetObject", "s3:GetObjectVersion"], format!("{UPLOADS_ARN}/purchases/*")],
                ["s3:ListBucket", UPLOADS_ARN],
                [["s3:PutObject", "s3:AbortMultipartUpload"], format!("{UPLOADS_ARN}/rejects/*")],
                ["secretsmanager:GetSecretValue", "PiiKey.Id"],
                ["sqs:SendMessage", "DeadLetters.Arn"],
                [["logs:CreateLogStream", "logs:PutLogEvents"], "EtlLogs.Arn"],
            ]),
        ),
        (
            "ReaderRole",
            json!([
                [
                    "dynamodb:Query",
                    [
                        "MonitorsTable.Arn",
                        "SignalsTable.Arn",
                        "PurchasesTable.Arn",
                        "${ImportsTable.Arn}/index/by_month",
                        "${ImportsTable.Arn}/index/by_id"
                    ]
                ],
                [["dynamodb:GetItem", "dynamodb:Query"], "IncidentsTable.Arn"],
                ["dynamodb:GetItem", "HistoryTable.Arn"],
                [["dynamodb:BatchGetItem", "dynamodb:Query"], "HistoryTable.Arn"],
                ["dynamodb:GetItem", "SessionsTable.Arn"],
                [["logs:CreateLogStream", "logs:PutLogEvents"], "ReaderLogs.Arn"],
            ]),
        ),
        (
            "ScheduleRole",
            json!([
                ["lambda:InvokeFunction", ["SchedulerFunction.Arn", "RollupFunction.Arn", "EtlFunction.Arn"]],
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
    let scheduler =
        &template["Resources"]["SchedulerRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    for (at, partition) in [(0, "META"), (1, "FOLDED")] {
        let leading = json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [partition]}});
        assert_eq!(scheduler[at]["Condition"], leading);
    }
    // The buyers are in the same table as the trends.
    let reader =
        &template["Resources"]["ReaderRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    let summary = json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["SUMMARY"]}});
    let trends = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["TREND#*"]}});
    assert_eq!(json!([reader[2]["Condition"], reader[3]["Condition"]]), json!([summary, trends]));
    let states = json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["STATE"]}});
    for template in [template, probe()] {
        let statements =
            &template["Resources"]["PingRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
        assert_eq!(statements[2]["Condition"], states);
    }
}

const PING_ANYWHERE: &str =
    "arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:${AWS::StackName}-ping";

fn function_arn(name: &str) -> String {
    format!(
        "arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:${{AWS::StackName}}-{name}"
    )
}

const ANALYTICS_ARN: &str =
    "arn:${AWS::Partition}:s3:::${AWS::StackName}-analytics-${AWS::AccountId}-${AWS::Region}";

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
