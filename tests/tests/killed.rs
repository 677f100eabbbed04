//! `etl` killed as a process at random moments, many times, and delivered again: the same table, ledger and rejects
//! file as if nothing had happened.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tests::local_cloud::LocalCloud;
use tests::operator::binary;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, oneshot};

/// How often a whole import is disturbed.
const ROUNDS: usize = 10;

/// Rows of an export: enough that an import takes longer than its first heartbeats, and goes on behind a checkpoint.
const ROWS: usize = 12_000;

/// Longest run that is not killed.
const LIMIT: Duration = Duration::from_secs(60);

/// What the imports share: a bucket without notifications, keys, and where to send calls.
struct Shop {
    cloud: LocalCloud,
    bucket: String,
    secret: String,
}

/// The tables of one round.
struct Tables {
    purchases: String,
    imports: String,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivered {
    Done,
    Killed { behind_a_checkpoint: bool },
}

/// A process that is killed, and gone, when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// A stand-in for Lambda's runtime API: hands out one event, and takes one answer.
async fn runtime(event: Value) -> (String, oneshot::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (answered, answer) = oneshot::channel();
    let event = Arc::new(Mutex::new(Some(event)));
    let answered = Arc::new(Mutex::new(Some(answered)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (event, answered) = (event.clone(), answered.clone());
            let service = service_fn(move |request| serve(request, event.clone(), answered.clone()));
            let http = hyper::server::conn::http1::Builder::new();
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
        }
    });
    (address, answer)
}

type Answered = Arc<Mutex<Option<oneshot::Sender<(String, String)>>>>;

async fn serve(
    request: Request<Incoming>,
    event: Arc<Mutex<Option<Value>>>,
    answered: Answered,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    if path.ends_with("/next") {
        let Some(event) = event.lock().await.take() else { return std::future::pending().await };
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(600);
        let next = Response::builder()
            .header("lambda-runtime-aws-request-id", "killed")
            .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string())
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:000000000000:function:etl",
            );
        return Ok(next.body(Full::from(event.to_string())).unwrap());
    }
    let body = request.into_body().collect().await.unwrap().to_bytes();
    if let Some(answered) = answered.lock().await.take() {
        let kind = path.rsplit('/').next().unwrap_or_default().to_owned();
        let _ = answered.send((kind, String::from_utf8_lossy(&body).into_owned()));
    }
    Ok(Response::builder().status(202).body(Full::default()).unwrap())
}

