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
    /// How many invocations of this function by itself led here.
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
        Self { day, then: BTreeSet::new(), hops: 0 }
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
    use serde_json::json;

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
        let handed = DayRequest { day, then: [day.tomorrow().unwrap()].into(), hops: 2 };
        assert_eq!(read(json!(handed)), Ok(Request::Day(handed)));
        assert!(matches!(read(json!({"time": PLACEHOLDER})), Ok(Request::History(_))));
        assert!(matches!(read(json!({"nightly": PLACEHOLDER})), Ok(Request::Nightly(_))));
    }

    #[test]
    fn what_is_misspelt_is_named() {
        for (event, named) in [
            (json!({"day": "2021-03-21", "than": []}), "unknown field `than`"),
            (json!({"day": "2021-02-29"}), "day"),
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
