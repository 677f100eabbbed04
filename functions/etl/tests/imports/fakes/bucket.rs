//! The uploads bucket and the secret.

use std::collections::VecDeque;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use etl::event::Upload;
use etl::import::ReadKeys;
use etl::object::{Body, Opened, ReadUpload};
use etl::rejects::{Part, WriteRejects};
use secrecy::SecretString;

use super::Fake;

pub(crate) struct Chunks {
    left: VecDeque<Bytes>,
    breaks: bool,
}

impl Body for Chunks {
    async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        tokio::task::yield_now().await;
        match self.left.pop_front() {
            None if self.breaks => bail!("connection reset"),
            chunk => Ok(chunk),
        }
    }
}

impl ReadUpload for Fake {
    type Body = Chunks;

    async fn open(&self, upload: &Upload) -> anyhow::Result<Opened<Chunks>> {
        let open = async {
            let mut world = self.world();
            world.opened += 1;
            if let Some(gone) = world.gone {
                return Err(gone.into());
            }
            let version = upload.version.clone().context("no version")?;
            let (content_type, bytes) = world.uploads.get(&version).context("no such version")?.clone();
            let size = Some(bytes.len() as u64);
            let readable = bytes.slice(..world.break_after.unwrap_or(usize::MAX).min(bytes.len()));
            // Sizes that don't fit rows, as a network's don't.
            let left = readable.chunks(16_381).map(Bytes::copy_from_slice).collect();
            Ok(Opened { content_type, size, body: Chunks { left, breaks: readable.len() < bytes.len() } })
        };
        self.call(open).await
    }
}

impl WriteRejects for Fake {
    async fn put(&self, key: &str, body: Bytes) -> anyhow::Result<()> {
        let put = async {
            self.world().files.insert(key.to_owned(), body.to_vec());
            Ok(())
        };
        self.call(put).await
    }

    async fn begin(&self, key: &str) -> anyhow::Result<String> {
        let begin = async {
            self.world().unfinished.insert(key.to_owned(), Vec::new());
            Ok(format!("upload of {key}"))
        };
        self.call(begin).await
    }

    async fn part(&self, key: &str, upload: &str, number: i32, body: Bytes) -> anyhow::Result<Part> {
        assert_eq!(upload, format!("upload of {key}"));
        let part = async {
            let mut world = self.world();
            let parts = world.unfinished.get_mut(key).context("no such upload")?;
            parts.push(body);
            assert_eq!(parts.len(), usize::try_from(number)?);
            Ok(Part { number, etag: number.to_string(), crc32: None })
        };
        self.call(part).await
    }

    async fn complete(&self, key: &str, _upload: &str, parts: &[Part]) -> anyhow::Result<()> {
        let complete = async {
            let mut world = self.world();
            let sent = world.unfinished.remove(key).context("no such upload")?;
            let numbers: Vec<i32> = parts.iter().map(|part| part.number).collect();
            assert_eq!(numbers, (1..=i32::try_from(sent.len())?).collect::<Vec<_>>());
            // As S3 has it: every part but the last has 5 MiB or more.
            assert!(sent[..sent.len() - 1].iter().all(|part| part.len() >= 5 << 20));
            world.files.insert(key.to_owned(), sent.concat());
            Ok(())
        };
        self.call(complete).await
    }

    async fn abort(&self, key: &str, _upload: &str) -> anyhow::Result<()> {
        let abort = async { self.world().unfinished.remove(key).context("no such upload").map(drop) };
        self.call(abort).await
    }
}

impl ReadKeys for Fake {
    async fn secret(&self) -> anyhow::Result<SecretString> {
        self.call(async { Ok(SecretString::from(self.world().secret.clone())) }).await
    }
}
