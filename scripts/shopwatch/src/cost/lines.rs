//! What each line of the bill comes to.

use super::bill::{Amounts, Free, Line, Round, Shard, Watching};
use super::prices::{
    ALARM_METRIC_MONTH, BETWEEN_REGIONS_GB, DYNAMODB_GB_MONTH, DYNAMODB_READ, DYNAMODB_RECOVERY_GB_MONTH,
    DYNAMODB_WRITE, GB, INTERNET_FREE_GB, INTERNET_GB, LAMBDA_GB_SECOND, LAMBDA_REQUEST, LOGS_GB,
    SCHEDULER_INVOCATION,
};
use super::profile::{
    ALARM_METRICS, ALARM_METRICS_OF_A_REGION, BARS_BYTES, BLACK_HOLE, BLOCK_BYTES, BLOCK_DAYS,
    CHECK_SENDS_BYTES, DAY_BYTES, FOLD_CALLS_CPU, HOUR_BYTES, HOUR_DAYS, INVOCATION, INVOCATION_CPU,
    INVOCATIONS_AT_ONCE, JUDGE_INVOCATIONS, MARK_BYTES, MARK_REGION_BYTES, MEMORY_GB, MINUTES, MONITOR_BYTES,
    MONITOR_CPU, ROLLUP_DAYS, ROLLUP_HOUR_ITEMS, ROLLUP_HOURS, ROLLUP_LINE_BYTES, ROLLUP_MEMORY_GB,
    ROLLUP_SIGNAL_CPU, ROLLUPS, SIGNAL_BYTES, SIGNAL_CPU, SLOWEST_CHECK, STATE_BYTES, SUMMARY_BYTES,
    TABLE_CALL, elapsed, judge_waits,
};

/// Every line of the bill.
pub(super) fn lines(watching: Watching) -> Vec<Line> {
    let of_shards = |amounts: &dyn Fn(Shard) -> Amounts| {
        let (full, count, rest) = watching.shards();
        amounts(full) * f64::from(count) + rest.map(amounts).unwrap_or_default()
    };
    let regions = f64::from(watching.regions);
    let shards = f64::from(watching.shard_count());
    let blocks = shards * regions;
    let judged = blocks.min(JUDGE_INVOCATIONS);
    let judge_time = Amounts::both(MINUTES * gb_seconds(judged * judge_waits(blocks / judged), MEMORY_GB))
        + of_shards(&|shard| Amounts::both(fold_time(shard) * regions));
    let alarm_metrics = ALARM_METRICS + (regions - 1.0) * ALARM_METRICS_OF_A_REGION;
    let of_tables = of_tables(&of_shards, shards, regions);
    let line = |what, free, amounts| Line { what, free, amounts };
    let fixed = |what, free, usd| line(what, free, Amounts::both(usd));
    let rounds = watching.rounds();
    let pings = rounds.iter().map(|(count, _)| count).sum::<f64>() * regions;
    let ping_time = rounds.iter().map(|(count, round)| ping_time(*round, watching.interval_minutes) * *count);
    let ping_time = ping_time.sum::<Amounts>() * regions;
    let rollup_time = of_shards(&|shard| Amounts::both(rollup_time(shard, regions)));
    let mut lines = vec![
        fixed("EventBridge Scheduler", Free::Schedules, MINUTES * SCHEDULER_INVOCATION),
        fixed("Lambda scheduler, requests", Free::Requests, MINUTES * LAMBDA_REQUEST),
        fixed(
            "Lambda scheduler, time",
            Free::Time,
            MINUTES * gb_seconds(scheduler_seconds(pings), MEMORY_GB),
        ),
        fixed("Lambda ping, requests", Free::Requests, MINUTES * pings * LAMBDA_REQUEST),
        line("Lambda ping, time", Free::Time, ping_time),
        fixed("Lambda judge, requests", Free::Requests, MINUTES * judged * LAMBDA_REQUEST),
        line("Lambda judge, time", Free::Time, judge_time),
        fixed("Lambda rollup, requests", Free::Requests, ROLLUPS * LAMBDA_REQUEST),
        line("Lambda rollup, time", Free::Time, rollup_time),
    ];
    lines.extend(of_tables.map(|(what, amounts)| line(what, Free::Nothing, amounts)));
    lines.extend([
        fixed("CloudWatch Logs", Free::Logs, ROLLUPS * ROLLUP_LINE_BYTES / GB * LOGS_GB),
        fixed("CloudWatch alarms", Free::Alarms, alarm_metrics * ALARM_METRIC_MONTH),
        line("Between regions", Free::Nothing, of_shards(&|shard| between_regions(shard) * (regions - 1.0))),
        line("To the internet", Free::Nothing, to_the_internet(watching)),
    ]);
    lines
}

