//! Files of monitors, right and wrong.

use proptest::prelude::*;

use super::*;

#[test]
fn a_file_has_defaults_and_may_use_anchors() {
    let file = read(
        "monitors.yaml",
        b"monitors:\n  - &shop\n    name: Shop\n    url: HTTPS://Shop.example\n  - {<<: *shop, name: \"1\", interval_minutes: 1440, public: true}\n",
        no_variables,
    )
    .unwrap();
    let shown: Vec<_> = file
        .iter()
        .map(|m| (m.name.as_str(), m.check.to_string(), m.interval_minutes.minutes(), m.public))
        .collect();
    assert_eq!(
        shown,
        [
            ("Shop", "https://shop.example/".to_owned(), 1, false),
            ("1", "https://shop.example/".to_owned(), 1_440, true)
        ]
    );
    assert!(read("x", b"monitors: []", no_variables).unwrap().is_empty());
    assert!(read("x", b"\xef\xbb\xbfmonitors: []\r\n", no_variables).unwrap().is_empty());
}

#[test]
fn everything_wrong_in_a_file_is_told_at_once() {
    insta::assert_snapshot!(problems(
        "owner: me
monitors:
  - name: Shop
    url: ftp://shop.example/
    interval: 5
  - name: 12
    url: https://shop.example/
    interval_minutes: 0
    public: yes
  - name: Shop
    url: https://ada:hunter2@shop.example/
    interval_minutes: 1.5
  - https://shop.example/
  - url: not a url
    interval_minutes: \"5\"
  - name: ' padded '
    url:
    interval_minutes: 99999999999999999999
    public: [true]
  - {}
"
    ), @r#"
    monitors.yaml: 19 problems, so nothing was written
      line 1: expected the key `monitors` with a list of monitors, got the key "owner"
      line 4: monitors[0].url: expected an http or https URL, got "ftp://shop.example"
      line 5: monitors[0].interval: expected one of name, kind, basic, bearer, bearer_env, url, method, headers, body, follow_redirects, browser, expect, metrics, interval_minutes, public, paused, keep_warm, regions, ip, degraded_ms, retries, quorum, confirmations, recoveries, depends_on, got an unknown key
      line 6: monitors[1].name: expected a text, got 12: put it in quotes
      line 8: monitors[1].interval_minutes: expected whole minutes from 1 to 1440, got 0
      line 9: monitors[1].public: expected true or false, got "yes"
      line 10: monitors[2].name: expected each name once, got "Shop" of line 3 again
      line 11: monitors[2].url: expected a URL without user name and password, got "https://shop.example"
      line 12: monitors[2].interval_minutes: expected whole minutes from 1 to 1440, got 1.5
      line 13: monitors[3]: expected a monitor with a name, got a plain value
      line 14: monitors[4].name: expected one, got none
      line 14: monitors[4].url: expected a URL such as https://shop.example/, got "not a url"
      line 15: monitors[4].interval_minutes: expected whole minutes from 1 to 1440, got "5"
      line 16: monitors[5].name: expected a name of 1 to 100 characters, no control characters, got " padded "
      line 17: monitors[5].url: expected a text, got nothing
      line 18: monitors[5].interval_minutes: expected whole minutes from 1 to 1440, got 100000000000000000000
      line 19: monitors[5].public: expected true or false, got a list
      line 20: monitors[6].name: expected one, got none
      line 20: monitors[6].url: expected one, got none
    "#);
}

#[test]
fn what_is_no_file_of_monitors_is_told() {
    insta::assert_snapshot!(problems(""), @"
    monitors.yaml: 1 problem, so nothing was written
      line 1: expected the key `monitors` with a list of monitors, got nothing
    ");
    insta::assert_snapshot!(problems("- name: Shop"), @"
    monitors.yaml: 1 problem, so nothing was written
      line 1: expected the key `monitors` with a list of monitors, got a list
    ");
    insta::assert_snapshot!(problems("monitor: []"), @r#"
    monitors.yaml: 1 problem, so nothing was written
      line 1: expected the key `monitors` with a list of monitors, got the key "monitor"
    "#);
    insta::assert_snapshot!(problems("monitors:"), @"
    monitors.yaml: 1 problem, so nothing was written
      line 1: monitors: expected a list, got nothing
    ");
    insta::assert_snapshot!(problems("monitors: {name: Shop}"), @"
    monitors.yaml: 1 problem, so nothing was written
      line 1: monitors: expected a list, got a map
    ");
    insta::assert_snapshot!(problems("monitors:\n  - name: Shop\n   url: x"), @"
    monitors.yaml: 1 problem, so nothing was written
      expected YAML: while parsing a block collection, did not find expected '-' indicator at line 3, column 4
    ");
    insta::assert_snapshot!(problems("monitors:\n  - name: Shop\n    name: Shop"), @"
    monitors.yaml: 1 problem, so nothing was written
      expected YAML: duplicate mapping key `name` is not allowed here at line 3, column 5
    ");
    insta::assert_snapshot!(problems("monitors: []\nmonitors: []"), @"
    monitors.yaml: 1 problem, so nothing was written
      expected YAML: duplicate mapping key `monitors` is not allowed here at line 2, column 1
    ");
    insta::assert_snapshot!(problems("monitors: []\n---\nmonitors: []"), @"
    monitors.yaml: 1 problem, so nothing was written
      expected YAML: only single YAML document expected but multiple found at line 3, column 1
    ");
    insta::assert_snapshot!(problems("email,item_id,quantity\nada,1,2"), @"
    monitors.yaml: 1 problem, so nothing was written
      line 1: expected the key `monitors` with a list of monitors, got a plain value
    ");
    insta::assert_snapshot!(problems("monitors: [*shop]"), @"
    monitors.yaml: 1 problem, so nothing was written
      expected YAML: reference to unknown value at line 1, column 12
    ");
    insta::assert_snapshot!(read("x.pdf", b"%PDF-1.4\n\xff\xfe", no_variables).unwrap_err(), @"
    x.pdf: 1 problem, so nothing was written
      expected UTF-8, got something else behind byte 9
    ");
}

#[test]
fn an_export_by_mistake_is_not_repeated() {
    for text in [
        "ada@shop.example,1,2,30,2026-11-21T14:25:00\r\nben@shop.example,2,1,3,2026-11-21T14:25:01\r\n",
        "monitors:\n- ada@shop.example,1,2,30,2026-11-21\n",
        "monitors: ada@shop.example\n",
    ] {
        assert!(!problems(text).contains('@'), "{}", problems(text));
    }
}

#[test]
fn a_file_is_bounded() {
    let count = MAX_MONITORS + 1;
    insta::assert_snapshot!(problems(&format!("monitors:\n{}", "  - {}\n".repeat(count))), @"
    monitors.yaml: 1 problem, so nothing was written
      line 2: monitors: expected at most 10000 monitors, got 10001
    ");
    let broken = problems(&format!("monitors:\n{}", "  - x\n".repeat(60)));
    assert!(broken.ends_with("… and 10 more"), "{broken}");
    insta::assert_snapshot!(problems(&" ".repeat(MAX_BYTES + 1)), @"
    monitors.yaml: 1 problem, so nothing was written
      expected at most 5000000 bytes, got more
    ");

    // A hundred million nodes from a hundred bytes.
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (before, name) in "abcdefg".chars().zip("bcdefgh".chars()) {
        bomb += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(", "));
    }
    insta::assert_snapshot!(problems(&bomb), @"
    monitors.yaml: 1 problem, so nothing was written
      expected YAML: YAML document too large or too complex: total_replayed_events=700001 > 700000 at line 1, column 23 (defined at line 5, column 7) (used at line 6, column 24)
    ");
    let deep = problems(&format!("monitors: {}", "[".repeat(50_000)));
    assert!(deep.len() < 300, "{deep}");
}

#[test]
fn the_largest_file_is_read() {
    let entries: String = (0..MAX_MONITORS)
        .map(|number| format!("- {{name: Monitor {number}, url: \"https://shop.example/{number}\", interval_minutes: 5, public: true}}\n"))
        .collect();
    let text = format!("monitors:\n{entries}");
    assert!(text.len() < MAX_BYTES);
    assert_eq!(read("x", text.as_bytes(), no_variables).unwrap().len(), MAX_MONITORS);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z:\\-\\[\\]{}&*!|>'\"#%@, \n\t~?.0-9]{0,80}") {
        let _ = read("x", text.as_bytes(), no_variables);
        let _ = read("x", format!("monitors:\n{text}").as_bytes(), no_variables);
        let _ = read("x", format!("monitors:\n - name: {text}").as_bytes(), no_variables);
    }
}
