//! Inflating alone: a gzip export to its text, as an import reads it, on one thread. Prints
//! `etl.gzip_inflate_mb_per_cpu_s`: MB of text by CPU time of the thread.

mod rows;

use std::io::Write as _;

use bytes::Bytes;
use etl::export::Export;
use etl::object::Body;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Rows of the file: 77 MB.
const ROWS: u32 = 1_000_000;

/// How often it is read.
const TIMES: u32 = 5;

/// The file in chunks as they come from S3.
struct Chunks(Bytes);

impl Body for Chunks {
    async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        let chunk = self.0.split_to(self.0.len().min(64 * 1024));
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

async fn inflate(file: &Bytes) -> anyhow::Result<u64> {
    let mut export = Export::new(Chunks(file.clone()));
    while let Some(piece) = export.next().await? {
        std::hint::black_box(piece);
    }
    Ok(export.text_bytes())
}

/// CPU time of this thread in ns.
fn cpu_ns() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "a bench tells its figure")]
async fn main() -> anyhow::Result<()> {
    // Among the tests it only has to run.
    let measured = std::env::args().any(|argument| argument == "--bench");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let (mut rows, mut row) = (rows::Rows::new(false), Vec::new());
    for _ in 0..if measured { ROWS } else { 10_000 } {
        rows.write(&mut row);
        encoder.write_all(&row)?;
        row.clear();
    }
    let file = Bytes::from(encoder.finish()?);
    inflate(&file).await?;
    if !measured {
        return Ok(());
    }
    let (before, mut bytes) = (cpu_ns(), 0);
    for _ in 0..TIMES {
        bytes += inflate(&file).await?;
    }
    if let (Some(before), Some(after)) = (before, cpu_ns()) {
        // Bytes a microsecond are MB a second.
        println!("etl.gzip_inflate_mb_per_cpu_s\t{}\tMB/s", bytes * 1_000 / (after - before));
    }
    Ok(())
}
