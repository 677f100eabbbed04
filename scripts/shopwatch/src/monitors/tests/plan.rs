//! Plans, and the rules that any sequence of them keeps.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shared::monitor::{Monitor, MonitorId, SHARD_LIMIT, ShardId, ShardSummary};
use shared::store::{Broken, ShardChange};

use super::*;

proptest! {
    #[test]
    fn any_sequence_of_applies_ends_with_the_last_file(
        files in proptest::collection::vec(proptest::collection::btree_map(0u16..300, (1u32..5, any::<bool>()), 0..250), 1..5),
        seed: u64,
    ) {
        let mut rng: rand::rngs::StdRng = rand::SeedableRng::seed_from_u64(seed);
        let mut stored: BTreeMap<ShardId, StoredShard> = BTreeMap::new();
        for (at, file) in (0..).map(|n| now().plus(n)).zip(&files) {
            let wanted: Vec<Wanted> = file
                .iter()
                .map(|(number, (interval, public))| Wanted {
                    interval_minutes: (*interval).try_into().unwrap(),
                    public: *public,
                    ..wanted(&format!("Monitor {number}"))
                })
                .collect();
            let shards: Vec<StoredShard> = stored.values().cloned().collect();
            let plan = plan(&wanted, &shards, &region(), &none(), at, &mut rng).unwrap();
            plan.changes.iter().for_each(|change| store(&mut stored, change));

            for shard in stored.values().map(|shard| &shard.summary) {
                let was = shards.iter().find(|was| was.summary.shard == shard.shard);
                prop_assert_eq!(shard.since, was.map_or(at, |was| was.summary.since), "once a shard is opened");
            }
            let monitors: Vec<&Monitor> = stored.values().flat_map(|shard| &shard.monitors).collect();
            let before: BTreeMap<String, &Monitor> =
                shards.iter().flat_map(|shard| &shard.monitors).map(|m| (m.name.to_string(), m)).collect();
            prop_assert_eq!(monitors.len(), monitors.iter().map(|m| m.name.as_str()).collect::<HashSet<_>>().len());
            for wanted in &wanted {
                let is = monitors.iter().find(|m| m.name == wanted.name).unwrap();
                prop_assert_eq!((&is.check, is.interval_minutes, is.public), (&wanted.check, wanted.interval_minutes, wanted.public));
            }
            for monitor in &monitors {
                let named = wanted.iter().any(|wanted| wanted.name == monitor.name);
                prop_assert_eq!(named, !plan.unnamed.iter().any(|unnamed| unnamed.id == monitor.id));
                let Some(was) = before.get(monitor.name.as_str()) else { continue };
                prop_assert_eq!(&was.id, &monitor.id, "nobody moves");
                prop_assert!(named || was == monitor, "nobody is changed who is not named");
            }
            let again = super::plan(&wanted, &stored.values().cloned().collect::<Vec<_>>(), &region(), &none(), now(), &mut rng).unwrap();
            prop_assert!(again.changes.is_empty(), "applying twice changes nothing");
        }
    }
}

/// Stores a change as the table would: whole, and only if every version follows the stored one.
fn store(stored: &mut BTreeMap<ShardId, StoredShard>, change: &ShardChange) {
    assert!(!change.put.is_empty() && change.put.len() < 100, "one transaction");
    let id = change.summary.shard;
    let shard = stored.entry(id).or_insert_with(|| StoredShard {
        summary: ShardSummary::of(id, &[], 0, change.summary.since),
        monitors: Vec::new(),
        broken: Vec::new(),
    });
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
    assert_eq!(
        shard.summary,
        ShardSummary::of(id, &shard.monitors, shard.summary.version, shard.summary.since)
    );
    assert!(shard.monitors.len() <= SHARD_LIMIT);
}

#[test]
fn shards_are_filled_in_order() {
    let mut rng = rand::rng();
    let plan = plan(&many(200), &[], &region(), &none(), now(), &mut rng).unwrap();
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
            public: true,
            regions: vec!["eu-west-1".parse().unwrap()],
            version: 3,
            ..::tests::example::monitor(&id.to_string())
        };
        let summary = ShardSummary::of(shard, std::slice::from_ref(&monitor), 5, now());
        stored.push(StoredShard { summary, monitors: vec![monitor], broken: Vec::new() });
    }
    let plan = plan(&[wanted("Shop")], &stored, &region(), &none(), now(), &mut rand::rng()).unwrap();
    let change = &plan.changes[0];
    assert_eq!((plan.changes.len(), change.summary.version, change.put[0].version), (1, 6, 4));
    assert_eq!(change.put[0].regions, [region()], "where the file is silent, the stack's own");
    assert_eq!(plan.unnamed, stored[1].monitors);
}

