//! Functions: what starts them, how often they are tried again, where they run.

use serde_json::{Value, json};

use super::{probe, resources_of, template};

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

/// Each falls back to a default when its variable is missing.
#[test]
fn what_people_set_reaches_the_functions() {
    let template = template();
    for (function, variable, parameter) in [
        ("EtlFunction", "SHOP_TIME_ZONE", "ShopTimeZone"),
        ("EtlFunction", "CSV_COLUMNS", "CsvColumns"),
        ("EtlFunction", "CSV_DELIMITER", "CsvDelimiter"),
        ("EtlFunction", "MAX_REJECTED_PERCENT", "MaxRejectedPercent"),
        ("EtlFunction", "PII_METHOD", "PiiMethod"),
        ("ReaderFunction", "PUBLIC_TRENDS", "PublicTrends"),
        ("ReaderFunction", "CORS_ORIGIN", "CorsOrigin"),
        ("ReaderFunction", "PAGE_TITLE", "PageTitle"),
        ("AdminFunction", "SIGN_UP", "SignUp"),
        ("PingFunction", "ALLOW_PRIVATE_TARGETS", "AllowPrivateTargets"),
        ("PingFunction", "REFERENCE_TARGETS", "ReferenceTargets"),
    ] {
        assert!(template["Parameters"][parameter].is_object(), "{parameter}");
        let variables = &template["Resources"][function]["Properties"]["Environment"]["Variables"];
        assert_eq!(variables[variable], parameter, "{function} {variable}");
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

#[test]
fn imports_and_their_days_may_have_concurrency_of_their_own_and_pings_never_need_it() {
    let template = template();
    for (name, function) in resources_of(&template, "AWS::Serverless::Function") {
        let reserved = &function["Properties"]["ReservedConcurrentExecutions"];
        let expected = match name.as_str() {
            "EtlFunction" => json!(["ReservesEtl", "EtlConcurrency", "AWS::NoValue"]),
            "RollupFunction" => json!(["ReservesRollup", "RollupConcurrency", "AWS::NoValue"]),
            _ => Value::Null,
        };
        assert_eq!(*reserved, expected, "{name}");
    }
    for parameter in ["EtlConcurrency", "RollupConcurrency"] {
        assert_eq!(template["Parameters"][parameter]["Default"], 0, "{parameter}");
    }
}
