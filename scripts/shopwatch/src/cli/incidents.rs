//! `shopwatch incidents` and `shopwatch beats`: their arguments and their help.

use clap::{Args, Subcommand};
use shared::incident::IncidentId;

/// `shopwatch incidents`.
#[derive(Debug, Subcommand)]
pub enum Incidents {
    /// List incidents, newest first, at most 500
    #[command(after_help = "\
Examples:
  shopwatch incidents list
  shopwatch incidents list --days 30 --monitor Checkout")]
    List {
        /// Those opened in so many days
        #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=396))]
        days: u16,
        /// Those of the monitor of this name
        #[arg(long, value_name = "NAME")]
        monitor: Option<String>,
    },
    /// Say that somebody looks after an incident
    #[command(after_help = "\
Example:
  shopwatch incidents acknowledge 2026-11-21T14:25:00Z#s0-7f3k2a --note \"the new release\"")]
    Acknowledge(Said),
    /// End an incident, whatever the checks say
    #[command(after_help = "\
It is closed when its shard's next slot is judged. The monitor stays down, and opens no other incident,
until it has recovered.

Example:
  shopwatch incidents close 2026-11-21T14:25:00Z#s0-7f3k2a --note \"the shop has moved\"")]
    Close(Said),
}

/// What is said to an incident.
#[derive(Debug, Args)]
pub struct Said {
    /// Its id, as `incidents list` shows it
    pub id: IncidentId,
    /// In words, at most 500 characters
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
}

/// `shopwatch beats`.
#[derive(Debug, Subcommand)]
pub enum Beats {
    /// Make a token for a heartbeat monitor and print where its target is to call: the only time it is shown
    #[command(after_help = "\
The target calls with POST, at least once in the monitor's interval. Tokens made before go on holding.

Examples:
  shopwatch beats token \"Nightly backup\"
  curl -X POST \"$URL?state=down&duration_ms=5200\"      # URL is what it printed; up if not given")]
    Token {
        /// The monitor's name
        monitor: String,
        /// Where the installation is; a path alone is printed without it
        #[arg(long, env = "SHOPWATCH_URL", hide_env_values = true)]
        url: Option<String>,
    },
}
