//! The exchange over HTTP/2, which browsers speak wherever a server does.

use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use http::Version;
use hyper::client::conn::http2::Builder;
use hyper::rt::Executor;
use hyper_util::rt::TokioIo;
use shared::signal::{Outcome, Reason};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use crate::check::ms;
use crate::exchange::{Bounded, MAX_BODY_BYTES, MAX_HEAD_BYTES, Reply, beside, failure, read};
use crate::http::Progress;
use crate::request::Ask;

/// The protocol's name in a TLS handshake.
pub(crate) const ALPN: &[u8] = b"h2";

/// What the server may send unasked, in bytes: somewhat more than is read of a body.
#[expect(clippy::cast_possible_truncation, reason = "128 KB")]
const WINDOW_BYTES: u32 = 2 * MAX_BODY_BYTES as u32;

/// Largest frame, in bytes: the least that the protocol permits (RFC 9113, section 4.2).
const FRAME_BYTES: u32 = 16 * 1024;

/// Sends the request and reads the answer, as [`crate::exchange::exchange`] does.
pub(crate) async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ask: &Ask<'_>,
    url: &Url,
    progress: &mut Progress,
) -> Result<Reply, Outcome> {
    let request = ask.request(url, Version::HTTP_2)?;
    // Whatever runs beside the request ends with this function.
    let tasks = Arc::new(Mutex::new(JoinSet::new()));
    let stream = Bounded::new(stream, Arc::new(OnceLock::new()));
    let (mut sender, connection) = builder(Tasks(Arc::downgrade(&tasks)))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failure(&error, Reason::Protocol))?;
    let answer = async {
        let sent = Instant::now();
        progress.sent = true;
        let response =
            sender.send_request(request).await.map_err(|error| failure(&error, Reason::Protocol))?;
        // The first bytes of the connection are settings and no answer: the answer's head is timed.
        progress.phases.first_byte_ms = Some(ms(sent.elapsed()));
        read(response, ask, progress).await
    };
    beside(connection, answer).await
}

/// How answers are read: bounded. Hyper refuses pushed answers by itself.
fn builder(tasks: Tasks) -> Builder<Tasks> {
    let mut builder = Builder::new(tasks);
    #[expect(clippy::cast_possible_truncation, reason = "64 KB")]
    builder
        .max_header_list_size(MAX_HEAD_BYTES as u32)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .max_concurrent_reset_streams(1);
    builder
}

/// Where a connection's tasks run.
#[derive(Clone)]
struct Tasks(Weak<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        if let Some(tasks) = self.0.upgrade()
            && let Ok(mut tasks) = tasks.lock()
        {
            tasks.spawn(task);
        }
    }
}
