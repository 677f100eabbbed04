//! A whole installation in memory: the uploads bucket, the PII secret, tables that can be slow or fail, and functions
//! that note what they are asked.

mod bucket;
mod functions;
mod stores;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use etl::config::Config;
use etl::format::Format;
use etl::gone::Gone;
use etl::import::Etl;
use etl::pii::Method;
use jiff::Timestamp;
use jiff::civil::Date;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use shared::import::{Import, ImportState};
use shared::purchase::{Position, Purchase};
use shared::store::StoreError;
use tests::memory::Memory;

use functions::Function;

pub(crate) const BUCKET: &str = "shopwatch-uploads-123456789012-us-east-1";
pub(crate) const K1: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";
pub(crate) const K2: &str = "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba987654321098";

/// When a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing is done.
    Before,
    /// It is done, and the answer is lost.
    After,
}

/// What the fakes hold, and how they are told to behave.
#[derive(Default)]
pub(crate) struct World {
    /// Uploads by version: content type and bytes.
    pub(crate) uploads: BTreeMap<String, (Option<String>, Bytes)>,
    /// What opening an upload fails with.
    pub(crate) gone: Option<Gone>,
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
    /// Batches on their way that the table takes at once; with more it says that it is asked too much.
    pub(crate) capacity: Option<usize>,
    pub(crate) in_flight: usize,
    /// How many batches were on their way when each was sent.
    pub(crate) flights: Vec<usize>,
    pub(crate) batches: usize,
    /// Purchases in all batches.
    pub(crate) written: usize,
    pub(crate) heartbeats: usize,
    /// Heartbeats that recorded the days.
    pub(crate) days_recorded: usize,
    pub(crate) opened: usize,
    /// Calls of anything so far, and those that are to fail.
    pub(crate) calls: usize,
    pub(crate) failing: BTreeMap<usize, Failure>,
    /// What `etl` asked itself.
    pub(crate) continuations: VecDeque<Value>,
    /// The days that `rollup` was asked for.
    pub(crate) rolled_up: Vec<Date>,
    /// Whether functions can be invoked.
    pub(crate) no_functions: bool,
    /// Whether functions never answer.
    pub(crate) silent_functions: bool,
}

impl World {
    /// Has a call fail: which one from now on.
    pub(crate) fn fail(&mut self, call: usize, failure: Failure) {
        self.failing.insert(self.calls + call, failure);
    }

    /// Whether there is no rejects file, nor a part of one.
    pub(crate) fn nothing_published(&self) -> bool {
        self.files.is_empty() && self.unfinished.is_empty()
    }
}

#[derive(Clone)]
pub(crate) struct Fake {
    world: Arc<Mutex<World>>,
    pub(crate) memory: Memory,
}

pub(crate) struct Shop {
    pub(crate) fake: Fake,
    pub(crate) etl: Etl<Fake, Fake, Fake, Fake, Function>,
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
            function: String::new(),
            rollup_function: String::new(),
            format: Format::default(),
            max_rejected_percent: 50,
        };
        let etl = Etl {
            config,
            objects: fake.clone(),
            keys: fake.clone(),
            purchases: fake.clone(),
            ledger: fake.clone(),
            itself: Function::Etl(fake.clone()),
            rollup: Function::Rollup(fake.clone()),
        };
        Self { fake, etl, time: Duration::from_secs(900) }
    }

    /// One that loads a file however many rows are refused.
    pub(crate) fn lenient() -> Self {
        let mut shop = Self::new();
        shop.etl.config.max_rejected_percent = 100;
        shop
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.fake.world()
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

    /// Delivers what `etl` has asked itself, until it asks no more: how often it did.
    pub(crate) async fn go_on(&self) -> usize {
        for times in 0..200 {
            let Some(event) = self.next_continuation() else { return times };
            self.deliver(event).await.unwrap();
        }
        panic!("it never ends");
    }

    pub(crate) fn next_continuation(&self) -> Option<Value> {
        self.world().continuations.pop_front()
    }

    /// As if every invocation had died long ago.
    pub(crate) fn leases_run_out(&self) {
        for import in self.fake.memory.tables().imports.values_mut() {
            if import.state == ImportState::Running {
                import.lease_until = Timestamp::UNIX_EPOCH;
            }
        }
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
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Does what it is told unless this call is to fail. There is a moment before and after it, to die in.
    async fn call<T, E: From<StoreError>>(&self, does: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let failure = {
            let mut world = self.world();
            world.calls += 1;
            let call = world.calls;
            world.failing.remove(&call)
        };
        let failed = || StoreError::Unavailable { action: "a call", cause: "told to fail".to_owned() };
        tokio::task::yield_now().await;
        if failure == Some(Failure::Before) {
            return Err(failed().into());
        }
        let done = does.await;
        tokio::task::yield_now().await;
        if failure == Some(Failure::After) { Err(failed().into()) } else { done }
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
