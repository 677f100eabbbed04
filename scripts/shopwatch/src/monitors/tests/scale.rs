//! As many monitors as a file may have.

use std::time::Instant;

use super::installed::Installed;
use super::*;

#[tokio::test]
async fn ten_thousand_monitors_are_read_and_applied() {
    let entries: String = (0..MAX_MONITORS)
        .map(|number| {
            format!(
                "- {{name: Monitor {number}, url: \"https://shop.example/{number}\", interval_minutes: 5, public: true, \
                 regions: [us-east-1, eu-west-1], retries: 1, degraded_ms: 800, headers: {{x-shop: \"{number}\"}}, \
                 expect: {{status: 200-299, body: [{{contains: \"item {number}\"}}], json: [{{path: $.a, is: {{equals: 1}}}}]}}, \
                 depends_on: [Monitor 0]}}\n"
            )
            .replace(if number == 0 { ", depends_on: [Monitor 0]" } else { "\u{0}" }, "")
        })
        .collect();
    let text = format!("monitors:\n{entries}");
    assert!(text.len() < MAX_BYTES, "{}", text.len());
    let start = Instant::now();
    let wanted = read("x", text.as_bytes(), no_variables).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(wanted.len(), MAX_MONITORS);
    let was_read = start.elapsed();

    let installed = Installed::new().await;
    let applied = installed.apply(&wanted).await;
    let was_applied = start.elapsed();
    assert!(applied.iter().all(|difference| *difference == Difference::Created));
    assert!(installed.planned(&wanted, true).await.is_empty());
    println!("read in {was_read:?}, applied after {was_applied:?}, again after {:?}", start.elapsed());

    let tables = installed.memory.tables();
    let counts: Vec<usize> = tables.shards.values().map(|shard| shard.count).collect();
    assert_eq!(counts.len(), 105);
    assert!(counts[..104].iter().all(|count| *count == 96) && counts[104] == 16, "{counts:?}");
}
