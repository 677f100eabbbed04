//! A whole installation in memory: the uploads bucket, the PII secret, and tables that can be slow or fail.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use etl::config::Config;
use etl::event::Upload;
use etl::import::{Etl, ReadKeys};
use etl::object::{Body, Opened, ReadUpload};
use etl::pii::Method;
use etl::rejects::{Part, WriteRejects};
use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent};
use secrecy::SecretString;
use serde_json::Value;
use shared::import::{Import, ImportCounts, ObjectVersion};
use shared::purchase::{Position, Purchase};
use shared::store::{Claim, Result, StoreError, Taken, WriteImports, WritePurchases};
use tests::memory::Memory;

pub(crate) const BUCKET: &str = "shopwatch-uploads-123456789012-us-east-1";
pub(crate) const K1: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";
pub(crate) const K2: &str = "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba987654321098";

/// What the fakes hold, and how they are told to behave.
#[derive(Default)]
pub(crate) struct World {
    /// Uploads by version: content type and bytes.
    pub(crate) uploads: BTreeMap<String, (Option<String>, Bytes)>,
    /// Rejects files that are complete.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Rejects files begun in parts.
    pub(crate) unfinished: BTreeMap<String, Vec<Bytes>>,
    pub(crate) secret: String,
    /// Bytes after which the streams of objects break off.
    pub(crate) break_after: Option<usize>,
    /// Batches that may still be written.
    pub(crate) batches_left: Option<usize>,
    /// How long a batch takes.
    pub(crate) delay: Duration,
    pub(crate) batches: usize,
    pub(crate) heartbeats: usize,
    pub(crate) opened: usize,
}

#[derive(Clone)]
pub(crate) struct Fake {
    world: Arc<Mutex<World>>,
    pub(crate) memory: Memory,
}

pub(crate) struct Shop {
    pub(crate) fake: Fake,
    pub(crate) etl: Etl<Fake, Fake, Fake, Fake>,
    /// Time that an invocation has.
    pub(crate) time: Duration,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let world = World { secret: format!(r#"{{"active":"k1","k1":"{K1}"}}"#), ..World::default() };
        let fake = Fake { world: Arc::new(Mutex::new(world)), memory: Memory::default() };
        let config = Config {
            stack: "shopwatch".to_owned(),
            purchases_table: String::new(),
            imports_table: String::new(),
            bucket: BUCKET.to_owned(),
            secret: String::new(),
            method: Method::Hmac,
        };
        let etl = Etl {
            config,
            objects: fake.clone(),
            keys: fake.clone(),
            purchases: fake.clone(),
            ledger: fake.clone(),
        };
        Self { fake, etl, time: Duration::from_secs(900) }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.fake.world.lock().unwrap()
    }

    /// Puts an object; its key is its version too, and is decoded already.
    pub(crate) fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) -> Value {
        self.put_as(key, Some("text/csv"), bytes)
    }

    pub(crate) fn put_as(&self, key: &str, content_type: Option<&str>, bytes: impl Into<Vec<u8>>) -> Value {
        let bytes: Vec<u8> = bytes.into();
        let mut event = ::tests::event("s3-put");
        let object = &mut event["Records"][0]["s3"]["object"];
        object["key"] = key.into();
        object["versionId"] = key.into();
        object["size"] = bytes.len().into();
        let content_type = content_type.map(str::to_owned);
        self.world().uploads.insert(key.to_owned(), (content_type, bytes.into()));
        event
    }

    pub(crate) async fn deliver(&self, event: Value) -> anyhow::Result<()> {
        let mut context = Context::default();
        context.request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned();
        let until = SystemTime::now() + self.time;
        let until = until.duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
        context.deadline = u64::try_from(until)?;
        etl::handle(&self.etl, LambdaEvent::new(event, context)).await
    }

    /// Uploads and imports: the ledger's entry.
    pub(crate) async fn import(&self, key: &str, bytes: impl Into<Vec<u8>>) -> Import {
        let event = self.put(key, bytes);
        self.deliver(event).await.unwrap();
        self.entry(key)
    }

    /// The ledger's entry of a key's only version.
    pub(crate) fn entry(&self, key: &str) -> Import {
        let tables = self.fake.memory.tables();
        let mut found = tables.imports.values().filter(|import| import.object.key == key);
        let entry = found.next().unwrap_or_else(|| panic!("no entry of {key}")).clone();
        assert!(found.next().is_none());
        entry
    }

    pub(crate) fn purchases(&self) -> BTreeMap<Position, Purchase> {
        self.fake.memory.tables().purchases.clone()
    }

    /// The rows of an import's rejects file, without the header: line, reason, row.
    pub(crate) fn rejects(&self, import: &Import) -> Vec<(u64, String, Vec<u8>)> {
        let Some(key) = &import.rejects_key else { return Vec::new() };
        assert_eq!(*key, import.import_id.rejects_key());
        let file = self.world().files[key].clone();
        assert!(file.starts_with(b"line,reason,row\n"));
        let mut reader = csv::Reader::from_reader(file.as_slice());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let rows = reader.byte_records().map(|record| {
            let record = record.unwrap();
            (text(&record[0]).parse().unwrap(), text(&record[1]), record[2].to_vec())
        });
        rows.collect()
    }
}

