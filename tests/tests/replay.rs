//! A day of blocks in tables of the local cloud, judged as they come and rolled up; then all of it again from nothing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use judge::{Judge, Park, Poison, StreamEvent};
use rollup::Rollup;
use serde_json::{Value, json};
use shared::block::Block;
use shared::monitor::{Monitor, MonitorId, ShardId, ShardSummary};
use shared::schedule::{Slot, is_due};
use shared::signal::{Outcome, Phases, Reason, Signal};
use shared::store::{
    HistoryTable, IncidentsTable, MonitorsTable, ShardChange, SignalsTable, WriteMonitors as _,
    WriteSignals as _,
};
use tests::local_cloud::LocalCloud;
use tests::stream::record;

const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// Nothing in this test is poison.
struct NothingParked;

impl Park for NothingParked {
    async fn park(&self, poison: &Poison) -> anyhow::Result<()> {
        panic!("nothing is to be put aside: {poison:?}");
    }
}

struct Tables {
    client: Client,
    monitors: MonitorsTable,
    signals: SignalsTable,
}

impl Tables {
    async fn judge(&self, incidents: &str, records: Vec<Value>, now: Timestamp) {
        let judge = Judge {
            monitors: self.monitors.clone(),
            signals: self.signals.clone(),
            incidents: IncidentsTable::new(self.client.clone(), incidents),
            parked: NothingParked,
        };
        let event: StreamEvent = serde_json::from_value(json!({"Records": records})).unwrap();
        judge.handle(event, now, |_, _| {}).await.unwrap();
    }

    async fn rollup(&self, history: &str, day: Slot, now: Timestamp) {
        let rollup = Rollup {
            monitors: self.monitors.clone(),
            signals: self.signals.clone(),
            history: HistoryTable::new(self.client.clone(), history).consistent(),
        };
        let window = json!({"from": day.to_string(), "until": day.plus(1_440).to_string()});
        rollup.handle(&serde_json::from_value(window).unwrap(), || now).await.unwrap();
    }

    /// Everything in a table, by its keys; without when it was read, which is another time each time.
    async fn all(&self, table: &str) -> BTreeMap<(String, String), HashMap<String, AttributeValue>> {
        let mut items = self.client.scan().table_name(table).into_paginator().items().send();
        let mut all = BTreeMap::new();
        while let Some(item) = items.next().await {
            let mut item = item.unwrap();
            let key = |name: &str| item[name].as_s().unwrap().clone();
            let keys = (key("pk"), key("sk"));
            item.remove("read_at");
            all.insert(keys, item);
        }
        all
    }
}

/// Two shards; a monitor of the second depends on one of the first, another is checked every five minutes.
fn monitors() -> Vec<Monitor> {
    let regions = || REGIONS.map(|region| region.parse().unwrap()).to_vec();
    let ids = ["s0-aaaaaa", "s0-bbbbbb", "s0-cccccc", "s1-dddddd", "s1-eeeeee"];
    let mut monitors: Vec<Monitor> =
        ids.iter().map(|id| Monitor { regions: regions(), ..tests::example::monitor(id) }).collect();
    monitors[2].interval_minutes = 5.try_into().unwrap();
    monitors[3].depends_on = vec!["s0-aaaaaa".parse().unwrap()];
    monitors
}

/// What a region sees: outages of half an hour, of both regions or of one; flapping at noon; silence for an hour.
fn outcome(id: &MonitorId, region: usize, minute: i64) -> Option<Outcome> {
    let down = Outcome::Down(Reason::Timeout);
    let seed = i64::from(id.suffix().as_bytes()[0]);
    match minute {
        600..660 => None,
        720..745 if id.suffix() == "bbbbbb" && minute % 2 == 0 => Some(down),
        _ if (minute / 30 + seed) % 11 == 0 => Some(down),
        _ if (minute / 30 + seed) % 7 == 0 && region == 0 => Some(down),
        _ if (minute / 30 + seed) % 13 == 0 => Some(Outcome::Degraded(Reason::Slow)),
        _ => Some(Outcome::Up),
    }
}

