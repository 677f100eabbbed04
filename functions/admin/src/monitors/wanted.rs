//! What requests say of monitors, and how these are answered.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, ETAG, IF_MATCH};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use shared::credentials::Credentials;
use shared::http_frame::Failure;
use shared::monitor::{Asked, AskedCredentials, Check, FieldError, Monitor, MonitorId, Region, shown};
use shared::problem::Problem;

use super::shard::OfShard;
use crate::auth::caller::{Caller, not_found};

/// A request's fields as a monitor that may be; regions are those that `ping` is in.
pub(super) fn asked(fields: Map<String, Value>, regions: &[Region]) -> Result<Asked, Failure> {
    let asked = Asked::of(fields).map_err(refused)?;
    if let Some(unknown) = asked.regions().iter().find(|region| !regions.contains(region)) {
        let known: Vec<&str> = regions.iter().map(Region::as_str).collect();
        let detail = format!("regions: expected some of {}, got {unknown}", known.join(", "));
        return Err(Failure::bad_request("monitor", detail));
    }
    Ok(asked)
}

/// A field breaks its rule: 400.
pub(super) fn refused(error: FieldError) -> Failure {
    Failure::bad_request("monitor", error.to_string())
}

/// The monitor of this id if it is the caller's.
///
/// # Errors
/// 404 for one of another account as for none.
pub(super) fn own<'a>(
    monitors: &'a mut OfShard,
    id: &MonitorId,
    caller: &Caller,
) -> Result<&'a mut Monitor, Failure> {
    let own = monitors.get_mut(id).filter(|monitor| monitor.account == caller.session.account);
    own.ok_or_else(|| not_found("monitor"))
}

/// The id in a path.
///
/// # Errors
/// 404 where it is none.
pub(super) fn id_of(id: Result<Path<String>, PathRejection>) -> Result<MonitorId, Failure> {
    id.ok().and_then(|Path(id)| id.parse().ok()).ok_or_else(|| not_found("monitor"))
}

/// Which version a request wants to change, by `If-Match`; none where any will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let all: Vec<&str> =
            headers.get_all(IF_MATCH).iter().filter_map(|value| value.to_str().ok()).collect();
        let tags: Vec<String> =
            all.iter().flat_map(|list| list.split(',')).map(|tag| tag.trim().to_owned()).collect();
        let any = !headers.contains_key(IF_MATCH) || tags.iter().any(|tag| tag == "*");
        Self((!any).then_some(tags))
    }

    /// Refuses a monitor of another version: 412 (RFC 9110, 13.1.1).
    pub(super) fn allows(&self, monitor: &Monitor) -> Result<(), Failure> {
        self.allows_version(monitor.version)
    }

    /// The same of a version by its number.
    pub(crate) fn allows_version(&self, version: u64) -> Result<(), Failure> {
        let tag = etag(version);
        if self.0.as_ref().is_none_or(|tags| tags.contains(&tag)) {
            return Ok(());
        }
        let detail = format!("it is version {tag} by now: read it and decide again");
        Err(Problem::new(StatusCode::PRECONDITION_FAILED, "changed", detail).into())
    }
}

/// A version as `ETag`.
pub(crate) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The monitor as an answer.
pub(super) fn answer(status: StatusCode, monitor: &Monitor) -> Result<Response, Failure> {
    let headers = [(ETAG, etag(monitor.version)), (CACHE_CONTROL, "no-store".to_owned())];
    Ok((status, headers, Json(value(monitor)?)).into_response())
}

pub(super) fn value(monitor: &Monitor) -> Result<Map<String, Value>, Failure> {
    shown(monitor).map_err(|error| Failure::Internal(error.to_string()))
}

/// What becomes of a monitor's credentials.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// To be stored for this origin before the monitor is.
    pub(super) new: Option<(String, Credentials)>,
    /// The origin that there are none for any more, afterwards.
    pub(super) old: Option<String>,
}

/// Settles which credentials the monitor has then, given what was there. Those of another origin are never taken along:
/// whoever changes a URL must not get at them.
pub(super) fn settle(
    asked: &Asked,
    monitor: &mut Monitor,
    before: Option<&Monitor>,
) -> Result<Keys, Failure> {
    let had = before.filter(|before| has_credentials(before)).and_then(|before| before.check.origin());
    let origin = monitor.check.origin();
    let keys = match &asked.credentials {
        AskedCredentials::New(credentials) => {
            let new = origin.clone().map(|origin| (origin, credentials.clone()));
            Keys { new, old: had.filter(|had| Some(had) != origin.as_ref()) }
        }
        // Also where it had none: an earlier attempt may have come no further than the monitor.
        AskedCredentials::None => Keys { new: None, old: had.or(origin) },
        AskedCredentials::Kept => {
            if had.is_some() && had != origin {
                let detail =
                    "credentials: those that are there are for another origin: give them again, or null";
                return Err(Failure::bad_request("monitor", detail));
            }
            if let (Some(_), Check::Http(http)) = (had, &mut monitor.check) {
                http.credentials = true;
            }
            Keys::default()
        }
    };
    Ok(keys)
}

pub(super) fn has_credentials(monitor: &Monitor) -> bool {
    matches!(&monitor.check, Check::Http(http) if http.credentials)
}

/// `patch` applied to `target`, as RFC 7396 says.
pub(super) fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => drop(target.remove(name)),
            Value::Object(patch) => {
                let inner = target.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
                if !inner.is_object() {
                    *inner = Value::Object(Map::new());
                }
                if let Value::Object(inner) = inner {
                    merge(inner, patch);
                }
            }
            other => drop(target.insert(name.clone(), other.clone())),
        }
    }
}
