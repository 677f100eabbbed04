//! Tables, buckets and the secret: what is kept, for how long, and how it is protected.

use serde_json::{Value, json};

use super::{resources_of, template};

#[test]
fn tables_are_keyed_encrypted_and_paid_by_use() {
    let tables = resources_of(&template(), "AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 11);
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
    assert_eq!(
        expiring,
        ["AccountsTable", "AuditTable", "HistoryTable", "ImportsTable", "SessionsTable", "SignalsTable"]
    );

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
