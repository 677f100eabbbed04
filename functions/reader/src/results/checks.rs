//! `GET /api/results/{id}/checks?from&to&region&outcome&limit&cursor`: checks one by one, newest first; those out of turn
//! too.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::response::Response;
use http::{HeaderMap, Uri};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::monitor::{Monitor, Region};
use shared::openapi::{self, BadQuery, Caller, NoMonitor, Ours, PathId};
use shared::out_of_turn::Told;
use shared::schedule::Slot;
use shared::session::Session;
use shared::store::{ReadChecks, ReadMonitor, ReadSessions};
use tokio::time::Instant;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{PartialSchema as _, ToSchema};

use super::Deps;
use super::look_back::{Budget, Place, Wanted, look_back};
use crate::answer;
use crate::bookmark;
use crate::failure::Failure;
use crate::hidden;
use crate::link;
use crate::own::{self, Id};
use crate::params::Params;
use crate::range::Range;

/// Checks per page unless the request says otherwise.
const DEFAULT_LIMIT: u16 = 100;

/// Checks per page at most.
const MAX_LIMIT: u16 = 1_000;

/// How far a query looks back that does not say how far.
const DEFAULT: SignedDuration = SignedDuration::from_hours(24);

/// How long signals are kept, in minutes: 8 days.
const KEPT_MINUTES: i64 = 8 * 1_440;

/// Parts of the table that one request reads at most: two days and a half, where hardly anything is found.
const MAX_WINDOWS: usize = 24;

/// How long one request looks: behind it, the page is partial and the cursor leads on.
const SEARCH_TIME: Duration = Duration::from_secs(10);

const PARAMETERS: [&str; 6] = ["from", "to", "region", "outcome", "limit", "cursor"];

/// The parameters that make a query what it is. `limit` may differ from page to page.
const OF_QUERY: [&str; 4] = ["from", "to", "region", "outcome"];

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Checks)]
struct Page {
    checks: Vec<Told>,
    next_cursor: Option<String>,
}

/// What a cursor holds: the minutes of the query as its first request resolved them, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    first: Slot,
    last: Slot,
    place: Place,
}

/// What outcomes are called.
const OUTCOMES: [&str; 5] = ["up", "degraded", "down", "blocked", "unknown"];

/// An outcome by its name.
#[derive(Debug, Clone, Copy)]
struct Named(&'static str);

impl FromStr for Named {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        OUTCOMES.into_iter().find(|name| *name == text).map(Self).ok_or(())
    }
}

/// The parameters, for the API's description.
enum Query {}

impl utoipa::IntoParams for Query {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            openapi::text(
                "from",
                "2026-11-21",
                "From when on: a date, an instant, or a date and time in UTC; 24 hours before `to` where it is left out.",
            ),
            openapi::text(
                "to",
                "2026-11-22",
                "Until when, exclusive (a date is included as a whole); now where it is left out.",
            ),
            openapi::optional("region", Region::schema(), "Checks from there alone."),
            openapi::choice("outcome", &OUTCOMES, None, "Checks that found this alone."),
            openapi::number("limit", 1..=MAX_LIMIT, Some(DEFAULT_LIMIT), "Checks of a page at most."),
            openapi::text(
                "cursor",
                "eyJ2IjoxfQ",
                "Where to go on: `next_cursor` of the page before, with the same other parameters.",
            ),
        ]
    }
}

