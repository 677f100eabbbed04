//! Each function's role, tried in the local cloud with IAM enforced: what a function does not need is refused.
//! (What it needs is proven by the paths that work, in the other end-to-end tests.)
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;
use tests::local_cloud::LocalCloud;

/// The stack's configuration of clients, but with the credentials of a function.
async fn acting_as(cloud: &LocalCloud, function: &str) -> SdkConfig {
    let lambda = aws_sdk_lambda::Client::new(&cloud.aws);
    let deployed =
        lambda.get_function_configuration().function_name(cloud.name(function)).send().await.unwrap();
    let sts = aws_sdk_sts::Client::new(&cloud.aws);
    let assumed =
        sts.assume_role().role_arn(deployed.role.unwrap()).role_session_name(function).send().await.unwrap();
    let given = assumed.credentials.unwrap();
    let credentials = Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        None,
        "assumed",
    );
    cloud.aws.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}

fn key() -> Option<HashMap<String, AttributeValue>> {
    Some(["pk", "sk"].map(|name| (name.to_owned(), AttributeValue::S("iam-test".to_owned()))).into())
}

/// What happens when a function tries this on this resource: `None` when it is let through. A query is of a partition
/// named behind the table, `history/TREND#2020-06`, or of one that no table has.
async fn refusal(cloud: &LocalCloud, function: &str, action: &str, on: &str) -> Option<String> {
    let aws = acting_as(cloud, function).await;
    let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
    let (table, partition) = on.split_once('/').unwrap_or((on, "iam-test"));
    let table = cloud.name(table);
    let s3 =
        aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(&aws).force_path_style(true).build());
    let bucket = cloud.bucket().await;
    let text = |error: &dyn std::error::Error| DisplayErrorContext(error).to_string();
    match action {
        "GetItem" => {
            dynamodb.get_item().table_name(table).set_key(key()).send().await.err().map(|e| text(&e))
        }
        "PutItem" => {
            dynamodb.put_item().table_name(table).set_item(key()).send().await.err().map(|e| text(&e))
        }
        "DeleteItem" => {
            dynamodb.delete_item().table_name(table).set_key(key()).send().await.err().map(|e| text(&e))
        }
        "Scan" => dynamodb.scan().table_name(table).send().await.err().map(|e| text(&e)),
        "Query" => {
            let query = dynamodb.query().table_name(table).key_condition_expression("pk = :pk");
            let query = query.expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()));
            query.send().await.err().map(|e| text(&e))
        }
        "GetObject" => s3.get_object().bucket(bucket).key(on).send().await.err().map(|e| text(&e)),
        "PutObject" => s3.put_object().bucket(bucket).key(on).send().await.err().map(|e| text(&e)),
        "GetSecretValue" => {
            let secrets = aws_sdk_secretsmanager::Client::new(&aws);
            secrets
                .get_secret_value()
                .secret_id(format!("{}/{on}", cloud.stack))
                .send()
                .await
                .err()
                .map(|e| text(&e))
        }
        "Invoke" => {
            let lambda = aws_sdk_lambda::Client::new(&aws);
            lambda.invoke().function_name(cloud.name(on)).send().await.err().map(|e| text(&e))
        }
        other => panic!("no action {other}"),
    }
}

