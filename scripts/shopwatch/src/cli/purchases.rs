//! `shopwatch purchases`: its arguments and their help.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use secrecy::SecretString;

use crate::purchases::{MAX_RETURNS, MAX_ROWS};

/// `shopwatch purchases`.
#[derive(Debug, Subcommand)]
pub enum Purchases {
    /// Write an export of a shop that does not exist; the same options give the same rows everywhere
    #[command(after_help = GENERATE)]
    Generate(Generate),
    /// Find a person's purchases, or erase the person
    #[command(after_help = BUYER)]
    Buyer(Buyer),
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
    /// How many of a hundred rows are returns, with a negative quantity; the rows stay the same otherwise
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = 0,
        value_parser = clap::value_parser!(u8).range(..=i64::from(MAX_RETURNS))
    )]
    pub returns: u8,
    /// The same rows in any order, held in memory: at most 10 million
    #[arg(long)]
    pub shuffle: bool,
    /// Compressed with gzip
    #[arg(long)]
    pub gzip: bool,
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
  shopwatch purchases generate --rows 9000 --from 2026-11-01 --cents --returns 5 --output export.csv
  shopwatch purchases generate --rows 1000000 --shuffle --gzip --output export.csv.gz";

/// `shopwatch purchases buyer`.
#[derive(Debug, Args)]
pub struct Buyer {
    /// The person's e-mail address; `-` reads it from standard input, so that the shell's history does not keep it
    pub email: SecretString,
    /// Print JSON
    #[arg(long, conflicts_with_all = ["csv", "erase"])]
    pub json: bool,
    /// Print CSV
    #[arg(long, conflicts_with = "erase")]
    pub csv: bool,
    /// Erase the person, for good
    #[arg(long)]
    pub erase: bool,
    /// Do not ask
    #[arg(long, requires = "erase")]
    pub yes: bool,
    /// With --erase: how long to wait for imports under way, and for trends
    #[arg(
        long,
        value_name = "M",
        requires = "erase",
        default_value_t = 30,
        value_parser = clap::value_parser!(u16).range(1..=1_440)
    )]
    pub wait_minutes: u16,
    /// With --erase: bucket of exports; STACK-uploads-ACCOUNT-REGION if not given
    #[arg(long, value_name = "NAME", env = "UPLOADS_BUCKET", hide_env_values = true)]
    pub bucket: Option<String>,
}

const BUYER: &str = "\
The address is hashed here, under every key of the stack's secret and with plain SHA-1, and goes
nowhere. The days to look at come from the index of buyers that `rollup` keeps: what was imported
minutes ago may be missing.

--erase does this, in this order; run again, it finishes what was interrupted:
  1. records the person, as a keyed hash, so that no import ever loads them again
  2. waits until no import runs that began before
  3. has `rollup` make up for every day that it has not read since the last import of it: the
     index is complete then
  4. deletes the person's purchases
  5. has `rollup` recompute those days: trends and the analytics copy forget the person
  6. looks through every export and rejects file in the bucket, and says which of them still hold
     the address; it leaves them
  7. deletes the person from the index
It does not reach backups: point-in-time recovery keeps the tables as they were for 35 days. When
one is restored, run it again.

Examples:
  shopwatch purchases buyer ada@shop.example
  shopwatch purchases buyer - --csv < address.txt > purchases.csv
  shopwatch purchases buyer - --erase";

/// A day that leaves room for [`MAX_ROWS`] rows behind it.
fn date(text: &str) -> Result<Date, String> {
    text.parse::<Date>()
        .ok()
        .filter(|date| (1970..=2_100).contains(&date.year()))
        .ok_or_else(|| "expected a day from 1970 to 2100, such as 2026-11-21".to_owned())
}