impl Shop {
    async fn open() -> Self {
        let cloud = LocalCloud::running().await;
        let name = format!("killed-{}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis());
        cloud.s3().create_bucket().bucket(&name).send().await.unwrap();
        let secrets = aws_sdk_secretsmanager::Client::new(&cloud.aws);
        let keys = json!({"active": "k1", "k1": "x".repeat(64)}).to_string();
        secrets.create_secret().name(&name).secret_string(keys).send().await.unwrap();
        Self { cloud, bucket: name.clone(), secret: name }
    }

    async fn tables(&self) -> Tables {
        let imports = self.cloud.table_like("imports").await;
        Tables { purchases: self.cloud.table_like("purchases").await, imports }
    }

    /// Delivers the object to a process of `etl`, which is killed after this time.
    async fn deliver(&self, key: &str, tables: &Tables, killed_after: Option<Duration>) -> Delivered {
        let mut event = tests::event("s3-put");
        event["Records"][0]["s3"]["bucket"]["name"] = self.bucket.as_str().into();
        event["Records"][0]["s3"]["object"]["key"] = key.into();
        for unknown in ["versionId", "eTag", "size"] {
            event["Records"][0]["s3"]["object"].as_object_mut().unwrap().remove(unknown);
        }
        let (address, answer) = runtime(event).await;
        let mut etl = Command::new(binary("etl"));
        etl.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
        for name in ["AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            etl.env(name, std::env::var(name).unwrap());
        }
        let variables = [
            ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "nobody"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("STACK_NAME", "killed"),
            ("PURCHASES_TABLE", &tables.purchases),
            ("IMPORTS_TABLE", &tables.imports),
            ("UPLOADS_BUCKET", &self.bucket),
            ("PII_SECRET", &self.secret),
            ("PII_METHOD", "hmac"),
            ("ROLLUP_FUNCTION", "nobody"),
            ("SHOP_TIME_ZONE", "UTC"),
            ("CSV_COLUMNS", "{}"),
            ("CSV_DELIMITER", "auto"),
            ("MAX_REJECTED_PERCENT", "50"),
        ];
        let process = Process(etl.envs(variables).spawn().unwrap());
        let done = tokio::time::timeout(killed_after.unwrap_or(LIMIT), answer).await;
        drop(process);
        match done {
            Ok(answer) => {
                let (kind, body) = answer.unwrap();
                assert_eq!(kind, "response", "{body}");
                Delivered::Done
            }
            Err(_) => {
                assert!(killed_after.is_some(), "not done within {LIMIT:?}");
                Delivered::Killed { behind_a_checkpoint: self.lease_runs_out(tables).await }
            }
        }
    }

    /// What 45 seconds do. Whether the import has a checkpoint to go on behind.
    async fn lease_runs_out(&self, tables: &Tables) -> bool {
        let dynamodb = aws_sdk_dynamodb::Client::new(&self.cloud.aws);
        let mut goes_on = false;
        for item in self.items(&tables.imports).await.into_values() {
            if item.get("state").and_then(|state| state.as_s().ok()).is_some_and(|state| state == "running") {
                let key = |name: &str| item[name].clone();
                let update = dynamodb.update_item().table_name(&tables.imports);
                let update = update.key("pk", key("pk")).key("sk", key("sk"));
                let past = AttributeValue::S("2020-01-01T00:00:00.000Z".to_owned());
                let update = update.update_expression("SET lease_until = :past");
                update.expression_attribute_values(":past", past).send().await.unwrap();
                goes_on |= item.get("checkpoint").is_some_and(|rows| rows.as_n().unwrap() != "0");
            }
        }
        goes_on
    }

    async fn items(
        &self,
        table: &str,
    ) -> BTreeMap<String, std::collections::HashMap<String, AttributeValue>> {
        let dynamodb = aws_sdk_dynamodb::Client::new(&self.cloud.aws);
        let mut items = dynamodb.scan().table_name(table).into_paginator().items().send();
        let mut found = BTreeMap::new();
        while let Some(item) = items.next().await {
            let item = item.unwrap();
            let key = format!("{} {}", item["pk"].as_s().unwrap(), item["sk"].as_s().unwrap());
            found.insert(key, item);
        }
        found
    }

    /// Everything an import leaves that does not depend on when it ran: purchases, counts, rejects file.
    async fn left(&self, tables: &Tables) -> (Value, Value, String) {
        let purchases = self.items(&tables.purchases).await;
        let purchases: BTreeMap<String, String> = purchases
            .into_iter()
            .map(|(key, item)| {
                let fields: BTreeMap<_, _> =
                    item.into_iter().map(|(name, value)| (name, format!("{value:?}"))).collect();
                (key, format!("{fields:?}"))
            })
            .collect();
        let ledger = self.items(&tables.imports).await;
        let entry = ledger.values().find(|item| item.contains_key("import_id")).unwrap();
        let text = |name: &str| format!("{:?}", entry.get(name));
        let names =
            ["state", "rows", "loaded", "rejected", "bytes", "text_bytes", "days", "unsorted", "message"];
        let counts = json!(names.map(|name| (name, text(name))));
        let rejects = entry["rejects_key"].as_s().unwrap();
        let object = self.cloud.s3().get_object().bucket(&self.bucket).key(rejects).send().await.unwrap();
        let rejects = object.body.collect().await.unwrap().to_vec();
        (json!(purchases), counts, String::from_utf8(rejects).unwrap())
    }
}

/// Rows of a few days, one in fifty broken; in time order, or not.
fn export(rows: usize, sorted: bool) -> String {
    let mut lines: Vec<String> = (0..rows)
        .map(|n| {
            let (day, second) = (n * 3 / rows + 1, n % 600);
            let quantity = if n % 50 == 7 { "none".to_owned() } else { (n % 4 + 1).to_string() };
            let hour = n * 3 % rows * 20 / rows;
            let time = format!("2023-04-{day:02}T{hour:02}:{:02}:{:02}", second / 60 * 6, second % 60);
            format!("buyer{}@shop.example,{},{quantity},{}.25,{time}", n % 97, n % 13, n % 9)
        })
        .collect();
    lines.sort_by(|a, b| a.rsplit(',').next().cmp(&b.rsplit(',').next()));
    if !sorted {
        lines.rotate_left(rows / 3);
    }
    lines.join("\n")
}

#[tokio::test]
async fn an_import_that_is_killed_and_delivered_again_leaves_the_same() {
    let shop = Shop::open().await;
    let mut runner = TestRunner::default();
    for (sorted, key) in [(true, "purchases/sorted.csv"), (false, "purchases/unsorted.csv")] {
        let put = shop.cloud.s3().put_object().bucket(&shop.bucket).key(key).content_type("text/csv");
        put.body(export(ROWS, sorted).into_bytes().into()).send().await.unwrap();
        let tables = shop.tables().await;
        let begun = Instant::now();
        assert_eq!(shop.deliver(key, &tables, None).await, Delivered::Done);
        let whole = begun.elapsed();
        let undisturbed = shop.left(&tables).await;
        assert_eq!(undisturbed.0.as_object().unwrap().len(), ROWS / 50 * 49);
        let (mut kills, mut behind) = (0, 0);
        for _ in 0..ROUNDS / 2 {
            // The first one late enough for a heartbeat.
            let moments = (0.55f64..0.9, proptest::collection::vec(0.02f64..1.0, 0..3));
            let (first, others) = moments.new_tree(&mut runner).unwrap().current();
            let moments = Vec::from_iter([first].into_iter().chain(others));
            let tables = shop.tables().await;
            let mut done = false;
            for moment in &moments {
                match shop.deliver(key, &tables, Some(whole.mul_f64(*moment))).await {
                    Delivered::Done => {
                        done = true;
                        break;
                    }
                    Delivered::Killed { behind_a_checkpoint } => {
                        kills += 1;
                        behind += usize::from(behind_a_checkpoint);
                    }
                }
            }
            assert!(done || shop.deliver(key, &tables, None).await == Delivered::Done);
            assert_eq!(shop.left(&tables).await, undisturbed, "killed at {moments:?} of {whole:?}");
        }
        eprintln!(
            "{key}: {whole:.1?} undisturbed, killed {kills} times, {behind} of them behind a checkpoint"
        );
        // In time order the checkpoint moves; otherwise all rows are read before any is behind it.
        assert!(kills > 0 && (behind > 0 || !sorted));
    }
}