impl Fake {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

pub(crate) struct Chunks {
    left: VecDeque<Bytes>,
    breaks: bool,
}

impl Body for Chunks {
    async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        match self.left.pop_front() {
            None if self.breaks => bail!("connection reset"),
            chunk => Ok(chunk),
        }
    }
}

impl ReadUpload for Fake {
    type Body = Chunks;

    async fn open(&self, upload: &Upload) -> anyhow::Result<Opened<Chunks>> {
        let mut world = self.world();
        world.opened += 1;
        let version = upload.version.clone().context("no version")?;
        let (content_type, bytes) = world.uploads.get(&version).context("no such version")?.clone();
        let size = Some(bytes.len() as u64);
        let readable = bytes.slice(..world.break_after.unwrap_or(usize::MAX).min(bytes.len()));
        // Sizes that don't fit rows, as a network's don't.
        let left = readable.chunks(16_381).map(Bytes::copy_from_slice).collect();
        Ok(Opened { content_type, size, body: Chunks { left, breaks: readable.len() < bytes.len() } })
    }
}

impl WriteRejects for Fake {
    async fn put(&self, key: &str, body: Bytes) -> anyhow::Result<()> {
        self.world().files.insert(key.to_owned(), body.to_vec());
        Ok(())
    }

    async fn begin(&self, key: &str) -> anyhow::Result<String> {
        self.world().unfinished.insert(key.to_owned(), Vec::new());
        Ok(format!("upload of {key}"))
    }

    async fn part(&self, key: &str, upload: &str, number: i32, body: Bytes) -> anyhow::Result<Part> {
        assert_eq!(upload, format!("upload of {key}"));
        let mut world = self.world();
        let parts = world.unfinished.get_mut(key).context("no such upload")?;
        parts.push(body);
        assert_eq!(parts.len(), usize::try_from(number)?);
        Ok(Part { number, etag: number.to_string(), crc32: None })
    }

    async fn complete(&self, key: &str, _upload: &str, parts: &[Part]) -> anyhow::Result<()> {
        let mut world = self.world();
        let sent = world.unfinished.remove(key).context("no such upload")?;
        let numbers: Vec<i32> = parts.iter().map(|part| part.number).collect();
        assert_eq!(numbers, (1..=i32::try_from(sent.len())?).collect::<Vec<_>>());
        // As S3 has it: every part but the last has 5 MiB or more.
        assert!(sent[..sent.len() - 1].iter().all(|part| part.len() >= 5 << 20));
        world.files.insert(key.to_owned(), sent.concat());
        Ok(())
    }

    async fn abort(&self, key: &str, _upload: &str) -> anyhow::Result<()> {
        self.world().unfinished.remove(key).context("no such upload").map(drop)
    }
}

impl ReadKeys for Fake {
    async fn secret(&self) -> anyhow::Result<SecretString> {
        Ok(SecretString::from(self.world().secret.clone()))
    }
}

impl WritePurchases for Fake {
    async fn put(&self, purchases: &[Purchase]) -> Result<Taken> {
        let delay = {
            let mut world = self.world();
            world.batches += 1;
            match &mut world.batches_left {
                Some(0) => {
                    let (action, cause) = ("writing purchases", "told to fail".to_owned());
                    return Err(StoreError::Unavailable { action, cause });
                }
                Some(left) => *left -= 1,
                None => {}
            }
            world.delay
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.memory.put(purchases).await
    }
}

impl WriteImports for Fake {
    async fn claim(&self, import: &Import, now: Timestamp) -> Result<Claim> {
        self.memory.claim(import, now).await
    }

    async fn progress(
        &self,
        object: &ObjectVersion,
        owner: &str,
        counts: &ImportCounts,
        lease_until: Timestamp,
    ) -> Result<()> {
        self.world().heartbeats += 1;
        self.memory.progress(object, owner, counts, lease_until).await
    }

    async fn finish(&self, import: &Import) -> Result<()> {
        self.memory.finish(import).await
    }

    async fn release(&self, import: &Import) -> Result<()> {
        self.memory.release(import).await
    }

    async fn first_key(&self, fingerprint: &str) -> Result<String> {
        self.memory.first_key(fingerprint).await
    }
}

/// Rows in time order, three an instant, with repeated buyers and an equal row now and then.
pub(crate) fn rows(from: usize, count: usize) -> Vec<String> {
    let row = |n: usize| {
        let (buyer, second) = (n / 2 % 40, n / 3);
        let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        let item = n / 2 * 7 % 100;
        format!("buyer{buyer}@shop.example,{item},1,{}.50,2021-03-21T{time}", item % 9)
    };
    (from..from + count).map(row).collect()
}

pub(crate) fn file(rows: &[String]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}
