//! Roles: exactly what each function does.

use serde_json::{Value, json};

use super::{probe, resources_of, template};

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
                        "dynamodb:Query",
                        "dynamodb:UpdateItem"
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
                [
                    ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
                    "BeatsTable.Arn"
                ],
                [
                    ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
                    "AccountsTable.Arn"
                ],
                [
                    [
                        "dynamodb:DeleteItem",
                        "dynamodb:GetItem",
                        "dynamodb:PutItem",
                        "dynamodb:Query",
                        "dynamodb:UpdateItem"
                    ],
                    ["SessionsTable.Arn", "${SessionsTable.Arn}/index/by_user"]
                ],
                [
                    ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
                    ["MonitorsTable.Arn", "${MonitorsTable.Arn}/index/by_account"]
                ],
                ["dynamodb:GetItem", "IncidentsTable.Arn"],
                [["dynamodb:DeleteItem", "dynamodb:PutItem"], "SecretsTable.Arn"],
                ["lambda:InvokeFunction", "PingFunction.Arn"],
                [["dynamodb:PutItem", "dynamodb:Query"], "AuditTable.Arn"],
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
                        "${MonitorsTable.Arn}/index/by_account",
                        "SignalsTable.Arn",
                        "${IncidentsTable.Arn}/index/by_account",
                        "PurchasesTable.Arn",
                        "${ImportsTable.Arn}/index/by_month",
                        "${ImportsTable.Arn}/index/by_id"
                    ]
                ],
                ["dynamodb:GetItem", "MonitorsTable.Arn"],
                [["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"], "IncidentsTable.Arn"],
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
    let trends = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["TREND#*", "DAY#*", "HOUR#*"]}});
    assert_eq!(json!([reader[3]["Condition"], reader[4]["Condition"]]), json!([summary, trends]));
    let of_history: Vec<&Value> = reader
        .as_array()
        .expect("a list")
        .iter()
        .filter(|statement| statement["Resource"].to_string().contains("HistoryTable"))
        .collect();
    assert_eq!(of_history, [&reader[3], &reader[4]], "another way to the buyers");
    // Where channels lead is in the same table as what targets let us in with.
    let credentials = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["MONITOR#*"]}});
    let states = json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["STATE"]}});
    for template in [template, probe()] {
        let statements =
            &template["Resources"]["PingRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
        assert_eq!(
            json!([statements[1]["Condition"], statements[2]["Condition"]]),
            json!([credentials, states])
        );
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
