//! An import that takes longer than an invocation may: `etl` goes on by itself, under its own role.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::time::Duration;

use serde_json::Value;
use tests::export::{self, Row};
use tests::fed::{self, Fed, anonymous, until_recomputed};
use tests::local_cloud::LocalCloud;
use tests::operator::{api_key, run};
use tests::trends::Trends;

/// Nothing else in the tests buys in this month.
const MONTH: &str = "2019-04";
const FROM: &str = "2019-04-01";
const TO: &str = "2019-04-30";

/// The time of an invocation in seconds: `etl` keeps 45 of them for ending.
const SECONDS: i32 = 48;

/// Rows of each day, and days: more than the local cloud takes in three seconds (11,000 a second at best).
const ROWS: usize = 8_000;
const DAYS: usize = 5;

/// Rows in time order by a thousand people, who all come back.
fn export() -> String {
    let row = |n: usize| {
        let (day, second) = (n / ROWS + 1, n % ROWS * 10);
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        let time = format!("2019-04-{day:02}T{hour:02}:{minute:02}:{:02}", second % 60);
        format!("buyer{}.long@shop.example,{},{},{}.25,{time}\r\n", n % 1_009, n % 13 + 1, n % 4 + 1, n % 9)
    };
    (0..ROWS * DAYS).map(row).collect()
}

/// Sets the time that an invocation of the deployed `etl` may take; what it was before.
async fn set_timeout(cloud: &LocalCloud, seconds: i32) -> i32 {
    let lambda = aws_sdk_lambda::Client::new(&cloud.aws);
    let name = cloud.name("etl");
    let before = lambda.get_function_configuration().function_name(&name).send().await.unwrap().timeout;
    lambda.update_function_configuration().function_name(&name).timeout(seconds).send().await.unwrap();
    for _ in 0..100 {
        let now = lambda.get_function_configuration().function_name(&name).send().await.unwrap();
        if now.last_update_status.is_none_or(|status| status.as_str() == "Successful") {
            assert_eq!(now.timeout, Some(seconds));
            return before.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the function is not updated within 10 s");
}

/// Of the invocations that an import went on after, how many each followed from. One that Lambda tried again, because
/// it could not invoke the next, would be there twice.
fn went_on(cloud: &LocalCloud, id: &str) -> Vec<u64> {
    let logged = cloud.logged();
    let lines = logged.lines().filter(|line| line.starts_with("/aws/lambda/") && line.contains(id));
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line[line.find('{')?..]).ok());
    let went_on = lines.filter(|line| line["fields"]["message"] == "import goes on");
    went_on.map(|line| line["fields"]["hop"].as_u64().unwrap()).collect()
}

async fn import(cloud: LocalCloud) {
    let key = api_key(&cloud);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.csv");
    let path = file.to_str().unwrap();
    let export = export();
    fs::write(&file, &export).unwrap();
    run(&cloud, &["import", path, "--key", "purchases/long.csv", "--timeout-seconds", "120"]);

    let import = fed::import(&cloud, &key, "purchases/long.csv").await;
    let passes = import["passes"].as_u64().unwrap();
    eprintln!("{passes} passes, the last of {} ms", import["duration_ms"]);
    let rows: Vec<Row> = export::rows(&export);
    assert_eq!((&import["state"], &import["loaded"]), (&"loaded".into(), &rows.len().into()), "{import}");
    assert!(passes >= 2, "{import}");
    assert_eq!(went_on(&cloud, import["id"].as_str().unwrap()), (0..passes - 1).collect::<Vec<_>>());
    until_recomputed(&cloud, &import).await;
    Trends::expected(&rows).wait(&cloud, &key, FROM, TO).await;
    let fed = Fed::of(&cloud, &key, MONTH).await;
    assert!(anonymous(fed.rows()) == anonymous(rows), "other rows than the export's");
    assert!(fed.analytics == fed.rows(), "the analytics copy has other rows than the table");
}

#[tokio::test]
async fn an_import_goes_on_when_the_time_of_an_invocation_is_over() {
    let cloud = LocalCloud::running().await;
    let before = set_timeout(&cloud, SECONDS).await;
    let done = tokio::spawn(import(cloud.clone())).await;
    set_timeout(&cloud, before).await;
    done.unwrap();
}
