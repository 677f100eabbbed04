//! What metrics take from one shard: the newest checks of its monitors, and how many were made today.

use std::collections::BTreeMap;

use shared::block::Block;
use shared::history::{Checks, DayOfShard};
use shared::monitor::{Monitor, Region, ShardId};
use shared::schedule::Slot;
use shared::store::{ReadHistory, ReadSignals, Result};

use crate::hidden::{self, DAY, begin_of};
use crate::results::{count, minutes_back};
use crate::watched::{self, Found};

/// Furthest look back for the newest check, in minutes, and furthest that history may lag behind: somebody asks every
/// minute, and a day of a full shard is 3 MB.
const MAX_MINUTES: i64 = 120;

/// The newest check of a monitor in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Newest {
    pub(super) region: Region,
    pub(super) total_ms: Option<u32>,
    pub(super) certificate_days: Option<u16>,
}

/// What metrics take from one shard.
#[derive(Debug, Default)]
pub(super) struct OfShard {
    /// Its monitors, each with its newest checks by region.
    pub(super) monitors: Vec<(Monitor, Vec<Newest>)>,
    /// Of today in UTC, of all of these monitors.
    pub(super) checks: Checks,
}

/// Reads the shard of these monitors of it.
pub(super) async fn read<S: ReadSignals, H: ReadHistory>(
    signals: &S,
    history: &H,
    shard: ShardId,
    monitors: Vec<Monitor>,
    now: Slot,
) -> Result<OfShard> {
    let today = begin_of(DAY, now).date();
    let days = history.days(shard, today..=today).await?;
    let today = days.first();
    // One after the other: who asks every minute pays for every minute that is read.
    let newest = monitors.iter().map(minutes_back).max().unwrap_or(0);
    let first = now.plus(-newest).min(end_of(today, now)).max(now.plus(1 - MAX_MINUTES));
    let blocks = signals.blocks(shard, first..=now).await?;
    Ok(of(monitors, &blocks, today, now))
}

/// The first slot of today that history does not have: `rollup` takes none that was younger than two minutes.
fn end_of(today: Option<&DayOfShard>, now: Slot) -> Slot {
    let midnight = begin_of(DAY, now);
    today.map_or(midnight, |day| Slot::containing(day.read_at).plus(-1).max(midnight))
}

fn of(monitors: Vec<Monitor>, blocks: &[Block], today: Option<&DayOfShard>, now: Slot) -> OfShard {
    let found = watched::by_monitor(blocks);
    let midnight = begin_of(DAY, now);
    let history_ends = end_of(today, now);
    let mut of_shard = OfShard::default();
    for monitor in monitors {
        let found = found.get(&monitor.id).map_or(&[][..], Vec::as_slice);
        let newest = newest(&monitor, found, now);
        // A day that is hidden in part is left out: nobody can tell how many of its checks lie behind.
        if let Some(day) = today.and_then(|day| day.monitors.get(&monitor.id))
            && hidden::shows(&monitor, midnight)
        {
            add(&mut of_shard.checks, day.checks);
        }
        let counts = |found: &&Found<'_>| found.slot >= hidden::shown_from(&monitor, history_ends);
        for found in found.iter().filter(counts) {
            count(&mut of_shard.checks, found.signal.outcome);
        }
        of_shard.monitors.push((monitor, newest));
    }
    of_shard
}

/// The newest check in each region, by region.
fn newest(monitor: &Monitor, found: &[Found<'_>], now: Slot) -> Vec<Newest> {
    let first = hidden::shown_from(monitor, now.plus(-minutes_back(monitor)));
    let mut newest: BTreeMap<&Region, &Found<'_>> = BTreeMap::new();
    // Blocks come oldest first.
    for found in found.iter().filter(|found| found.slot >= first) {
        newest.insert(found.region, found);
    }
    let newest = newest.into_values().map(|found| Newest {
        region: found.region.clone(),
        total_ms: found.signal.phases.total_ms,
        certificate_days: found.signal.certificate_days,
    });
    newest.collect()
}

/// Adds these checks to the others.
pub(super) fn add(all: &mut Checks, checks: Checks) {
    all.up = all.up.saturating_add(checks.up);
    all.degraded = all.degraded.saturating_add(checks.degraded);
    all.down = all.down.saturating_add(checks.down);
    all.unknown = all.unknown.saturating_add(checks.unknown);
}
