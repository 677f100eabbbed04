//! Every sample event that is about sales, and what is refused.

use std::collections::BTreeSet;

use super::*;

#[tokio::test]
async fn every_sample_event_is_replayed_here() {
    let names = std::fs::read_dir(tests::root().join("events")).unwrap();
    let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
    let ours = |name: &String| name.starts_with("rollup-day") || name.starts_with("rollup-nightly");
    let names: BTreeSet<String> = names.filter(ours).collect();
    let mut replayed = BTreeSet::new();
    for (name, outcome) in [
        ("rollup-day", Ok(vec![])),
        ("rollup-day-next", Ok(vec![json!({"day": "2021-03-22", "next": ["2021-03-23"]})])),
        ("rollup-day-since", Ok(vec![])),
        ("rollup-day-then", Ok(vec![json!({"day": "2021-04-02", "hops": 2})])),
        ("rollup-day-too-many-hops", Err("16 invocations led here")),
        ("rollup-day-unreadable", Err("day")),
        ("rollup-nightly", Ok(vec![json!({"day": "2021-03-21"})])),
        ("rollup-nightly-time", Ok(vec![json!({"day": "2021-03-21"})])),
        ("rollup-nightly-unreadable", Err("tonight")),
    ] {
        let world = World::of(&purchases(["2021-03-21T11:00:00 k1.1 7 2 10.25"]));
        nightly::ended(&world, "march.csv", "2026-11-20T08:00:00Z", &["2021-03-21"]);
        match (world.handle(tests::event(name)).await, outcome) {
            (Ok(()), Ok(queued)) => assert_eq!(follow::without_since(&world), queued, "{name}"),
            (Err(error), Err(refusal)) => {
                assert!(format!("{error:#}").contains(refusal), "{name}: {error:#}")
            }
            (result, _) => panic!("{name}: {result:?}"),
        }
        replayed.insert(format!("{name}.json"));
    }
    assert_eq!(names, replayed);
}
