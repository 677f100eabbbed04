//! Measures how many signals a CPU-second folds: a day of a full shard through the handler, over stores in memory,
//! blocks decoded from their texts as they are read. Prints `name<TAB>value<TAB>unit` on standard output.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::ops::RangeInclusive;

use anyhow::{Context as _, ensure};
use jiff::{Timestamp, ToSpan as _};
use judge::{Judge, Park, Poison, StreamEvent};
use serde_json::json;
use shared::block::{self, Block};
use shared::monitor::{Monitor, Region, SHARD_LIMIT, ShardId};
use shared::schedule::Slot;
use shared::signal::{Outcome, Phases, Reason, Signal};
use shared::state::State;
use shared::store::{ReadSignals, Result, StoreError};
use tests::memory::Memory;

/// Slots that are folded: a day.
const SLOTS: usize = 1_440;

const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// How often the day is folded.
const DAYS: usize = 5;

/// Blocks as the table holds them: as texts.
#[derive(Clone)]
struct Texts(BTreeMap<(Slot, Region), String>);

impl ReadSignals for &Texts {
    async fn blocks(&self, shard: ShardId, slots: RangeInclusive<Slot>) -> Result<Vec<Block>> {
        let wanted = self.0.iter().filter(|((slot, _), _)| slots.contains(slot));
        let decoded = wanted.map(|((slot, region), text)| {
            let signals =
                block::decode(shard, text).map_err(|error| StoreError::Broken(error.to_string()))?;
            let written_at = slot.start() + 5.seconds();
            Ok(Block { shard, slot: *slot, region: region.clone(), written_at, signals })
        });
        decoded.collect()
    }

    async fn oldest(&self, _: ShardId) -> Result<Option<Slot>> {
        Ok(self.0.keys().next().map(|(slot, _)| *slot))
    }
}

struct Nowhere;

impl Park for Nowhere {
    async fn park(&self, poison: &Poison) -> anyhow::Result<()> {
        anyhow::bail!("no poison is expected: {poison:?}")
    }
}

// As in the deployed function: one thread.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let monitors = monitors()?;
    let texts = texts(&monitors)?;
    let before = cpu_seconds()?;
    for _ in 0..DAYS {
        fold(&monitors, &texts).await?;
    }
    let seconds = cpu_seconds()? - before;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let per_second = (DAYS * SLOTS * SHARD_LIMIT * REGIONS.len()) as f64 / seconds;
    writeln!(io::stdout(), "judge.signals_per_cpu_s\t{per_second:.0}\t1/s").context("printing a figure")
}

async fn fold(monitors: &[Monitor], texts: &Texts) -> anyhow::Result<()> {
    let memory = Memory::default();
    memory.add_monitors(monitors.iter().cloned());
    let judge =
        Judge { monitors: memory.clone(), signals: texts, incidents: memory.clone(), parked: Nowhere };
    let last = slot(SLOTS - 1)?;
    let keys = json!({"pk": {"S": format!("BLOCK#s0#{}", last.date())},
        "sk": {"S": format!("{}#us-east-1", last.hour_minute())}});
    let mut image = keys.clone();
    image["v"] = json!({"N": "1"});
    image["text"] = json!({"S": "2"});
    image["written_at"] = json!({"S": last.start().to_string()});
    let record = json!({"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": image}});
    let event: StreamEvent = serde_json::from_value(json!({"Records": [record]}))?;
    judge.handle(event, last.start() + 10.seconds(), |_, _| {}).await?;
    let tables = memory.tables();
    ensure!(tables.folded.values().map(|mark| mark.slot).eq([last]), "every slot is folded");
    ensure!(tables.incidents.len() == SLOTS.div_ceil(100), "{} incidents", tables.incidents.len());
    let down = tables.states.values().flat_map(|state| state.monitors.values());
    ensure!(down.filter(|entry| entry.state == State::Down).count() == 0, "everything is up in the end");
    Ok(())
}

fn monitors() -> anyhow::Result<Vec<Monitor>> {
    let regions: Vec<Region> =
        REGIONS.iter().map(|name| name.parse()).collect::<std::result::Result<_, _>>()?;
    let monitor = |n| Monitor { regions: regions.clone(), ..tests::example::monitor(&format!("s0-m{n:05}")) };
    Ok((0..SHARD_LIMIT).map(monitor).collect())
}

/// A day on which, every hundred minutes, another monitor is down for ten.
fn texts(monitors: &[Monitor]) -> anyhow::Result<Texts> {
    let mut texts = BTreeMap::new();
    for n in 0..SLOTS {
        let signal = |(m, monitor): (usize, &Monitor)| Signal {
            monitor: monitor.id.clone(),
            outcome: if m == n / 100 && n % 100 < 10 { Outcome::Down(Reason::Timeout) } else { Outcome::Up },
            status: Some(200),
            phases: Phases {
                dns_ms: Some(1),
                connect_ms: Some(3),
                tls_ms: Some(8),
                first_byte_ms: Some(25),
                total_ms: Some(31),
            },
            certificate_days: None,
            metrics: Vec::new(),
        };
        let signals: Vec<Signal> = monitors.iter().enumerate().map(signal).collect();
        let text = block::encode(&signals);
        for region in REGIONS {
            texts.insert((slot(n)?, region.parse()?), text.clone());
        }
    }
    Ok(Texts(texts))
}

fn slot(n: usize) -> anyhow::Result<Slot> {
    let first: Timestamp = "2090-06-01T00:00:00Z".parse()?;
    Ok(Slot::containing(first).plus(i64::try_from(n)?))
}

/// CPU time of this process so far, in seconds: the first number of schedstat is nanoseconds.
fn cpu_seconds() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().context("no CPU time")?.parse()?;
    Ok(nanoseconds / 1e9)
}
