//! Files of windows read, and windows applied to a store in memory.

use ::tests::memory::Memory;
use proptest::prelude::*;
use shared::monitor::Monitor;
use shared::store::ReadMaintenance as _;

use super::*;
use shared::maintenance::Window;

fn problems(text: &str) -> String {
    read("maintenance.yaml", text.as_bytes()).unwrap_err().to_string()
}

const FILE: &str = "
windows:
  - {id: nightly, name: Backup, at: '02:00', minutes: 30, time_zone: UTC}
  - id: sundays
    name: Deployments
    monitors: [Checkout, Front page, Checkout]
    days: [sun, wed]
    at: '23:30'
    minutes: 90
    time_zone: Europe/Berlin
  - {id: move, name: Move, from: 2026-11-28T22:00:00, until: 2026-11-29T02:00:00Z, time_zone: Europe/Berlin}
";

fn memory() -> Memory {
    let memory = Memory::default();
    let named =
        |id: &str, name: &str| Monitor { name: name.parse().unwrap(), ..::tests::example::monitor(id) };
    memory.add_monitors([named("s0-aaaaaa", "Front page"), named("s0-bbbbbb", "Checkout")]);
    memory
}

/// What is printed, of applying and of the list behind it.
async fn applied(memory: &Memory, text: &str) -> anyhow::Result<String> {
    let wanted = read("maintenance.yaml", text.as_bytes())?;
    let monitors: Vec<Monitor> = memory.tables().monitors.values().cloned().collect();
    let ids = monitors.iter().map(|monitor| (monitor.name.clone(), monitor.id.clone())).collect();
    let names = monitors.iter().map(|monitor| (monitor.id.clone(), monitor.name.clone())).collect();
    let mut out = Vec::new();
    report(&apply(memory, &wanted, &ids).await?, &mut out)?;
    list(&memory.windows().await?, &names, &mut out)?;
    Ok(String::from_utf8(out)?)
}