#[utoipa::path(
    get,
    path = "/api/results/{id}/checks",
    operation_id = "list_checks",
    tag = "Results",
    summary = "Checks one by one, newest first",
    description = "Of the last 8 days, those out of turn too. A page may be short, even empty; the end is `next_cursor: null`. \
                   Scope `read`.",
    params(PathId, Query),
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("read"))),
    responses((status = 200, description = "A page.", body = Page, headers(("Link" = String, description = "The next page, if there is one (RFC 8288): `<?…&cursor=…>; rel=\"next\"`."))), BadQuery, Caller, NoMonitor, Ours),
)]
pub(super) async fn checks_of<M, S, H, K>(
    Shared(deps): Shared<Arc<Deps<M, S, H, K>>>,
    id: Id,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    M: ReadMonitor,
    S: ReadChecks,
    K: ReadSessions,
{
    let (session, now) = deps.reader(&headers).await?;
    let params = Params::of(&uri, &PARAMETERS)?;
    let limit = params.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let region: Option<Region> = params.parsed("region", "a region such as us-east-1")?;
    let outcome: Option<Named> = params.parsed("outcome", "up, degraded, down, blocked or unknown")?;
    let given = minutes_of(&params, now)?;
    let monitor = own::monitor(&deps.monitors, &session.account, id).await?;

    let list = list_of(&session, &monitor, &params);
    let mark = mark_of(&params, &list)?.unwrap_or(given);
    let first = first_kept(&monitor, mark.first, now);
    let budget = Budget { windows: MAX_WINDOWS, until: Instant::now() + SEARCH_TIME };
    let outcome = outcome.map(|outcome| outcome.0);
    let wanted = Wanted { monitor: &monitor, first, region, outcome, limit: usize::from(limit) };
    // Nothing is recorded of minutes to come.
    let place = mark.place.clone().up_to(Slot::containing(now));
    let found = look_back(&deps.signals, &wanted, place, budget).await?;
    let next = found.next.map(|place| bookmark::text(list, Mark { place, ..mark }));
    let link = next.as_ref().and_then(|cursor| link::next(&params, &PARAMETERS, cursor));
    let page = Page { checks: found.checks, next_cursor: next };
    Ok(answer::linked(answer::private(answer::JSON, answer::json(&page)?), link))
}

/// Every minute that `from` and `to` touch, and its end as the place to begin at.
fn minutes_of(params: &Params, now: Timestamp) -> Result<Mark, Failure> {
    let range = Range::of(params, now, DEFAULT)?;
    let last = Slot::containing(range.until() - SignedDuration::from_nanos(1));
    Ok(Mark { first: Slot::containing(range.from()), last, place: Place::at(last) })
}

fn list_of(session: &Session, monitor: &Monitor, params: &Params) -> String {
    let (account, id) = (session.account.to_string(), monitor.id.to_string());
    let of_list = [Some("/api/results/checks"), Some(account.as_str()), Some(id.as_str())];
    bookmark::list(of_list.into_iter().chain(OF_QUERY.map(|name| params.text(name))))
}

fn mark_of(params: &Params, list: &str) -> Result<Option<Mark>, Failure> {
    let Some(mark) = bookmark::of::<Mark>(params, list)? else {
        return Ok(None);
    };
    if (mark.first..=mark.last).contains(&mark.place.slot) {
        Ok(Some(mark))
    } else {
        Err(bookmark::refused("this cursor leaves its range"))
    }
}

/// The first minute that anything is there of, and shown.
fn first_kept(monitor: &Monitor, first: Slot, now: Timestamp) -> Slot {
    hidden::shown_from(monitor, first.max(Slot::containing(now).plus(1 - KEPT_MINUTES)))
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use proptest::prelude::*;

    use super::*;

    fn mark(query: &str) -> Result<Mark, String> {
        let uri: Uri = format!("/?{query}").parse().unwrap();
        let params = Params::of(&uri, &PARAMETERS).unwrap();
        let now = "2026-11-21T14:25:30Z".parse().unwrap();
        minutes_of(&params, now).map_err(|failure| failure.problem().detail)
    }

    #[test]
    fn every_minute_that_is_touched_is_looked_at() {
        for (query, first, last) in [
            ("", "2026-11-20T14:25:00Z", "2026-11-21T14:25:00Z"),
            ("to=2026-11-21T14:25:00", "2026-11-20T14:25:00Z", "2026-11-21T14:24:00Z"),
            (
                "from=2026-11-21T14:25:59&to=2026-11-21T14:26:00.5",
                "2026-11-21T14:25:00Z",
                "2026-11-21T14:26:00Z",
            ),
            ("from=2026-11-20&to=2026-11-20", "2026-11-20T00:00:00Z", "2026-11-20T23:59:00Z"),
        ] {
            let mark = mark(query).unwrap();
            assert_eq!(
                (mark.first.to_string(), mark.last.to_string()),
                (first.to_owned(), last.to_owned()),
                "{query}"
            );
        }
        assert!(mark("from=2026-11-22").is_err());
    }

    fn marked(mark: &Mark) -> Result<Option<Mark>, String> {
        let text = bookmark::text("list".to_owned(), mark);
        let uri: Uri = format!("/?cursor={text}").parse().unwrap();
        let params = Params::of(&uri, &PARAMETERS).unwrap();
        mark_of(&params, "list").map_err(|failure| failure.problem().detail)
    }

    proptest! {
        #[test]
        fn a_cursor_stays_in_its_range(first in -10i64..40_000_000, minutes in 0i64..20_000, at in -10i64..20_010) {
            let first = Slot::of_minutes(first);
            let place = Place::at(first.plus(at));
            let mark = Mark { first, last: first.plus(minutes), place };
            let expected = if (0..=minutes).contains(&at) {
                Ok(Some(mark.clone()))
            } else {
                Err("this cursor leaves its range".to_owned())
            };
            prop_assert_eq!(marked(&mark), expected);
        }

        #[test]
        fn any_text_is_an_outcome_or_refused(text in "[a-z]{0,9}") {
            let known = ["up", "degraded", "down", "blocked", "unknown"].contains(&text.as_str());
            prop_assert_eq!(text.parse::<Named>().is_ok(), known);
        }
    }
}
