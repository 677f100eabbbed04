//! The local cloud that `scripts/test` has started: where it is, and clients for it.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashMap};
use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{AttributeValue, BillingMode, GlobalSecondaryIndex};
use serde_json::Value;

/// An item of a table.
pub type Item = HashMap<String, AttributeValue>;

/// A text of an item.
///
/// # Panics
/// When it has none of this name.
pub fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().expect("a text")
}

/// Runs a script of this folder in one of the Python environments that `scripts/test` makes; what it printed.
///
/// # Panics
/// When it fails.
pub fn python(environment: &str, script: &str, argument: &str) -> String {
    let venvs = env::var("SHOPWATCH_VENVS").map_or_else(|_| crate::root().join(".local/venv"), PathBuf::from);
    let python = venvs.join(environment).join("bin/python");
    let script = crate::root().join("tests/src").join(script);
    let ran = Command::new(python).arg(script).arg(argument).output().expect("Python");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// A deployed stack in a local cloud.
#[derive(Debug, Clone)]
pub struct LocalCloud {
    /// The stack's name: every physical name begins with it.
    pub stack: String,
    /// The address of the HTTP API, without a slash at the end.
    pub url: String,
    /// The local cloud's own log file.
    pub log: String,
    /// The configuration of clients with the owner's credentials.
    pub aws: SdkConfig,
}

impl LocalCloud {
    /// The stack that `scripts/test` has deployed.
    ///
    /// # Panics
    /// When the tests run without it: `cargo test` alone has no local cloud.
    pub async fn running() -> Self {
        let variable = |name: &str| {
            env::var(name).unwrap_or_else(|_| {
                panic!("{name} is not set: run ./scripts/test, which starts the local cloud")
            })
        };
        Self {
            stack: variable("SHOPWATCH_TEST_STACK"),
            url: variable("SHOPWATCH_TEST_URL"),
            log: variable("SHOPWATCH_TEST_LOG"),
            aws: shared::clients::of_command().await,
        }
    }

    /// The physical name of one of the stack's tables or functions.
    pub fn name(&self, part: &str) -> String {
        format!("{}-{part}", self.stack)
    }

    /// The uploads bucket's name.
    ///
    /// # Panics
    /// When the local cloud refuses.
    pub async fn bucket(&self) -> String {
        let identity = aws_sdk_sts::Client::new(&self.aws).get_caller_identity().send().await;
        let account = identity.expect("an identity").account.expect("an account");
        let region = self.aws.region().expect("a region");
        format!("{}-uploads-{account}-{region}", self.stack)
    }

    /// The analytics bucket's name.
    ///
    /// # Panics
    /// When the local cloud refuses.
    pub async fn analytics_bucket(&self) -> String {
        self.bucket().await.replace("-uploads-", "-analytics-")
    }

    /// A client of S3; the local cloud knows buckets by path.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.aws).force_path_style(true).build();
        aws_sdk_s3::Client::from_conf(config)
    }

    /// GETs a path of the HTTP API, with an API key or without; the status code and the body.
    ///
    /// # Panics
    /// When there is no answer within 30 s.
    pub async fn get(&self, path: &str, key: Option<&str>) -> (u16, String) {
        self.get_as("*/*", path, key).await
    }

    /// GETs a path that has to answer, as JSON.
    ///
    /// # Panics
    /// When it answers anything else.
    pub async fn json(&self, path: &str, key: &str) -> Value {
        let (status, body) = self.get(path, Some(key)).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// As [`LocalCloud::get`], asking for this media type.
    ///
    /// # Panics
    /// When there is no answer within 30 s.
    pub async fn get_as(&self, media_type: &str, path: &str, key: Option<&str>) -> (u16, String) {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build();
        let mut request = http.expect("an HTTP client").get(format!("{}{path}", self.url));
        request = request.header("accept", media_type);
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }

    /// Everything that was logged, by the functions and by the local cloud, and every dead letter, which is taken
    /// from its queue.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn logged(&self) -> String {
        let own = std::fs::read(&self.log).expect("the local cloud's log");
        python("ministack", "logged.py", &self.stack) + &String::from_utf8_lossy(&own)
    }

    /// What can be looked up of the stack: outputs, parameters, functions with their environment.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn described(&self) -> String {
        python("ministack", "described.py", &self.stack)
    }

    /// Every item of a table whose partition begins with this, by its keys.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn items(&self, table: &str, partition: &str) -> BTreeMap<(String, String), Item> {
        let mut scan =
            aws_sdk_dynamodb::Client::new(&self.aws).scan().table_name(table).consistent_read(true);
        if !partition.is_empty() {
            let value = AttributeValue::S(partition.to_owned());
            scan = scan.filter_expression("begins_with(pk, :partition)");
            scan = scan.expression_attribute_values(":partition", value);
        }
        let mut items = scan.into_paginator().items().send();
        let mut found = BTreeMap::new();
        while let Some(item) = items.next().await {
            let item = item.expect("an item");
            found.insert((text(&item, "pk").to_owned(), text(&item, "sk").to_owned()), item);
        }
        found
    }

    /// The names of the stack's tables.
    ///
    /// # Panics
    /// When the local cloud refuses.
    pub async fn tables(&self) -> Vec<String> {
        let mut names =
            aws_sdk_dynamodb::Client::new(&self.aws).list_tables().into_paginator().items().send();
        let mut tables = Vec::new();
        while let Some(name) = names.next().await {
            tables.push(name.expect("a table"));
        }
        tables.retain(|name| name.starts_with(&self.name("")));
        tables
    }

    /// A new empty table with the keys and indexes of one of the stack's tables; its name.
    ///
    /// # Panics
    /// When the local cloud refuses.
    pub async fn table_like(&self, part: &str) -> String {
        let client = aws_sdk_dynamodb::Client::new(&self.aws);
        let model =
            client.describe_table().table_name(self.name(part)).send().await.expect("the stack's table");
        let model = model.table.expect("a description");
        let indexes = model.global_secondary_indexes.unwrap_or_default().into_iter().map(|index| {
            GlobalSecondaryIndex::builder()
                .set_index_name(index.index_name)
                .set_key_schema(index.key_schema)
                .set_projection(index.projection)
                .build()
                .expect("an index")
        });
        let indexes: Vec<_> = indexes.collect();
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_nanos();
        let name = format!("contract-{part}-{nanos}");
        client
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(model.key_schema)
            .set_attribute_definitions(model.attribute_definitions)
            .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
            .send()
            .await
            .expect("a new table");
        name
    }
}
