//! Configurations of other tools, taken over: one invented sample of each, and anything at all.

mod any;
mod gatus;
mod kuma;
mod upptime;
mod uptimerobot;

use super::*;
use crate::monitors::{Wanted, read};

/// What every secret of the samples contains.
const CANARY: &str = "hunter2";

fn of_env(_: &str) -> Option<String> {
    Some("x".to_owned())
}

/// The file and the report, neither of which shows a secret; the file is one of ours.
fn taken(source: Source, text: &str) -> (String, String) {
    let imported = import(source, "sample", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let mut out = Vec::new();
    imported.report.print(&mut out).unwrap();
    let report = String::from_utf8(out).unwrap();
    monitors(&imported.text);
    for shown in [&imported.text, &report, &format!("{imported:?}")] {
        assert!(!shown.contains(CANARY), "{shown}");
    }
    (imported.text, report)
}

fn monitors(text: &str) -> Vec<Wanted> {
    read("file", text.as_bytes(), of_env).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn refused(source: Source, bytes: &[u8]) -> String {
    let error = import(source, "sample", bytes).unwrap_err().to_string();
    assert!(!error.contains(CANARY), "{error}");
    error
}

#[test]
fn what_is_no_configuration_is_told() {
    use Source::{Gatus, Kuma, Upptime, UptimeRobot};

    insta::assert_snapshot!(refused(Kuma, b"hunter2"), @"sample: expected JSON: expected value at line 1 column 1");
    insta::assert_snapshot!(refused(Kuma, b"{\"hunter2\": []}"), @"sample: expected a backup with the list `monitorList`, got none");
    insta::assert_snapshot!(refused(Gatus, b"hunter2"), @"sample: expected a map, got a plain value");
    insta::assert_snapshot!(refused(Gatus, b"hunter2: [\n"), @"sample: expected YAML: unclosed bracket '[' at line 1, column 10");
    insta::assert_snapshot!(refused(Gatus, b"endpoints: {hunter2: 1}"), @"sample: expected a map with the list `endpoints` or `services` or `external-endpoints`, got none");
    insta::assert_snapshot!(refused(Gatus, b"\xff"), @"sample: expected UTF-8, got something else behind byte 0");
    insta::assert_snapshot!(refused(Upptime, b"endpoints: []"), @"sample: expected a map with the list `sites`, got none");
    insta::assert_snapshot!(refused(UptimeRobot, b"hunter2,hunter2\n1,2\n"), @r#"sample: line 1: expected a header with the column "Friendly Name", got none"#);
    insta::assert_snapshot!(refused(UptimeRobot, b"Friendly Name,Type\n\xff,Ping\n"), @"sample: expected CSV: CSV parse error: record 1 (line 2, field: 0, byte: 19): invalid utf-8: invalid UTF-8 in field 0 near byte index 0");
    insta::assert_snapshot!(refused(UptimeRobot, "x,".repeat(500).as_bytes()), @"sample: line 1: expected at most 200 columns, got 501");
}

#[test]
fn files_are_bounded() {
    let large = " ".repeat(MAX_BYTES + 1);
    let many = format!("{{\"monitorList\": [{}0]}}", "0,".repeat(MAX_MONITORS));
    insta::assert_snapshot!(refused(Source::Kuma, large.as_bytes()), @"sample: expected at most 5000000 bytes, got more");
    insta::assert_snapshot!(refused(Source::Kuma, many.as_bytes()), @"sample: expected at most 10000 monitors, got 10001");
    let many = format!("sites:\n{}", "- 0\n".repeat(MAX_MONITORS + 1));
    insta::assert_snapshot!(refused(Source::Upptime, many.as_bytes()), @"sample: expected at most 10000 monitors, got 10001");
    let many = format!("Name,Type\n{}", "a,http\n".repeat(MAX_MONITORS + 1));
    insta::assert_snapshot!(refused(Source::UptimeRobot, many.as_bytes()), @"sample: expected at most 10000 monitors, got 10001");
}

#[test]
fn as_many_monitors_as_a_file_may_have() {
    let row = "Süß,https://shop.example/,HTTP(s),ada\n".repeat(MAX_MONITORS);
    let (text, report) = taken(Source::UptimeRobot, &format!("Name,URL,Type,HTTP Username\n{row}"));
    let monitors = monitors(&text);
    assert_eq!((monitors.len(), monitors[9_999].name.as_str()), (MAX_MONITORS, "Süß (10000)"));
    assert!(text.contains("SHOPWATCH_PASSWORD_S_10000"), "{report}");
}

#[test]
fn names_are_unique_and_valid() {
    let long = "x".repeat(200);
    let sites: String = ["a", "a", "a (2)", "a", "''", "\" b\\u0007\"", &long, &long]
        .map(|name| format!("- {{name: {name}, url: https://shop.example/}}\n"))
        .concat();
    let (text, _) = taken(Source::Upptime, &format!("sites:\n{sites}"));
    let names: Vec<String> = monitors(&text).iter().map(|monitor| monitor.name.to_string()).collect();
    let (first, second) = (long[..100].to_owned(), format!("{} (2)", &long[..96]));
    assert_eq!(names, ["a", "a (2)", "a (2) (2)", "a (3)", "sites[4]", "b", &first, &second]);
}

#[tokio::test]
async fn the_command_asks_nobody_and_writes_the_file() {
    use clap::Parser as _;

    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("upptimerc.yml"), folder.path().join("monitors.yaml"));
    std::fs::write(&from, "sites: [{name: Shop, url: https://shop.example/}]").unwrap();
    let command = async |arguments: &[&str]| {
        let words = ["shopwatch", "monitors", "import-from", "upptime", from.to_str().unwrap()];
        let cli = crate::cli::Cli::try_parse_from(words.iter().chain(arguments)).unwrap();
        let mut out = Vec::new();
        assert_eq!(crate::run(cli, &mut out).await.unwrap(), 0);
        String::from_utf8(out).unwrap()
    };
    let printed = command(&[]).await;
    assert_eq!(monitors(&printed)[0].name.as_str(), "Shop");
    assert_eq!(command(&["--output", to.to_str().unwrap()]).await, "");
    assert_eq!(std::fs::read_to_string(&to).unwrap(), printed);
}
