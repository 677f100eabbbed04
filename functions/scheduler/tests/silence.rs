//! What `judge` makes of blocks that are lost, minute by minute, and whether `scheduler` then finds a region overdue:
//! the one over the tables of the other.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan as _};
use judge::{Judge, Park, Poison, StreamEvent};
use proptest::prelude::*;
use scheduler::overdue::overdue;
use serde_json::json;
use shared::block::Block;
use shared::monitor::{Monitor, Region, ShardId};
use shared::schedule::Slot;
use shared::store::{ReadMarks as _, ReadShards as _, WriteSignals as _};
use tests::memory::Memory;
use tests::stream::record;

const SHARD: ShardId = ShardId(0);

/// Minutes that are played, a multiple of four.
const MINUTES: usize = 40;

/// Regions whose blocks are lost here and there, and one from which none ever comes.
const HERE: &str = "eu-west-1";
const THERE: &str = "us-east-1";
const DEAD: &str = "ap-south-1";

/// Far ahead: the stores forget what is eight days old.
fn slot(n: i64) -> Slot {
    "2090-06-01T00:00:00Z".parse::<Slot>().unwrap().plus(n)
}

struct NothingParked;

impl Park for NothingParked {
    async fn park(&self, poison: &Poison) -> anyhow::Result<()> {
        panic!("nothing is to be put aside: {poison:?}");
    }
}

/// What happens to a region's blocks.
#[derive(Debug, Clone)]
struct Blocks {
    region: &'static str,
    /// Of each slot, whether it is lost.
    lost: Vec<bool>,
    /// Of each slot, seconds from its start until the block is there, and until `judge` is told of it.
    seconds: Vec<(i64, i64)>,
}

/// A change of the shard: from when on it is checked from which regions.
#[derive(Debug, Clone)]
struct Change {
    at: Timestamp,
    regions: Vec<&'static str>,
}

