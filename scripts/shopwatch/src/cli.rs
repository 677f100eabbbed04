//! The arguments of the command, and their help.

mod cost;
mod demo_shop;
mod incidents;
mod maintenance;
mod monitors;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::civil::Date;
use shared::session::Scope;

use crate::names::Stack;
use crate::purchases::MAX_ROWS;

pub use cost::Cost;
pub use demo_shop::{DemoShop, DemoShopCommand};
pub use incidents::{Beats, Incidents};
pub use maintenance::Maintenance;
pub use monitors::Monitors;

/// The operator's command of Shopwatch: monitors, incidents, purchases, imports, API keys and a shop to try them on.
#[derive(Debug, Parser)]
#[command(name = "shopwatch", version, max_term_width = 100, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// Name of the deployed stack, which the names of its tables and its bucket begin with
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "SHOPWATCH_STACK",
        default_value = "shopwatch",
        hide_env_values = true,
        display_order = 900
    )]
    pub stack: Stack,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
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
  shopwatch --stack shopwatch-dev monitors list";

/// What the command can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create, change and list monitors
    #[command(subcommand, after_help = "Example:\n  shopwatch monitors apply monitors.yaml")]
    Monitors(Monitors),
    /// Create, change, list and delete maintenance windows
    #[command(subcommand, after_help = "Example:\n  shopwatch maintenance apply maintenance.yaml")]
    Maintenance(Maintenance),
    /// List incidents, acknowledge and close them
    #[command(subcommand, after_help = "Example:\n  shopwatch incidents list")]
    Incidents(Incidents),
    /// Make tokens that targets call us with
    #[command(subcommand, after_help = "Example:\n  shopwatch beats token \"Nightly backup\"")]
    Beats(Beats),
    /// Compute what watching costs in a month
    Cost(Cost),
    /// Make up purchases for demos and tests
    #[command(
        subcommand,
        after_help = "Example:\n  shopwatch purchases generate --rows 500 --seed 1 --output export.csv"
    )]
    Purchases(Purchases),
    /// Upload an export of purchases and follow it until it is loaded
    Import(Import),
    /// Create, list and revoke keys of the HTTP API
    #[command(subcommand, after_help = "Example:\n  shopwatch keys list")]
    Keys(Keys),
    /// Run a small web shop whose pages can be told to fail
    DemoShop(DemoShop),
}

/// `shopwatch purchases`.
#[derive(Debug, Subcommand)]
pub enum Purchases {
    /// Write an export of a shop that does not exist; the same options give the same rows everywhere
    #[command(after_help = GENERATE)]
    Generate(Generate),
}

/// `shopwatch purchases generate`.
#[derive(Debug, Args)]
pub struct Generate {
    /// How many rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_ROWS))]
    pub rows: u64,
    /// Which shop: another seed has other customers and prices
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// The first day
    #[arg(long, value_name = "DATE", default_value = "2026-01-01", value_parser = date)]
    pub from: Date,
    /// Prices such as 12.50 instead of 12
    #[arg(long)]
    pub cents: bool,
    /// Where to write; standard output if not given
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

const GENERATE: &str = "\
Rows are `email,item_id,quantity,price,purchase_date` without a header, in time order, lines
ended by CR LF, about 300 an hour. Customers come back, orders have several rows, about four
rows in a thousand come twice. Every address is below example.com or .example: nobody's.

Examples:
  shopwatch purchases generate --rows 500 --seed 1 > export.csv
  shopwatch purchases generate --rows 9000 --from 2026-11-01 --cents --output export.csv";

/// `shopwatch import`.
#[derive(Debug, Args)]
#[command(after_help = IMPORT)]
pub struct Import {
    /// CSV file of purchases
    pub file: PathBuf,
    /// Name of the object below purchases/; the file's name if not given
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
    /// Bucket of exports; STACK-uploads-ACCOUNT-REGION if not given
    #[arg(long, value_name = "NAME", env = "UPLOADS_BUCKET", hide_env_values = true)]
    pub bucket: Option<String>,
    /// How long to follow the import once the file is uploaded
    #[arg(long, value_name = "S", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout_seconds: u64,
}

const IMPORT: &str = "\
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
  shopwatch import export.csv --key 2026/11/2026-11-21T14.csv --timeout-seconds 60";

/// `shopwatch keys`.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a key and print it: the only time it is shown
    #[command(after_help = "\
The key alone goes to standard output.

Examples:
  shopwatch keys create --name dashboard --scope read
  shopwatch keys create --name ci --scope read --scope purchases --expires-days 30")]
    Create {
        /// What you call it
        #[arg(long)]
        name: String,
        /// What it opens: read (monitors and signals, private ones too) or purchases; may be given twice
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<Scope>,
        /// Days until it opens nothing any more; no end if not given
        #[arg(long, value_name = "D", value_parser = clap::value_parser!(u16).range(1..=3_650))]
        expires_days: Option<u16>,
    },
    /// List the keys made with this command
    #[command(after_help = "Example:\n  shopwatch keys list")]
    List,
    /// Revoke a key: it opens nothing from then on
    #[command(after_help = "Example:\n  shopwatch keys revoke 3f9a0c1b7d2e")]
    Revoke {
        /// Its id, as `keys list` shows it, or the first digits of it
        #[arg(value_parser = key_id)]
        id: String,
    },
}

/// A day that leaves room for [`MAX_ROWS`] rows behind it.
fn date(text: &str) -> Result<Date, String> {
    text.parse::<Date>()
        .ok()
        .filter(|date| (1970..=2_100).contains(&date.year()))
        .ok_or_else(|| "expected a day from 1970 to 2100, such as 2026-11-21".to_owned())
}

/// The beginning of a hash. At least four digits, so that no slip of the finger revokes the only key there is.
fn key_id(text: &str) -> Result<String, String> {
    let valid =
        (4..=64).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    valid
        .then(|| text.to_owned())
        .ok_or_else(|| "expected 4 to 64 hex digits, as `shopwatch keys list` shows them".to_owned())
}

#[cfg(test)]
mod tests;
