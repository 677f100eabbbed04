//! What is stored, exported and applied again.

use ::tests::memory::Memory;
use shared::monitor::{Monitor, MonitorId};
use shared::store::Broken;

use super::*;

async fn exported(memory: &Memory) -> (String, String) {
    let exported = export(&stored(memory).await.unwrap(), &region()).unwrap();
    let mut out = Vec::new();
    exported.report.print(&mut out).unwrap();
    (exported.text, String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn what_is_exported_and_applied_changes_nothing() {
    let memory = Memory::default();
    let bytes = std::fs::read(::tests::root().join("scripts/demo/monitors.yaml")).unwrap();
    let file = read("monitors.yaml", &bytes, no_variables).unwrap_or_else(|error| panic!("{error}"));
    apply(&memory, &memory, &file, &region(), &mut rand::rng()).await.unwrap();
    for monitor in memory.tables().monitors.values_mut() {
        // Set over the API, and nothing that a file says.
        monitor.hidden_before = Some(now());
    }
    let (text, report) = exported(&memory).await;
    insta::assert_snapshot!(text, @r#"
    monitors:
      - name: Checkout
        url: http://127.0.0.1:4580/checkout
        public: true
        regions: [us-east-1, eu-west-1]
        degraded_ms: 2000
        depends_on: [Front page]
      - name: Front page
        url: http://127.0.0.1:4580/
        expect:
          body: [{contains: Demo shop}]
          headers:
            - {name: x-shop, is: {equals: demo}}
        public: true
        regions: [us-east-1, eu-west-1]
      - name: Item
        url: http://127.0.0.1:4580/items/7
        expect:
          absent: [sold out]
        public: true
        regions: [us-east-1, eu-west-1]
      - name: Nightly export
        kind: heartbeat
        grace_minutes: 60
        interval_minutes: 1440
      - name: Stock
        url: http://127.0.0.1:4580/api/stock
        expect:
          json:
            - {path: $.status, is: {equals: ok}}
            - {path: "$.items[0].stock", is: {at_least: 5}}
        metrics:
          stock: "$.items[0].stock"
        interval_minutes: 2
    "#);
    insta::assert_snapshot!(report, @"done: 5 monitors read, 5 written, 0 left out; 0 notes");
    let file = read("x", text.as_bytes(), no_variables).unwrap_or_else(|error| panic!("{error}"));
    let again = apply(&memory, &memory, &file, &region(), &mut rand::rng()).await.unwrap();
    assert!(again.outcomes.iter().all(|outcome| outcome.difference == Difference::Unchanged), "{again:?}");
    assert!(again.unnamed.is_empty());
    assert!(memory.tables().monitors.values().all(|monitor| monitor.hidden_before == Some(now())));
    assert_eq!(exported(&memory).await.0, text, "the same every time");
}

#[tokio::test]
async fn what_a_file_cannot_hold_is_told() {
    let memory = Memory::default();
    let named =
        |id: &str, name: &str| Monitor { name: name.parse().unwrap(), ..::tests::example::monitor(id) };
    let parents = ["s0-aaaaaa", "s0-bbbbbb", "s0-zzzzzz"].map(|id| id.parse::<MonitorId>().unwrap());
    let mut http = HttpCheck::of("https://shop.example/".parse().unwrap());
    http.credentials = Some(shared::credentials::Revision::first());
    memory.add_monitors([
        named("s0-aaaaaa", "Shop"),
        named("s0-bbbbbb", "Shop"),
        Monitor {
            depends_on: parents.to_vec(),
            check: Check::Http(Box::new(http)),
            ..named("s0-cccccc", "Checkout")
        },
    ]);
    memory.tables().broken.push(Broken { id: "s0-dddddd".into(), why: "no url".into() });
    let (text, report) = exported(&memory).await;
    insta::assert_snapshot!(text, @"
    monitors:
      # credentials are not exported: add basic or bearer_env
      - name: Checkout
        url: https://shop.example/
        depends_on: [Shop]
      - name: Shop
        url: http://shop.example/
    ");
    insta::assert_snapshot!(report, @"
    Checkout (s0-cccccc)
      depends_on: s0-bbbbbb is not in the file: left out
      depends_on: s0-zzzzzz is not in the file: left out
      credentials: credentials are not exported: add basic or bearer_env
    Shop (s0-bbbbbb) (left out)
      name: expected each name once: another monitor has it too, and a file could not tell them apart
    s0-dddddd (left out)
      monitor: cannot be read
    done: 4 monitors read, 2 written, 2 left out; 5 notes
    ");
    assert_eq!(read("x", text.as_bytes(), no_variables).unwrap_or_else(|error| panic!("{error}")).len(), 2);
}

#[tokio::test]
async fn a_file_that_cannot_be_applied_is_told() {
    let memory = Memory::default();
    let regions = (0..33).map(|number| format!("r-{number}").parse().unwrap()).collect();
    memory.add_monitors([Monitor { regions, ..::tests::example::monitor("s0-aaaaaa") }]);
    let (_, report) = exported(&memory).await;
    insta::assert_snapshot!(report, @"
    all of it
      file: cannot be applied as it is: line 4: monitors[0].regions: expected at most 32, got 33
    done: 1 monitor read, 1 written, 0 left out; 1 note
    ");
    assert_eq!(exported(&Memory::default()).await.0, "monitors: []\n");
}
