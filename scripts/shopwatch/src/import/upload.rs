//! Uploads one file to the bucket of exports, in parts when it is large, and takes the version's id from the answer.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use shared::clients::causes;
use shared::import::ObjectVersion;

/// What `etl` listens to.
const PREFIX: &str = "purchases/";

/// Longest key of an object, in bytes (S3's limit).
const MAX_KEY_BYTES: usize = 1_024;

/// Smallest part, in bytes; files up to this size are sent in one piece.
const PART_BYTES: u64 = 8 << 20;

/// Most parts of one upload (S3's limit).
const MAX_PARTS: u64 = 10_000;

const CONTENT_TYPE: &str = "text/csv";

/// A file that is there and not empty.
#[derive(Debug)]
pub struct Export {
    file: File,
    size: u64,
}

impl Export {
    /// Opens the file.
    ///
    /// # Errors
    /// When it is missing, cannot be read, is not a regular file or is empty.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
        let metadata = file.metadata().with_context(|| format!("cannot read {shown}"))?;
        ensure!(metadata.is_file(), "{shown}: expected a file, got something else");
        let size = metadata.len();
        ensure!(size > 0, "{shown}: expected a file with rows, got an empty one");
        Ok(Self { file, size })
    }

    /// The file's size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The file.
    pub(crate) fn into_file(self) -> File {
        self.file
    }
}

/// The key that a file is uploaded under: the given name, or else the file's, below `purchases/`.
///
/// # Errors
/// When that is no key.
pub fn key_of(path: &Path, given: Option<&str>) -> anyhow::Result<String> {
    let name = match given {
        Some(name) => name,
        None => path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| anyhow!("the file's name is not UTF-8: name the object with --key"))?,
    };
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    let key = format!("{PREFIX}{name}");
    if name.is_empty() || name.chars().any(char::is_control) || key.len() > MAX_KEY_BYTES {
        bail!(
            "expected the name of an object, without control characters and with {PREFIX} at most {MAX_KEY_BYTES} \
             bytes long; got {:?}",
            name.chars().take(80).collect::<String>()
        );
    }
    Ok(key)
}

/// Sends the file; `sent` is told the bytes sent so far.
///
/// # Errors
/// When the bucket refuses, or the file changes while it is read. A half-sent object does not appear in the bucket.
pub async fn upload(
    client: &Client,
    bucket: &str,
    key: &str,
    export: Export,
    mut sent: impl FnMut(u64),
) -> anyhow::Result<ObjectVersion> {
    let mut parts = Parts::of(export);
    let version = if parts.left <= parts.size {
        let body = parts.next()?.unwrap_or_default();
        let length = body.len() as u64;
        let version = put(client, bucket, key, body).await?;
        sent(length);
        version
    } else {
        put_in_parts(client, bucket, key, &mut parts, &mut sent).await?
    };
    Ok(ObjectVersion { key: key.to_owned(), version: version.unwrap_or_else(|| "null".to_owned()) })
}

/// A client whose calls may take as long as a part needs on a slow line; the configuration's own limits are for
/// calls of a few KB. Addresses buckets by path where the endpoint is no AWS host, which has no names for them.
pub fn client(config: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(180))
        .operation_attempt_timeout(Duration::from_secs(180))
        .operation_timeout(Duration::from_secs(600))
        .build();
    let own_endpoint = config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    Client::from_conf(
        aws_sdk_s3::config::Builder::from(config)
            .force_path_style(own_endpoint)
            .timeout_config(timeouts)
            .build(),
    )
}

async fn put(client: &Client, bucket: &str, key: &str, body: Vec<u8>) -> anyhow::Result<Option<String>> {
    let put = client.put_object().bucket(bucket).key(key).content_type(CONTENT_TYPE);
    let answer = put.body(ByteStream::from(body)).send().await;
    Ok(answer.map_err(|error| failed(bucket, &error))?.version_id)
}

async fn put_in_parts(
    client: &Client,
    bucket: &str,
    key: &str,
    parts: &mut Parts,
    sent: &mut impl FnMut(u64),
) -> anyhow::Result<Option<String>> {
    let begin = client.create_multipart_upload().bucket(bucket).key(key);
    let begun = begin.content_type(CONTENT_TYPE).send().await;
    let upload = begun
        .map_err(|error| failed(bucket, &error))?
        .upload_id
        .context("the bucket began an upload without an id")?;
    let done = send_parts(client, bucket, key, &upload, parts, sent).await;
    if done.is_err() {
        // Parts cost until they are dropped. Should this fail too, the bucket's life-cycle drops them in a day.
        let abort = client.abort_multipart_upload().bucket(bucket).key(key);
        let _ = abort.upload_id(&upload).send().await;
    }
    done
}