fn blocks_of(day: Slot, monitors: &[Monitor]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for minute in 0..1_440 {
        let slot = day.plus(minute);
        for shard in [ShardId(0), ShardId(1)] {
            for (index, region) in REGIONS.iter().enumerate() {
                let due = monitors.iter().filter(|m| m.id.shard() == shard && is_due(m, slot));
                let signal = |monitor: &Monitor| {
                    let total_ms = Some(u32::try_from(100 + minute % 60).unwrap());
                    Some(Signal {
                        monitor: monitor.id.clone(),
                        outcome: outcome(&monitor.id, index, minute)?,
                        status: None,
                        phases: Phases { total_ms, ..Phases::default() },
                        certificate_days: None,
                        metrics: Vec::new(),
                    })
                };
                // One in forty comes after its grace.
                let late = (minute * 7 + i64::try_from(index).unwrap()) % 40 == 0;
                let written_at = slot.start() + SignedDuration::from_secs(if late { 95 } else { 4 });
                let signals = due.filter_map(signal).collect();
                blocks.push(Block { shard, slot, region: region.parse().unwrap(), written_at, signals });
            }
        }
    }
    blocks
}

#[tokio::test]
async fn a_day_replayed_ends_in_the_same_tables() {
    let cloud = LocalCloud::running().await;
    let client = Client::new(&cloud.aws);
    let (monitors_table, signals_table) =
        (cloud.table_like("monitors").await, cloud.table_like("signals").await);
    let tables = Tables {
        monitors: MonitorsTable::new(client.clone(), monitors_table),
        signals: SignalsTable::new(client.clone(), signals_table).consistent(),
        client,
    };
    let monitors = monitors();
    for shard in [ShardId(0), ShardId(1)] {
        let put: Vec<Monitor> = monitors.iter().filter(|m| m.id.shard() == shard).cloned().collect();
        let summary = ShardSummary::of(shard, &put, 1, Slot::of_minutes(0));
        tables.monitors.change(&ShardChange { put, delete: Vec::new(), summary }).await.unwrap();
    }

    let today = Slot::containing(Timestamp::now()).date();
    let day = Slot::at(today.yesterday().unwrap(), "00:00").unwrap();
    let blocks = blocks_of(day, &monitors);
    let put = blocks.iter().map(async |block| assert!(tables.signals.put_block(block).await.unwrap()));
    stream::iter(put).buffer_unordered(16).collect::<Vec<()>>().await;

    // As they come: a call for every fifteen slots, when the grace of the last of them is over.
    let [live, replayed] = [cloud.table_like("incidents").await, cloud.table_like("incidents").await];
    for some in blocks.chunks(4 * 15) {
        let now = some.last().unwrap().slot.start() + SignedDuration::from_secs(101);
        tables.judge(&live, some.iter().map(record).collect(), now).await;
    }
    // Then all of it at once, the last block first, and once more.
    let last: Vec<Value> = blocks.iter().rev().take(4).map(record).collect();
    let now = day.plus(1_440).start() + SignedDuration::from_mins(10);
    for _ in 0..2 {
        tables.judge(&live, last.clone(), now).await;
        tables.judge(&replayed, last.clone(), now).await;
    }
    let (live, replayed) = (tables.all(&live).await, tables.all(&replayed).await);
    assert_eq!(live, replayed);
    let incidents = live.keys().filter(|(pk, _)| pk.starts_with("MONTH#")).count();
    assert!(incidents >= 10, "a day with trouble: {incidents} incidents");
    let folded = ("FOLDED".to_owned(), "s0".to_owned());
    assert!(live[&folded]["slot"].as_s().unwrap() >= &day.plus(1_439).to_string());

    let [first, again] = [cloud.table_like("history").await, cloud.table_like("history").await];
    let now = Timestamp::now();
    tables.rollup(&first, day, now).await;
    for seconds in [0, 5] {
        tables.rollup(&again, day, now + SignedDuration::from_secs(seconds)).await;
    }
    let (first, again) = (tables.all(&first).await, tables.all(&again).await);
    assert_eq!(first, again);
    // 23 hours (one was silent) of two shards in two regions, two days, two summaries.
    assert_eq!(first.len(), 23 * 4 + 2 + 2, "{:?}", first.keys().collect::<Vec<_>>());
}
