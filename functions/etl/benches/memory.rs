//! Memory of an import of ten million rows, through the real import against stores that keep nothing: prints
//! `etl.memory_10m_rows_mb` (in time order) and `etl.memory_10m_rows_unsorted_mb`, the peaks of the resident set.

mod rows;

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use etl::config::Config;
use etl::event::Upload;
use etl::format::Format;
use etl::import::{Etl, Invocation, ReadKeys};
use etl::object::{Body, Opened, ReadUpload};
use etl::pii::Method;
use etl::rejects::{Part, WriteRejects};
use secrecy::SecretString;
use serde_json::Value;
use shared::import::ImportState;
use shared::invoke::Invoke;
use shared::purchase::Purchase;
use shared::store::{ReadImports as _, Result, Taken, WritePurchases};
use tests::memory::Memory;
use tokio::time::Instant;

/// As in the function.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Where everything goes, and where the rows come from.
#[derive(Clone, Copy)]
struct Nowhere {
    rows: u64,
    unsorted: bool,
}

/// Rows made while they are read.
struct Generated {
    rows: rows::Rows,
    left: u64,
}

impl Body for Generated {
    async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        let mut chunk = Vec::with_capacity(65 * 1024);
        while chunk.len() < 64 * 1024 && self.left > 0 {
            self.rows.write(&mut chunk);
            self.left -= 1;
        }
        Ok((!chunk.is_empty()).then(|| chunk.into()))
    }
}

impl ReadUpload for Nowhere {
    type Body = Generated;
    async fn open(&self, _: &Upload) -> anyhow::Result<Opened<Generated>> {
        let body = Generated { rows: rows::Rows::new(self.unsorted), left: self.rows };
        Ok(Opened { content_type: None, size: None, body })
    }
}

impl WriteRejects for Nowhere {
    async fn put(&self, _: &str, _: Bytes) -> anyhow::Result<()> {
        Ok(())
    }
    async fn begin(&self, _: &str) -> anyhow::Result<String> {
        Ok(String::new())
    }
    async fn part(&self, _: &str, _: &str, number: i32, _: Bytes) -> anyhow::Result<Part> {
        Ok(Part { number, etag: String::new(), crc32: None })
    }
    async fn complete(&self, _: &str, _: &str, _: &[Part]) -> anyhow::Result<()> {
        Ok(())
    }
    async fn abort(&self, _: &str, _: &str) -> anyhow::Result<()> {
        Ok(())
    }
}

impl ReadKeys for Nowhere {
    async fn secret(&self) -> anyhow::Result<SecretString> {
        Ok(SecretString::from(format!(r#"{{"active":"k1","k1":"{}"}}"#, "0123456789abcdef".repeat(4))))
    }
}

impl WritePurchases for Nowhere {
    async fn put(&self, purchases: &[Purchase]) -> Result<Taken> {
        std::hint::black_box(purchases);
        // As with a real table, the answer doesn't come at once, so that batches pile up.
        tokio::task::yield_now().await;
        Ok(Taken::AtOnce)
    }
}

impl Invoke for Nowhere {
    async fn invoke(&self, _: &Value) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Imports so many rows.
async fn import(rows: u64, unsorted: bool) -> anyhow::Result<()> {
    let config = Config {
        stack: "bench".to_owned(),
        purchases_table: String::new(),
        imports_table: String::new(),
        bucket: String::new(),
        secret: String::new(),
        method: Method::Hmac,
        function: String::new(),
        rollup_function: String::new(),
        format: Format::default(),
        max_rejected_percent: 50,
    };
    let (nowhere, ledger) = (Nowhere { rows, unsorted }, Memory::default());
    let etl = Etl {
        config,
        objects: nowhere,
        keys: nowhere,
        purchases: nowhere,
        ledger: ledger.clone(),
        itself: nowhere,
        rollup: nowhere,
    };
    let key = "purchases/bench.csv".to_owned();
    let upload =
        Upload { bucket: String::new(), key, version: None, etag: None, size: None, sequencer: None };
    let over = Instant::now() + Duration::from_secs(3_600);
    etl.import(&upload, &Invocation { owner: "bench".to_owned(), hop: 0, deadline: over, over }).await?;
    let entry = ledger.import(&upload.object()).await?.context("an entry in the ledger")?;
    assert_eq!((entry.state, entry.unsorted), (ImportState::Loaded, unsorted), "{:?}", entry.message);
    assert_eq!((entry.counts.rows, entry.counts.loaded), (rows, rows));
    Ok(())
}

/// The peak of the resident set in KiB.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
async fn main() -> anyhow::Result<()> {
    // Among the tests it only has to run.
    let measured = std::env::args().any(|argument| argument == "--bench");
    // The smaller peak first.
    for (name, unsorted) in [("etl.memory_10m_rows_mb", false), ("etl.memory_10m_rows_unsorted_mb", true)] {
        import(if measured { 10_000_000 } else { 10_000 }, unsorted).await?;
        if let (true, Some(peak)) = (measured, peak_kib()) {
            println!("{name}\t{:.1}\tMB", peak as f64 * 1.024 / 1_000.0);
        }
    }
    Ok(())
}
