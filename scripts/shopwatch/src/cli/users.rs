//! `shopwatch users`.

use clap::Subcommand;
use shared::account::{Email, Role};

/// `shopwatch users`.
#[derive(Debug, Subcommand)]
pub enum Users {
    /// Make an invitation and print its token: the only time it is shown
    #[command(after_help = "\
The token alone goes to standard output. Whoever has it signs up with an address and a password, once:
POST /api/auth/signup.

Examples:
  shopwatch users invite --role owner
  shopwatch users invite --role viewer --email ben@shop.example --expires-days 1")]
    Invite {
        /// What they may do: owner (everything), editor (what is watched) or viewer (read)
        #[arg(long)]
        role: Role,
        /// For this address alone
        #[arg(long, value_parser = email)]
        email: Option<Email>,
        /// Days until it lets nobody in any more
        #[arg(long, value_name = "D", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=90))]
        expires_days: u16,
        /// Address of the HTTP API, for the link to show
        #[arg(long, value_name = "URL", env = "SHOPWATCH_URL", hide_env_values = true)]
        url: Option<String>,
    },
    /// List who signs in
    #[command(after_help = "Example:\n  shopwatch users list")]
    List,
}

/// `shopwatch guests`.
#[derive(Debug, Subcommand)]
pub enum Guests {
    /// List accounts of guests that have monitors or channels
    #[command(after_help = "Example:\n  shopwatch guests list")]
    List,
    /// Delete a guest's account with its people, monitors and channels
    #[command(after_help = "\
Incidents and what was measured stay until they expire. The address is free then: whoever has it can
sign up, or be invited.

Examples:
  shopwatch guests remove a-7f3k2a9d0c1b2e4f
  shopwatch guests remove ada@shop.example --yes")]
    Remove {
        /// The account, or the address of one of its people
        #[arg(value_name = "ACCOUNT|ADDRESS")]
        who: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

fn email(text: &str) -> Result<Email, String> {
    text.parse().map_err(|_| "expected an e-mail address".to_owned())
}
