//! The days that an import touches: what `rollup` has to recompute.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use shared::import::MAX_DAYS;

/// Seconds of a day in UTC.
const DAY: i64 = 86_400;

/// More than [`MAX_DAYS`] different days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file has purchases of more than {MAX_DAYS} different days: split it by time")]
pub struct TooManyDays;

/// A set of days in UTC.
#[derive(Debug, Clone, Default)]
pub struct Days {
    days: BTreeSet<Date>,
    /// The day added last, counted from 1970: the next one is nearly always the same.
    last: Option<i64>,
}

impl Days {
    /// These days.
    pub fn of(days: impl IntoIterator<Item = Date>) -> Self {
        Self { days: days.into_iter().collect(), last: None }
    }

    /// Adds the day of an instant.
    ///
    /// # Errors
    /// When there are too many; it is not added then.
    pub fn add(&mut self, at: Timestamp) -> Result<(), TooManyDays> {
        let day = at.as_second().div_euclid(DAY);
        if self.last == Some(day) {
            return Ok(());
        }
        let date = TimeZone::UTC.to_datetime(at).date();
        if self.days.len() >= MAX_DAYS && !self.days.contains(&date) {
            return Err(TooManyDays);
        }
        self.days.insert(date);
        self.last = Some(day);
        Ok(())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.days.len()
    }

    /// The days in order.
    pub fn to_vec(&self) -> Vec<Date> {
        self.days.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn there_may_be_so_many_and_no_more() {
        let mut days = Days::default();
        let at = |day: usize| Timestamp::from_second(i64::try_from(day).unwrap() * DAY).unwrap();
        for day in 0..MAX_DAYS {
            assert_eq!(days.add(at(day)), Ok(()));
        }
        assert_eq!(days.add(at(MAX_DAYS)), Err(TooManyDays));
        assert_eq!(days.add(at(0)), Ok(()));
        assert_eq!(days.to_vec().len(), MAX_DAYS);
    }

    proptest! {
        #[test]
        fn they_are_the_days_of_the_instants(seconds in prop::collection::vec(-1_000_000i64..1_000_000, 0..50)) {
            let instants = seconds.into_iter().map(|second| Timestamp::from_second(second).unwrap());
            let mut days = Days::default();
            instants.clone().for_each(|at| days.add(at).unwrap());
            let expected: BTreeSet<Date> = instants.map(|at| TimeZone::UTC.to_datetime(at).date()).collect();
            prop_assert_eq!(days.to_vec(), Vec::from_iter(expected));
        }
    }
}
