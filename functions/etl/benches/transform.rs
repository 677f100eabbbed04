//! The transform alone: bytes in, to typed purchases with key and buyer token, on one thread.
//!
//! Besides criterion's report (wall time) it prints `etl.transform_cpu_ns_per_row`: CPU time of the thread, which
//! says the same on a busy machine.

mod rows;

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use etl::format::Format;
use etl::identity::Occurrences;
use etl::pii::{Method, Pii};
use etl::transform::{Outcome, Transform};
use jiff::Timestamp;
use secrecy::SecretString;

const ROWS: u64 = 100_000;

/// Rows transformed for the printed figure.
const MEASURED: u64 = 5_000_000;

fn transform(pii: &Pii, format: &Format, file: &[u8]) -> u64 {
    let mut transform = Transform::new(pii, format, Occurrences::in_time_order());
    let mut purchases = 0;
    let mut drain = |transform: &mut Transform<'_>| {
        while let Ok(Some(outcome)) = transform.next() {
            purchases += u64::from(matches!(black_box(outcome), Outcome::Purchase(_)));
        }
    };
    // As chunks come from S3.
    for chunk in file.chunks(64 * 1024) {
        transform.push(chunk);
        drain(&mut transform);
    }
    transform.finish();
    drain(&mut transform);
    purchases
}

/// CPU time of this thread in ns.
fn cpu_ns() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "a bench tells its figure")]
fn main() {
    let mut file = Vec::new();
    let mut rows = rows::Rows::new(false);
    (0..ROWS).for_each(|_| rows.write(&mut file));
    let secret = SecretString::from(format!(r#"{{"active":"k1","k1":"{}"}}"#, "0123456789abcdef".repeat(4)));
    let Ok(pii) = Pii::parse(&secret, Method::Hmac, Timestamp::UNIX_EPOCH) else { return };
    let format = Format::default();
    assert_eq!(transform(&pii, &format, &file), ROWS);

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("etl");
    group.throughput(Throughput::Elements(ROWS)).sample_size(20);
    group.bench_function("transform", |bencher| bencher.iter(|| transform(&pii, &format, black_box(&file))));
    group.finish();
    criterion.final_summary();

    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let before = cpu_ns();
    for _ in 0..MEASURED / ROWS {
        black_box(transform(&pii, &format, black_box(&file)));
    }
    if let (Some(before), Some(after)) = (before, cpu_ns()) {
        println!("etl.transform_cpu_ns_per_row\t{}\tns", (after - before) / MEASURED);
    }
}
