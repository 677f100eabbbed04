//! Everything outside the uploads bucket where a secret or an e-mail address could end up.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use crate::analytics;
use crate::local_cloud::LocalCloud;

/// All of it as one text: logs, dead letters (which are taken from their queue), every table, the analytics copy and
/// its names, the stack's outputs, and the functions with their environment.
///
/// # Panics
/// When any of it cannot be read.
pub async fn everything(cloud: &LocalCloud) -> String {
    let mut everything = cloud.logged() + &cloud.described();
    let tables = cloud.tables().await;
    assert_eq!(tables.len(), 11, "{tables:?}");
    for table in tables {
        for item in cloud.items(&table, "").await.into_values() {
            writeln!(everything, "{table}: {item:?}").expect("room");
        }
    }
    let (s3, bucket) = (cloud.s3(), cloud.analytics_bucket().await);
    let mut objects = s3.list_objects_v2().bucket(&bucket).into_paginator().send();
    while let Some(page) = objects.next().await {
        for object in page.expect("a list").contents() {
            writeln!(everything, "{bucket}: {object:?}").expect("room");
        }
    }
    for row in analytics::rows(cloud, "").await {
        writeln!(everything, "{bucket}: {row:?}").expect("room");
    }
    everything
}

/// Where a text has this part, for a message: the part itself is not repeated.
pub fn around(text: &str, part: &str) -> Option<String> {
    let (before, behind) = text.split_once(part)?;
    let before: Vec<char> = before.chars().rev().take(200).collect();
    Some(before.iter().rev().chain(['…'].iter()).copied().chain(behind.chars().take(100)).collect())
}
