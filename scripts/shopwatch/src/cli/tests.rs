//! The help, word for word.

mod arguments;
mod demo_shop;
mod purchases;

use clap::CommandFactory as _;

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
    The operator's command of Shopwatch: monitors, incidents, purchases, imports, API keys and a shop to
    try them on

    Usage: shopwatch [OPTIONS] <COMMAND>

    Commands:
      monitors     Create, change, list and export monitors; take them over from other tools
      maintenance  Create, change, list and delete maintenance windows
      incidents    List incidents, acknowledge and close them
      beats        Make tokens that targets call us with
      cost         Compute what watching costs in a month
      purchases    Find or erase a person's purchases; make purchases up for demos and tests
      import       Upload an export of purchases and follow it until it is loaded
      imports      List imports and show one: the ledger
      pii          Say which keys e-mail addresses are hashed with, and rotate them
      users        Invite people who sign in, and list them
      guests       List and remove guests: who came by themselves, where anybody may sign up
      keys         Create, list and revoke keys of the HTTP API
      demo-shop    Run a small web shop whose pages can be told to fail
      help         Print this message or the help of the given subcommand(s)

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
      shopwatch incidents list --days 30
      shopwatch purchases generate --rows 500 --seed 1 --output export.csv
      shopwatch import export.csv
      shopwatch keys create --name dashboard --scope read --scope purchases
      shopwatch --stack shopwatch-dev monitors list
    ");
    insta::assert_snapshot!(help("monitors"), @"
    Create, change, list and export monitors; take them over from other tools

    Usage: shopwatch monitors [OPTIONS] <COMMAND>

    Commands:
      apply        Show what differs from a file of monitors, then create and change them until nothing
                   does
      list         List the monitors: their configuration, not their state
      export       Write the monitors as a file that `apply` reads
      import-from  Write another tool's monitors as a file that `apply` reads; nothing is changed
      help         Print this message or the help of the given subcommand(s)

    Options:
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help

    Example:
      shopwatch monitors apply monitors.yaml
    ");
    insta::assert_snapshot!(help("monitors apply"), @r#"
    Show what differs from a file of monitors, then create and change them until nothing does

    Usage: shopwatch monitors apply [OPTIONS] <FILE>

    Arguments:
      <FILE>  YAML file of monitors; `-` reads standard input

    Options:
          --prune         Delete the monitors that the file does not name
          --dry-run       Show the plan and change nothing
          --yes           Delete without asking
          --url <URL>     Address of the installation's API, as its deployment prints it [env:
                          SHOPWATCH_URL]
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help

    Works through the API, with the key in SHOPWATCH_KEY (scopes read and write), for the account of
    that key. Monitors are told apart by their names. One that is new is created, one that differs is
    changed to exactly what the file says, one that the file does not name is left as it is and shown;
    with --prune it is deleted, once you have said yes. The plan is shown first. A file with anything
    wrong in it changes nothing. Most: 10,000 monitors, 5 MB.

    Nobody reads credentials back. Those of the file are sent each time, and the installation says
    whether they were other ones.

    The file:
      monitors:
        - name: Front page            # what people see; each name once
          url: https://shop.example/
          interval_minutes: 5         # 1 to 1440; 1 if not given
          public: true                # shown on the status page; false if not given
        - name: Stock
          url: https://shop.example/api/stock
          bearer_env: STOCK_TOKEN     # or bearer: TOKEN, or basic: {user: U, password_env: VARIABLE}
          headers: {x-shop: main}     # method: POST, body: text
          follow_redirects: false     # browser: true looks like a browser, and may use HTTP/2
          expect:
            status: 200-299, 301
            body: [{contains: items}] # equals, not_equals, at_most, at_least, contains, matches
            absent: [sold out]
            json: [{path: "$.items[0].stock", is: {at_least: 5}}]
            headers: [{name: content-type, is: {contains: json}}]
            certificate_days: 14
          metrics: {stock: "$.items[0].stock"}
        - {name: Database, kind: tcp, host: db.example, port: 5432}
        - {name: Certificate, kind: tls, host: shop.example, certificate_days: 21, issuer: Amazon}
        - {name: Mail, kind: dns, host: shop.example, record: MX, expect: [10 mail.example.]}
        - {name: Backup, kind: heartbeat, interval_minutes: 1440, grace_minutes: 60}

    Any of them: regions [us-east-1, eu-west-1] (the stack's own if not given), ip (any, v4, v6),
    degraded_ms, retries (0 to 5), quorum (majority, or a number of regions), confirmations and
    recoveries (slots, 1 to 10), depends_on (names, at most 4), paused, keep_warm.

    Examples:
      shopwatch monitors apply monitors.yaml --dry-run
      shopwatch monitors apply monitors.yaml
      shopwatch monitors apply monitors.yaml --prune --yes
      generate-monitors | shopwatch monitors apply -
    "#);
    insta::assert_snapshot!(help("monitors export"), @"
    Write the monitors as a file that `apply` reads

    Usage: shopwatch monitors export [OPTIONS]

    Options:
          --output <FILE>  Where to write; standard output if not given
          --url <URL>      Address of the installation's API, as its deployment prints it [env:
                           SHOPWATCH_URL]
          --stack <NAME>   Name of the deployed stack, which the names of its tables and its bucket
                           begin with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help           Print help

    Monitors come in the order of their names, without what is as it is by default. What a file cannot
    hold is told on standard error: credentials above all, which nobody reads back. Add them before
    you apply the file, or the monitors lose them. Reads through the API, with the key in
    SHOPWATCH_KEY (scope read).

    Examples:
      shopwatch monitors export --output monitors.yaml
      shopwatch monitors export | diff monitors.yaml -
    ");
    insta::assert_snapshot!(help("monitors import-from"), @"
    Write another tool's monitors as a file that `apply` reads; nothing is changed

    Usage: shopwatch monitors import-from [OPTIONS] <SOURCE> <FILE>

    Arguments:
      <SOURCE>  Whose configuration it is [possible values: kuma, gatus, uptimerobot, upptime]
      <FILE>    The configuration; `-` reads standard input

    Options:
          --output <FILE>  Where to write; standard output if not given
          --stack <NAME>   Name of the deployed stack, which the names of its tables and its bucket
                           begin with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help           Print help (see more with '--help')

    Reads a configuration and writes a file, without asking AWS for anything. What has no counterpart
    is told on standard error, monitor by monitor: types that are not there, notification channels,
    groups, tags, status pages. Read it, edit the file, then apply it. Most: 10,000 monitors, 5 MB.

    Passwords and tokens become the names of environment variables, such as
    SHOPWATCH_PASSWORD_CHECKOUT; headers, bodies and parts of URLs that look like secrets, by their
    names, are left out and told. A secret that no name gives away is written as it is: look before
    you commit the file. Every monitor is private until the file says `public: true`.

    Examples:
      shopwatch monitors import-from kuma backup.json --output monitors.yaml
      shopwatch monitors import-from gatus config.yaml --output monitors.yaml
      shopwatch monitors import-from uptimerobot monitors.csv --output monitors.yaml
      shopwatch monitors import-from upptime .upptimerc.yml --output monitors.yaml
    ");
    for (command, expected) in [
        ("monitors import-from", "SHOPWATCH_PASSWORD_CHECKOUT"),
        ("maintenance apply", "A file with anything wrong in it changes nothing"),
        ("maintenance delete", "shopwatch maintenance delete sunday-night"),
        ("incidents list", "--days 30 --monitor Checkout"),
        ("incidents close", "until it has recovered"),
        ("beats token", "SHOPWATCH_URL"),
    ] {
        let help = help(command);
        assert!(help.contains(expected) && help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
    insta::assert_snapshot!(help("cost"), @"
    Compute what watching costs in a month

    Usage: shopwatch cost [OPTIONS]

    Options:
          --monitors <N>  How many monitors [default: 100]
          --interval <S>  Seconds between two checks, whole minutes [default: 60]
          --regions <R>   From how many regions [default: 1]
          --json          Print JSON
          --bench         Print the figures of docs/BENCHMARKS.md: name, value, unit, with tabs between
                          them
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help

    Nothing is asked of AWS: the bill is computed from the price list of us-east-1, from CPU time and
    sizes that were measured, and from a profile: the slowest healthy page of a shard takes 1.5 s, a
    black hole 10 s; alarms as they are by default. Purchases, imports, the secret of the PII key and
    the HTTP API are no part of it.

    Examples:
      shopwatch cost --monitors 100
      shopwatch cost --monitors 10000 --interval 300 --regions 3 --json
    ");
    insta::assert_snapshot!(help("purchases generate"), @"
    Write an export of a shop that does not exist; the same options give the same rows everywhere

    Usage: shopwatch purchases generate [OPTIONS] --rows <N>

    Options:
          --rows <N>           How many rows
          --seed <S>           Which shop: another seed has other customers and prices [default: 1]
          --from <DATE>        The first day [default: 2026-01-01]
          --cents              Prices such as 12.50 instead of 12
          --returns <PERCENT>  How many of a hundred rows are returns, with a negative quantity; the
                               rows stay the same otherwise [default: 0]
          --shuffle            The same rows in any order, held in memory: at most 10 million
          --gzip               Compressed with gzip
          --output <FILE>      Where to write; standard output if not given
          --stack <NAME>       Name of the deployed stack, which the names of its tables and its bucket
                               begin with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help               Print help

    Rows are `email,item_id,quantity,price,purchase_date` without a header, in time order, lines
    ended by CR LF, about 300 an hour. Customers come back, orders have several rows, about four
    rows in a thousand come twice. Every address is below example.com or .example: nobody's.

    Examples:
      shopwatch purchases generate --rows 500 --seed 1 > export.csv
      shopwatch purchases generate --rows 9000 --from 2026-11-01 --cents --returns 5 --output export.csv
      shopwatch purchases generate --rows 1000000 --shuffle --gzip --output export.csv.gz
    ");
    insta::assert_snapshot!(help("import"), @"
    Upload an export of purchases and follow it until it is loaded

    Usage: shopwatch import [OPTIONS] <FILE>

    Arguments:
      <FILE>  CSV file of purchases; plain, or compressed with gzip or zstd

    Options:
          --key <NAME>           Name of the object below purchases/; the file's name if not given
          --bucket <NAME>        Bucket of exports; STACK-uploads-ACCOUNT-REGION if not given [env:
                                 UPLOADS_BUCKET]
          --timeout-seconds <S>  How long to follow the import once the file is uploaded [default: 900]
          --dry-run              Upload nothing: read the file as etl would, and say what would become
                                 of it
          --stack <NAME>         Name of the deployed stack, which the names of its tables and its
                                 bucket begin with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help                 Print help

    Options of --dry-run:
          --show-rows                 Print refused rows too, which hold e-mail addresses
          --delimiter <D>             What separates columns, as the parameter CsvDelimiter: auto,
                                      comma, semicolon, tab or pipe [default: auto]
          --columns <JSON>            Names of columns in place of the usual ones, as the parameter
                                      CsvColumns [default: {}]
          --time-zone <Z>             Time zone of dates that say none, as the parameter ShopTimeZone
                                      [default: UTC]
          --max-rejected-percent <P>  Refused with more rejects than this among the first rows, as the
                                      parameter MaxRejectedPercent [default: 50]

    The same file may be imported again: each purchase is loaded once.

    --dry-run needs no AWS credentials. It reads with etl's own code and the options given here, which
    are not the stack's unless you say so. It knows nothing of the table, nor of who is erased.

    Exit codes, those of a dry run for what would become of the file:
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
      shopwatch import --dry-run export.csv --time-zone Europe/Berlin
    ");
    insta::assert_snapshot!(help("keys create"), @"
    Make a key and print it: the only time it is shown

    Usage: shopwatch keys create [OPTIONS] --name <NAME> --scope <SCOPE>

    Options:
          --name <NAME>       What you call it
          --scope <SCOPE>     What it opens: read (monitors and signals, private ones too), write,
                              purchases or metrics; may be given again
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
}
