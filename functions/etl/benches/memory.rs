//! Memory of an import of ten million rows in time order, through the real import against stores that keep
//! nothing: prints `etl.memory_10m_rows_mb`, the peak of the resident set.

mod rows;

use std::time::Duration;

use bytes::Bytes;
use etl::config::Config;
use etl::event::Upload;
use etl::import::{Etl, ReadKeys};
use etl::object::{Body, Opened, ReadUpload};
use etl::pii::Method;
use etl::rejects::{Part, WriteRejects};
use jiff::Timestamp;
use secrecy::SecretString;
use shared::import::{Import, ImportCounts, ImportState, ObjectVersion};
use shared::purchase::Purchase;
use shared::store::{Claim, Result, Taken, WriteImports, WritePurchases};
use tokio::time::Instant;

/// Where everything goes, and where the rows come from.
struct Nowhere {
    rows: u64,
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
        let body = Generated { rows: rows::Rows::new(), left: self.rows };
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

impl WriteImports for Nowhere {
    async fn claim(&self, _: &Import, _: Timestamp) -> Result<Claim> {
        Ok(Claim::Granted)
    }
    async fn progress(&self, _: &ObjectVersion, _: &str, _: &ImportCounts, _: Timestamp) -> Result<()> {
        Ok(())
    }
    async fn finish(&self, import: &Import) -> Result<()> {
        assert_eq!((import.state, import.unsorted), (ImportState::Loaded, false));
        assert_eq!((import.counts.rows, import.counts.loaded), (self.rows, self.rows));
        Ok(())
    }
    async fn release(&self, _: &Import) -> Result<()> {
        Ok(())
    }
    async fn first_key(&self, fingerprint: &str) -> Result<String> {
        Ok(fingerprint.to_owned())
    }
}

/// The peak of the resident set in KiB.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "a bench tells its figure")]
async fn main() -> anyhow::Result<()> {
    // Among the tests it only has to run.
    let measured = std::env::args().any(|argument| argument == "--bench");
    let rows = if measured { 10_000_000 } else { 10_000 };
    let config = Config {
        stack: "bench".to_owned(),
        purchases_table: String::new(),
        imports_table: String::new(),
        bucket: String::new(),
        secret: String::new(),
        method: Method::Hmac,
    };
    let nowhere = || Nowhere { rows };
    let etl = Etl { config, objects: nowhere(), keys: nowhere(), purchases: nowhere(), ledger: nowhere() };
    let key = "purchases/bench.csv".to_owned();
    let upload = Upload { bucket: String::new(), key, version: None, etag: None, size: None };
    etl.import(&upload, "bench", Instant::now() + Duration::from_secs(3_600)).await?;
    if let (true, Some(peak)) = (measured, peak_kib()) {
        println!("etl.memory_10m_rows_mb\t{:.1}\tMB", peak as f64 * 1.024 / 1_000.0);
    }
    Ok(())
}
