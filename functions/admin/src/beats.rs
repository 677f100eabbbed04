//! `POST /beats/{token}?state=up&duration_ms=1250`: a heartbeat's target says that it lives.
//!
//! The token is all that it needs to show. It is in the path, so that a line of `cron` can do it, and for that reason
//! no answer and no line of the log repeats a path.

mod said;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, State as Shared};
use axum::routing::post;
use http::header::CACHE_CONTROL;
use http::{HeaderName, StatusCode, Uri};
use shared::beat::Beat;
use shared::http_frame::{Clock, Failure};
use shared::monitor::Check;
use shared::openapi::Ours;
use shared::problem::Problem;
use shared::session::{Token, TokenHash};
use shared::store::{ReadMonitor, WriteBeats};

use said::Said;

/// Longest body, in bytes: state and duration take fifty.
const MAX_BODY_BYTES: usize = 1_024;

#[derive(Debug)]
struct Deps<B, M> {
    beats: B,
    monitors: M,
    clock: Clock,
}

pub(crate) fn routes<B, M>(beats: B, monitors: M, clock: Clock) -> Router
where
    B: WriteBeats + Send + Sync + 'static,
    M: ReadMonitor + Send + Sync + 'static,
{
    Router::new()
        .route("/beats/{token}", post(beat::<B, M>))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(Deps { beats, monitors, clock }))
}

#[utoipa::path(
    post,
    path = "/beats/{token}",
    operation_id = "beat",
    tag = "Beats",
    summary = "A heartbeat's target says that it lives",
    description = "The token is all that it takes. What the target says of itself stands in the query, in the body, or one \
                   thing so and the other so. The body may be left out; it has at most 1,024 bytes.",
    params(
        ("token" = String, Path, description = "The token, as it was shown when it was made.",
            example = "shopwatch_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"),
        said::Query,
    ),
    request_body(content = Option<Said>, content_type = "application/json"),
    responses(
        (status = 204, description = "The beat is recorded."),
        (status = 400, description = "`state`, `duration_ms`, `body`, `unknown_parameter`, `repeated_parameter`: nothing is \
            recorded."),
        (status = 404, description = "`not_found`: an unknown token, a malformed one, or one of a monitor that is gone."),
        (status = 413, description = "`body`: the body is too long."),
        Ours,
    ),
)]
async fn beat<B: WriteBeats, M: ReadMonitor>(
    Shared(deps): Shared<Arc<Deps<B, M>>>,
    token: Result<Path<String>, PathRejection>,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, [(HeaderName, &'static str); 1]), Failure> {
    let received_at = (deps.clock)();
    let Said { state, duration_ms } = Said::of(&uri, &body.map_err(unread)?)?;
    let token: Option<Token> = token.ok().and_then(|Path(text)| text.parse().ok());
    // A malformed token is looked up too: refusing it takes as long as refusing an unknown one.
    let hash = token.as_ref().map_or_else(TokenHash::nobodys, Token::hash);
    let id = deps.beats.beating(&hash).await?.filter(|_| token.is_some()).ok_or_else(unknown)?;
    // Tokens are deleted behind their monitor, as far as they can be.
    let monitor = deps.monitors.monitor(&id).await?;
    if !monitor.is_some_and(|monitor| matches!(monitor.check, Check::Heartbeat(_))) {
        return Err(unknown());
    }
    let beat = Beat { monitor: id, received_at, state: state.unwrap_or_default(), duration_ms };
    deps.beats.put_beat(&beat).await?;
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]))
}

fn unknown() -> Failure {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "no monitor is beaten for with this token").into()
}

/// The body is longer than it may be, or did not arrive whole.
fn unread(rejection: BytesRejection) -> Failure {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = format!("the body may have at most {MAX_BODY_BYTES} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body", detail).into()
        }
        _ => Failure::bad_request("body", "the body did not arrive whole"),
    }
}