#[tokio::test]
async fn windows_are_applied_and_listed_and_twice_does_nothing() {
    let memory = memory();
    insta::assert_snapshot!(applied(&memory, FILE).await.unwrap(), @"
    + created    nightly  Backup: every day 02:00 UTC for 30 min
    + created    sundays  Deployments: sun,wed 23:30 Europe/Berlin for 90 min
    + created    move  Move: 2026-11-28T21:00:00Z to 2026-11-29T02:00:00Z
    done: 3 created, 0 changed, 0 unchanged
    ID       NAME         WHEN                                          MONITORS
    move     Move         2026-11-28T21:00:00Z to 2026-11-29T02:00:00Z  all
    nightly  Backup       every day 02:00 UTC for 30 min                all
    sundays  Deployments  sun,wed 23:30 Europe/Berlin for 90 min        Front page, Checkout
    ");
    insta::assert_snapshot!(serde_json::to_string(&memory.tables().windows).unwrap(), @r#"{"move":{"id":"move","name":"Move","monitors":[],"when":{"once":{"from":"2026-11-28T21:00:00Z","until":"2026-11-29T02:00:00Z"}}},"nightly":{"id":"nightly","name":"Backup","monitors":[],"when":{"weekly":{"days":[],"from":"02:00:00","minutes":30,"time_zone":"UTC"}}},"sundays":{"id":"sundays","name":"Deployments","monitors":["s0-aaaaaa","s0-bbbbbb"],"when":{"weekly":{"days":["sun","wed"],"from":"23:30:00","minutes":90,"time_zone":"Europe/Berlin"}}}}"#);
    assert!(applied(&memory, FILE).await.unwrap().contains("0 created, 0 changed, 3 unchanged"));

    let another = "windows: [{id: nightly, name: Backup, at: '03:00', minutes: 30, time_zone: UTC}]";
    let report = applied(&memory, another).await.unwrap();
    assert!(report.contains("~ changed    nightly  Backup: every day 03:00 UTC for 30 min"), "{report}");
    assert!(
        report.contains("not in the file, left as they are:\n  move  Move\n  sundays  Deployments\n"),
        "{report}"
    );
}

#[tokio::test]
async fn a_monitor_that_does_not_exist_is_told() {
    let memory = memory();
    let text = "windows:\n- id: a\n  name: A\n  at: '02:00'\n  minutes: 1\n  time_zone: UTC\n  monitors: [Basket, Checkout]\n";
    insta::assert_snapshot!(applied(&memory, text).await.unwrap_err(), @r#"
    1 problem, so nothing was written
      line 7: windows[0].monitors[0]: expected a monitor that exists, got "Basket"
    "#);
    assert!(memory.tables().windows.is_empty());
}

#[tokio::test]
async fn a_window_is_deleted_once() {
    let memory = memory();
    applied(&memory, FILE).await.unwrap();
    let id = "nightly".parse().unwrap();
    delete(&memory, &id).await.unwrap();
    assert_eq!(memory.tables().windows.len(), 2);
    insta::assert_snapshot!(delete(&memory, &id).await.unwrap_err(), @"no window has the id nightly: see `shopwatch maintenance list`");
}

#[test]
fn a_window_that_cannot_be_read_is_replaced_or_told() {
    let wanted = read("x", b"windows: [{id: a, name: A, at: '02:00', minutes: 1, time_zone: UTC}]").unwrap();
    let broken = |id: &str| shared::store::Broken { id: id.to_owned(), why: "no time".to_owned() };
    let stored = shared::store::Stored { values: Vec::new(), broken: vec![broken("a"), broken("b")] };
    let planned = plan(&wanted, &stored, &Default::default()).unwrap();
    assert_eq!(planned.outcomes[0].1, Difference::Changed);
    assert_eq!(planned.broken, [broken("b")]);
}

#[test]
fn there_are_not_too_many() {
    let window =
        |number: usize| format!("- {{id: w{number}, name: W, at: '02:00', minutes: 1, time_zone: UTC}}\n");
    let file = |numbers: std::ops::Range<usize>| {
        let text: String = numbers.map(window).collect();
        read("x", format!("windows:\n{text}").as_bytes())
    };
    let wanted = file(0..500).unwrap();
    let values = vec![Window { id: "another".parse().unwrap(), ..wanted[0].window.clone() }];
    let stored = shared::store::Stored { values, broken: Vec::new() };
    insta::assert_snapshot!(plan(&wanted, &stored, &Default::default()).unwrap_err(), @"expected at most 500 windows, got 501 with those stored: delete some first");
    assert!(plan(&wanted[..499], &stored, &Default::default()).is_ok());
    insta::assert_snapshot!(file(0..501).unwrap_err(), @"
    x: 1 problem, so nothing was written
      line 2: windows: expected at most 500 windows, got 501
    ");
}

#[test]
fn everything_wrong_in_a_file_is_told_at_once() {
    insta::assert_snapshot!(problems(
        "windows:
  - {id: A, name: '', from: x, until: 2026-11-28T22:00:00, at: 2:00, colour: red}
  - {id: b, name: B, from: 2026-11-28T22:00:00, until: 2026-11-29, time_zone: Mars/Base}
  - {id: c, name: C, from: 2026-11-28T22:00:00Z, until: 2026-11-28T22:00:00Z}
  - {id: d, name: D, from: 2026-11-28T22:00:00Z, at: '02:00', minutes: 5, time_zone: UTC}
  - {id: e, name: E, days: [sun, sunday], at: '25:00', minutes: 10081, time_zone: UTC}
  - {id: f, name: F, at: '02:00', minutes: 5}
  - {id: f, name: F, at: '02:00', minutes: 5, time_zone: UTC, monitors: [7, all]}
  - {name: G, from: 2026-11-28T22:00:00Z, until: 2026-11-29T22:00:00Z, days: [sun]}
"
    ), @r#"
    maintenance.yaml: 17 problems, so nothing was written
      line 2: windows[0].id: expected 1 to 40 lower-case letters, digits or -, got "A"
      line 2: windows[0].name: expected a name of 1 to 100 characters, no control characters, got ""
      line 2: windows[0].from: expected an instant such as 2026-11-28T22:00:00Z, or a local time, got "x"
      line 2: windows[0].until: expected an instant with Z or an offset, or a time_zone beside it, got "2026-11-28T22:00:00"
      line 2: windows[0].at: expected a time such as "22:30", got "2:00"
      line 2: windows[0].colour: expected one of id, name, monitors, time_zone, from, until, days, at, minutes, got an unknown key
      line 3: windows[1].time_zone: expected a time zone such as Europe/Berlin, got "Mars/Base"
      line 4: windows[2]: expected a window that ends after it begins, got "2026-11-28T22:00:00Z to 2026-11-28T22:00:00Z"
      line 5: windows[3]: expected from and until, or at, minutes and time_zone with days where it is not every day; got another choice of them
      line 6: windows[4].days[1]: expected mon, tue, wed, thu, fri, sat or sun, got "sunday"
      line 6: windows[4].at: expected a time such as "22:30", got "25:00"
      line 6: windows[4].minutes: expected minutes from 1 to 10080, got 10081
      line 7: windows[5]: expected from and until, or at, minutes and time_zone with days where it is not every day; got another choice of them
      line 8: windows[6].id: expected each id once, got f of the window of line 7 again
      line 8: windows[6].monitors[0]: expected a text, got 7: put it in quotes
      line 9: windows[7].id: expected one, got none
      line 9: windows[7]: expected from and until, or at, minutes and time_zone with days where it is not every day; got another choice of them
    "#);
}

#[test]
fn local_times_are_those_of_the_clocks() {
    let once = |from: &str, until: &str, zone: &str| {
        let text = format!("windows: [{{id: a, name: A, from: {from}, until: {until}, time_zone: {zone}}}]");
        let window = read("x", text.as_bytes()).unwrap().remove(0).window;
        let shared::maintenance::When::Once { from, until } = window.when else { panic!("{window:?}") };
        format!("{from} {until}")
    };
    let berlin = |from: &str, until: &str| once(from, until, "Europe/Berlin");
    assert_eq!(berlin("2026-07-01T02:00", "2026-12-01 02:00"), "2026-07-01T00:00:00Z 2026-12-01T01:00:00Z");
    // An hour that does not exist, and one that does twice.
    assert_eq!(berlin("2026-03-29T02:30", "2026-10-25T02:30"), "2026-03-29T01:30:00Z 2026-10-25T00:30:00Z");
    assert_eq!(
        berlin("2028-02-29T00:00", "2028-03-01T00:00+05:30"),
        "2028-02-28T23:00:00Z 2028-02-29T18:30:00Z"
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z:\\-\\[\\]{}T'\"#, \n0-9]{0,60}") {
        let _ = read("x", format!("windows:\n - id: a\n   from: {text}").as_bytes());
        let _ = read("x", format!("windows:\n - {{at: {text}}}").as_bytes());
    }
}
