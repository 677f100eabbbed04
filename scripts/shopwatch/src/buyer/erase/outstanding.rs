//! The days whose rollup is outstanding: until it has run, the buyer index lacks them. The nights make up for days in
//! time, if nothing goes wrong in them; here every day that the ledger knows of is looked at.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use shared::import::Import;
use shared::store::WriteTrends;

use super::quiet::SKEW;

/// Trends that are read at once.
const AT_ONCE: usize = 16;

/// Days that imports touched, each with the end of the last one that did.
#[derive(Debug, Default)]
pub(super) struct Touched(BTreeMap<Date, Timestamp>);

impl Touched {
    /// Notes the days of an import that has ended, in whatever state.
    pub(super) fn note(&mut self, import: &Import) {
        let Some(ended_at) = import.ended_at else { return };
        for day in &import.days {
            let last = self.0.entry(*day).or_insert(ended_at);
            *last = ended_at.max(*last);
        }
    }
}

/// The days that were touched, or that the index knows of a person, and that have no trend, or one that was read before
/// the last import ended; each with that end. What ended minutes ago counts always: clocks differ.
pub(super) async fn days(
    trends: &impl WriteTrends,
    touched: &Touched,
    known: &BTreeSet<Date>,
    now: Timestamp,
    tell: &impl Fn(String),
) -> anyhow::Result<BTreeMap<Date, Timestamp>> {
    let just_now = now.saturating_sub(SKEW)?;
    let mut days: BTreeMap<Date, Timestamp> = known.iter().map(|day| (*day, Timestamp::MIN)).collect();
    days.extend(&touched.0);
    let (total, mut read) = (days.len(), 0);
    let reads = days.into_iter().map(async |(day, ended_at)| {
        let there = trends.trend_reading(day).await.context("reading trends")?;
        let done = there.is_some_and(|there| there.read_at >= ended_at) && ended_at < just_now;
        anyhow::Ok((!done).then_some((day, ended_at)))
    });
    let mut reads = stream::iter(reads).buffer_unordered(AT_ONCE);
    let mut outstanding = BTreeMap::new();
    while let Some(day) = reads.try_next().await? {
        outstanding.extend(day);
        read += 1;
        tell(format!("looking for days that are not rolled up: {read} of {total}"));
    }
    Ok(outstanding)
}

#[cfg(test)]
mod tests {
    use ::tests::memory::Memory;
    use shared::import::{ImportState, ObjectVersion};
    use shared::trend::{DayTrend, Sales};

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn ended(ended_at: &str, days: &[&str]) -> Import {
        let object = ObjectVersion { key: "purchases/a.csv".into(), version: "v1".into() };
        let mut import = Import::begun(object, 1, "one", at("2026-01-01T00:00:00Z"));
        import.state = ImportState::Failed;
        import.ended_at = Some(at(ended_at));
        import.days = days.iter().map(|text| day(text)).collect();
        import
    }

    fn rolled_up(memory: &Memory, date: &str, read_at: &str) {
        let (date, read_at, hours) = (day(date), at(read_at), BTreeMap::new());
        let sales = Sales::default();
        let trend = DayTrend { date, sales, new_buyers: 0, returning_buyers: 0, hours, read_at, since: None };
        memory.tables().trends.insert(date, trend);
    }

    #[tokio::test]
    async fn a_day_is_outstanding_until_it_is_read_after_the_last_import_of_it() {
        let memory = Memory::default();
        let mut touched = Touched::default();
        touched
            .note(&ended("2026-01-05T10:00:00Z", &["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]));
        touched.note(&ended("2026-01-06T10:00:00Z", &["2026-01-02", "2026-01-03"]));
        touched.note(&ended("2026-01-04T10:00:00Z", &["2026-01-02"]));
        touched.note(&ended("2026-11-21T13:56:00Z", &["2026-11-20"]));
        for (date, read_at) in [
            ("2026-01-01", "2026-01-05T10:00:00Z"),
            ("2026-01-02", "2026-01-05T10:00:01Z"),
            ("2026-01-03", "2026-01-06T10:00:01Z"),
            ("2026-10-02", "2026-01-01T00:00:00Z"),
            ("2026-11-20", "2026-11-21T13:57:00Z"),
        ] {
            rolled_up(&memory, date, read_at);
        }
        let known = BTreeSet::from(["2026-10-01", "2026-10-02", "2026-01-03"].map(day));
        let told = std::sync::Mutex::new(String::new());
        let tell = |step| *told.lock().unwrap() = step;
        let days = days(&memory, &touched, &known, at("2026-11-21T14:00:00Z"), &tell).await.unwrap();
        let expected = [
            ("2026-01-02", at("2026-01-06T10:00:00Z")),
            ("2026-01-04", at("2026-01-05T10:00:00Z")),
            ("2026-10-01", Timestamp::MIN),
            ("2026-11-20", at("2026-11-21T13:56:00Z")),
        ];
        assert_eq!(days, expected.map(|(date, at)| (day(date), at)).into());
        assert_eq!(*told.lock().unwrap(), "looking for days that are not rolled up: 7 of 7");
    }
}
