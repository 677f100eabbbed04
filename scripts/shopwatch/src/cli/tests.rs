//! The help, word for word, and arguments that are wrong.

use clap::{CommandFactory as _, Parser as _};

use super::*;

/// The help of a command, such as `monitors apply`, for a terminal of 100 columns.
fn help(path: &str) -> String {
    let mut command = Cli::command().term_width(100);
    command.build();
    let mut found = &mut command;
    for name in path.split_whitespace() {
        found = found.find_subcommand_mut(name).unwrap();
    }
    let help = found.render_help().to_string();
    help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn error(arguments: &[&str]) -> String {
    let error = Cli::try_parse_from([&["shopwatch"], arguments].concat()).unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_arguments_fit_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_an_example() {
    fn check(command: &clap::Command) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains("Example"), "{}", command.get_name());
        command.get_subcommands().for_each(check);
    }
    check(&Cli::command());
}

#[test]
fn help_of_everything() {
    insta::assert_snapshot!(help(""), @"
    The operator's command of Shopwatch: monitors, purchases, imports, API keys and a shop to try them
    on

    Usage: shopwatch [OPTIONS] <COMMAND>

    Commands:
      monitors   Create, change and list monitors
      purchases  Make up purchases for demos and tests
      import     Upload an export of purchases and follow it until it is loaded
      keys       Create, list and revoke keys of the HTTP API
      demo-shop  Run a small web shop whose pages can be told to fail
      help       Print this message or the help of the given subcommand(s)

    Options:
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help
      -V, --version       Print version

    Where the stack is, and who is asking, comes from the usual AWS variables and files:
    AWS_REGION, AWS_PROFILE, AWS_ACCESS_KEY_ID, …, and AWS_ENDPOINT_URL for a local cloud
    (`. .local/env` sets them).

    Exit codes: 0 done, 1 failed, 2 wrong arguments; `import` has more, see its help.

    Examples:
      shopwatch monitors apply monitors.yaml
      shopwatch purchases generate --rows 500 --seed 1 --output export.csv
      shopwatch import export.csv
      shopwatch keys create --name dashboard --scope read --scope purchases
      shopwatch --stack shopwatch-dev monitors list
    ");
    insta::assert_snapshot!(help("monitors"), @"
    Create, change and list monitors

    Usage: shopwatch monitors [OPTIONS] <COMMAND>

    Commands:
      apply  Create and change monitors until they are as the file says; delete none
      list   List the monitors: their configuration, not their state
      help   Print this message or the help of the given subcommand(s)

    Options:
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help

    Example:
      shopwatch monitors apply monitors.yaml
    ");
    insta::assert_snapshot!(help("monitors apply"), @"
    Create and change monitors until they are as the file says; delete none

    Usage: shopwatch monitors apply [OPTIONS] <FILE>

    Arguments:
      <FILE>  YAML file of monitors; `-` reads standard input

    Options:
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help

    Monitors are told apart by their names. One that is new is created, one that differs is
    changed, one that the file does not name is left as it is and shown. A file with anything
    wrong in it changes nothing. Most: 10,000 monitors, 1 MB.

    The file:
      monitors:
        - name: Front page            # what people see; each name once
          url: https://shop.example/
          interval_minutes: 5         # 1 to 1440; 1 if not given
          public: true                # shown on the status page; false if not given

    Examples:
      shopwatch monitors apply monitors.yaml
      generate-monitors | shopwatch monitors apply -
    ");
    insta::assert_snapshot!(help("purchases generate"), @"
    Write an export of a shop that does not exist; the same options give the same rows everywhere

    Usage: shopwatch purchases generate [OPTIONS] --rows <N>

    Options:
          --rows <N>       How many rows
          --seed <S>       Which shop: another seed has other customers and prices [default: 1]
          --from <DATE>    The first day [default: 2026-01-01]
          --cents          Prices such as 12.50 instead of 12
          --output <FILE>  Where to write; standard output if not given
          --stack <NAME>   Name of the deployed stack, which the names of its tables and its bucket
                           begin with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help           Print help

    Rows are `email,item_id,quantity,price,purchase_date` without a header, in time order, lines
    ended by CR LF, about 300 an hour. Customers come back, orders have several rows, about four
    rows in a thousand come twice. Every address is below example.com or .example: nobody's.

    Examples:
      shopwatch purchases generate --rows 500 --seed 1 > export.csv
      shopwatch purchases generate --rows 9000 --from 2026-11-01 --cents --output export.csv
    ");
    insta::assert_snapshot!(help("import"), @"
    Upload an export of purchases and follow it until it is loaded

    Usage: shopwatch import [OPTIONS] <FILE>

    Arguments:
      <FILE>  CSV file of purchases

    Options:
          --key <NAME>           Name of the object below purchases/; the file's name if not given
          --bucket <NAME>        Bucket of exports; STACK-uploads-ACCOUNT-REGION if not given [env:
                                 UPLOADS_BUCKET]
          --timeout-seconds <S>  How long to follow the import once the file is uploaded [default: 900]
          --stack <NAME>         Name of the deployed stack, which the names of its tables and its
                                 bucket begin with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help                 Print help

    The same file may be imported again: each purchase is loaded once.

    Exit codes:
      0  loaded: every row is in the table
      1  the upload or the ledger failed
      2  wrong arguments
      3  loaded_with_rejects: some rows were refused, see the rejects file
      4  refused: not a file that can be loaded, nothing was written
      5  failed: it ended before its end; importing the file again adds the rest
      6  timed out: it did not begin within 60 s, or not end within --timeout-seconds

    Examples:
      shopwatch import export.csv
      shopwatch import export.csv --key 2026/11/2026-11-21T14.csv --timeout-seconds 60
    ");
    insta::assert_snapshot!(help("keys create"), @"
    Make a key and print it: the only time it is shown

    Usage: shopwatch keys create [OPTIONS] --name <NAME> --scope <SCOPE>

    Options:
          --name <NAME>       What you call it
          --scope <SCOPE>     What it opens: read (monitors and signals, private ones too) or purchases;
                              may be given twice
          --expires-days <D>  Days until it opens nothing any more; no end if not given
          --stack <NAME>      Name of the deployed stack, which the names of its tables and its bucket
                              begin with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help              Print help

    The key alone goes to standard output.

    Examples:
      shopwatch keys create --name dashboard --scope read
      shopwatch keys create --name ci --scope read --scope purchases --expires-days 30
    ");
    insta::assert_snapshot!(help("keys revoke"), @"
    Revoke a key: it opens nothing from then on

    Usage: shopwatch keys revoke [OPTIONS] <ID>

    Arguments:
      <ID>  Its id, as `keys list` shows it, or the first digits of it

    Options:
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help

    Example:
      shopwatch keys revoke 3f9a0c1b7d2e
    ");
    insta::assert_snapshot!(help("demo-shop"), @"
    Run a small web shop whose pages can be told to fail

    Usage: shopwatch demo-shop [OPTIONS]
           shopwatch demo-shop <COMMAND>

    Commands:
      set   Tell a page of a running demo shop how to behave
      help  Print this message or the help of the given subcommand(s)

    Options:
          --port <P>      Port to listen on; 0 picks a free one [default: 4580]
          --host <HOST>   Address to listen on; who can reach it can also tell its pages how to behave
                          [default: 127.0.0.1]
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help

    Pages: /, /items/1 to /items/100, /checkout. Prints `listening on http://…` when it is ready,
    and runs until it is stopped.
      GET /_control                                            how pages were told to behave
      PUT /_control?path=/checkout&mode=slow&delay_ms=5000     tells one

    Examples:
      shopwatch demo-shop --port 4580
      shopwatch demo-shop set /checkout fail
      shopwatch demo-shop set /checkout slow --delay-ms 5000
      shopwatch demo-shop set /checkout up
    ");
    insta::assert_snapshot!(help("demo-shop set"), @"
    Tell a page of a running demo shop how to behave

    Usage: shopwatch demo-shop set [OPTIONS] <PATH> <MODE>

    Arguments:
      <PATH>  The page's path, such as /checkout
      <MODE>  How it is to behave [possible values: up, slow, fail, hang, missing]

    Options:
          --delay-ms <N>  How long a slow page takes, in ms, at most 60000; 3000 if not given
          --url <URL>     Where the shop runs [env: SHOPWATCH_SHOP_URL] [default: http://127.0.0.1:4580]
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help (see more with '--help')

    Example:
      shopwatch demo-shop set --url http://127.0.0.1:4580 /items/7 missing
    ");
}

#[test]
fn wrong_arguments_are_told_apart() {
    insta::assert_snapshot!(error(&["--stack", "My_Stack", "monitors", "list"]), @"error: invalid value 'My_Stack' for '--stack <NAME>': expected 1 to 27 lower-case letters, digits and hyphens, a letter first");
    insta::assert_snapshot!(error(&["purchases", "generate", "--rows", "-1"]), @"error: unexpected argument '-1' found");
    insta::assert_snapshot!(error(&["purchases", "generate", "--rows", "1", "--from", "2026-02-31"]), @"error: invalid value '2026-02-31' for '--from <DATE>': expected a day from 1970 to 2100, such as 2026-11-21");
    insta::assert_snapshot!(error(&["import", "a.csv", "--timeout-seconds", "0"]), @"error: invalid value '0' for '--timeout-seconds <S>': 0 is not in 1..=86400");
    insta::assert_snapshot!(error(&["keys", "create", "--name", "x"]), @"error: the following required arguments were not provided:");
    insta::assert_snapshot!(error(&["keys", "create", "--name", "x", "--scope", "all"]), @r#"error: invalid value 'all' for '--scope <SCOPE>': expected read or purchases, got "all""#);
    insta::assert_snapshot!(error(&["keys", "create", "--name", "x", "--scope", "read", "--expires-days", "0"]), @"error: invalid value '0' for '--expires-days <D>': 0 is not in 1..=3650");
    insta::assert_snapshot!(error(&["keys", "revoke", "abc"]), @"error: invalid value 'abc' for '<ID>': expected 4 to 64 hex digits, as `shopwatch keys list` shows them");
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
