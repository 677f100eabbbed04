//! The schedule's event of the night, under the role of `rollup`: a day whose recomputation got lost is made good.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::time::{Duration, Instant};

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use tests::export;
use tests::fed::{self, until_recomputed};
use tests::local_cloud::LocalCloud;
use tests::operator::{api_key, run};
use tests::trends::{SOON, Trends};

/// Nothing else in the tests buys on this day.
const DAY: &str = "2018-09-08";
const MONTH: &str = "2018-09";

/// The analytics copy of the day, if it is there.
async fn copy(cloud: &LocalCloud) -> Option<Vec<u8>> {
    let object = cloud.s3().get_object().bucket(cloud.analytics_bucket().await);
    let object = object.key(format!("analytics/date={DAY}/purchases.parquet")).send().await.ok()?;
    Some(object.body.collect().await.unwrap().to_vec())
}

#[tokio::test]
async fn a_day_that_got_lost_is_there_again_after_the_night() {
    let cloud = LocalCloud::running().await;
    let key = api_key(&cloud);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("day.csv");
    let generate = ["purchases", "generate", "--rows", "300", "--seed", "8", "--cents", "--from", DAY];
    run(&cloud, &[&generate[..], &["--output", file.to_str().unwrap()]].concat());
    let export = fs::read_to_string(&file).unwrap().replace('@', ".night@");
    fs::write(&file, &export).unwrap();
    let rows = export::rows(&export);
    assert!(rows.iter().all(|row| row.at.starts_with(DAY)), "an export of more than a day");
    run(&cloud, &["import", file.to_str().unwrap(), "--key", "purchases/night.csv"]);
    until_recomputed(&cloud, &fed::import(&cloud, &key, "purchases/night.csv").await).await;
    let expected = Trends::expected(&rows);
    expected.wait(&cloud, &key, DAY, DAY).await;
    let before = copy(&cloud).await.unwrap();

    // As if the invocation that follows the import had got lost.
    let history = aws_sdk_dynamodb::Client::new(&cloud.aws);
    let trends = cloud.items(&cloud.name("history"), &format!("TREND#{MONTH}")).await;
    let of_day: Vec<_> =
        trends.into_values().filter(|item| item["sk"].as_s().unwrap().starts_with(DAY)).collect();
    assert_eq!(of_day.len(), 1 + expected.hours.len());
    for item in of_day {
        let delete = history.delete_item().table_name(cloud.name("history"));
        delete.key("pk", item["pk"].clone()).key("sk", item["sk"].clone()).send().await.unwrap();
    }
    let file = format!("analytics/date={DAY}/purchases.parquet");
    cloud.s3().delete_object().bucket(cloud.analytics_bucket().await).key(file).send().await.unwrap();
    assert_eq!((Trends::told(&cloud, &key, DAY, DAY).await, copy(&cloud).await), (Trends::default(), None));

    let night = aws_sdk_lambda::Client::new(&cloud.aws).invoke().function_name(cloud.name("rollup"));
    let event = Blob::new(tests::event("rollup-nightly").to_string());
    let invoked = night.invocation_type(InvocationType::Event).payload(event).send().await.unwrap();
    assert_eq!(invoked.status_code, 202);
    expected.wait(&cloud, &key, DAY, DAY).await;
    let begun = Instant::now();
    while copy(&cloud).await.as_ref() != Some(&before) {
        assert!(begun.elapsed() < SOON, "no analytics copy as it was");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
