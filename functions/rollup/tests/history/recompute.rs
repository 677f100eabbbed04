//! What becomes of blocks.

use shared::history::{Percentiles, Seconds};
use shared::maintenance::Window;
use shared::store::Broken;
use shared::uptime::Period;

use super::*;

/// One monitor in one region, up for so many minutes from this one on.
fn one(from: &str, minutes: i64) -> Memory {
    let memory = Memory::default();
    memory.add_monitors([monitor("s0-aaaaaa", &["a"])]);
    add_up(&memory, "s0-aaaaaa", from, minutes);
    memory
}

#[tokio::test]
async fn blocks_become_hours_a_day_and_a_summary() {
    let memory = one("02-29T11:00:00", 3 * 60 + 3);
    for minute in 0..6 {
        add(&memory, slot("02-29T12:30:00").plus(minute), "a", vec![signal("s0-aaaaaa", DOWN, 10_000)]);
    }
    scheduled(&memory, "02-29T14:03:00").await;
    let day = day_of(&memory, "s0-aaaaaa", "02-29");
    // From its first block to two minutes ago.
    assert_eq!(day.seconds(), Seconds { up: (174 + 2) * 60, down: 360, ..Seconds::default() });
    assert_eq!((day.hours[10], day.hours[12].down, day.hours[14].up), (Seconds::default(), 360, 120));
    assert_eq!((day.checks.up, day.checks.down), (176, 6));
    assert_eq!(day.percentiles, Some(Percentiles { p50: 30, p90: 30, p95: 30, p99: 30 }));
    let hour = hour_of(&memory, "s0-aaaaaa", "02-29", 12, "a").unwrap();
    assert_eq!((hour.checks.down, hour.series[6], hour.series[7]), (6, None, Some(30)));
    let hours = |hour| hour_of(&memory, "s0-aaaaaa", "02-29", hour, "a").is_some();
    assert_eq!([11, 12, 13, 14].map(hours), [false, true, true, false], "the last two that are over");
    let summary = summary_of(&memory, "s0-aaaaaa").unwrap();
    assert_eq!((summary.hours[23], summary.hours[21]), (day.hours[14], day.hours[12]));
    assert_eq!(summary.days[89], day.seconds());
    for (period, _) in Period::ALL {
        assert_eq!(summary.uptime(period), Some(176.0 / 182.0));
    }
}

#[tokio::test]
async fn midnight_belongs_to_two_days() {
    let memory = one("02-29T22:00:00", 5 * 60);
    scheduled(&memory, "03-01T00:03:00").await;
    let up = |date| day_of(&memory, "s0-aaaaaa", date).seconds().up;
    assert_eq!((up("02-29"), up("03-01")), (2 * 3_600, 2 * 60));
    assert!(hour_of(&memory, "s0-aaaaaa", "02-29", 22, "a").is_some());
    let summary = summary_of(&memory, "s0-aaaaaa").unwrap();
    assert_eq!((summary.days[88].up, summary.days[89].up), (7_200, 120));
    assert_eq!((summary.hours[21].up, summary.hours[22].up, summary.hours[23].up), (3_600, 3_600, 120));
    // What came late for the day before is seen for three hours.
    add(&memory, slot("02-29T23:59:00"), "a", vec![signal("s0-aaaaaa", DOWN, 1)]);
    scheduled(&memory, "03-01T02:03:00").await;
    assert_eq!(day_of(&memory, "s0-aaaaaa", "02-29").seconds().down, 60);
    add(&memory, slot("02-29T23:58:00"), "a", vec![signal("s0-aaaaaa", DOWN, 1)]);
    scheduled(&memory, "03-01T03:03:00").await;
    assert_eq!(day_of(&memory, "s0-aaaaaa", "02-29").seconds().down, 60);
}

#[tokio::test]
async fn a_block_too_late_to_be_judged_counts() {
    let memory = one("02-29T12:00:00", 60);
    let late = slot("02-29T12:10:00");
    for block in memory.tables().blocks.values_mut().filter(|block| block.slot == late) {
        block.written_at = late.start() + 170.seconds();
        assert!(!block.is_timely());
    }
    scheduled(&memory, "02-29T13:03:00").await;
    assert_eq!(day_of(&memory, "s0-aaaaaa", "02-29").hours[12].up, 3_600);
}

