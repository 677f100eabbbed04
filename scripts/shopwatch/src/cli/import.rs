//! `shopwatch import` and `shopwatch imports`: their arguments and their help.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use etl::columns::ColumnNames;
use etl::format::{FormatError, parse_delimiter, parse_time_zone};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use shared::import::ImportState;

use crate::imports::{Wanted, state_of};

/// `shopwatch import`.
#[derive(Debug, Args)]
#[command(after_help = IMPORT)]
pub struct Import {
    /// CSV file of purchases; plain, or compressed with gzip or zstd
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
    /// Upload nothing: read the file as etl would, and say what would become of it
    #[arg(long)]
    pub dry_run: bool,
    /// How a dry run reads the file.
    #[command(flatten)]
    pub reading: Reading,
}

/// Where the help lists them.
const OF_DRY_RUN: &str = "Options of --dry-run";

/// How a dry run reads the file: what parameters of the stack say of a real import.
#[derive(Debug, Args)]
pub struct Reading {
    /// Print refused rows too, which hold e-mail addresses
    #[arg(long, requires = "dry_run", help_heading = OF_DRY_RUN)]
    pub show_rows: bool,
    /// What separates columns, as the parameter CsvDelimiter: auto, comma, semicolon, tab or pipe
    #[arg(
        long,
        value_name = "D",
        requires = "dry_run",
        help_heading = OF_DRY_RUN,
        default_value = "auto"
    )]
    pub delimiter: Delimiter,
    /// Names of columns in place of the usual ones, as the parameter CsvColumns
    #[arg(
        long,
        value_name = "JSON",
        requires = "dry_run",
        help_heading = OF_DRY_RUN,
        default_value = "{}"
    )]
    pub columns: ColumnNames,
    /// Time zone of dates that say none, as the parameter ShopTimeZone
    #[arg(
        long,
        value_name = "Z",
        requires = "dry_run",
        help_heading = OF_DRY_RUN,
        default_value = "UTC",
        value_parser = parse_time_zone
    )]
    pub time_zone: TimeZone,
    /// Refused with more rejects than this among the first rows, as the parameter MaxRejectedPercent
    #[arg(
        long,
        value_name = "P",
        requires = "dry_run",
        help_heading = OF_DRY_RUN,
        default_value_t = 50,
        value_parser = clap::value_parser!(u8).range(..=100)
    )]
    pub max_rejected_percent: u8,
}

/// What separates columns; found in the file when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(pub Option<u8>);

impl std::str::FromStr for Delimiter {
    type Err = FormatError;

    /// As the parameter, where something is said.
    fn from_str(text: &str) -> Result<Self, FormatError> {
        match text {
            "" => Err(FormatError::Delimiter(String::new())),
            text => parse_delimiter(text).map(Self),
        }
    }
}

const IMPORT: &str = "\
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
  shopwatch import --dry-run export.csv --time-zone Europe/Berlin";

/// `shopwatch imports`.
#[derive(Debug, Subcommand)]
pub enum Imports {
    /// List the imports of a month, newest first, at most 500
    #[command(after_help = "\
Examples:
  shopwatch imports list
  shopwatch imports list --month 2026-11 --state failed")]
    List {
        /// Those that began in this month (UTC); the current one if not given
        #[arg(long, value_name = "YYYY-MM", value_parser = month)]
        month: Option<Date>,
        /// Those that are, or ended as: running, loaded, loaded_with_rejects, refused or failed
        #[arg(long, value_name = "S", value_parser = state_of)]
        state: Option<ImportState>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show everything that the ledger knows of an import
    #[command(after_help = "\
Of a key that was written several times, the import that began last is shown. Entries live for 400 days.

Examples:
  shopwatch imports show 3300cbd02de7
  shopwatch imports show purchases/2026-11-21T14.csv --json")]
    Show {
        /// Its id or the first digits of it, as `imports list` shows it; or the key of its object
        #[arg(value_name = "ID|KEY")]
        import: Wanted,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// The first day of a month.
fn month(text: &str) -> Result<Date, String> {
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    text.split_once('-')
        .filter(|(year, month)| year.len() == 4 && digits(month))
        .and_then(|_| format!("{text}-01").parse::<Date>().ok())
        .ok_or_else(|| "expected a month such as 2026-11".to_owned())
}
