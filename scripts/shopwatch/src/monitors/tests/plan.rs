//! Plans, and the rules that any sequence of them keeps.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;
use shared::monitor::{Monitor, MonitorId, SHARD_LIMIT, ShardId, ShardSummary};
use shared::store::ShardChange;

use super::*;

proptest! {
    #[test]
    fn any_sequence_of_applies_ends_with_the_last_file(
        files in proptest::collection::vec(proptest::collection::btree_map(0u16..300, (1u32..5, any::<bool>()), 0..250), 1..5),
        seed: u64,
    ) {
        let mut rng: rand::rngs::StdRng = rand::SeedableRng::seed_from_u64(seed);
        let mut stored: BTreeMap<ShardId, StoredShard> = BTreeMap::new();
        for file in &files {
            let wanted: Vec<Wanted> = file
                .iter()
                .map(|(number, (interval, public))| Wanted {
                    interval_minutes: (*interval).try_into().unwrap(),
                    public: *public,
                    ..wanted(&format!("Monitor {number}"))
                })
                .collect();
            let shards: Vec<StoredShard> = stored.values().cloned().collect();
            let plan = plan(&wanted, &shards, &region(), &mut rng).unwrap();
            plan.changes.iter().for_each(|change| store(&mut stored, change));

            let monitors: Vec<&Monitor> = stored.values().flat_map(|shard| &shard.monitors).collect();
            let before: BTreeMap<String, &Monitor> =
                shards.iter().flat_map(|shard| &shard.monitors).map(|m| (m.name.to_string(), m)).collect();
            prop_assert_eq!(monitors.len(), monitors.iter().map(|m| m.name.as_str()).collect::<HashSet<_>>().len());
            for wanted in &wanted {
                let is = monitors.iter().find(|m| m.name == wanted.name).unwrap();
                prop_assert_eq!((&is.url, is.interval_minutes, is.public), (&wanted.url, wanted.interval_minutes, wanted.public));
            }
            for monitor in &monitors {
                let named = wanted.iter().any(|wanted| wanted.name == monitor.name);
                prop_assert_eq!(named, !plan.unnamed.iter().any(|unnamed| unnamed.id == monitor.id));
                let Some(was) = before.get(monitor.name.as_str()) else { continue };
                prop_assert_eq!(&was.id, &monitor.id, "nobody moves");
                prop_assert!(named || was == monitor, "nobody is changed who is not named");
            }
            let again = super::plan(&wanted, &stored.values().cloned().collect::<Vec<_>>(), &region(), &mut rng).unwrap();
            prop_assert!(again.changes.is_empty(), "applying twice changes nothing");
        }
    }
}

/// Stores a change as the table would: whole, and only if every version follows the stored one.
fn store(stored: &mut BTreeMap<ShardId, StoredShard>, change: &ShardChange) {
    assert!(!change.put.is_empty() && change.put.len() < 100, "one transaction");
    let id = change.summary.shard;
    let shard = stored
        .entry(id)
        .or_insert_with(|| StoredShard { summary: ShardSummary::of(id, &[], 0), monitors: Vec::new() });
    assert_eq!(change.summary.version, shard.summary.version + 1);
    for monitor in &change.put {
        assert_eq!(monitor.id.shard(), id);
        let position = shard.monitors.iter().position(|stored| stored.id == monitor.id);
        let before = position.map(|position| shard.monitors.remove(position));
        assert_eq!(monitor.version, before.map_or(0, |before| before.version) + 1);
        shard.monitors.push(monitor.clone());
    }
    shard.monitors.sort_by(|a, b| a.id.cmp(&b.id));
    shard.summary = change.summary.clone();
    assert_eq!(shard.summary, ShardSummary::of(id, &shard.monitors, shard.summary.version));
    assert!(shard.monitors.len() <= SHARD_LIMIT);
}

#[test]
fn shards_are_filled_in_order() {
    let mut rng = rand::rng();
    let plan = plan(&many(200), &[], &region(), &mut rng).unwrap();
    let counts: Vec<_> =
        plan.changes.iter().map(|c| (c.summary.shard.0, c.summary.count, c.put.len())).collect();
    assert_eq!(counts, [(0, 96, 96), (1, 96, 96), (2, 8, 8)]);
}

#[test]
fn a_name_that_is_stored_twice_is_matched_once() {
    let mut stored = Vec::new();
    for shard in [0, 1].map(ShardId) {
        let id = MonitorId::new(shard, "aaaaaa").unwrap();
        let monitor = Monitor {
            id,
            name: "Shop".parse().unwrap(),
            url: "https://old.example/".parse().unwrap(),
            interval_minutes: Default::default(),
            public: true,
            regions: vec!["eu-west-1".parse().unwrap()],
            version: 3,
        };
        let summary = ShardSummary::of(shard, std::slice::from_ref(&monitor), 5);
        stored.push(StoredShard { summary, monitors: vec![monitor] });
    }
    let plan = plan(&[wanted("Shop")], &stored, &region(), &mut rand::rng()).unwrap();
    let change = &plan.changes[0];
    assert_eq!((plan.changes.len(), change.summary.version, change.put[0].version), (1, 6, 4));
    assert_eq!(change.put[0].regions, stored[0].monitors[0].regions, "a file says nothing of regions");
    assert_eq!(plan.unnamed, stored[1].monitors);
}
