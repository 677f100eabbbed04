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

fn email(text: &str) -> Result<Email, String> {
    text.parse().map_err(|_| "expected an e-mail address".to_owned())
}
