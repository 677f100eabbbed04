//! Plans, and the rules that any sequence of them keeps.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shared::monitor::Monitor;

use super::installed::Installed;
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_sequence_of_applies_ends_with_the_last_file(
        files in proptest::collection::vec(
            (proptest::collection::btree_map(0u16..150, (1u32..5, any::<bool>()), 0..120), any::<bool>()), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let installed = runtime.block_on(Installed::new());
        for (file, prune) in &files {
            let wanted: Vec<Wanted> = file
                .iter()
                .map(|(number, (interval, public))| Wanted {
                    interval_minutes: (*interval).try_into().unwrap(),
                    public: *public,
                    ..wanted(&format!("Monitor {number}"))
                })
                .collect();
            let monitors = || -> BTreeMap<String, Monitor> {
                let tables = installed.memory.tables();
                tables.monitors.values().map(|monitor| (monitor.name.to_string(), monitor.clone())).collect()
            };
            let before = monitors();
            let plan = runtime.block_on(installed.planned(&wanted, *prune));
            let applied = runtime.block_on(apply(&installed, &wanted, &plan, |_| ())).unwrap();
            prop_assert!(!applied.is_incomplete(), "{applied:?}");
            let after = monitors();
            for wanted in &wanted {
                let is = &after[wanted.name.as_str()];
                prop_assert_eq!((&is.check, is.interval_minutes, is.public), (&wanted.check, wanted.interval_minutes, wanted.public));
            }
            for (name, was) in &before {
                let is_named = wanted.iter().any(|wanted| wanted.name.as_str() == name);
                match after.get(name) {
                    None => prop_assert!(*prune && !is_named, "nobody goes who is named, or without being asked for"),
                    Some(is) => {
                        prop_assert_eq!(&was.id, &is.id, "nobody moves");
                        prop_assert!(is_named || !*prune);
                        prop_assert!(is_named || was == is, "nobody is changed who is not named");
                    }
                }
            }
            prop_assert!(runtime.block_on(installed.planned(&wanted, *prune)).is_empty(), "applying twice changes nothing");
        }
    }
}

#[test]
fn a_name_that_is_there_twice_is_matched_once() {
    let monitors = ["s0-aaaaaa", "s1-aaaaaa"].map(|id| Monitor {
        public: true,
        regions: vec!["eu-west-1".parse().unwrap()],
        version: 3,
        ..::tests::example::monitor(id)
    });
    let plan = plan(&[wanted("Shop")], &there(&monitors), false).unwrap();
    let Step { monitor, .. } = &plan.steps[0];
    assert_eq!((monitor.id.to_string().as_str(), monitor.version), ("s0-aaaaaa", 3));
    assert_eq!(monitor.regions, [region()], "where the file is silent, the stack's own");
    assert_eq!(plan.unnamed, monitors[1..]);
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
    let changed = |wanted: Wanted| {
        let plan = plan(&[wanted], &there(std::slice::from_ref(&monitor)), false).unwrap();
        let Difference::Changed(what) = plan.steps[0].difference.clone() else { panic!("{plan:?}") };
        assert_eq!(plan.steps[0].monitor.id, monitor.id);
        what
    };
    insta::assert_snapshot!(changed(wanted("Shop")), @"body, browser true → default, url https://a.example/ → https://shop.example/, degraded_ms 500 → default, depends_on s0-bbbbbb → none, paused true → false, public false → true, quorum at_least 1 → majority, regions eu-west-1, us-east-1 → us-east-1, retries 5 → 2");
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
