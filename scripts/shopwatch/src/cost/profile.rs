//! What watching does: what was measured (the figures of docs/BENCHMARKS.md by their names), and what is assumed.
//!
//! Loopback's milliseconds prove nothing of a bill, so how long targets take is assumed, and generously.

/// Minutes of a month of 30.44 days.
pub(super) const MINUTES: f64 = 43_834.0;

// --- Functions. ---------------------------------------------------------------------------------

/// Memory of `scheduler`, `ping` and `judge`, in GB (infra/template.yaml).
pub(super) const MEMORY_GB: f64 = 0.25;

/// Memory of `rollup`, in GB (infra/template.yaml).
pub(super) const ROLLUP_MEMORY_GB: f64 = 1.0;

/// Memory that a whole CPU comes with, in GB: with less, what takes a CPU 1 ms takes as many more
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const MEMORY_OF_A_CPU_GB: f64 = 1_769.0 / 1_024.0;

/// Seconds that this many seconds of a CPU take a function of this memory.
pub(super) fn elapsed(cpu_seconds: f64, memory_gb: f64) -> f64 {
    cpu_seconds * MEMORY_OF_A_CPU_GB / memory_gb
}

/// Seconds that a call of a table takes, waiting included: assumed.
pub(super) const TABLE_CALL: f64 = 0.010;

/// CPU seconds of reading one monitor out of the answer of a table: estimated.
pub(super) const MONITOR_CPU: f64 = 0.000_02;

// --- ping. --------------------------------------------------------------------------------------

/// Seconds that the slowest healthy check of a round takes: assumed. The CPU of 128 checks over TLS, as many as a round
/// has, 1 ms each and so 0.9 s in all at 256 MB, is used up while it is waited for (`ping.checks_per_cpu_s`: 11,000
/// without TLS).
pub(super) const SLOWEST_CHECK: f64 = 1.5;

/// Seconds that a check of a target that accepts and stays silent takes: its whole budget.
pub(super) const BLACK_HOLE: f64 = 10.0;

/// Bytes that a check sends: 9 packets with their headers 460, the hello of TLS 520, its end 80, the request with the
/// close 250, rounded up. Added up, not measured.
pub(super) const CHECK_SENDS_BYTES: f64 = 1_500.0;

// --- judge. -------------------------------------------------------------------------------------

/// CPU seconds of folding one signal (`judge.signals_per_cpu_s`: 100,000 at least).
pub(super) const SIGNAL_CPU: f64 = 0.000_01;

/// Calls of tables for a slot that is complete, one after the other: summaries, then of each shard mark, blocks, state,
/// maintenance windows, monitors, and the mark again (a test of `judge` counts them). Where a block is still missing,
/// three.
const JUDGE_CALLS: f64 = 7.0;

/// CPU seconds of the calls of tables of one shard, of 0.1 ms each.
pub(super) const FOLD_CALLS_CPU: f64 = JUDGE_CALLS * 0.000_1;

/// Shards of an invocation that are folded side by side (functions/judge).
const FOLDS_AT_ONCE: f64 = 8.0;

/// Seconds that an invocation waits for tables which so many shards were touched in.
pub(super) fn judge_waits(shards: f64) -> f64 {
    JUDGE_CALLS * TABLE_CALL * (shards / FOLDS_AT_ONCE).ceil()
}

/// Most invocations in a slot: the four partitions of a new table, two batches each, as a batch is collected for 2 s.
pub(super) const JUDGE_INVOCATIONS: f64 = 8.0;

// --- scheduler. ---------------------------------------------------------------------------------

/// Asynchronous invocations at once (functions/scheduler).
pub(super) const INVOCATIONS_AT_ONCE: f64 = 32.0;

/// Seconds that one takes to be accepted: assumed.
pub(super) const INVOCATION: f64 = 0.020;

/// CPU seconds of one: estimated.
pub(super) const INVOCATION_CPU: f64 = 0.000_2;

// --- rollup. ------------------------------------------------------------------------------------

/// Runs in a month: one an hour.
pub(super) const ROLLUPS: f64 = MINUTES / 60.0;

/// Hours of blocks that a run reads on average: the running day, and all of yesterday in the first three hours.
pub(super) const ROLLUP_HOURS: f64 = 12.5 + 3.0;

/// Items of hours that a run writes for a region.
pub(super) const ROLLUP_HOUR_ITEMS: f64 = 2.0;

/// Days that a run reads again, and those behind the summary.
pub(super) const ROLLUP_DAYS: f64 = 12.0;

/// CPU seconds of reading one signal back: estimated.
pub(super) const ROLLUP_SIGNAL_CPU: f64 = 0.000_002;

// --- Sizes, in bytes. ---------------------------------------------------------------------------

/// A monitor's item: a URL of 40 bytes and nothing special about it (a test adds it up).
pub(super) const MONITOR_BYTES: f64 = 230.0;

/// The summary of a shard: its item, with two regions.
pub(super) const SUMMARY_BYTES: f64 = 130.0;

/// A block's item without its signals: keys, names of attributes, writing time.
pub(super) const BLOCK_BYTES: f64 = 150.0;

/// What a block holds of a signal over TLS (`ping.block_96_monitors_bytes` is 96 of them; a test encodes one).
pub(super) const SIGNAL_BYTES: f64 = 28.0;

/// What `judge` remembers of a monitor.
pub(super) const STATE_BYTES: f64 = 32.0;

/// How far a shard is folded: its item without its regions.
pub(super) const MARK_BYTES: f64 = 60.0;

/// What it holds of each region.
pub(super) const MARK_REGION_BYTES: f64 = 45.0;

/// What is kept of an hour of a monitor, seen from one region.
pub(super) const HOUR_BYTES: f64 = 80.0;

/// What is kept of a day of a monitor.
pub(super) const DAY_BYTES: f64 = 45.0;

/// What the status page reads of a monitor.
pub(super) const BARS_BYTES: f64 = 60.0;

/// Days that a block lives, and that it may be deleted late.
pub(super) const BLOCK_DAYS: f64 = 9.0;

/// Days that an hour lives.
pub(super) const HOUR_DAYS: f64 = 400.0;

/// The line of a run of `rollup`.
pub(super) const ROLLUP_LINE_BYTES: f64 = 350.0;

// --- What is there however little is watched. ---------------------------------------------------

/// Metrics that the alarms of watching look at, with the parameter `DetailedAlarms` as it is by default: blocks
/// missing, dead letters (a test of the template lists them). Those of `etl`, `admin` and `reader` are no part of
/// watching, and there are no metrics of Shopwatch's own.
pub(super) const ALARM_METRICS: f64 = 2.0;

/// And in each further region: dead letters.
pub(super) const ALARM_METRICS_OF_A_REGION: f64 = 1.0;
