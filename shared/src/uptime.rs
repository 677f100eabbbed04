//! Uptime: the one place of its formula.

use crate::history::{MonitorSummary, SUMMARY_DAYS, Seconds};
use crate::signal::Outcome;

/// A time up to now that the uptime is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// 24 hours, the running one included.
    Day,
    /// 7 days, the running one included, as in those below.
    Week,
    /// 30 days.
    Month,
    /// 90 days.
    Quarter,
    /// 365 days.
    Year,
}

impl Period {
    /// Every period with its name in answers and on pages.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Day, "24h"),
        (Self::Week, "7d"),
        (Self::Month, "30d"),
        (Self::Quarter, "90d"),
        (Self::Year, "365d"),
    ];
}

/// The share of time or checks that served visitors, 0 to 1: `up / (up + down)`, degraded counted as up. Unknown
/// and maintenance are left out; `None` when nothing is left.
fn share(up: u64, down: u64) -> Option<f64> {
    let counted = up + down;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52: a century has 2^32 seconds")]
    (counted > 0).then(|| up as f64 / counted as f64)
}

/// The share of checks that found the target available, 0 to 1; `None` when no check says anything of it.
pub fn uptime(outcomes: impl IntoIterator<Item = Outcome>) -> Option<f64> {
    let (mut up, mut down) = (0, 0);
    for available in outcomes.into_iter().filter_map(Outcome::is_available) {
        up += u64::from(available);
        down += u64::from(!available);
    }
    share(up, down)
}

impl Seconds {
    /// The share of this time in which visitors were served, 0 to 1; `None` when nothing is known of it.
    pub fn uptime(self) -> Option<f64> {
        share(u64::from(self.up) + u64::from(self.degraded), u64::from(self.down))
    }
}

impl MonitorSummary {
    /// How long it was in which state in this period, which ends when the summary was made.
    pub fn seconds(&self, period: Period) -> Seconds {
        let last = |days: usize| self.days.iter().skip(SUMMARY_DAYS - days).copied().sum();
        match period {
            Period::Day => self.hours.iter().copied().sum(),
            Period::Week => last(7),
            Period::Month => last(30),
            Period::Quarter => last(SUMMARY_DAYS),
            Period::Year => last(SUMMARY_DAYS) + self.older,
        }
    }

    /// The share of this period in which visitors were served, 0 to 1; `None` when nothing is known of it.
    pub fn uptime(&self, period: Period) -> Option<f64> {
        self.seconds(period).uptime()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::HOURS;
    use crate::signal::Reason;

    #[test]
    fn unknown_is_not_down() {
        let down = Outcome::Down(Reason::Timeout);
        assert_eq!(uptime([Outcome::Up, Outcome::Degraded(Reason::Slow), Outcome::Up, down]), Some(0.75));
        assert_eq!(uptime([Outcome::Up, Outcome::Unknown(Reason::Network), Outcome::Blocked]), Some(1.0));
        assert_eq!(uptime([Outcome::Unknown(Reason::Network)]), None);
        assert_eq!(uptime([]), None);
        let hour = Seconds { up: 60, degraded: 30, down: 30, unknown: 600, maintenance: 600 };
        assert_eq!((hour.uptime(), Seconds::default().uptime()), (Some(0.75), None));
    }

    #[test]
    fn each_period_is_the_last_of_its_days() {
        let mut summary = MonitorSummary::default();
        assert!(Period::ALL.iter().all(|(period, _)| summary.uptime(*period).is_none()));
        let [up, down] =
            [(86_400, 0), (0, 86_400)].map(|(up, down)| Seconds { up, down, ..Seconds::default() });
        summary.days = [up; SUMMARY_DAYS];
        for days_ago in [0, 7, 30] {
            summary.days[SUMMARY_DAYS - 1 - days_ago] = down;
        }
        summary.older = (0..275).map(|_| down).sum();
        summary.hours[HOURS - 1] = Seconds { up: 60, ..Seconds::default() };
        let shares = [1.0, 6.0 / 7.0, 28.0 / 30.0, 87.0 / 90.0, 87.0 / 365.0].map(Some);
        assert_eq!(Period::ALL.map(|(period, _)| summary.uptime(period)), shares);
    }
}