async fn send_parts(
    client: &Client,
    bucket: &str,
    key: &str,
    upload: &str,
    parts: &mut Parts,
    sent: &mut impl FnMut(u64),
) -> anyhow::Result<Option<String>> {
    let mut completed = Vec::new();
    let (mut number, mut total) = (0, 0);
    while let Some(body) = parts.next()? {
        number += 1;
        total += body.len() as u64;
        let part = client.upload_part().bucket(bucket).key(key).upload_id(upload);
        let answer = part
            .part_number(number)
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(|error| failed(bucket, &error))?;
        completed.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(answer.e_tag)
                .set_checksum_crc32(answer.checksum_crc32)
                .build(),
        );
        sent(total);
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(completed)).build();
    let complete = client.complete_multipart_upload().bucket(bucket).key(key);
    let answer = complete.upload_id(upload).multipart_upload(parts).send().await;
    Ok(answer.map_err(|error| failed(bucket, &error))?.version_id)
}

fn failed(bucket: &str, error: &(impl std::error::Error + 'static)) -> anyhow::Error {
    anyhow!("uploading to the bucket {bucket} failed: {}", causes(error))
}

/// The file, part by part, in the memory of one part.
struct Parts {
    file: File,
    /// Bytes of a part.
    size: u64,
    /// Bytes that are not read yet.
    left: u64,
}

impl Parts {
    fn of(export: Export) -> Self {
        Self { file: export.file, size: PART_BYTES.max(export.size.div_ceil(MAX_PARTS)), left: export.size }
    }

    /// The next part; `None` at the end. Reading blocks, which on one part of a local file nobody notices.
    fn next(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        const CHANGED: &str = "the file changed while it was read: send it again when it is whole";
        let length = self.left.min(self.size);
        if length == 0 {
            return Ok(None);
        }
        let mut part = Vec::with_capacity(usize::try_from(length)?);
        let file = &mut self.file;
        file.take(length).read_to_end(&mut part).context("cannot read the file")?;
        ensure!(part.len() as u64 == length, CHANGED);
        self.left -= length;
        // Before the last part is sent: half of a growing file must not be loaded as if it were whole.
        if self.left == 0 {
            ensure!(file.read(&mut [0]).context("cannot read the file")? == 0, CHANGED);
        }
        Ok(Some(part))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_missing_or_empty_file_is_refused_here() {
        let folder = tempfile::tempdir().unwrap();
        let error = |path: &Path| {
            let text = format!("{:#}", Export::open(path).unwrap_err());
            text.replace(&folder.path().display().to_string(), "FOLDER")
        };
        let empty = folder.path().join("empty.csv");
        std::fs::write(&empty, "").unwrap();
        insta::assert_snapshot!(error(&folder.path().join("none.csv")), @"cannot open FOLDER/none.csv: No such file or directory (os error 2)");
        insta::assert_snapshot!(error(&empty), @"FOLDER/empty.csv: expected a file with rows, got an empty one");
        insta::assert_snapshot!(error(folder.path()), @"FOLDER: expected a file, got something else");
    }

    #[test]
    fn a_key_is_below_the_prefix_that_etl_listens_to() {
        let key = |path: &str, given| key_of(Path::new(path), given);
        assert_eq!(key("some/2021-03-21T11.csv", None).unwrap(), "purchases/2021-03-21T11.csv");
        assert_eq!(key("a.csv", Some("b c.csv")).unwrap(), "purchases/b c.csv");
        assert_eq!(key("a.csv", Some("purchases/2021/b.csv")).unwrap(), "purchases/2021/b.csv");
        let long = "x".repeat(1_015);
        for bad in ["", "purchases/", "a\nb", &long] {
            assert!(key("a.csv", Some(bad)).is_err(), "{bad}");
        }
        assert!(key("..", None).is_err());
    }

    #[test]
    fn a_file_is_read_part_by_part() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let mut parts = Parts { file: file.try_clone().unwrap(), size: 4, left: 10 };
        let mut read = Vec::new();
        while let Some(part) = parts.next().unwrap() {
            read.push(String::from_utf8(part).unwrap());
        }
        assert_eq!(read, ["0123", "4567", "89"]);
    }

    #[test]
    fn a_file_that_changes_is_not_sent_as_if_it_were_whole() {
        for size_at_start in [9, 11] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(b"0123456789").unwrap();
            std::io::Seek::rewind(&mut file).unwrap();
            let mut parts = Parts { file, size: 20, left: size_at_start };
            assert!(parts.next().unwrap_err().to_string().contains("changed"));
        }
    }

    #[test]
    fn the_largest_object_fits_the_parts() {
        let export = |size| Export { file: tempfile::tempfile().unwrap(), size };
        assert_eq!(Parts::of(export(1)).size, PART_BYTES);
        // 5 TiB is S3's largest object.
        let parts = Parts::of(export(5 << 40));
        assert!(parts.left.div_ceil(parts.size) <= MAX_PARTS);
    }
}
