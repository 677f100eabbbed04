//! The bill for people and for programs.

use std::io::{self, Write};

use super::{Amounts, Bill};

/// Prints the bill as a table.
///
/// # Errors
/// When `out` cannot be written.
pub fn table(bill: &Bill, out: &mut impl Write) -> io::Result<()> {
    let watching = bill.watching;
    let noun =
        |count: u32, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    writeln!(
        out,
        "{}, every {} s, from {}: {}. USD a month in us-east-1.",
        noun(watching.monitors, "monitor"),
        watching.interval_minutes * 60,
        noun(watching.regions, "region"),
        noun(bill.shards, "shard"),
    )?;
    writeln!(out, "{:<36}{:>13}{:>13}{:>13}", "", "ALL HEALTHY", "BLACK HOLES", "TRAFFIC OUT")?;
    for line in &bill.lines {
        row(line.what, line.amounts, 4, out)?;
    }
    row("total", bill.total, 4, out)?;
    row("per monitor, month and region", bill.per_monitor_and_region, 5, out)?;
    row("free for good, of each account", bill.free, 4, out)?;
    row("then per monitor, month and region", bill.per_monitor_and_region_beyond_free, 5, out)?;
    writeln!(out, "BLACK HOLES: one target of each shard accepts and stays silent for good.")?;
    writeln!(out, "TRAFFIC OUT comes on top of either; the first 100 GB of an account are free.")
}

fn row(what: &str, amounts: Amounts, digits: usize, out: &mut impl Write) -> io::Result<()> {
    let Amounts { healthy_usd, black_holes_usd, traffic_out_usd } = amounts;
    let cell = |usd: f64| if usd == 0.0 { "-".to_owned() } else { format!("{usd:.digits$}") };
    let (healthy, black_holes, traffic) = (cell(healthy_usd), cell(black_holes_usd), cell(traffic_out_usd));
    writeln!(out, "{what:<36}{healthy:>13}{black_holes:>13}{traffic:>13}")
}

/// Prints the bill as JSON.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(bill: &Bill, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, bill)?;
    writeln!(out)
}

/// Prints the figures of docs/BENCHMARKS.md: name, value, unit. What the price list says comes first, then what
/// AWS charges, without what it gives every account for good.
///
/// # Errors
/// When `out` cannot be written.
pub fn bench(bill: &Bill, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "cost.monitor_month_usd\t{:.5}\tUSD", bill.per_monitor_and_region.healthy_usd)?;
    let charged = bill.per_monitor_and_region_beyond_free.healthy_usd;
    writeln!(out, "cost.monitor_month_charged_usd\t{charged:.5}\tUSD")
}
