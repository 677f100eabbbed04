//! `shopwatch pii`: its arguments and their help.

use clap::Subcommand;

/// `shopwatch pii`.
#[derive(Debug, Subcommand)]
pub enum Pii {
    /// Say which keys e-mail addresses are hashed with; never a key itself
    #[command(after_help = "\
Reads the stack's secret, and the fingerprint in the table imports. Ends with 1 when the first key
is not the one that this installation began with: imports fail then, until it is restored.

Example:
  shopwatch pii status")]
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a new key the active one; the others stay
    #[command(after_help = ROTATE)]
    Rotate {
        /// For how many days purchases carry the former key's token too, so that buyers stay linked
        #[arg(long, value_name = "D", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        link_days: u16,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

const ROTATE: &str = "\
The new key holds from the next import on. An import under way reads the keys anew whenever it goes
on in another invocation: its purchases may carry either key's token. No key is ever removed: the
first is part of every purchase's identity, and people are found under all of them. The secret is
written only if nobody has changed it meanwhile. The key is 64 random letters and digits, and is not
shown.

Examples:
  shopwatch pii rotate
  shopwatch pii rotate --link-days 365 --yes";
