//! The contract of history.

use jiff::{Timestamp, ToSpan as _};
use shared::history::{
    Checks, DayOfShard, Hour, MonitorDay, MonitorHour, MonitorSummary, Percentiles, Seconds, Summary,
};
use shared::monitor::ShardId;
use shared::store::{ReadHistory, WriteHistory};

contracts!(
    HistoryTable,
    "history",
    [
        a_result_replaces_only_one_whose_reading_began_earlier,
        days_are_found_by_date,
        a_full_shard_is_kept_as_it_is,
    ]
);

const SHARD: ShardId = ShardId(3);

/// Far enough from today that nothing expires.
fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(Timestamp::now()).date()
}

fn hour(read_at: &str, up: u32) -> Hour {
    let monitor = MonitorHour { checks: Checks { up, ..Checks::default() }, ..MonitorHour::default() };
    Hour {
        shard: SHARD,
        date: today(),
        hour: 14,
        region: "eu-west-1".parse().unwrap(),
        read_at: super::instant(read_at),
        monitors: [("s3-aaaaaa".parse().unwrap(), monitor)].into(),
    }
}

fn day(days_ago: i64, read_at: &str, up: u32) -> DayOfShard {
    let mut monitor = MonitorDay::default();
    monitor.hours[7] = Seconds { up, ..Seconds::default() };
    let date = today().checked_sub(days_ago.days()).unwrap();
    let monitors = [("s3-aaaaaa".parse().unwrap(), monitor)].into();
    DayOfShard { shard: SHARD, date, read_at: super::instant(read_at), monitors }
}

fn summary(read_at: &str, up: u32) -> Summary {
    let monitor = MonitorSummary { older: Seconds { up, ..Seconds::default() }, ..MonitorSummary::default() };
    let monitors = [("s3-aaaaaa".parse().unwrap(), monitor)].into();
    Summary { shard: SHARD, read_at: super::instant(read_at), monitors }
}

const EARLY: &str = "2026-11-21T14:59:59.9Z";
const NOON: &str = "2026-11-21T15:00:00Z";
const LATE: &str = "2026-11-21T15:00:00.000000001Z";

async fn a_result_replaces_only_one_whose_reading_began_earlier(store: &(impl WriteHistory + ReadHistory)) {
    assert_eq!(store.summary(SHARD).await.unwrap(), None);
    for (read_at, up, kept) in [(NOON, 1, true), (EARLY, 2, false), (NOON, 3, false), (LATE, 4, true)] {
        assert_eq!(store.put_hour(&hour(read_at, up)).await.unwrap(), kept, "{read_at}");
        assert_eq!(store.put_day(&day(1, read_at, up)).await.unwrap(), kept, "{read_at}");
        assert_eq!(store.put_summary(&summary(read_at, up)).await.unwrap(), kept, "{read_at}");
    }
    assert_eq!(store.hours(SHARD, today()).await.unwrap(), [hour(LATE, 4)]);
    let dates = day(1, LATE, 0).date..=today();
    assert_eq!(store.days(SHARD, dates).await.unwrap(), [day(1, LATE, 4)]);
    assert_eq!(store.summary(SHARD).await.unwrap(), Some(summary(LATE, 4)));
    assert_eq!(store.summary(ShardId(4)).await.unwrap(), None);
}

async fn days_are_found_by_date(store: &(impl WriteHistory + ReadHistory)) {
    for days_ago in [3, 1, 2, 10] {
        store.put_day(&day(days_ago, NOON, 60)).await.unwrap();
    }
    let found = async |from: i64, to: i64| -> Vec<DayOfShard> {
        store.days(SHARD, day(from, NOON, 0).date..=day(to, NOON, 0).date).await.unwrap()
    };
    assert_eq!(found(3, 2).await, [day(3, NOON, 60), day(2, NOON, 60)]);
    assert_eq!(found(365, 0).await.len(), 4);
    assert_eq!(found(9, 4).await, []);
    assert_eq!(found(1, 3).await, [], "a range that ends before it begins");
}

async fn a_full_shard_is_kept_as_it_is(store: &(impl WriteHistory + ReadHistory)) {
    let percentiles = Some(Percentiles { p50: 100, p90: 900, p95: 9_999, p99: 10_000 });
    let mut hour = hour(NOON, 60);
    let mut day = day(1, NOON, 0);
    let mut summary = summary(NOON, 0);
    for n in 0..96u32 {
        let id: shared::monitor::MonitorId = format!("s3-{n:06}").parse().unwrap();
        let mixed = Seconds { up: 3_000 - n, degraded: 60, down: n, unknown: 480, maintenance: 60 };
        let mut of_hour = MonitorHour { percentiles, series: [Some(n); 12], ..MonitorHour::default() };
        for name in ["a", "b", "c", "d"] {
            of_hour.metrics.insert(name.parse().unwrap(), [Some("-1234567.891".parse().unwrap()); 12]);
        }
        hour.monitors.insert(id.clone(), of_hour);
        day.monitors
            .insert(id.clone(), MonitorDay { hours: [mixed; 24], percentiles, ..MonitorDay::default() });
        summary.monitors.insert(id, MonitorSummary { hours: [mixed; 24], days: [mixed; 90], older: mixed });
    }
    assert!(store.put_hour(&hour).await.unwrap());
    assert!(store.put_day(&day).await.unwrap());
    assert!(store.put_summary(&summary).await.unwrap());
    assert_eq!(store.hours(SHARD, today()).await.unwrap(), [hour]);
    assert_eq!(store.days(SHARD, day.date..=day.date).await.unwrap(), std::slice::from_ref(&day));
    assert_eq!(store.summary(SHARD).await.unwrap(), Some(summary));
}
