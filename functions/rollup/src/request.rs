//! What may be asked of this function: history, the sales of one day, or those of the days that imports touched.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::schedule::PLACEHOLDER;

use crate::event::{Event, instant};

/// One event of this function.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub enum Request {
    /// Hours, days and summaries of the monitors: an event with `time`, or with `from` and `until`.
    History(Event),
    /// The sales of a day: an event with `day`.
    Day(DayRequest),
    /// The sales of the days that imports touched lately: an event with `nightly`.
    Nightly(NightlyRequest),
}

impl TryFrom<Map<String, Value>> for Request {
    type Error = serde_json::Error;

    fn try_from(fields: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let (day, nightly) = (fields.contains_key("day"), fields.contains_key("nightly"));
        let fields = Value::Object(fields);
        if day {
            serde_json::from_value(fields).map(Self::Day)
        } else if nightly {
            serde_json::from_value(fields).map(Self::Nightly)
        } else {
            serde_json::from_value(fields).map(Self::History)
        }
    }
}

/// Asks for the sales of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayRequest {
    /// The day in UTC.
    pub day: Date,
    /// Days to have recomputed after this one. This function names them to itself before it changes the buyer index,
    /// so that an attempt that dies half-way does not forget them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub then: BTreeSet<Date>,
    /// Of a day that follows another: after the first days of buyers had left it. A trend that was read later has seen
    /// that, and the day is not recomputed again. Counts only if nothing is named in `then`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Days whose turn it is after this one, whatever becomes of it: each in an invocation of its own, with the same
    /// `since`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<Date>,
    /// How many invocations of this function by itself led here, those for days whose turn it was aside.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hops: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl DayRequest {
    /// Asks for this day and nothing else.
    pub fn of(day: Date) -> Self {
        Self { day, then: BTreeSet::new(), since: None, next: Vec::new(), hops: 0 }
    }

    /// Asks for the first of these days, and for the others when it is their turn. Nothing for no day.
    pub(crate) fn in_turn(days: &[Date]) -> Option<Self> {
        let (day, next) = days.split_first()?;
        Some(Self { next: next.to_vec(), ..Self::of(*day) })
    }

    /// Since when the buyer index has to have been read, if that is all this asks for.
    pub(crate) fn follows_since(&self) -> Option<Timestamp> {
        self.since.filter(|_| self.then.is_empty())
    }
}

/// Asks for the days that imports touched lately.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NightlyRequest {
    /// The schedule's own time, RFC 3339, or what stands for it where nobody fills it in.
    nightly: String,
}

impl NightlyRequest {
    /// The instant that "lately" is counted back from: never after `now`.
    ///
    /// # Errors
    /// When it is no instant.
    pub fn at(&self, now: Timestamp) -> anyhow::Result<Timestamp> {
        // The clock counts where nobody filled the time in, and only there: an event may be delivered late.
        if self.nightly == PLACEHOLDER { Ok(now) } else { Ok(instant("nightly", &self.nightly)?.min(now)) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use serde_json::json;
    use shared::import::MAX_DAYS;

    use super::*;

    fn read(event: Value) -> Result<Request, String> {
        serde_json::from_value(event).map_err(|error| error.to_string())
    }

    #[test]
    fn an_event_says_what_it_asks_for() {
        let day: Date = "2021-03-21".parse().unwrap();
        assert_eq!(read(json!({"day": "2021-03-21"})), Ok(Request::Day(DayRequest::of(day))));
        assert_eq!(
            json!(DayRequest::of(day)),
            json!({"day": "2021-03-21"}),
            "nothing that etl would not write"
        );
        let then: BTreeSet<Date> = [day.tomorrow().unwrap()].into();
        let handed = DayRequest { then, hops: 2, ..DayRequest::of(day) };
        assert_eq!(read(json!(handed)), Ok(Request::Day(handed.clone())));
        let since: Option<Timestamp> = "2026-11-21T02:23:05.000000001Z".parse().ok();
        let follows = DayRequest { since, hops: 1, ..DayRequest::of(day) };
        assert_eq!(json!(follows)["since"], "2026-11-21T02:23:05.000000001Z");
        assert_eq!(read(json!(follows)), Ok(Request::Day(follows.clone())));
        assert_eq!((follows.follows_since(), handed.follows_since()), (since, None));
        let both = DayRequest { since, ..handed };
        assert_eq!(both.follows_since(), None, "what is to follow has to be handed on");
        assert!(matches!(read(json!({"time": PLACEHOLDER})), Ok(Request::History(_))));
        assert!(matches!(read(json!({"nightly": PLACEHOLDER})), Ok(Request::Nightly(_))));
    }

    #[test]
    fn as_many_days_as_may_follow_fit_an_event() {
        let day: Date = "2021-03-21".parse().unwrap();
        let then = day.series(1.day()).take(MAX_DAYS).collect();
        let handed = json!(DayRequest { then, hops: 16, ..DayRequest::of(day) }).to_string();
        // What an asynchronous invocation, and a message of the dead letters that tells of it, could have until 2025.
        assert!(handed.len() < 200_000, "{}", handed.len());
    }

    #[test]
    fn what_is_misspelt_is_named() {
        for (event, named) in [
            (json!({"day": "2021-03-21", "than": []}), "unknown field `than`"),
            (json!({"day": "2021-02-29"}), "day"),
            (json!({"day": "2021-03-21", "since": "then"}), "got t"),
            (json!({"day": "2021-03-21", "nightly": PLACEHOLDER}), "unknown field `nightly`"),
            (json!({"nightly": PLACEHOLDER, "time": PLACEHOLDER}), "unknown field `time`"),
            (json!({"form": "x"}), "unknown field `form`"),
            (json!([]), "expected a map"),
        ] {
            let error = read(event).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn the_night_is_never_to_come() {
        let now: Timestamp = "2026-11-21T02:23:09Z".parse().unwrap();
        let at = |text: &str| NightlyRequest { nightly: text.to_owned() }.at(now);
        assert_eq!(at("2026-11-21T02:23:00Z").unwrap(), "2026-11-21T02:23:00Z".parse().unwrap());
        assert_eq!((at(PLACEHOLDER).unwrap(), at("2126-01-01T00:00:00Z").unwrap()), (now, now));
        assert!(at("tonight").unwrap_err().to_string().contains("`nightly`"));
    }
}
