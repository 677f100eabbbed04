//! Arguments that are wrong, and where they may stand.

use clap::Parser as _;

use super::*;

fn error(arguments: &[&str]) -> String {
    let error = Cli::try_parse_from([&["shopwatch"], arguments].concat()).unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn wrong_arguments_are_told_apart() {
    insta::assert_snapshot!(error(&["--stack", "My_Stack", "monitors", "list"]), @"error: invalid value 'My_Stack' for '--stack <NAME>': expected 1 to 27 lower-case letters, digits and hyphens, a letter first");
    insta::assert_snapshot!(error(&["purchases", "generate", "--rows", "-1"]), @"error: unexpected argument '-1' found");
    insta::assert_snapshot!(error(&["purchases", "generate", "--rows", "1", "--from", "2026-02-31"]), @"error: invalid value '2026-02-31' for '--from <DATE>': expected a day from 1970 to 2100, such as 2026-11-21");
    insta::assert_snapshot!(error(&["import", "a.csv", "--timeout-seconds", "0"]), @"error: invalid value '0' for '--timeout-seconds <S>': 0 is not in 1..=86400");
    insta::assert_snapshot!(error(&["keys", "create", "--name", "x"]), @"error: the following required arguments were not provided:");
    insta::assert_snapshot!(error(&["keys", "create", "--name", "x", "--scope", "all"]), @r#"error: invalid value 'all' for '--scope <SCOPE>': expected read, write, purchases or metrics, got "all""#);
    insta::assert_snapshot!(error(&["keys", "create", "--name", "x", "--scope", "read", "--expires-days", "0"]), @"error: invalid value '0' for '--expires-days <D>': 0 is not in 1..=3650");
    insta::assert_snapshot!(error(&["keys", "revoke", "abc"]), @"error: invalid value 'abc' for '<ID>': expected 4 to 64 hex digits, as `shopwatch keys list` shows them");
    insta::assert_snapshot!(error(&["monitors", "import-from", "nagios", "x"]), @"error: invalid value 'nagios' for '<SOURCE>'");
    insta::assert_snapshot!(error(&["cost", "--interval", "90"]), @"error: invalid value '90' for '--interval <S>': expected whole minutes in seconds, 60 to 86400");
    insta::assert_snapshot!(error(&["cost", "--monitors", "0"]), @"error: invalid value '0' for '--monitors <N>': 0 is not in 1..=1000000");
    insta::assert_snapshot!(error(&["cost", "--json", "--bench"]), @"error: the argument '--json' cannot be used with '--bench'");
    insta::assert_snapshot!(error(&["incidents", "close", "s0-7f3k2a"]), @r#"error: invalid value 's0-7f3k2a' for '<ID>': expected an incident such as 2026-11-21T14:25:00Z#s0-7f3k2a, got "s0-7f3k2a""#);
    insta::assert_snapshot!(error(&["incidents", "list", "--days", "397"]), @"error: invalid value '397' for '--days <N>': 397 is not in 1..=396");
    insta::assert_snapshot!(error(&["maintenance", "delete", "Sunday"]), @r#"error: invalid value 'Sunday' for '<ID>': expected 1 to 40 lower-case letters, digits or -, got "Sunday""#);
    insta::assert_snapshot!(error(&["imports", "list", "--month", "2026-13"]), @"error: invalid value '2026-13' for '--month <YYYY-MM>': expected a month such as 2026-11");
    insta::assert_snapshot!(error(&["imports", "list", "--state", "done"]), @"error: invalid value 'done' for '--state <S>': expected one of running, loaded, loaded_with_rejects, refused, failed");
    insta::assert_snapshot!(error(&["pii", "rotate", "--link-days", "0"]), @"error: invalid value '0' for '--link-days <D>': 0 is not in 1..=1000");
    insta::assert_snapshot!(error(&["purchases", "buyer", "ada@shop.example", "--yes"]), @"error: the following required arguments were not provided:");
    insta::assert_snapshot!(error(&["purchases", "buyer", "ada@shop.example", "--erase", "--json"]), @"error: the argument '--erase' cannot be used with '--json'");
    insta::assert_snapshot!(error(&["import", "a.csv", "--show-rows"]), @"error: the following required arguments were not provided:");
    insta::assert_snapshot!(error(&["import", "a.csv", "--dry-run", "--delimiter", ":"]), @r#"error: invalid value ':' for '--delimiter <D>': ":" is no delimiter: expected auto, comma, semicolon, tab or pipe"#);
    insta::assert_snapshot!(error(&["import", "a.csv", "--dry-run", "--columns", "email"]), @r#"error: invalid value 'email' for '--columns <JSON>': expected JSON such as {"email": ["e-mail", "customer_email"]}"#);
    insta::assert_snapshot!(error(&["import", "a.csv", "--dry-run", "--time-zone", "Berlin"]), @r#"error: invalid value 'Berlin' for '--time-zone <Z>': "Berlin" is no time zone: expected an IANA name such as Europe/Berlin"#);
    insta::assert_snapshot!(error(&["demo-shop", "set", "/checkout", "down"]), @"error: invalid value 'down' for '<MODE>'");
}

#[test]
fn the_stack_may_come_first_or_last() {
    for arguments in [
        ["shopwatch", "--stack", "dev", "monitors", "list"],
        ["shopwatch", "monitors", "list", "--stack", "dev"],
    ] {
        assert_eq!(Cli::try_parse_from(arguments).unwrap().stack.to_string(), "dev");
    }
}

#[test]
fn delimiters_are_named_as_the_parameter_names_them() {
    let of = |text: &str| text.parse::<Delimiter>().unwrap().0;
    assert_eq!(of("auto"), None);
    for (name, byte) in [("comma", b','), ("semicolon", b';'), ("tab", b'\t'), ("pipe", b'|'), (";", b';')] {
        assert_eq!(of(name), Some(byte));
    }
}

#[test]
fn an_address_is_not_printed_with_the_arguments() {
    let cli = Cli::try_parse_from(["shopwatch", "purchases", "buyer", "ada@shop.example"]).unwrap();
    assert!(!format!("{cli:?}").contains("ada@"));
}
