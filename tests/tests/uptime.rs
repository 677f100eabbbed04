//! The uptime engine, end to end: two regions, a shard that is down as a whole, incidents that open and close once,
//! beats, and history. The schedule itself drives it; nobody invokes `ping` here.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use aws_sdk_lambda::primitives::Blob;
use serde_json::{Value, json};
use tests::demo_shop::DemoShop;
use tests::local_cloud::LocalCloud;
use tests::operator::{shopwatch, shopwatch_with};

/// Pages of the demo shop that are watched from two regions.
const PAGES: usize = 92;

/// Confirmations and recoveries are two unless a monitor says otherwise: an incident is there, and gone, within a
/// minute more.
const SOON: Duration = Duration::from_secs(180);

async fn json_of(cloud: &LocalCloud, path: &str, key: Option<&str>) -> Value {
    let (status, body) = cloud.get(path, key).await;
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// The incidents of monitors whose names begin so.
async fn incidents(cloud: &LocalCloud, key: &str, name: &str) -> Vec<Value> {
    let answer = json_of(cloud, "/incidents?days=1", Some(key)).await;
    let all = answer["incidents"].as_array().unwrap().clone();
    all.into_iter().filter(|i| i["name"].as_str().is_some_and(|n| n.starts_with(name))).collect()
}

/// Asks every two seconds until the answer is as wanted, and says how long that took.
async fn until<T>(what: &str, limit: Duration, mut ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match ask().await {
            Ok(found) => {
                eprintln!("{what} after {:.0?}", begun.elapsed());
                return found;
            }
            Err(last) => assert!(begun.elapsed() < limit, "{what}: not within {limit:?}; last: {last}"),
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

fn apply(cloud: &LocalCloud, key: &str, yaml: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monitors.yaml");
    fs::write(&file, yaml).unwrap();
    let run = shopwatch_with(cloud, key, &["monitors", "apply", file.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
}

/// Pages in both regions; a number of a JSON answer; a heartbeat.
fn monitors(shop: &DemoShop) -> String {
    let url = &shop.url;
    let mut yaml = String::from("monitors:\n");
    for n in 1..=PAGES {
        writeln!(
            yaml,
            "- {{name: Page {n}, url: '{url}/items/{n}', regions: [us-east-1, eu-west-1], public: true}}"
        )
        .unwrap();
    }
    writeln!(yaml, "- {{name: Stock, url: '{url}/api/stock', metrics: {{stock: '$.items[0].stock'}}}}")
        .unwrap();
    writeln!(yaml, "- {{name: Job, kind: heartbeat, interval_minutes: 5}}").unwrap();
    yaml
}

/// The newest signals of a target, with all that is known of them.
async fn newest(cloud: &LocalCloud, key: &str, target: &str) -> Vec<Value> {
    let answer = json_of(cloud, &format!("/signals?limit=4&detail=true&url={target}"), Some(key)).await;
    answer[0]["records"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_shard_goes_down_and_comes_back_in_one_incident_each() {
    let cloud = LocalCloud::running().await;
    let mut shop = DemoShop::start(&cloud);
    let key =
        shopwatch(&cloud, &["keys", "create", "--name", "uptime", "--scope", "read", "--scope", "write"])
            .stdout;
    let key = key.trim();
    apply(&cloud, key, &monitors(&shop));

    // Both regions report, and the number is kept.
    let first = format!("{}/items/1", shop.url);
    until("both regions report", SOON, async || {
        let records = newest(&cloud, key, &first).await;
        let up: BTreeSet<&str> =
            records.iter().filter(|r| r["available"] == true).filter_map(|r| r["region"].as_str()).collect();
        if up == BTreeSet::from(["eu-west-1", "us-east-1"]) {
            Ok(())
        } else {
            Err(json!(records).to_string())
        }
    })
    .await;
    let stock = format!("{}/api/stock", shop.url);
    until("the number is kept", SOON, async || {
        let records = newest(&cloud, key, &stock).await;
        match records.last() {
            Some(record) if record["metrics"]["stock"].is_number() => Ok(()),
            other => Err(json!(other).to_string()),
        }
    })
    .await;

    beats(&cloud, key).await;

    // The whole shard at once: an incident each, with reason and regions.
    assert_eq!(incidents(&cloud, key, "Page ").await.len(), 0);
    shop.kill();
    let down = until("an incident for every page", SOON, async || {
        let found = incidents(&cloud, key, "Page ").await;
        if found.len() >= PAGES { Ok(found) } else { Err(found.len().to_string()) }
    })
    .await;
    let names: BTreeSet<&str> = down.iter().map(|i| i["name"].as_str().unwrap()).collect();
    assert_eq!((down.len(), names.len()), (PAGES, PAGES), "one incident each");
    for incident in &down {
        assert_eq!(
            (&incident["state"], &incident["reason"]),
            (&json!("down"), &json!("refused")),
            "{incident}"
        );
        assert_eq!(incident["regions"], json!(["eu-west-1", "us-east-1"]), "{incident}");
        assert_eq!(incident["closed_at"], Value::Null, "{incident}");
    }
    let (_, page) = cloud.get("/", None).await;
    assert!(page.contains("refused") && page.contains("Page 92"), "{page}");

    // It comes back: the same incidents, closed.
    shop.restart(&cloud);
    let closed = until("every incident is closed", SOON, async || {
        let found = incidents(&cloud, key, "Page ").await;
        let open = found.iter().filter(|i| i["closed_at"].is_null()).count();
        if open == 0 { Ok(found) } else { Err(format!("{open} open")) }
    })
    .await;
    let ids =
        |incidents: &[Value]| -> BTreeSet<String> { incidents.iter().map(|i| i["id"].to_string()).collect() };
    assert_eq!(ids(&closed), ids(&down), "nothing was opened twice");
    assert!(closed.iter().all(|i| i["closed_by"] == "recovery"), "{closed:?}");

    delivered_again(&cloud, key).await;
    history(&cloud).await;

    one_region_cut_off(&cloud, &shop, key).await;
}

/// A region from which nothing comes, because nobody has deployed `ping` there: its silence is no downtime.
async fn one_region_cut_off(cloud: &LocalCloud, shop: &DemoShop, key: &str) {
    let url = format!("{}/?cut-off", shop.url);
    apply(
        cloud,
        key,
        // One region that says so is enough for it: were silence taken for down, an incident would be opened.
        &format!(
            "monitors:\n- {{name: Cut off, url: '{url}', regions: [us-east-1, ap-south-1], quorum: 1}}\n"
        ),
    );
    let judged_first = until("the other region reports", SOON, async || {
        let records = newest(cloud, key, &url).await;
        match records.first() {
            Some(record) if record["available"] == true => Ok(record["slot"].as_str().unwrap().to_owned()),
            other => Err(json!(other).to_string()),
        }
    })
    .await;
    // Judged is a slot only when the silent region's time is over.
    let shard = shard_of(cloud, "Cut off");
    until("two of its slots are judged", Duration::from_secs(300), async || {
        let folded = folded(cloud, &shard).await;
        let second = judged_first.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_mins(1);
        if folded.parse::<jiff::Timestamp>().is_ok_and(|slot| slot >= second) { Ok(()) } else { Err(folded) }
    })
    .await;
    assert_eq!(incidents(cloud, key, "Cut off").await, Vec::<Value>::new());
    dead_mans_switch(cloud, &shard).await;
}

/// `scheduler` fails, which its alarm sees, and says which region is silent.
async fn dead_mans_switch(cloud: &LocalCloud, shard: &str) {
    // A region is given seven minutes: three of its blocks are missing then, and four minutes old.
    until("the silent region is overdue", Duration::from_secs(600), async || {
        let logged = cloud.logged();
        let overdue: Vec<&str> = logged.lines().filter(|line| line.contains("blocks are overdue")).collect();
        match overdue.iter().any(|line| line.contains("ap-south-1") && line.contains(shard)) {
            true => Ok(()),
            false => Err(overdue.join("\n")),
        }
    })
    .await;
    let answer = invoke(cloud, "scheduler", &tests::event("schedule")).await.unwrap_err();
    // The other regions report.
    assert!(answer.contains("and 1 are overdue"), "{answer}");
}

/// The shard of a monitor, from its id.
fn shard_of(cloud: &LocalCloud, name: &str) -> String {
    let list = shopwatch(cloud, &["monitors", "list"]).stdout;
    let line = list.lines().find(|line| line.contains(name)).unwrap();
    line.split('-').next().unwrap().trim().to_owned()
}

/// The last slot of a shard that was judged.
async fn folded(cloud: &LocalCloud, shard: &str) -> String {
    let dynamodb = aws_sdk_dynamodb::Client::new(&cloud.aws);
    let key = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let get = dynamodb.get_item().table_name(cloud.name("incidents"));
    let item = get.key("pk", key("FOLDED")).key("sk", key(shard)).send().await.unwrap().item;
    item.and_then(|item| item["slot"].as_s().ok().cloned()).unwrap_or_default()
}

/// A target that calls us.
async fn beats(cloud: &LocalCloud, key: &str) {
    let made = shopwatch(cloud, &["beats", "token", "Job"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let path = made.stdout.trim();
    let path = &path[path.find("/beats/").unwrap()..];
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
    let post =
        async |path: &str| http.post(format!("{}{path}", cloud.url)).send().await.unwrap().status().as_u16();
    assert_eq!(post(&format!("{path}?state=up&duration_ms=1234")).await, 204);
    assert_eq!(post(&format!("{path}x")).await, 404);
    assert_eq!(post("/beats/nobodys").await, 404);
    assert_eq!(post(&format!("{path}?state=fine")).await, 400);
    until("the beat is a signal", SOON, async || {
        let answer = json_of(cloud, "/signals?limit=1&detail=true", Some(key)).await;
        let beats =
            answer.as_array().unwrap().iter().find(|e| e["url"].as_str().unwrap().starts_with("heartbeat:"));
        let record = beats.and_then(|entry| entry["records"].as_array().unwrap().last().cloned());
        match record {
            Some(r) if r["outcome"] == "up" && r["phases"]["total_ms"] == 1234 => Ok(()),
            other => Err(json!(other).to_string()),
        }
    })
    .await;
    assert!(!cloud.logged().contains(path), "a token is in no log");
}

/// Blocks that are delivered again change nothing.
async fn delivered_again(cloud: &LocalCloud, key: &str) {
    let before = incidents(cloud, key, "Page ").await;
    let dynamodb = aws_sdk_dynamodb::Client::new(&cloud.aws);
    let blocks =
        dynamodb.scan().table_name(cloud.name("signals")).limit(40).send().await.unwrap().items.unwrap();
    let records: Vec<Value> = blocks
        .iter()
        .rev()
        .map(|item| {
            let image: serde_json::Map<String, Value> = item
                .iter()
                .map(|(name, value)| {
                    let value = match (value.as_s(), value.as_n()) {
                        (Ok(text), _) => json!({"S": text}),
                        (_, Ok(number)) => json!({"N": number}),
                        other => panic!("{name}: {other:?}"),
                    };
                    (name.clone(), value)
                })
                .collect();
            json!({
                "eventID": "again", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
                "awsRegion": "us-east-1", "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/x/stream/y",
                "dynamodb": {
                    "Keys": {"pk": image["pk"], "sk": image["sk"]}, "NewImage": image, "SequenceNumber": "1",
                    "SizeBytes": 1, "StreamViewType": "NEW_IMAGE", "ApproximateCreationDateTime": 1,
                },
            })
        })
        .collect();
    for _ in 0..2 {
        invoke(cloud, "judge", &json!({"Records": records})).await.unwrap();
    }
    assert_eq!(incidents(cloud, key, "Page ").await, before);
}

/// Hours and days are recomputed on request, as often as one likes, and never of what has begun to expire.
async fn history(cloud: &LocalCloud) {
    let now = jiff::Timestamp::now();
    let from = now - jiff::SignedDuration::from_hours(2);
    for _ in 0..2 {
        invoke(cloud, "rollup", &json!({"from": from.to_string(), "until": now.to_string()})).await.unwrap();
    }
    let old = now - jiff::SignedDuration::from_hours(8 * 24);
    let refused = invoke(cloud, "rollup", &json!({"from": old.to_string(), "until": now.to_string()})).await;
    assert!(refused.unwrap_err().contains("7 days"));
    let (_, page) = cloud.get("/", None).await;
    assert!(page.contains("Uptime 24h"), "{page}");
}

/// Invokes a function and waits for its answer; the error is the function's own.
async fn invoke(cloud: &LocalCloud, function: &str, payload: &Value) -> Result<(), String> {
    let lambda = aws_sdk_lambda::Client::new(&cloud.aws);
    let invoke = lambda.invoke().function_name(cloud.name(function)).payload(Blob::new(payload.to_string()));
    let answer = invoke.send().await.unwrap();
    let body =
        answer.payload.map(|blob| String::from_utf8_lossy(blob.as_ref()).into_owned()).unwrap_or_default();
    match answer.function_error {
        None => Ok(()),
        Some(_) => Err(body),
    }
}
