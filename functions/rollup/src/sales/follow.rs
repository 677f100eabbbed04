//! Days that follow another one, because a `FIRST` has left them, and when nothing is left to do for them.
//!
//! Each day of January, imported after eleven later months, has every later day recomputed that a buyer seems to be
//! new on: ten thousand invocations for three hundred days. All they are for is that the index is read anew. So each
//! says since when it is to be read, and a day whose trend was read later than that is done: whoever wrote that trend
//! saw the index as it was by then, and if they did not come to their file, they are tried again themselves.
//!
//! - A request that is tried again may find the trend that it wrote itself, without having come to the file. So a trend
//!   names the `since` that it is for, and stops no request with the same one.
//! - A request without `since` is for the purchases: `etl`'s, the night's, anybody's. It is never done already, because
//!   it makes good what got lost, a file too.

use jiff::{SignedDuration, Timestamp};
use shared::trend::TrendReading;

/// What two clocks may be apart, by whose `since` and `read_at` it is told what came first. Lambda's are kept by NTP,
/// and the services refuse a call that was signed minutes off; milliseconds are usual:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/set-time.html>.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(5);

/// Whether nothing is left to do of a request with this `since`, when the trend of this reading is there.
pub(crate) fn is_done(there: TrendReading, since: Timestamp) -> bool {
    there.since != Some(since) && there.read_at.duration_since(since) > CLOCKS_APART
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_that_was_read_surely_later_is_enough_unless_it_is_ones_own() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (since, other) = (at("2026-11-21T02:23:00.5Z"), at("2026-11-21T02:23:00.4Z"));
        for (read_at, by, done) in [
            ("2026-11-21T02:22:00Z", None, false),
            ("2026-11-21T02:23:05.5Z", None, false),
            ("2026-11-21T02:23:05.500000001Z", None, true),
            ("2026-11-21T02:24:00Z", Some(other), true),
            ("2026-11-21T02:24:00Z", Some(since), false),
        ] {
            assert_eq!(
                is_done(TrendReading { read_at: at(read_at), since: by }, since),
                done,
                "{read_at} {by:?}"
            );
        }
        assert!(!is_done(TrendReading { read_at: Timestamp::MIN, since: None }, Timestamp::MAX));
    }
}
