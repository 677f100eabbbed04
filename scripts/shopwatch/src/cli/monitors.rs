//! `shopwatch monitors`: its arguments and their help.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::api::ApiUrl;
use crate::importers::Source;

/// `shopwatch monitors`.
#[derive(Debug, Subcommand)]
pub enum Monitors {
    /// Show what differs from a file of monitors, then create and change them until nothing does
    #[command(after_help = APPLY)]
    Apply(Apply),
    /// List the monitors: their configuration, not their state
    #[command(after_help = "Example:\n  shopwatch monitors list")]
    List,
    /// Write the monitors as a file that `apply` reads
    #[command(after_help = EXPORT)]
    Export {
        /// Where to write; standard output if not given
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Where the installation is.
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Write another tool's monitors as a file that `apply` reads; nothing is changed
    #[command(after_help = IMPORT_FROM)]
    ImportFrom {
        /// Whose configuration it is
        source: Source,
        /// The configuration; `-` reads standard input
        file: PathBuf,
        /// Where to write; standard output if not given
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// `shopwatch monitors apply`.
#[derive(Debug, Args)]
pub struct Apply {
    /// YAML file of monitors; `-` reads standard input
    pub file: PathBuf,
    /// Delete the monitors that the file does not name
    #[arg(long)]
    pub prune: bool,
    /// Show the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Delete without asking
    #[arg(long)]
    pub yes: bool,
    /// Where the installation is.
    #[command(flatten)]
    pub api: ApiArgs,
}

/// Where the API is. Its key is in the environment, not among the arguments: others can see those.
#[derive(Debug, Clone, Args)]
pub struct ApiArgs {
    /// Address of the installation's API, as its deployment prints it
    #[arg(long, value_name = "URL", env = "SHOPWATCH_URL", hide_env_values = true)]
    pub url: Option<ApiUrl>,
}

const EXPORT: &str = "\
Monitors come in the order of their names, without what is as it is by default. What a file cannot
hold is told on standard error: credentials above all, which nobody reads back. Add them before
you apply the file, or the monitors lose them. Reads through the API, with the key in
SHOPWATCH_KEY (scope read).

Examples:
  shopwatch monitors export --output monitors.yaml
  shopwatch monitors export | diff monitors.yaml -";

const IMPORT_FROM: &str = "\
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
  shopwatch monitors import-from upptime .upptimerc.yml --output monitors.yaml";

const APPLY: &str = "\
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
        json: [{path: \"$.items[0].stock\", is: {at_least: 5}}]
        headers: [{name: content-type, is: {contains: json}}]
        certificate_days: 14
      metrics: {stock: \"$.items[0].stock\"}
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
  generate-monitors | shopwatch monitors apply -";
