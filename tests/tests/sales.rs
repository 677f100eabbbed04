//! What an import feeds, end to end: the ledger, trends, the analytics copy, and what a person may ask to be done.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::local_cloud::LocalCloud;
use tests::operator::{Run, shopwatch};

/// What is not seen by then will not come: the days of an import are recomputed in invocations of their own.
const SOON: Duration = Duration::from_secs(90);

/// Nothing else in the tests buys in this month.
const FROM: &str = "2020-06-01";
const TO: &str = "2020-06-30";

fn run(cloud: &LocalCloud, arguments: &[&str]) -> Run {
    let run = shopwatch(cloud, arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
    run
}

async fn get(cloud: &LocalCloud, path: &str, key: &str) -> Value {
    let (status, body) = cloud.get(path, Some(key)).await;
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// What of a day can be told from the export: orders, pieces, revenue in hundredths, buyers, returns.
type Day = (usize, i64, i64, usize, usize);

fn cents_of(amount: f64) -> i64 {
    format!("{:.0}", amount * 100.0).parse().unwrap()
}

/// The days of an export, without those who are erased.
fn days(export: &str, erased: Option<&str>) -> BTreeMap<String, Day> {
    let mut orders: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut buyers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut sums: BTreeMap<String, (i64, i64, usize)> = BTreeMap::new();
    for line in export.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let [email, _, quantity, price, at] = fields[..] else { panic!("{line}") };
        if erased == Some(email) {
            continue;
        }
        let (date, quantity) = (at[..10].to_owned(), quantity.parse::<i64>().unwrap());
        let cents = cents_of(price.parse().unwrap());
        buyers.entry(date.clone()).or_default().insert(email.to_owned());
        if quantity > 0 {
            orders.entry(date.clone()).or_default().insert((email.to_owned(), at.to_owned()));
        }
        let sum = sums.entry(date).or_default();
        *sum = (sum.0 + quantity, sum.1 + quantity * cents, sum.2 + usize::from(quantity < 0));
    }
    let day = |(date, (quantity, cents, returns)): (&String, &(i64, i64, usize))| {
        let orders = orders.get(date).map_or(0, BTreeSet::len);
        (date.clone(), (orders, *quantity, *cents, buyers[date].len(), *returns))
    };
    sums.iter().map(day).collect()
}

/// The days that the API tells of, those without sales left out.
async fn trends(cloud: &LocalCloud, key: &str) -> BTreeMap<String, Day> {
    let answer = get(cloud, &format!("/purchases/trends?from={FROM}&to={TO}&bucket=day"), key).await;
    let days = answer["trends"].as_array().unwrap().iter().map(|day| {
        let number = |name: &str| day[name].as_i64().unwrap();
        let count = |name: &str| usize::try_from(number(name)).unwrap();
        let cents = cents_of(day["revenue"].as_f64().unwrap());
        let date = day["from"].as_str().unwrap()[..10].to_owned();
        (date, (count("orders"), number("quantity"), cents, count("buyers"), count("returns")))
    });
    days.filter(|(_, day)| *day != (0, 0, 0, 0, 0)).collect()
}

/// Waits until the API tells of these days.
async fn until_trends(cloud: &LocalCloud, key: &str, wanted: &BTreeMap<String, Day>) {
    let begun = Instant::now();
    loop {
        let found = trends(cloud, key).await;
        if found == *wanted {
            eprintln!("trends after {:.1?}", begun.elapsed());
            return;
        }
        assert!(begun.elapsed() < SOON, "{found:?}\nis not\n{wanted:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// What DuckDB and pandas read from the analytics copy of the month: rows, pieces, revenue, buyers of each day.
async fn analytics(cloud: &LocalCloud, folder: &Path) -> BTreeMap<String, (usize, i64, i64, usize)> {
    let (s3, bucket) = (cloud.s3(), cloud.bucket().await.replace("-uploads-", "-analytics-"));
    let listed = s3.list_objects_v2().bucket(&bucket).prefix("analytics/date=2020-06-").send().await.unwrap();
    for object in listed.contents() {
        let key = object.key().unwrap();
        let body = s3.get_object().bucket(&bucket).key(key).send().await.unwrap().body;
        let file = folder.join(key.strip_prefix("analytics/").unwrap());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, body.collect().await.unwrap().to_vec()).unwrap();
    }
    let venvs =
        std::env::var("SHOPWATCH_VENVS").map_or_else(|_| tests::root().join(".local/venv"), PathBuf::from);
    let script = tests::root().join("tests/src/analytics.py");
    let python = Command::new(venvs.join("analytics/bin/python")).arg(script).arg(folder).output().unwrap();
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    let told: Value = serde_json::from_slice(&python.stdout).unwrap();
    assert_eq!(
        told["columns"],
        serde_json::json!(["purchase_date", "buyer", "item_id", "quantity", "price"])
    );
    let of = |reader: &str| -> BTreeMap<String, (usize, i64, i64, usize)> {
        let days = told[reader].as_object().unwrap().iter();
        let whole = |value: &Value| usize::try_from(value.as_i64().unwrap()).unwrap();
        days.map(|(date, day)| {
            let cents = cents_of(day[2].as_f64().unwrap());
            (date.clone(), (whole(&day[0]), day[1].as_i64().unwrap(), cents, whole(&day[3])))
        })
        .collect()
    };
    assert_eq!(of("duckdb"), of("pandas"));
    of("duckdb")
}

/// The same from the export.
fn rows(export: &str, erased: Option<&str>) -> BTreeMap<String, (usize, i64, i64, usize)> {
    let lines = |date: &str| {
        let kept = |line: &&str| !erased.is_some_and(|email| line.starts_with(email));
        export.lines().filter(kept).filter(|line| line.rsplit(',').next().unwrap().starts_with(date)).count()
    };
    let days = days(export, erased).into_iter();
    days.map(|(date, (_, quantity, cents, buyers, _))| {
        let rows = lines(&date);
        (date, (rows, quantity, cents, buyers))
    })
    .collect()
}

#[tokio::test]
async fn an_import_feeds_ledger_trends_and_analytics_and_forgets_who_asks() {
    let cloud = LocalCloud::running().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("june.csv");
    let file = file.to_str().unwrap();
    let arguments =
        ["purchases", "generate", "--rows", "3000", "--seed", "5", "--from", FROM, "--output", file];
    run(&cloud, &arguments);
    let export = fs::read_to_string(file).unwrap().replace('\r', "");
    let wanted = days(&export, None);
    assert!(wanted.keys().all(|date| date.starts_with("2020-06-")), "{:?}", wanted.keys());
    let key = run(&cloud, &["keys", "create", "--name", "sales", "--scope", "purchases"]).stdout;
    let key = key.trim();

    // The ledger, by list and by id.
    run(&cloud, &["import", file, "--key", "purchases/june.csv"]);
    let imports = get(&cloud, "/imports", key).await;
    let imports = imports["imports"].as_array().unwrap();
    let listed = imports.iter().find(|import| import["key"] == "purchases/june.csv").unwrap();
    assert_eq!(
        (&listed["state"], &listed["rows"], &listed["loaded"]),
        (&"loaded".into(), &3000.into(), &3000.into())
    );
    let days_touched: Vec<&str> =
        listed["days"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(days_touched.iter().eq(wanted.keys()), "{days_touched:?}");
    let id = listed["id"].as_str().unwrap();
    assert_eq!(get(&cloud, &format!("/imports/{id}"), key).await["key"], "purchases/june.csv");
    let shown = run(&cloud, &["imports", "show", id]).stdout;
    assert!(shown.contains("purchases/june.csv") && shown.contains("3000"), "{shown}");

    // Trends, which are nobody's business without a key, and the analytics copy.
    until_trends(&cloud, key, &wanted).await;
    let (status, _) = cloud.get("/purchases/trends", None).await;
    assert_eq!(status, 401);
    assert_eq!(analytics(&cloud, folder.path()).await, rows(&export, None));

    // Again, and under another key: nothing changes but the tokens.
    run(&cloud, &["import", file, "--key", "purchases/june-again.csv"]);
    let secrets = aws_sdk_secretsmanager::Client::new(&cloud.aws);
    let name = format!("{}/pii-key", cloud.stack);
    let original = secrets.get_secret_value().secret_id(&name).send().await.unwrap().secret_string.unwrap();
    run(&cloud, &["pii", "rotate", "--yes"]);
    let status = run(&cloud, &["pii", "status"]).stdout;
    assert!(status.contains("k2"), "{status}");
    run(&cloud, &["import", file, "--key", "purchases/june-rotated.csv"]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    until_trends(&cloud, key, &wanted).await;
    let first = export.lines().next().unwrap();
    let person = first.split(',').next().unwrap();
    let bought = export.lines().filter(|line| line.starts_with(&format!("{person},"))).count();
    let found = get(&cloud, &format!("/purchases?from={FROM}&to={TO}&limit=1"), key).await;
    assert!(found["purchases"][0]["buyer"].as_str().unwrap().starts_with("k2."), "{found}");
    assert!(found["purchases"][0]["linked"].as_str().unwrap().starts_with("k1."), "{found}");

    // A person is found by the address, and forgotten; a later upload does not bring them back.
    let csv = run(&cloud, &["purchases", "buyer", person, "--csv"]).stdout;
    assert_eq!(csv.lines().count(), bought + 1, "{csv}");
    let erased = run(&cloud, &["purchases", "buyer", person, "--erase", "--yes"]);
    let said = format!("{}{}", erased.stdout, erased.stderr);
    assert!(said.contains("purchases/june.csv"), "which exports still hold the person: {said}");
    until_trends(&cloud, key, &days(&export, Some(person))).await;
    run(&cloud, &["import", file, "--key", "purchases/june-later.csv"]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    until_trends(&cloud, key, &days(&export, Some(person))).await;
    fs::remove_dir_all(folder.path().join("date=2020-06-01")).unwrap();
    assert_eq!(analytics(&cloud, folder.path()).await, rows(&export, Some(person)));
    assert_eq!(run(&cloud, &["purchases", "buyer", person, "--csv"]).stdout.lines().count(), 1);
    secrets.put_secret_value().secret_id(&name).secret_string(original).send().await.unwrap();
}
