//! Streams of blocks, shuffled, repeated, cut into batches: the same incidents and states whatever happens to them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use shared::block::Block;
use shared::monitor::{Interval, Monitor, MonitorId, Quorum, Region};
use shared::schedule::Slot;

use crate::play::{Shop, block, monitor, poison, record, regions, slot};

const SLOTS: i64 = 24;
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
const IDS: [&str; 5] = ["s0-aaaaaa", "s0-bbbbbb", "s1-cccccc", "s1-dddddd", "s2-eeeeee"];

/// Three shards: parents in the same and in another one, one and two regions, other intervals and streaks.
fn monitors() -> Vec<Monitor> {
    let id = |n: usize| -> MonitorId { IDS[n].parse().unwrap() };
    let of = |n: usize, parents: &[usize]| Monitor {
        depends_on: parents.iter().map(|parent| id(*parent)).collect(),
        regions: regions(&REGIONS),
        ..monitor(IDS[n])
    };
    vec![
        of(0, &[]),
        Monitor { quorum: Quorum::AtLeast(1), confirmations: 1.try_into().unwrap(), ..of(1, &[0]) },
        Monitor { confirmations: 1.try_into().unwrap(), ..of(2, &[0, 3]) },
        Monitor { interval_minutes: Interval::try_from(2).unwrap(), ..of(3, &[1]) },
        Monitor { regions: regions(&REGIONS[..1]), recoveries: 1.try_into().unwrap(), ..of(4, &[2]) },
    ]
}

/// A block, how many seconds after it was written it is put, and how many after that it is told of, each time.
#[derive(Debug, Clone)]
struct Delivery {
    block: Block,
    put: i64,
    told: Vec<i64>,
}

/// What a region sees of a monitor: mostly for some slots the same.
fn letters() -> impl Strategy<Value = Vec<char>> {
    let run = (select(vec!['u', 'u', 'd', 'd', 's', 'g', '?', '.']), 1usize..6);
    let runs = proptest::collection::vec(run, 24);
    runs.prop_map(|runs| runs.into_iter().flat_map(|(letter, n)| vec![letter; n]).take(24).collect())
}

fn deliveries() -> impl Strategy<Value = Vec<Delivery>> {
    // In time, at the edge of it, too late, never.
    let written = prop_oneof![8 => 2i64..20, 2 => 20i64..=90, 1 => 91i64..150, 1 => Just(i64::MAX)];
    let told = proptest::collection::vec(prop_oneof![4 => 0i64..3, 1 => 3i64..200], 1..4);
    let about = proptest::collection::vec((written, 0i64..10, told), 24 * 5);
    let letters = proptest::collection::vec(letters(), 10);
    (letters, about).prop_map(|(letters, mut about)| {
        let mut deliveries = Vec::new();
        for (n, at) in (0..SLOTS).map(slot).enumerate() {
            for (shard, region) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)] {
                let (written, put, told) = about.pop().unwrap();
                // What comes too late for the first slot of all is as if the shard were a slot younger.
                let written = if n == 0 { written.min(90) } else { written };
                if written < i64::MAX {
                    let seen = IDS.iter().enumerate().filter(|(_, id)| id.starts_with(&format!("s{shard}-")));
                    let seen = seen.map(|(m, id)| (id.parse().unwrap(), letters[2 * m + region][n]));
                    let block = block(shard, at, REGIONS[region], written, &seen.collect::<Vec<_>>());
                    deliveries.push(Delivery { block, put, told });
                }
            }
        }
        deliveries
    })
}

fn end() -> Timestamp {
    slot(SLOTS).start() + 10.minutes()
}

/// What the tables are when all blocks are folded at once, in order.
async fn ordered(deliveries: &[Delivery]) -> Shop {
    let shop = Shop::of(monitors());
    for delivery in deliveries {
        shop.put(&delivery.block).await;
    }
    shop.replay(end()).await;
    shop
}

/// Plays the deliveries by a clock that steps from one to the next; of those in the same few seconds one batch is made.
async fn live(deliveries: &[Delivery], batch_seconds: i64) -> Shop {
    let shop = Shop::of(monitors());
    let mut puts: BTreeMap<Timestamp, Vec<&Block>> = BTreeMap::new();
    let mut tells: BTreeMap<Timestamp, Vec<Value>> = BTreeMap::new();
    for Delivery { block, put, told } in deliveries {
        let put = block.written_at + put.seconds();
        puts.entry(put).or_default().push(block);
        for (n, after) in told.iter().enumerate() {
            let at = put.as_second() + after;
            let batch = Timestamp::from_second(at + (batch_seconds - at % batch_seconds)).unwrap();
            let records = tells.entry(batch).or_default();
            records.insert(n % (records.len() + 1), record(block));
            if at % 17 == 0 {
                records.push(poison());
            }
        }
    }
    let times: BTreeSet<Timestamp> = puts.keys().chain(tells.keys()).copied().collect();
    for now in times {
        for block in puts.remove(&now).unwrap_or_default() {
            shop.put(block).await;
        }
        if let Some(records) = tells.remove(&now) {
            shop.tell(records, now).await.unwrap();
        }
    }
    let last = deliveries.iter().map(|delivery| record(&delivery.block)).collect();
    shop.tell(last, end()).await.unwrap();
    shop
}

/// How many blocks were counted of each slot and region that had any.
fn counted(shop: &Shop) -> Vec<(Slot, Region, u64)> {
    let counted = shop.counted.lock().unwrap().clone();
    let all = counted
        .into_iter()
        .flat_map(|(slot, regions)| regions.into_iter().map(move |(r, n)| (slot, r, n.written)));
    all.filter(|(_, _, written)| *written > 0).collect()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_of_the_same_blocks_ends_the_same(deliveries in deliveries(), batch_seconds in 1i64..8) {
        let ordered = run(ordered(&deliveries));
        let live = run(live(&deliveries, batch_seconds));
        prop_assert_eq!(live.written(), ordered.written());
        // In time means the same for the counts, and each block counts once.
        prop_assert_eq!(counted(&live), counted(&ordered));
        // And once more, from nothing.
        run(live.replay(end()));
        prop_assert_eq!(live.written(), ordered.written());
    }

    #[test]
    fn a_monitor_has_one_open_incident_at_most(deliveries in deliveries()) {
        let shop = run(ordered(&deliveries));
        let incidents = shop.incidents();
        for id in IDS {
            let of: Vec<_> = incidents.iter().filter(|incident| incident.monitor.to_string() == id).collect();
            for pair in of.windows(2) {
                let closed = pair[0].closed.expect("closed before the next is opened");
                prop_assert!(closed.at <= pair[1].opened_at);
            }
            let open = of.iter().find(|incident| incident.closed.is_none()).map(|incident| incident.opened_at);
            let state = shop.memory.tables().states.values().find_map(|state| {
                state.monitors.iter().find(|(monitor, _)| monitor.to_string() == id).map(|(_, entry)| entry.incident)
            });
            prop_assert_eq!(state.flatten(), open);
        }
    }
}
