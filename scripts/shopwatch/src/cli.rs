//! The arguments of the command, and their help.

mod cost;
mod demo_shop;
mod import;
mod incidents;
mod maintenance;
mod monitors;
mod pii;
mod purchases;
mod users;

use clap::{Parser, Subcommand};
use shared::session::Scope;

use crate::names::Stack;

pub use cost::Cost;
pub use demo_shop::{DemoShop, DemoShopCommand};
pub use import::{Delimiter, Import, Imports, Reading};
pub use incidents::{Beats, Incidents};
pub use maintenance::Maintenance;
pub use monitors::{ApiArgs, Apply, Monitors};
pub use pii::Pii;
pub use purchases::{Buyer, Generate, Purchases};
pub use users::{Guests, Users};

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

const PURCHASES: &str = "\
Examples:
  shopwatch purchases generate --rows 500 --seed 1 --output export.csv
  shopwatch purchases buyer ada@shop.example";

/// What the command can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create, change, list and export monitors; take them over from other tools
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
    /// Find or erase a person's purchases; make purchases up for demos and tests
    #[command(subcommand, after_help = PURCHASES)]
    Purchases(Purchases),
    /// Upload an export of purchases and follow it until it is loaded
    Import(Import),
    /// List imports and show one: the ledger
    #[command(subcommand, after_help = "Example:\n  shopwatch imports list --state failed")]
    Imports(Imports),
    /// Say which keys e-mail addresses are hashed with, and rotate them
    #[command(subcommand, after_help = "Example:\n  shopwatch pii status")]
    Pii(Pii),
    /// Invite people who sign in, and list them
    #[command(subcommand, after_help = "Example:\n  shopwatch users invite --role owner")]
    Users(Users),
    /// List and remove guests: who came by themselves, where anybody may sign up
    #[command(subcommand, after_help = "Example:\n  shopwatch guests list")]
    Guests(Guests),
    /// Create, list and revoke keys of the HTTP API
    #[command(subcommand, after_help = "Example:\n  shopwatch keys list")]
    Keys(Keys),
    /// Run a small web shop whose pages can be told to fail
    DemoShop(DemoShop),
}

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
        /// What it opens: read (monitors and signals, private ones too), write, purchases or metrics; may be given
        /// again
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
