//! The days whose rollup may be outstanding: until it has run, the buyer index lacks them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use shared::import::Import;

/// What `rollup` makes up for every night: what is older was made up for.
pub(super) const MADE_UP_FOR: SignedDuration = SignedDuration::from_hours(2 * 24);

/// Each day that an import of the last two days has touched, with the end of the last one that did; and each of the
/// person's days, which are outstanding only if they were never rolled up.
pub(super) fn days(
    recent: &[Import],
    known: &BTreeSet<Date>,
    now: Timestamp,
) -> BTreeMap<Date, Option<Timestamp>> {
    let from = now.saturating_sub(MADE_UP_FOR).unwrap_or(now);
    let mut days: BTreeMap<Date, Option<Timestamp>> = known.iter().map(|day| (*day, None)).collect();
    for import in recent {
        let Some(ended_at) = import.ended_at.filter(|at| *at >= from) else { continue };
        for day in &import.days {
            let last = days.entry(*day).or_default();
            *last = (*last).max(Some(ended_at));
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use shared::import::{ImportState, ObjectVersion};

    use super::*;

    fn ended(ended_at: &str, days: &[&str]) -> Import {
        let object = ObjectVersion { key: "purchases/a.csv".into(), version: "v1".into() };
        let mut import = Import::begun(object, 1, "one", "2026-11-17T00:00:00Z".parse().unwrap());
        import.state = ImportState::Failed;
        import.ended_at = Some(ended_at.parse().unwrap());
        import.days = days.iter().map(|day| day.parse().unwrap()).collect();
        import
    }

    #[test]
    fn the_last_import_of_a_day_counts_whatever_it_ended_as() {
        let recent = [
            ended("2026-11-21T10:00:00Z", &["2026-11-20", "2026-11-21"]),
            ended("2026-11-21T09:00:00Z", &["2026-11-21"]),
            ended("2026-11-19T13:59:59Z", &["2026-11-01"]),
        ];
        let known = BTreeSet::from(["2026-10-01".parse().unwrap(), "2026-11-20".parse().unwrap()]);
        let days = days(&recent, &known, "2026-11-21T14:00:00Z".parse().unwrap());
        let last = Some("2026-11-21T10:00:00Z".parse().unwrap());
        let expected = [("2026-10-01", None), ("2026-11-20", last), ("2026-11-21", last)];
        assert_eq!(days, expected.map(|(day, at)| (day.parse().unwrap(), at)).into());
    }
}
