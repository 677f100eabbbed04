//! `rollup` and the uploads bucket, in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::tests::memory::Memory;
use bytes::Bytes;
use etl::event::Upload;
use etl::object::{Body, Opened, ReadUpload};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use shared::invoke::Invoke;
use shared::trend::{DayTrend, Sales};

use super::super::{ListUploads, ReadCopy};

/// Does at once what `rollup` does later: notes who bought on the day, stores a trend with as many orders as the day
/// has purchases, and writes the analytics copy.
pub(crate) struct Rollup {
    pub(crate) memory: Memory,
    /// Invocations that come to nothing before one does not.
    pub(crate) lost: AtomicUsize,
    pub(crate) days: Mutex<Vec<Date>>,
    /// Days whose file is written: when.
    pub(crate) copy: Mutex<BTreeMap<Date, Timestamp>>,
    /// Invocations that die between trend and file.
    pub(crate) torn: AtomicUsize,
}

impl Rollup {
    pub(crate) fn of(memory: &Memory) -> Self {
        let (lost, torn) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { memory: memory.clone(), lost, days: Mutex::default(), copy: Mutex::default(), torn }
    }

    pub(crate) fn run(&self, date: Date) {
        let mut tables = self.memory.tables();
        let of_day: Vec<_> =
            tables.purchases.values().filter(|p| p.position.date() == date).cloned().collect();
        let tokens = of_day.iter().flat_map(|p| [Some(&p.buyer), p.linked.as_ref()]).flatten();
        tables.bought.extend(tokens.map(|token| (token.clone(), date)));
        let sales = Sales { orders: of_day.len() as u64, ..Sales::default() };
        let trend = DayTrend {
            date,
            sales,
            new_buyers: 0,
            returning_buyers: 0,
            hours: [].into(),
            read_at: Timestamp::now(),
            since: None,
        };
        tables.trends.insert(date, trend);
        if !takes_one(&self.torn) {
            self.copy.lock().unwrap().insert(date, Timestamp::now());
        }
    }
}

/// Takes one off a counter; `false` when there is none left.
fn takes_one(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

impl ReadCopy for Rollup {
    async fn written_at(&self, date: Date) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.copy.lock().unwrap().get(&date).copied())
    }
}

impl Invoke for Rollup {
    async fn invoke(&self, event: &Value) -> anyhow::Result<()> {
        let date: Date = event["day"].as_str().unwrap().parse().unwrap();
        assert_eq!(event.as_object().unwrap().len(), 1);
        self.days.lock().unwrap().push(date);
        if !takes_one(&self.lost) {
            self.run(date);
        }
        Ok(())
    }
}

/// The uploads bucket.
#[derive(Default)]
pub(crate) struct Bucket {
    objects: Vec<(Upload, Bytes)>,
    /// Keys that were read.
    pub(crate) read: Mutex<Vec<String>>,
}

impl Bucket {
    pub(crate) fn with(mut self, key: &str, version: &str, bytes: impl Into<Bytes>) -> Self {
        let upload = Upload {
            bucket: "shop-uploads".into(),
            key: key.into(),
            version: Some(version.into()),
            etag: None,
            size: None,
            sequencer: None,
        };
        self.objects.push((upload, bytes.into()));
        self
    }
}

impl ListUploads for Bucket {
    async fn versions(&self, prefix: &str) -> anyhow::Result<Vec<Upload>> {
        let below = self.objects.iter().filter(|(upload, _)| upload.key.starts_with(prefix));
        Ok(below.map(|(upload, _)| upload.clone()).collect())
    }
}

/// Bytes in small chunks.
pub(crate) struct Chunks(Bytes);

impl Body for Chunks {
    async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        let length = self.0.len().min(7);
        Ok((length > 0).then(|| self.0.split_to(length)))
    }
}

impl ReadUpload for Bucket {
    type Body = Chunks;

    async fn open(&self, upload: &Upload) -> anyhow::Result<Opened<Chunks>> {
        self.read.lock().unwrap().push(upload.key.clone());
        let found = self.objects.iter().find(|(there, _)| there == upload);
        let (_, bytes) = found.ok_or_else(|| anyhow::anyhow!("NoSuchKey"))?;
        Ok(Opened { content_type: None, size: None, body: Chunks(bytes.clone()) })
    }
}
