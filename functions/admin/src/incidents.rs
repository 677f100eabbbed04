//! `POST /api/incidents/{id}/acknowledge|note|close`: what people add to an incident. `judge` reads it and closes.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Deserialize;
use shared::http_frame::Failure;
use shared::incident::{Action, IncidentId, MAX_NOTE_CHARS, MAX_UPDATES, Update};
use shared::openapi::{self, BadBody, Changer, Ours, chars, one_of};
use shared::session::Scope;
use shared::store::{ReadIncidents, ReadMonitor, ReadUpdates, WriteUpdates};
use utoipa::openapi::Object;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{PartialSchema as _, ToSchema};

use crate::auth::caller::{conflict, not_found};
use crate::auth::{Asked as Who, Gate};
use crate::body::{self, MAX_BYTES};

/// Most updates of a guest's incident: `judge` reads those of open ones in every slot.
const MAX_OF_GUEST: usize = 20;

/// What these endpoints need.
#[derive(Debug)]
pub(crate) struct Log<G, M, I> {
    pub(crate) gate: G,
    pub(crate) monitors: M,
    pub(crate) incidents: I,
}

pub(crate) fn routes<G, M, I>(log: Log<G, M, I>) -> Router
where
    G: Gate,
    M: ReadMonitor + ReadUpdates + WriteUpdates + Send + Sync + 'static,
    I: ReadIncidents + Send + Sync + 'static,
{
    Router::new()
        .route("/api/incidents/{id}/{action}", post(add::<G, M, I>))
        .layer(DefaultBodyLimit::max(MAX_BYTES))
        .with_state(Arc::new(log))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncidentNote, example = json!({"note": "The provider is slow."}))]
struct Said {
    #[serde(default)]
    #[schema(schema_with = words)]
    note: String,
}

fn words() -> Object {
    let words = chars(0..=MAX_NOTE_CHARS).default(Some("".into()));
    words.description(Some("In words, without control characters but line feeds; a note needs some.")).build()
}

/// The path, for the API's description.
enum Place {}

impl utoipa::IntoParams for Place {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let actions = one_of(["acknowledge", "note", "close"]);
        vec![
            openapi::path(
                "id",
                IncidentId::schema(),
                "The incident; # is written %23.",
                "2026-11-21T14:25:00Z#s0-7f3k2a",
            ),
            openapi::path("action", actions, "What is added.", "acknowledge"),
        ]
    }
}

#[utoipa::path(
    post,
    path = "/api/incidents/{id}/{action}",
    operation_id = "add_to_incident",
    tag = "Incidents",
    summary = "Acknowledge an incident, add a note, or close it",
    description = "Closing holds from the next minute that is judged on. The body may be left out but for a note. Scope \
                   `write`.",
    params(Place),
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    request_body(content = Option<Said>, content_type = "application/json"),
    responses(
        (status = 201, description = "Added.", body = Update),
        (status = 202, description = "Noted; it is closed when its next minute is judged.", body = Update),
        BadBody,
        Changer,
        (status = 404, description = "`not_found`: no such action, or no such incident, or another account's."),
        (status = 409, description = "`closed`: it is closed already. `too_many`: as much has been said as can be; it can still be \
            closed."),
        Ours,
    ),
)]
async fn add<G, M, I>(
    State(log): State<Arc<Log<G, M, I>>>,
    who: Who,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure>
where
    G: Gate,
    M: ReadMonitor + ReadUpdates + WriteUpdates,
    I: ReadIncidents,
{
    let caller = log.gate.caller(who, Scope::Write).await?;
    let (id, action) = path.map(|Path(path)| path).unwrap_or_default();
    let action = match action.as_str() {
        "acknowledge" => Action::Acknowledge,
        "note" => Action::Note,
        "close" => Action::Close,
        _ => return Err(not_found("action: there are acknowledge, note and close")),
    };
    let id: IncidentId = id.parse().map_err(|_| not_found("incident"))?;
    // An empty body says nothing.
    let note = match body {
        Ok(bytes) if bytes.is_empty() => String::new(),
        body => body::json::<Said>(body)?.note,
    };
    if note.chars().count() > MAX_NOTE_CHARS || note.chars().any(|c| c.is_control() && c != '\n') {
        let rule = format!("note: expected at most {MAX_NOTE_CHARS} characters, no control characters");
        return Err(Failure::bad_request("note", rule));
    }
    if action == Action::Note && note.is_empty() {
        return Err(Failure::bad_request("note", "note: expected some words"));
    }
    let incident = log.incidents.incident(&id).await?.ok_or_else(|| not_found("incident"))?;
    let monitor = log.monitors.monitor(&id.monitor).await?;
    let hidden = monitor.as_ref().and_then(|monitor| monitor.hidden_before);
    let account = monitor.map_or(incident.account, |monitor| monitor.account);
    if account != caller.session.account || hidden.is_some_and(|before| incident.opened_at < before) {
        return Err(not_found("incident"));
    }
    if action == Action::Close && incident.closed.is_some() {
        return Err(conflict("closed", "it is closed already"));
    }
    // Whoever adds at the same moment is not seen: this keeps them few, and is no promise.
    let there = log.monitors.updates(&id).await?;
    // One can always be closed, and that once.
    let most = if caller.session.account.is_home() { MAX_UPDATES } else { MAX_OF_GUEST };
    let is_full = match action {
        Action::Acknowledge | Action::Note => there.len() + 1 >= most,
        Action::Close => there.len() >= most && there.iter().any(|update| update.action == Action::Close),
    };
    if is_full {
        let detail = format!("an incident has at most {most} updates, one of them to close it");
        return Err(conflict("too_many", detail));
    }
    let update = Update { incident: id.clone(), at: caller.now, action, note };
    let what = match action {
        Action::Acknowledge => "incident.acknowledge",
        Action::Note => "incident.note",
        Action::Close => "incident.close",
    };
    log.gate.note(&caller.entry(what, &id, [])).await?;
    log.monitors.add_update(&update).await?;
    // It is closed when its next slot is judged.
    let status = if action == Action::Close { StatusCode::ACCEPTED } else { StatusCode::CREATED };
    Ok((status, [(CACHE_CONTROL, "no-store")], Json(update)).into_response())
}
