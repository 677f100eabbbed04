//! The uploads bucket: listed with every version, read as `etl` reads it.

use anyhow::{Context as _, anyhow, ensure};
use aws_sdk_s3::Client;
use etl::aws::{Object, S3};
use etl::event::Upload;
use etl::object::{Opened, ReadUpload};
use shared::clients::causes;

use super::exports::ListUploads;

/// Most pages of 1,000 versions: a million.
const MAX_PAGES: usize = 1_000;

/// The stack's bucket of exports.
pub(crate) struct Uploads {
    client: Client,
    reader: S3,
    bucket: String,
}

impl Uploads {
    pub(crate) fn new(client: Client, bucket: String) -> Self {
        Self { reader: S3::new(client.clone(), &bucket), client, bucket }
    }
}

impl ReadUpload for Uploads {
    type Body = Object;

    async fn open(&self, upload: &Upload) -> anyhow::Result<Opened<Object>> {
        self.reader.open(upload).await
    }
}

impl ListUploads for Uploads {
    async fn versions(&self, prefix: &str) -> anyhow::Result<Vec<Upload>> {
        let mut found = Vec::new();
        let (mut key, mut version) = (None, None);
        for _ in 0..MAX_PAGES {
            let list = self.client.list_object_versions().bucket(&self.bucket).prefix(prefix);
            let list = list.set_key_marker(key.take()).set_version_id_marker(version.take());
            let page = list.send().await.map_err(|error| anyhow!(causes(&error)))?;
            for object in page.versions.unwrap_or_default() {
                found.push(Upload {
                    bucket: self.bucket.clone(),
                    key: object.key.context("an object without a key")?,
                    version: object.version_id.filter(|version| version != "null"),
                    etag: object.e_tag.map(|tag| tag.trim_matches('"').to_owned()),
                    size: object.size.and_then(|size| u64::try_from(size).ok()),
                    sequencer: None,
                });
            }
            if page.is_truncated != Some(true) {
                return Ok(found);
            }
            (key, version) = (page.next_key_marker, page.next_version_id_marker);
            ensure!(key.is_some(), "the bucket's listing breaks off without saying where");
        }
        Err(anyhow!("more than {MAX_PAGES},000 versions below {prefix}"))
    }
}
