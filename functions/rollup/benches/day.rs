//! Measures the CPU seconds of recomputing a day: 100,000 purchases by 60,000 buyers, none of whom is known, become
//! trend, buyer index and Parquet file. Purchases are made up as they are read, and the index is a set: DynamoDB's
//! client is not measured. Prints `name<TAB>value<TAB>unit` on standard output.
//!
//! Another number of purchases may be given as an argument, to see on standard error what memory they need.

use std::collections::HashSet;
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rollup::{DayRequest, SalesRollup, WriteAnalytics};
use serde_json::Value;
use shared::import::{Import, ImportId};
use shared::invoke::Invoke;
use shared::purchase::{BUCKETS, BuyerToken, Position, Purchase, RowId};
use shared::store::{
    BucketPage, BucketQuery, KnownBuyer, ListImports, ReadPurchases, Result, StoreError, WriteBuyers,
    WriteTrends,
};
use shared::trend::{DayTrend, TrendReading};

/// As in the function.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PURCHASES: u64 = 100_000;

/// Of a hundred thousand purchases.
const BUYERS: u64 = 60_000;

const DAY: Date = date(2021, 3, 21);

/// Tables, bucket and function.
#[derive(Default)]
struct World {
    purchases: u64,
    /// The tokens whose first day is known, by their first digits.
    known: Mutex<HashSet<u64>>,
    trend: Mutex<Option<DayTrend>>,
    file_bytes: Mutex<usize>,
}

// As in the deployed function: one thread.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let given: Option<u64> = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let world = World { purchases: given.unwrap_or(PURCHASES), ..World::default() };
    let (seconds, peak) = (cpu_seconds()?, peak_mb()?);
    recompute(&world).await?;
    let (seconds, grown) = (cpu_seconds()? - seconds, peak_mb()?.saturating_sub(peak));
    let trend = locked(&world.trend).take().context("no trend was written")?;
    ensure!(trend.sales.quantity == i64::try_from(world.purchases)?, "{} pieces", trend.sales.quantity);
    ensure!(trend.new_buyers == world.buyers() && trend.hours.len() == 24, "everybody is new, all day");
    if let Some(purchases) = given {
        let bytes = *locked(&world.file_bytes);
        writeln!(io::stderr(), "{purchases} purchases: {grown} MB, a file of {bytes} bytes")?;
    }
    writeln!(io::stdout(), "rollup.day_100k_purchases_cpu_s\t{seconds:.3}\ts").context("printing a figure")
}

async fn recompute(world: &World) -> anyhow::Result<()> {
    let (purchases, history, imports, analytics, itself) =
        (Table(world), Table(world), Table(world), Table(world), Table(world));
    let rollup = SalesRollup { purchases, history, imports, analytics, itself };
    rollup.day(&DayRequest::of(DAY), Timestamp::now).await
}

#[derive(Clone, Copy)]
struct Table<'a>(&'a World);

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Digits that look random: <https://prng.di.unimi.it/splitmix64.c>.
fn mixed(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

impl World {
    /// How many people make the purchases.
    fn buyers(&self) -> u64 {
        (self.purchases * BUYERS / PURCHASES).max(1)
    }

    /// The purchase of this number, spread over the day and, by the number's last digits, over its partitions.
    fn purchase(&self, n: u64) -> anyhow::Result<Purchase> {
        let buyer = n % self.buyers();
        let digits: String = (0..4).map(|part| format!("{:016x}", mixed(buyer * 4 + part))).collect();
        let begins = DAY.to_zoned(TimeZone::UTC)?.timestamp();
        let milliseconds = i64::try_from(u128::from(n) * 86_400_000 / u128::from(self.purchases))?;
        let row_id = RowId(u128::from(mixed(n)) << 64 | u128::from(n));
        Ok(Purchase {
            position: Position { at: begins + SignedDuration::from_millis(milliseconds), row_id },
            buyer: BuyerToken::keyed("k1", &digits),
            linked: None,
            item_id: (mixed(n) % 5_000).to_string().parse()?,
            quantity: "1".parse()?,
            price: format!("{}.{:02}", mixed(n) % 200, n % 100).parse()?,
        })
    }
}

fn number(token: &BuyerToken) -> u64 {
    token.as_str().get(3..19).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

impl ReadPurchases for Table<'_> {
    async fn page(&self, query: &BucketQuery) -> Result<BucketPage> {
        let step = u64::from(BUCKETS);
        let after =
            |position: Position| u64::try_from(position.row_id.0 & u128::from(u64::MAX)).map(|n| n + step);
        let first = query.after.map_or(Ok(u64::from(query.bucket)), after);
        let first = first.map_err(|error| StoreError::Broken(error.to_string()))?;
        let numbers = (first..self.0.purchases).step_by(usize::from(BUCKETS)).take(usize::from(query.limit));
        let purchases: Vec<Purchase> = numbers
            .map(|n| self.0.purchase(n).map_err(|error| StoreError::Broken(error.to_string())))
            .collect::<Result<_>>()?;
        let is_full = purchases.len() == usize::from(query.limit);
        let read_to = purchases.last().filter(|_| is_full).map(|last| last.position);
        Ok(BucketPage { purchases, read_to })
    }
}

impl WriteBuyers for Table<'_> {
    async fn known(&self, date: Date, tokens: &[BuyerToken]) -> Result<Vec<KnownBuyer>> {
        let known = locked(&self.0.known);
        let first = |token: &BuyerToken| known.contains(&number(token)).then_some(date);
        Ok(tokens.iter().map(|token| KnownBuyer { first: first(token), noted: false }).collect())
    }

    async fn note(&self, _: Date, _: &[BuyerToken]) -> Result<()> {
        Ok(())
    }

    async fn first_bought_together(
        &self,
        tokens: &[(BuyerToken, Option<Date>)],
        _: Date,
    ) -> Result<Vec<BuyerToken>> {
        locked(&self.0.known).extend(tokens.iter().map(|(token, _)| number(token)));
        Ok(Vec::new())
    }

    async fn first_bought(&self, token: &BuyerToken, _: Date) -> Result<Option<Date>> {
        Err(StoreError::Broken(format!("{token} is new")))
    }
}

impl WriteTrends for Table<'_> {
    async fn put_trend(&self, trend: &DayTrend) -> Result<bool> {
        *locked(&self.0.trend) = Some(trend.clone());
        Ok(true)
    }

    async fn trend_reading(&self, _: Date) -> Result<Option<TrendReading>> {
        let trend = locked(&self.0.trend);
        Ok(trend.as_ref().map(|trend| TrendReading { read_at: trend.read_at, since: trend.since }))
    }
}

impl WriteAnalytics for Table<'_> {
    async fn put(&self, _: Date, file: Bytes) -> anyhow::Result<()> {
        *locked(&self.0.file_bytes) = file.len();
        Ok(())
    }
}

impl ListImports for Table<'_> {
    async fn import_by_id(&self, _: &ImportId) -> Result<Option<Import>> {
        Ok(None)
    }

    async fn imports(&self, _: Date, _: Option<Timestamp>, _: usize) -> Result<Vec<Import>> {
        Ok(Vec::new())
    }
}

impl Invoke for Table<'_> {
    async fn invoke(&self, event: &Value) -> anyhow::Result<()> {
        anyhow::bail!("nothing follows: {event}")
    }
}

/// CPU time of this process so far, in seconds: the first number of schedstat is nanoseconds.
fn cpu_seconds() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().context("no CPU time")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// Peak resident memory of this process so far, in MB.
fn peak_mb() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kb: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kb / 1_024)
}
