//! What is stored, exported and applied again.

use shared::monitor::{Monitor, MonitorId};

use super::installed::Installed;
use super::*;

fn exported(there: &Installation) -> (String, String) {
    let exported = export(there).unwrap();
    let mut out = Vec::new();
    exported.report.print(&mut out).unwrap();
    (exported.text, String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn what_is_exported_and_applied_changes_nothing() {
    let installed = Installed::new().await;
    let bytes = std::fs::read(::tests::root().join("scripts/demo/monitors.yaml")).unwrap();
    let file = read("monitors.yaml", &bytes, no_variables).unwrap_or_else(|error| panic!("{error}"));
    installed.apply(&file).await;
    let hidden = Some("2026-11-21T14:25:00Z".parse().unwrap());
    for monitor in installed.memory.tables().monitors.values_mut() {
        // Set over the API, and nothing that a file says.
        monitor.hidden_before = hidden;
    }
    let (text, report) = exported(&installed.there().await);
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
    let again = installed.planned(&file, true).await;
    assert!(again.is_empty(), "{again:?}");
    assert!(installed.memory.tables().monitors.values().all(|monitor| monitor.hidden_before == hidden));
    assert_eq!(exported(&installed.there().await).0, text, "the same every time");
}

#[test]
fn what_a_file_cannot_hold_is_told() {
    let named =
        |id: &str, name: &str| Monitor { name: name.parse().unwrap(), ..::tests::example::monitor(id) };
    let parents = ["s0-aaaaaa", "s0-bbbbbb", "s0-zzzzzz"].map(|id| id.parse::<MonitorId>().unwrap());
    let mut there = there(&[
        named("s0-aaaaaa", "Shop"),
        named("s0-bbbbbb", "Shop"),
        Monitor {
            depends_on: parents.to_vec(),
            check: check("https://shop.example/"),
            ..named("s0-cccccc", "Checkout")
        },
    ]);
    there.monitors[2].has_credentials = true;
    let (text, report) = exported(&there);
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
    done: 3 monitors read, 2 written, 1 left out; 4 notes
    ");
    assert_eq!(read("x", text.as_bytes(), no_variables).unwrap_or_else(|error| panic!("{error}")).len(), 2);
}

#[test]
fn a_file_that_cannot_be_applied_is_told() {
    let regions = (0..33).map(|number| format!("r-{number}").parse().unwrap()).collect();
    let monitor = Monitor { regions, ..::tests::example::monitor("s0-aaaaaa") };
    let (_, report) = exported(&there(&[monitor]));
    insta::assert_snapshot!(report, @"
    all of it
      file: cannot be applied as it is: line 4: monitors[0].regions: expected at most 32, got 33
    done: 1 monitor read, 1 written, 0 left out; 1 note
    ");
    assert_eq!(exported(&there(&[])).0, "monitors: []\n");
}
