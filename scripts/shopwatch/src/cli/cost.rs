//! `shopwatch cost`: its arguments and their help.

use clap::Args;

use crate::cost::Watching;

/// Longest interval, in seconds: a day.
const MAX_INTERVAL_SECONDS: u32 = 86_400;

/// `shopwatch cost`.
#[derive(Debug, Args)]
#[command(after_help = COST)]
pub struct Cost {
    /// How many monitors
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub monitors: u32,
    /// Seconds between two checks, whole minutes
    #[arg(long, value_name = "S", default_value = "60", value_parser = interval)]
    pub interval: u32,
    /// From how many regions
    #[arg(long, value_name = "R", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=32))]
    pub regions: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print the figures of docs/BENCHMARKS.md: name, value, unit, with tabs between them
    #[arg(long, conflicts_with = "json")]
    pub bench: bool,
}

const COST: &str = "\
Nothing is asked of AWS: the bill is computed from the price list of us-east-1, from CPU time and
sizes that were measured, and from a profile: the slowest healthy page of a shard takes 1.5 s, a
black hole 10 s; alarms as they are by default. Purchases, imports, the secret of the PII key and
the HTTP API are no part of it.

Examples:
  shopwatch cost --monitors 100
  shopwatch cost --monitors 10000 --interval 300 --regions 3 --json";

impl Cost {
    /// What is asked about.
    pub fn watching(&self) -> Watching {
        Watching { monitors: self.monitors, interval_minutes: self.interval / 60, regions: self.regions }
    }
}

fn interval(text: &str) -> Result<u32, String> {
    text.parse::<u32>()
        .ok()
        .filter(|seconds| (60..=MAX_INTERVAL_SECONDS).contains(seconds) && seconds % 60 == 0)
        .ok_or_else(|| format!("expected whole minutes in seconds, 60 to {MAX_INTERVAL_SECONDS}"))
}