#[test]
fn a_strangers_monitor_of_the_same_name_is_left_alone() {
    let account = "a-7f3k2a9d0c1b2e4f".parse().unwrap();
    let stranger = Monitor { account, ..::tests::example::monitor("s0-aaaaaa") };
    let summary = ShardSummary::of(ShardId(0), std::slice::from_ref(&stranger), 1, now());
    let stored = [StoredShard { summary, monitors: vec![stranger.clone()], broken: Vec::new() }];
    let name = stranger.name.as_str();
    let plan = plan(&[wanted(name)], &stored, &region(), &none(), now(), &mut rand::rng()).unwrap();
    assert_eq!((plan.outcomes[0].difference.clone(), plan.unnamed.len()), (Difference::Created, 0));
    assert_ne!(plan.changes[0].put[0].id, stranger.id);
    assert_eq!(plan.changes[0].summary.count, 2, "it is in the shard all the same");
}

#[test]
fn a_shard_with_a_broken_monitor_is_not_changed() {
    let monitor = |id: &str, name: &str| Monitor {
        name: name.parse().unwrap(),
        public: true,
        ..::tests::example::monitor(id)
    };
    let shard = |id: u16, monitors: Vec<Monitor>, broken: Vec<Broken>| StoredShard {
        summary: ShardSummary::of(ShardId(id), &monitors, 3, now()),
        monitors,
        broken,
    };
    let broken = Broken { id: "s0-bbbbbb".into(), why: "no url".into() };
    let stored = [
        shard(0, vec![monitor("s0-aaaaaa", "Shop"), monitor("s0-cccccc", "Same")], vec![broken.clone()]),
        shard(1, vec![monitor("s1-aaaaaa", "Other")], Vec::new()),
    ];
    let same = Wanted { check: check("http://shop.example/"), ..wanted("Same") };
    let file = [wanted("Shop"), same, wanted("Other"), wanted("New")];
    let plan = plan(&file, &stored, &region(), &none(), now(), &mut rand::rng()).unwrap();
    let changed: Vec<ShardId> = plan.changes.iter().map(|change| change.summary.shard).collect();
    assert_eq!(changed, [ShardId(1)], "the new one goes where there is nothing broken");
    assert_eq!(plan.changes[0].put.len(), 2);
    let Difference::Refused(why) = &plan.outcomes[0].difference else { panic!("{plan:?}") };
    insta::assert_snapshot!(why, @"shard s0 holds s0-bbbbbb, which cannot be read");
    assert_eq!(plan.outcomes[1].difference, Difference::Unchanged);
    assert_eq!(plan.broken, [broken]);
}

#[test]
fn a_monitor_becomes_exactly_what_the_file_says() {
    let http = HttpCheck {
        browser: true,
        body: Some("hunter2".into()),
        ..HttpCheck::of("https://a.example/".parse().unwrap())
    };
    let monitor = Monitor {
        check: Check::Http(Box::new(http)),
        retries: 5.try_into().unwrap(),
        quorum: shared::monitor::Quorum::AtLeast(1),
        degraded_ms: Some(500),
        paused: true,
        depends_on: vec!["s0-bbbbbb".parse().unwrap()],
        regions: vec!["eu-west-1".parse().unwrap(), "us-east-1".parse().unwrap()],
        ..::tests::example::monitor("s0-aaaaaa")
    };
    let stored = [StoredShard {
        summary: ShardSummary::of(ShardId(0), std::slice::from_ref(&monitor), 1, now()),
        monitors: vec![monitor.clone()],
        broken: Vec::new(),
    }];
    let changed = |wanted: Wanted| {
        let plan = plan(&[wanted], &stored, &region(), &none(), now(), &mut rand::rng()).unwrap();
        let Difference::Changed(what) = plan.outcomes[0].difference.clone() else { panic!("{plan:?}") };
        assert_eq!(plan.outcomes[0].monitor.id, monitor.id);
        what
    };
    insta::assert_snapshot!(changed(wanted("Shop")), @"body, browser true → default, url https://a.example/ → https://shop.example/, degraded_ms 500 → none, depends_on s0-bbbbbb → none, paused true → false, public false → true, quorum at_least 1 → majority, regions eu-west-1, us-east-1 → us-east-1, retries 5 → 2");
    let tcp = Check::Tcp(shared::monitor::TcpCheck {
        host: "shop.example".parse().unwrap(),
        port: 22.try_into().unwrap(),
    });
    let of_another_kind = changed(Wanted { check: tcp, ..wanted("Shop") });
    assert!(
        of_another_kind.starts_with("kind http → tcp, target https://a.example/ → tcp://shop.example:22, "),
        "{of_another_kind}"
    );
}
