//! The analytics bucket: when the file of a day was written.

use anyhow::anyhow;
use aws_sdk_s3::Client;
use jiff::Timestamp;
use jiff::civil::Date;
use shared::clients::causes;
use shared::trend::analytics_key;

use super::rollups::ReadCopy;

/// The stack's bucket of Parquet files.
pub(crate) struct Copy {
    client: Client,
    bucket: String,
}

impl Copy {
    pub(crate) fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }
}

impl ReadCopy for Copy {
    async fn written_at(&self, date: Date) -> anyhow::Result<Option<Timestamp>> {
        match self.client.head_object().bucket(&self.bucket).key(analytics_key(date)).send().await {
            Ok(head) => Ok(head.last_modified.and_then(|at| Timestamp::from_second(at.secs()).ok())),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(None),
            Err(error) => Err(anyhow!(causes(&error))),
        }
    }
}