#[derive(Debug, Clone)]
enum Happens {
    Changed(Vec<&'static str>),
    Told(Block),
    Asked(Slot),
}

fn shard(memory: &Memory, regions: &[&str], opened: Slot) {
    let regions = regions.iter().map(|name| name.parse().unwrap()).collect();
    memory.add_monitors([Monitor { regions, ..tests::example::monitor("s0-aaaaaa") }]);
    let mut tables = memory.tables();
    let summary = tables.shards.get_mut(&SHARD).unwrap();
    summary.since = opened;
}

/// Plays blocks and changes by a clock; the minutes in which each region was overdue. A region is asked for blocks from
/// the first minute on that begins after the change that names it.
async fn play(changes: &[Change], blocks: &[Blocks]) -> BTreeMap<Region, BTreeSet<i64>> {
    let opened = Slot::containing(changes[0].at);
    let mut events: Vec<(Timestamp, Happens)> =
        changes.iter().map(|change| (change.at, Happens::Changed(change.regions.clone()))).collect();
    for (index, slot) in (0..).map(slot).take(MINUTES).enumerate() {
        // `scheduler` runs within seconds, before any block of the slot is judged.
        events.push((slot.start() + 1.second(), Happens::Asked(slot)));
        let asked = changes.iter().rev().find(|change| change.at < slot.start());
        let asked = |of: &&Blocks| asked.is_some_and(|change| change.regions.contains(&of.region));
        for of in blocks.iter().filter(asked).filter(|of| !of.lost[index]) {
            let (put, told) = of.seconds[index];
            let region = of.region.parse().unwrap();
            let written_at = slot.start() + put.seconds();
            let block = Block { shard: SHARD, slot, region, written_at, signals: Vec::new() };
            events.push((written_at + told.seconds(), Happens::Told(block)));
        }
    }
    events.sort_by_key(|(at, _)| *at);
    let memory = Memory::default();
    let mut found: BTreeMap<Region, BTreeSet<i64>> = BTreeMap::new();
    for (now, happens) in events {
        match happens {
            Happens::Changed(regions) => shard(&memory, &regions, opened),
            Happens::Told(block) => tell(&memory, &block, now).await,
            Happens::Asked(at) => {
                let (shards, marks) = (memory.shards().await.unwrap(), memory.marks().await.unwrap());
                for region in overdue(&shards, &marks, at).into_keys() {
                    found.entry(region.clone()).or_default().insert(at.minutes() - slot(0).minutes());
                }
            }
        }
    }
    found
}

async fn tell(memory: &Memory, block: &Block, now: Timestamp) {
    assert!(memory.put_block(block).await.unwrap());
    let tables = || memory.clone();
    let judge = Judge { monitors: tables(), signals: tables(), incidents: tables(), parked: NothingParked };
    let event: StreamEvent = serde_json::from_value(json!({"Records": [record(block)]})).unwrap();
    judge.handle(event, now, |_, _| {}).await.unwrap();
}

/// Whether the alarm fires: three of five minutes are overdue.
fn alarms(minutes: &BTreeSet<i64>) -> bool {
    minutes.iter().any(|first| minutes.range(first..&(first + 5)).count() >= 3)
}

/// Blocks of this region, of which those are lost.
fn of(region: &'static str, lost: impl Strategy<Value = Vec<bool>>) -> impl Strategy<Value = Blocks> {
    let seconds = proptest::collection::vec((2i64..=15, 0i64..=8), MINUTES);
    (lost, seconds).prop_map(move |(lost, seconds)| Blocks { region, lost, seconds })
}

/// One of every four slots is another than the others: any of them, or always the same.
fn one_in_four(others: bool) -> impl Strategy<Value = Vec<bool>> {
    let any = proptest::collection::vec(0usize..4, MINUTES / 4);
    let same = (0usize..4).prop_map(|n| vec![n; MINUTES / 4]);
    let slots = prop_oneof![any, same];
    slots.prop_map(move |ones| {
        ones.into_iter().flat_map(|one| (0..4).map(move |n| (n == one) != others)).collect()
    })
}

fn all_lost() -> impl Strategy<Value = Vec<bool>> {
    Just(vec![true; MINUTES])
}

fn none_lost() -> impl Strategy<Value = Vec<bool>> {
    Just(vec![false; MINUTES])
}

/// When a change is made: any second of the fifth slot or of the next three.
fn moment() -> impl Strategy<Value = Timestamp> {
    (0i64..240).prop_map(|seconds| slot(4).start() + seconds.seconds())
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn region(name: &str) -> Region {
    name.parse().unwrap()
}

/// The shard is opened before the first slot, in these regions.
fn opened(regions: &[&'static str]) -> Vec<Change> {
    vec![Change { at: slot(0).start() - 30.seconds(), regions: regions.to_vec() }]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_region_that_loses_three_of_four_blocks_is_found_whatever_the_others_do(
        here in of(HERE, one_in_four(true)),
        there in of(THERE, prop_oneof![none_lost(), one_in_four(false), all_lost()]),
    ) {
        let found = run(play(&opened(&[HERE, THERE]), &[here, there]));
        prop_assert!(alarms(&found[&region(HERE)]), "{:?}", found);
    }

    #[test]
    fn a_region_that_loses_one_of_four_blocks_never_is(
        here in of(HERE, one_in_four(false)),
        there in of(THERE, prop_oneof![none_lost(), one_in_four(false), one_in_four(true), all_lost()]),
    ) {
        for regions in [&[HERE][..], &[HERE, THERE], &[DEAD, HERE, THERE]] {
            let found = run(play(&opened(regions), &[here.clone(), there.clone()]));
            prop_assert_eq!(found.get(&region(HERE)), None, "{:?}", found);
            prop_assert_eq!(found.get(&region(DEAD)).is_some_and(alarms), regions.contains(&DEAD));
        }
    }

    #[test]
    fn a_new_shard_is_not_overdue_while_all_goes_well(
        at in moment(),
        here in of(HERE, none_lost()),
        there in of(THERE, prop_oneof![none_lost(), one_in_four(false)]),
    ) {
        for regions in [&[HERE][..], &[HERE, THERE], &[DEAD, HERE], &[DEAD, HERE, THERE]] {
            let opened = Change { at, regions: regions.to_vec() };
            let found = run(play(&[opened], &[here.clone(), there.clone()]));
            prop_assert_eq!([HERE, THERE].map(|name| found.get(&region(name))), [None, None], "{:?}", found);
        }
    }

    #[test]
    fn a_new_region_is_not_overdue_while_all_goes_well(
        at in moment(),
        here in of(HERE, prop_oneof![none_lost(), one_in_four(false)]),
        there in of(THERE, none_lost()),
    ) {
        // Judging lags three slots behind where a region is dead.
        for before in [&[HERE][..], &[DEAD, HERE]] {
            let after = Change { at: at + 4.minutes(), regions: [before, &[THERE]].concat() };
            let changes = [opened(before), vec![after]].concat();
            let found = run(play(&changes, &[here.clone(), there.clone()]));
            prop_assert_eq!([HERE, THERE].map(|name| found.get(&region(name))), [None, None], "{:?}", found);
        }
    }

    #[test]
    fn a_new_shard_or_region_from_which_nothing_comes_is_found(
        at in moment(),
        here in of(HERE, none_lost()),
    ) {
        let new = |regions: &[&'static str]| Change { at, regions: regions.to_vec() };
        let silent = run(play(&[new(&[HERE])], &[]));
        prop_assert!(alarms(&silent[&region(HERE)]), "{:?}", silent);
        let half = run(play(&[new(&[DEAD, HERE])], std::slice::from_ref(&here)));
        prop_assert!(alarms(&half[&region(DEAD)]) && half.len() == 1, "{:?}", half);
        let added = [opened(&[HERE]), vec![new(&[DEAD, HERE])]].concat();
        let added = run(play(&added, &[here]));
        prop_assert!(alarms(&added[&region(DEAD)]) && added.len() == 1, "{:?}", added);
    }
}
