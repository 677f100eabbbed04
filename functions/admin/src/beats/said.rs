//! What a target says with its beat: as query parameters, as a JSON body, or one thing so and the other so.

use http::Uri;
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as ValueError, StrDeserializer};
use shared::beat::BeatState;
use shared::http_frame::params::invalid;
use shared::http_frame::{Failure, Params};
use shared::openapi::{self, whole};
use utoipa::ToSchema;
use utoipa::openapi::Object;
use utoipa::openapi::path::{Parameter, ParameterIn};

/// Longest duration, in ms: a day.
const MAX_DURATION_MS: u32 = 86_400_000;

/// What a target says of itself; nothing is what a plain beat says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BeatSaid, example = json!({"state": "down", "duration_ms": 1250}))]
pub(super) struct Said {
    pub(super) state: Option<BeatState>,
    /// How long its work took.
    #[schema(schema_with = duration)]
    pub(super) duration_ms: Option<u32>,
}

fn duration() -> Object {
    whole(0..=MAX_DURATION_MS).description(Some("How long its work took, in ms.")).build()
}

/// The parameters, for the API's description.
pub(super) enum Query {}

impl utoipa::IntoParams for Query {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let state = "How the target says it fares; what came by the body counts where it is left out.";
        vec![
            openapi::choice("state", &["up", "degraded", "down"], Some("up"), state),
            openapi::number("duration_ms", 0..=MAX_DURATION_MS, None, "How long its work took, in ms."),
        ]
    }
}

impl Said {
    /// What query and body say together.
    pub(super) fn of(uri: &Uri, body: &[u8]) -> Result<Self, Failure> {
        let query = Self::in_query(uri)?;
        let body = Self::in_body(body)?;
        Ok(Self {
            state: once("state", query.state, body.state)?,
            duration_ms: once("duration_ms", query.duration_ms, body.duration_ms)?,
        })
    }

    fn in_query(uri: &Uri) -> Result<Self, Failure> {
        let params = Params::of(uri, &["state", "duration_ms"])?;
        let state = params.text("state").map(|text| {
            let text: StrDeserializer<'_, ValueError> = text.into_deserializer();
            BeatState::deserialize(text)
        });
        let state = state.transpose().map_err(|_| {
            invalid("state", params.text("state").unwrap_or_default(), "up, degraded or down")
        })?;
        Ok(Self { state, duration_ms: params.number("duration_ms", 0..=MAX_DURATION_MS)? })
    }

    fn in_body(body: &[u8]) -> Result<Self, Failure> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let refused = |place: String| {
            let expected = r#"the body must be a JSON object such as {"state": "down", "duration_ms": 1250}"#;
            let rule = "state is up, degraded or down, duration_ms a whole number from 0 to 86400000";
            Failure::bad_request("body", format!("{expected} and hold nothing else ({rule}){place}"))
        };
        // An array would be read as the fields in their order.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(refused(String::new()));
        }
        let said: Self = serde_json::from_slice(body)
            .map_err(|error| refused(format!("; see line {}, column {}", error.line(), error.column())))?;
        match said.duration_ms {
            Some(ms) if ms > MAX_DURATION_MS => Err(refused(format!("; duration_ms is {ms}"))),
            _ => Ok(said),
        }
    }
}

/// Said in one place at most.
fn once<T>(name: &str, query: Option<T>, body: Option<T>) -> Result<Option<T>, Failure> {
    if query.is_some() && body.is_some() {
        let detail = format!("{name} is given more than once: in the query and in the body");
        return Err(Failure::bad_request("repeated_parameter", detail));
    }
    Ok(query.or(body))
}
