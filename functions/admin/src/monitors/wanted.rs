//! What requests say of monitors, and how these are answered.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, ETAG, IF_MATCH};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use shared::credentials::{Credentials, CredentialsId};
use shared::http_frame::Failure;
use shared::monitor::{Asked, AskedCredentials, Check, FieldError, Monitor, MonitorId, Region, shown};
use shared::problem::Problem;
use shared::revision::Revision;

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
    /// To be stored before the monitor is.
    pub(super) new: Option<(CredentialsId, Credentials)>,
    /// That no monitor names any more, afterwards.
    pub(super) old: Option<CredentialsId>,
}

/// Settles which credentials the monitor has then: new ones under this revision, or those of `before`. Those of another
/// origin are never taken along: whoever changes a URL must not get at them. `same` are those, if any, that are known to
/// be what is asked for.
pub(super) fn settle(
    asked: &Asked,
    monitor: &mut Monitor,
    before: Option<&Monitor>,
    same: Option<&CredentialsId>,
    revision: &Revision,
) -> Result<Keys, Failure> {
    let had = before.and_then(CredentialsId::of);
    let origin = monitor.check.origin();
    let is_here = |had: &CredentialsId| Some(&had.origin) == origin.as_ref();
    let keep = match &asked.credentials {
        AskedCredentials::New(_) => had.as_ref().filter(|had| is_here(had) && same == Some(had)),
        AskedCredentials::None => None,
        AskedCredentials::Kept => had.as_ref(),
    };
    if keep.is_some_and(|had| !is_here(had)) {
        let detail = "credentials: those that are there are for another origin: give them again, or null";
        return Err(Failure::bad_request("monitor", detail));
    }
    let kept = keep.map(|had| had.revision.clone());
    let new = match &asked.credentials {
        AskedCredentials::New(new) if kept.is_none() => Some(new.clone()),
        _ => None,
    };
    let old = had.filter(|_| kept.is_none());
    if let Check::Http(http) = &mut monitor.check {
        http.credentials = kept.or(new.as_ref().map(|_| revision.clone()));
    }
    Ok(Keys { new: CredentialsId::of(monitor).zip(new), old })
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
