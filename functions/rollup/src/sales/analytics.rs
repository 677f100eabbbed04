//! The analytics bucket: one Parquet file a day.

use std::future::Future;

use anyhow::anyhow;
use aws_sdk_s3::Client;
use bytes::Bytes;
use jiff::civil::Date;
use shared::clients::causes;
use shared::trend::analytics_key;

/// Writes the analytics copy.
pub trait WriteAnalytics {
    /// Stores the file of a day in place of the one there.
    ///
    /// # Errors
    /// When the bucket did not take it.
    fn put(&self, date: Date, file: Bytes) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// The bucket. Clients bound each call; see [`shared::clients`].
#[derive(Debug, Clone)]
pub struct AnalyticsBucket {
    client: Client,
    bucket: String,
}

impl AnalyticsBucket {
    /// The bucket of this name.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }
}

impl WriteAnalytics for AnalyticsBucket {
    async fn put(&self, date: Date, file: Bytes) -> anyhow::Result<()> {
        let put = self.client.put_object().bucket(&self.bucket).key(analytics_key(date));
        let put = put.content_type("application/vnd.apache.parquet").body(file.into());
        put.send().await.map(drop).map_err(|error| anyhow!(causes(&error)))
    }
}
