//! One request and its answer over an open connection, with bounds on all that the target may send.

use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use http::header::{HeaderValue, LOCATION};
use http::{Response, StatusCode, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use shared::signal::{Outcome, Reason};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use url::Url;

use crate::check::ms;
use crate::connect::broken;
use crate::expect::Answer;
use crate::http::Progress;
use crate::request::Ask;

/// Most of an answer's body that is read, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;

/// Longest head of an answer: status line and headers, in bytes.
pub(crate) const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Most headers of an answer.
pub(crate) const MAX_HEADERS: usize = 256;

/// Most that is read of one connection, in bytes: head and body, each byte of the body a chunk of its own at worst.
/// Ends what has bounds of no other kind, such as preliminary answers and the frames of HTTP/2.
const MAX_READ_BYTES: usize = 1024 * 1024;

/// How answers are read: bounded, and as forgiving about broken headers as browsers are.
pub(crate) fn http1() -> Builder {
    let mut builder = Builder::new();
    builder
        .max_buf_size(MAX_HEAD_BYTES)
        .max_header_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .ignore_invalid_headers_in_responses(true);
    builder
}

/// What an exchange ended with, unless it failed.
#[derive(Debug)]
pub(crate) enum Reply {
    /// An answer with a good status that leads nowhere else.
    Final(Answer),
    /// A redirect of this status to this place.
    Elsewhere(StatusCode, HeaderValue),
}

/// Sends the request and reads the answer: of its body [`MAX_BODY_BYTES`] at most.
pub(crate) async fn exchange(
    http1: &Builder,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    ask: &Ask<'_>,
    url: &Url,
    progress: &mut Progress,
) -> Result<Reply, Outcome> {
    let request = ask.request(url, Version::HTTP_11)?;
    let first_byte = Arc::new(OnceLock::new());
    let stream = Bounded::new(stream, Arc::clone(&first_byte));
    let mut http1 = http1.clone();
    // As browsers write them.
    http1.title_case_headers(ask.check.browser);
    let (mut sender, connection) =
        http1.handshake(TokioIo::new(stream)).await.map_err(|error| failure(&error, Reason::Protocol))?;
    let answer = async {
        let sent = Instant::now();
        progress.sent = true;
        let response =
            sender.send_request(request).await.map_err(|error| failure(&error, Reason::Protocol))?;
        let first = first_byte.get().copied().unwrap_or_else(Instant::now);
        progress.phases.first_byte_ms = Some(ms(first.saturating_duration_since(sent)));
        read(response, ask, progress).await
    };
    beside(connection, answer).await
}

/// Drives a connection until the answer is there: here and not by a task of its own, so that both end together.
pub(crate) async fn beside<T>(connection: impl Future, answer: impl Future<Output = T>) -> T {
    let mut connection = pin!(Some(connection));
    let mut answer = pin!(answer);
    poll_fn(|cx| {
        if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
            return Poll::Ready(answer);
        }
        if let Some(open) = connection.as_mut().as_pin_mut()
            && open.poll(cx).is_ready()
        {
            // Dropped, so that whoever waits for the answer learns that there will be none.
            connection.set(None);
            return answer.as_mut().poll(cx);
        }
        Poll::Pending
    })
    .await
}

/// Judges the status, and reads the body where the status is good.
pub(crate) async fn read(
    response: Response<Incoming>,
    ask: &Ask<'_>,
    progress: &mut Progress,
) -> Result<Reply, Outcome> {
    let (head, mut stream) = response.into_parts();
    progress.status = Some(head.status.as_u16());
    if ask.check.follow_redirects
        && head.status.is_redirection()
        && let Some(location) = head.headers.get(LOCATION)
    {
        return Ok(Reply::Elsewhere(head.status, location.clone()));
    }
    if !ask.check.expect.status.contains(head.status.as_u16()) {
        return Err(Outcome::Down(Reason::Status));
    }
    let (mut body, mut length, keep) = (Vec::new(), 0usize, ask.check.needs_body());
    while length <= MAX_BODY_BYTES
        && let Some(frame) = stream.frame().await
    {
        let frame = frame.map_err(|error| failure(&error, Reason::Body))?;
        let Some(data) = frame.data_ref() else { continue };
        if keep {
            body.extend_from_slice(data.get(..MAX_BODY_BYTES.saturating_sub(length)).unwrap_or(data));
        }
        length = length.saturating_add(data.len());
    }
    Ok(Reply::Final(Answer { headers: head.headers, body, whole: length <= MAX_BODY_BYTES }))
}

/// What an error of the HTTP layer says of the target: the cause where that is the connection, `or` where what
/// came was not understood.
pub(crate) fn failure(error: &hyper::Error, or: Reason) -> Outcome {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause {
        // Less came than was announced.
        Some(cause) if cause.kind() == io::ErrorKind::UnexpectedEof && or == Reason::Body => {
            Outcome::Down(or)
        }
        // The HTTP layer's own complaints about what came.
        Some(cause) if matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Other) => {
            Outcome::Down(or)
        }
        Some(cause) if cause.kind() == io::ErrorKind::InvalidData && !is_of_tls(cause) => Outcome::Down(or),
        Some(cause) => broken(cause),
        None if or != Reason::Body
            && (error.is_incomplete_message() || error.is_canceled() || error.is_closed()) =>
        {
            Outcome::Down(Reason::Reset)
        }
        _ => Outcome::Down(or),
    }
}

fn is_of_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|cause| cause.is::<rustls::Error>())
}

/// A stream that notes when the first byte came and ends with an error after [`MAX_READ_BYTES`].
pub(crate) struct Bounded<S> {
    stream: S,
    first_byte: Arc<OnceLock<Instant>>,
    left: usize,
}

impl<S> Bounded<S> {
    pub(crate) fn new(stream: S, first_byte: Arc<OnceLock<Instant>>) -> Self {
        Self { stream, first_byte, left: MAX_READ_BYTES }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let came = buf.filled().len().saturating_sub(before);
        if came > 0 {
            self.first_byte.get_or_init(Instant::now);
        }
        match self.left.checked_sub(came) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Err(io::Error::other("more than an answer may take"))),
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
