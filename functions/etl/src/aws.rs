//! S3 and Secrets Manager.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use secrecy::SecretString;
use shared::clients::causes;

use crate::event::Upload;
use crate::gone::Gone;
use crate::import::ReadKeys;
use crate::object::{Body, Opened, ReadUpload};
use crate::rejects::{Part, WriteRejects};

/// Longest wait for the next bytes of an object.
const CHUNK: Duration = Duration::from_secs(30);

/// The uploads bucket. Clients bound each call; see [`shared::clients`].
#[derive(Debug, Clone)]
pub struct S3 {
    client: aws_sdk_s3::Client,
    bucket: String,
}

impl S3 {
    /// The bucket of this name.
    pub fn new(client: aws_sdk_s3::Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }
}

fn told<E: std::error::Error + 'static>(error: E) -> anyhow::Error {
    anyhow!(causes(&error))
}

impl ReadUpload for S3 {
    type Body = Object;

    async fn open(&self, upload: &Upload) -> anyhow::Result<Opened<Object>> {
        let get = self.client.get_object().bucket(&upload.bucket).key(&upload.key);
        let tag = upload.etag.as_deref().map(|tag| format!("\"{}\"", tag.trim_matches('"')));
        let get = get.set_version_id(upload.version.clone()).set_if_match(tag);
        let object = get.send().await.map_err(|error| match gone(&error) {
            Some(gone) => gone.into(),
            None => told(error),
        })?;
        let size = object.content_length.and_then(|size| u64::try_from(size).ok());
        Ok(Opened { content_type: object.content_type, size, body: Object(object.body) })
    }
}

/// Whether S3 says that the object is not there as it was announced.
fn gone(error: &SdkError<GetObjectError>) -> Option<Gone> {
    match error.raw_response()?.status().as_u16() {
        404 => Some(Gone::Deleted),
        412 => Some(Gone::Replaced),
        _ => None,
    }
}

/// The bytes of an object of S3.
#[derive(Debug)]
pub struct Object(ByteStream);

impl Body for Object {
    async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        let next = tokio::time::timeout(CHUNK, self.0.try_next()).await;
        next.map_err(|_| anyhow!("no bytes for {} s", CHUNK.as_secs()))?.map_err(told)
    }
}

impl WriteRejects for S3 {
    async fn put(&self, key: &str, body: Bytes) -> anyhow::Result<()> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type("text/csv");
        put.body(body.into()).send().await.map(drop).map_err(told)
    }

    async fn begin(&self, key: &str) -> anyhow::Result<String> {
        let begin = self.client.create_multipart_upload().bucket(&self.bucket).key(key);
        let begin = begin.content_type("text/csv").checksum_algorithm(ChecksumAlgorithm::Crc32);
        let begun = begin.send().await.map_err(told)?;
        begun.upload_id.context("S3 named no upload")
    }

    async fn part(&self, key: &str, upload: &str, number: i32, body: Bytes) -> anyhow::Result<Part> {
        let part = self.client.upload_part().bucket(&self.bucket).key(key).upload_id(upload);
        let part = part.checksum_algorithm(ChecksumAlgorithm::Crc32).part_number(number).body(body.into());
        let sent = part.send().await.map_err(told)?;
        Ok(Part { number, etag: sent.e_tag.context("S3 gave a part no tag")?, crc32: sent.checksum_crc32 })
    }

    async fn complete(&self, key: &str, upload: &str, parts: &[Part]) -> anyhow::Result<()> {
        let parts = parts.iter().map(|part| {
            let built = CompletedPart::builder().part_number(part.number).e_tag(&part.etag);
            built.set_checksum_crc32(part.crc32.clone()).build()
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket).key(key);
        complete.upload_id(upload).multipart_upload(parts).send().await.map(drop).map_err(told)
    }

    async fn abort(&self, key: &str, upload: &str) -> anyhow::Result<()> {
        let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(key);
        abort.upload_id(upload).send().await.map(drop).map_err(told)
    }
}

/// The secret of the PII keys. Read for every import ($0.05 per 10,000), so that a key made active by hand is
/// used from the next import on.
#[derive(Debug, Clone)]
pub struct Secret {
    client: aws_sdk_secretsmanager::Client,
    name: String,
}

impl Secret {
    /// The secret of this name.
    pub fn new(client: aws_sdk_secretsmanager::Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }
}

impl ReadKeys for Secret {
    async fn secret(&self) -> anyhow::Result<SecretString> {
        let answer = self.client.get_secret_value().secret_id(&self.name).send().await.map_err(told)?;
        answer.secret_string.map(SecretString::from).context("the secret holds no text")
    }
}