#[tokio::test]
async fn a_whole_day_without_a_block_is_unknown() {
    let memory = one("02-28T12:00:00", 60);
    window(&memory, "02-28T00:00:00", "03-01T00:00:00", "03-01T00:03:00").await;
    let [first, second] = ["02-28", "02-29"].map(|date| day_of(&memory, "s0-aaaaaa", date).seconds());
    assert_eq!(first, Seconds { up: 3_600, unknown: 11 * 3_600, ..Seconds::default() });
    assert_eq!(second, Seconds { unknown: 86_400, ..Seconds::default() });
    assert_eq!(summary_of(&memory, "s0-aaaaaa").unwrap().uptime(Period::Week), Some(1.0));
    // The days before are remembered when it goes on.
    scheduled(&memory, "03-01T04:03:00").await;
    assert_eq!(day_of(&memory, "s0-aaaaaa", "03-01").seconds().unknown, 4 * 3_600 + 2 * 60);
}

#[tokio::test]
async fn maintenance_is_left_out_by_peoples_clocks() {
    let memory = one("02-29T12:00:00", 60);
    let night = serde_json::json!({ "id": "noon", "name": "Noon", "when": { "weekly":
        { "from": "13:15:00", "minutes": 15, "time_zone": "Europe/Berlin" } } });
    let night: Window = serde_json::from_value(night).unwrap();
    memory.tables().windows.insert(night.id.clone(), night);
    scheduled(&memory, "02-29T13:03:00").await;
    let hour = day_of(&memory, "s0-aaaaaa", "02-29").hours[12];
    assert_eq!(hour, Seconds { up: 2_700, maintenance: 900, ..Seconds::default() });
}

#[tokio::test]
async fn what_is_gone_leaves_the_summary_and_what_is_broken_stays() {
    let memory = one("02-29T12:00:00", 60);
    add_up(&memory, "s0-bbbbbb", "02-29T11:00:00", 60);
    add_up(&memory, "s0-cccccc", "02-29T10:00:00", 60);
    memory.add_monitors([monitor("s0-bbbbbb", &["a"]), monitor("s0-cccccc", &["a"])]);
    scheduled(&memory, "02-29T13:03:00").await;
    for gone in ["s0-bbbbbb", "s0-cccccc"] {
        assert_eq!(summary_of(&memory, gone).unwrap().days[89].up, 3_600);
        memory.tables().monitors.remove(&id(gone));
    }
    memory.tables().broken.push(Broken { id: "s0-cccccc".to_owned(), why: "no more".to_owned() });
    scheduled(&memory, "02-29T14:03:00").await;
    assert_eq!(summary_of(&memory, "s0-bbbbbb"), None);
    assert_eq!(summary_of(&memory, "s0-cccccc").unwrap().days[89].up, 3_600);
    for gone in ["s0-bbbbbb", "s0-cccccc"] {
        assert_eq!(day_of(&memory, gone, "02-29").seconds().up, 3_600, "{gone}");
    }
}

#[tokio::test]
async fn a_year_is_summed_up() {
    let memory = one("02-29T12:00:00", 60);
    // A year and a day before, an hour up on each day.
    let mut day = MonitorDay::default();
    day.hours[3].up = 3_600;
    for ago in 1..=366i64 {
        let (shard, date, read_at) =
            (ShardId(0), slot("02-29T00:00:00").plus(-1_440 * ago).date(), at("01-01T00:00:00"));
        let monitors = BTreeMap::from([(id("s0-aaaaaa"), day.clone())]);
        memory.tables().days.insert((shard, date), DayOfShard { shard, date, read_at, monitors });
    }
    let up = |period| summary_of(&memory, "s0-aaaaaa").unwrap().seconds(period).up / 3_600;
    for now in ["02-29T13:03:00", "02-29T14:03:00"] {
        scheduled(&memory, now).await;
        let hours = Period::ALL.map(|(period, _)| up(period));
        assert_eq!(hours, [1, 7, 30, 90, 365], "{now}");
    }
    add_up(&memory, "s0-aaaaaa", "03-01T00:00:00", 300);
    scheduled(&memory, "03-01T04:03:00").await;
    assert_eq!(up(Period::Year), 364 + 4);
}