#[tokio::test]
async fn a_function_is_refused_what_it_does_not_need() {
    let cloud = LocalCloud::running().await;
    let mut let_through = Vec::new();
    for (function, action, on) in [
        ("scheduler", "PutItem", "monitors"),
        ("scheduler", "Query", "signals"),
        ("scheduler", "Invoke", "etl"),
        ("scheduler", "Query", "history/BUYER#k1.0"),
        ("ping", "PutItem", "monitors"),
        ("ping", "Query", "signals"),
        ("ping", "DeleteItem", "signals"),
        ("ping", "Query", "purchases"),
        ("ping", "GetItem", "sessions"),
        ("ping", "GetSecretValue", "pii-key"),
        ("ping", "PutItem", "incidents"),
        ("ping", "PutItem", "beats"),
        ("ping", "PutItem", "secrets"),
        ("ping", "Query", "incidents"),
        ("ping", "Query", "history/BUYER#k1.0"),
        ("judge", "PutItem", "monitors"),
        ("judge", "PutItem", "signals"),
        ("judge", "GetItem", "secrets"),
        ("judge", "DeleteItem", "incidents"),
        ("judge", "Query", "purchases"),
        ("judge", "Query", "history/BUYER#k1.0"),
        ("rollup", "PutItem", "signals"),
        ("rollup", "PutItem", "incidents"),
        ("rollup", "PutItem", "purchases"),
        ("rollup", "PutItem", "imports"),
        ("rollup", "Invoke", "etl"),
        ("rollup", "GetItem", "secrets"),
        ("rollup", "GetItem", "sessions"),
        ("rollup", "DeleteItem", "purchases"),
        ("rollup", "Scan", "history"),
        ("rollup", "GetSecretValue", "pii-key"),
        ("rollup", "GetObject", "purchases/any.csv"),
        ("rollup", "PutObject", "purchases/any.csv"),
        ("admin", "Scan", "monitors"),
        ("admin", "GetItem", "secrets"),
        ("admin", "Query", "secrets"),
        ("admin", "PutItem", "signals"),
        ("admin", "Invoke", "etl"),
        ("admin", "Query", "signals"),
        ("admin", "Scan", "accounts"),
        ("admin", "Scan", "sessions"),
        ("admin", "DeleteItem", "audit"),
        ("admin", "Scan", "audit"),
        ("admin", "Query", "history/BUYER#k1.0"),
        ("admin", "GetSecretValue", "pii-key"),
        ("etl", "Query", "purchases"),
        ("etl", "GetItem", "secrets"),
        ("etl", "DeleteItem", "purchases"),
        ("etl", "Scan", "imports"),
        ("etl", "Invoke", "scheduler"),
        ("etl", "GetItem", "sessions"),
        ("etl", "Query", "history/BUYER#k1.0"),
        ("etl", "PutItem", "history"),
        ("etl", "GetObject", "rejects/any.csv"),
        ("etl", "PutObject", "purchases/any.csv"),
        ("reader", "PutItem", "purchases"),
        ("reader", "PutItem", "signals"),
        ("reader", "PutItem", "monitors"),
        ("reader", "PutItem", "sessions"),
        ("reader", "PutItem", "incidents"),
        ("reader", "PutItem", "history"),
        ("reader", "GetItem", "secrets"),
        ("reader", "GetItem", "beats"),
        ("reader", "GetItem", "accounts"),
        ("reader", "Query", "accounts"),
        ("reader", "PutItem", "accounts"),
        ("reader", "Query", "sessions"),
        ("reader", "DeleteItem", "sessions"),
        ("reader", "Query", "audit"),
        ("reader", "PutItem", "audit"),
        ("ping", "GetItem", "accounts"),
        ("etl", "GetItem", "accounts"),
        ("rollup", "GetItem", "accounts"),
        ("reader", "DeleteItem", "history"),
        ("reader", "Scan", "history"),
        ("reader", "Scan", "purchases"),
        ("reader", "Scan", "sessions"),
        ("reader", "Query", "imports"),
        ("reader", "GetSecretValue", "pii-key"),
        ("reader", "GetObject", "purchases/any.csv"),
    ] {
        match refusal(&cloud, function, action, on).await {
            Some(error) if error.contains("AccessDenied") => {}
            other => let_through.push((function, action, on, other)),
        }
    }
    assert!(let_through.is_empty(), "{let_through:#?}");
    // The test itself can tell: what a function needs is not refused.
    assert_eq!(refusal(&cloud, "reader", "Query", "signals").await, None);
    assert_eq!(refusal(&cloud, "ping", "Query", "monitors").await, None);
    // On AWS a partition of buyers would be refused; the emulator knows no leading keys, so the template's test of
    // roles asserts them.
    assert_eq!(refusal(&cloud, "reader", "Query", "history/TREND#2020-06").await, None);
}