/// The lines of the tables.
fn of_tables(
    of_shards: &impl Fn(&dyn Fn(Shard) -> Amounts) -> Amounts,
    shards: f64,
    regions: f64,
) -> [(&'static str, Amounts); 8] {
    let judged = (shards * regions).min(JUDGE_INVOCATIONS);
    let monitor_reads = of_shards(&|shard| monitor_reads(shard, regions)) + registry_reads(judged, shards);
    [
        ("DynamoDB signals, writes", of_shards(&|shard| written(MINUTES * regions, block_bytes(shard)))),
        ("DynamoDB signals, reads", of_shards(&|shard| block_reads(shard, regions))),
        ("DynamoDB monitors, reads", monitor_reads),
        ("DynamoDB incidents, writes", written(MINUTES, mark_bytes(regions)) * shards),
        (
            "DynamoDB incidents, reads",
            of_shards(&|shard| state_reads(shard, regions)) + mark_reads(shards, regions),
        ),
        ("DynamoDB history, writes", of_shards(&|shard| history_writes(shard, regions))),
        ("DynamoDB history, reads", of_shards(&history_reads)),
        ("DynamoDB storage after 400 days", of_shards(&|shard| storage(shard, regions))),
    ]
}

fn gb_seconds(seconds: f64, memory_gb: f64) -> f64 {
    seconds * memory_gb * LAMBDA_GB_SECOND
}

fn units(bytes: f64, unit: f64) -> f64 {
    (bytes / unit).ceil().max(1.0)
}

/// What so many writes of an item of so many bytes cost.
fn written(times: f64, bytes: f64) -> Amounts {
    Amounts::both(times * units(bytes, 1_024.0) * DYNAMODB_WRITE)
}

/// What so many consistent reads of so many bytes cost.
fn read(times: f64, bytes: f64) -> Amounts {
    Amounts::both(times * units(bytes, 4_096.0) * DYNAMODB_READ)
}

/// What so many reads of so many bytes cost, as they were a moment ago.
fn read_eventually(times: f64, bytes: f64) -> Amounts {
    read(times, bytes) * 0.5
}

fn mark_bytes(regions: f64) -> f64 {
    MARK_BYTES + regions * MARK_REGION_BYTES
}

fn block_bytes(shard: Shard) -> f64 {
    BLOCK_BYTES + shard.due * SIGNAL_BYTES
}

fn scheduler_seconds(pings: f64) -> f64 {
    TABLE_CALL
        + (pings / INVOCATIONS_AT_ONCE).ceil() * INVOCATION
        + elapsed(pings * INVOCATION_CPU, MEMORY_GB)
}

/// Reading before the checks and writing behind them, and the slowest check between: a black hole is due in one slot
/// of its interval, and each shard has one.
fn ping_time(round: Round, interval_minutes: u32) -> Amounts {
    let around = 2.0 * TABLE_CALL + elapsed(round.monitors * MONITOR_CPU, MEMORY_GB);
    let healthy = around + round.any_due * SLOWEST_CHECK;
    let none_due = (1.0 - 1.0 / f64::from(interval_minutes.max(1))).powf(round.shards);
    let black_hole = healthy + (BLACK_HOLE - SLOWEST_CHECK) * (1.0 - none_due);
    let cost = |seconds| MINUTES * gb_seconds(seconds, MEMORY_GB);
    Amounts { healthy_usd: cost(healthy), black_holes_usd: cost(black_hole), traffic_out_usd: 0.0 }
}

/// Each block of a slot makes its shard be looked at.
fn fold_time(shard: Shard) -> f64 {
    let cpu = FOLD_CALLS_CPU + shard.monitors * MONITOR_CPU + shard.due * SIGNAL_CPU;
    MINUTES * gb_seconds(elapsed(cpu, MEMORY_GB), MEMORY_GB)
}

fn rollup_time(shard: Shard, regions: f64) -> f64 {
    let signals = ROLLUP_HOURS * 60.0 * regions * shard.due;
    let seconds = ROLLUP_HOURS * TABLE_CALL + elapsed(signals * ROLLUP_SIGNAL_CPU, ROLLUP_MEMORY_GB);
    ROLLUPS * gb_seconds(seconds, ROLLUP_MEMORY_GB)
}

/// `judge` reads two slots of blocks whenever it looks at a shard, `rollup` an hour at a time.
fn block_reads(shard: Shard, regions: f64) -> Amounts {
    let of_slot = regions * block_bytes(shard);
    read(MINUTES * regions, 2.0 * of_slot) + read(ROLLUPS * ROLLUP_HOURS, 60.0 * of_slot)
}

/// `ping` reads a shard's monitors for each block, `judge` for each slot that is complete, `rollup` for each run; where
/// an incident is open `judge` reads what was said to it.
fn monitor_reads(shard: Shard, regions: f64) -> Amounts {
    let of_shard = read_eventually(MINUTES * (regions + 1.0) + ROLLUPS, shard.monitors * MONITOR_BYTES);
    let updates = MINUTES * DYNAMODB_READ;
    of_shard + Amounts { black_holes_usd: updates, ..Amounts::default() }
}

/// The shards' summaries, read by `scheduler`, `judge` and `rollup`, and the maintenance windows, read by `judge` and
/// `rollup`.
fn registry_reads(judged: f64, shards: f64) -> Amounts {
    let judged = MINUTES * judged;
    read_eventually(MINUTES + judged + ROLLUPS, shards * SUMMARY_BYTES)
        + read_eventually(judged + ROLLUPS, 1.0)
}

/// `ping` reads what is remembered of a shard for each block, `judge` for each slot that is complete, and its mark for
/// each block.
fn state_reads(shard: Shard, regions: f64) -> Amounts {
    read(MINUTES * (regions + 1.0), shard.monitors * STATE_BYTES) + read(MINUTES * regions, 1.0)
}

/// `scheduler` reads all marks at once.
fn mark_reads(shards: f64, regions: f64) -> Amounts {
    read_eventually(MINUTES, shards * mark_bytes(regions))
}

fn history_writes(shard: Shard, regions: f64) -> Amounts {
    written(ROLLUPS * ROLLUP_HOUR_ITEMS * regions, shard.monitors * HOUR_BYTES)
        + written(ROLLUPS * (1.0 + 3.0 / 24.0), shard.monitors * DAY_BYTES)
        + written(ROLLUPS, shard.monitors * BARS_BYTES)
}

fn history_reads(shard: Shard) -> Amounts {
    read(ROLLUPS, ROLLUP_DAYS * shard.monitors * DAY_BYTES) + read(ROLLUPS, shard.monitors * BARS_BYTES)
}

/// Signals of the last days; history, with point-in-time recovery, when the first of it begins to expire.
fn storage(shard: Shard, regions: f64) -> Amounts {
    let signals = BLOCK_DAYS * 1_440.0 * regions * block_bytes(shard);
    let history = HOUR_DAYS * shard.monitors * (24.0 * regions * HOUR_BYTES + DAY_BYTES);
    let usd = signals * DYNAMODB_GB_MONTH + history * (DYNAMODB_GB_MONTH + DYNAMODB_RECOVERY_GB_MONTH);
    Amounts::both(usd / GB)
}

/// What `ping` reads from and writes to the home region out of another one.
fn between_regions(shard: Shard) -> Amounts {
    let bytes = shard.monitors * (MONITOR_BYTES + STATE_BYTES) + block_bytes(shard);
    Amounts::both(MINUTES * bytes / GB * BETWEEN_REGIONS_GB)
}

fn to_the_internet(watching: Watching) -> Amounts {
    let checks = f64::from(watching.monitors) * f64::from(watching.regions) * MINUTES
        / f64::from(watching.interval_minutes);
    let gb = (checks * CHECK_SENDS_BYTES / GB - INTERNET_FREE_GB).max(0.0);
    Amounts { traffic_out_usd: gb * INTERNET_GB, ..Amounts::default() }
}
