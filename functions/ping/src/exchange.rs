//! One request and its answer over an open connection, with bounds on all that the target may send.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, HOST, HeaderValue, LOCATION, USER_AGENT};
use http::uri::PathAndQuery;
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use shared::signal::{Outcome, Reason};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use url::{Position, Url};

use crate::check::{Progress, ms};
use crate::connect::broken;

/// Most of an answer's body that is read, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;

/// Longest head of an answer: status line and headers, in bytes.
pub(crate) const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Most headers of an answer.
pub(crate) const MAX_HEADERS: usize = 256;

/// Honest about being a machine, and it names the product, so that a shop's owner can tell these requests.
const AGENT: &str = concat!("Shopwatch/", env!("CARGO_PKG_VERSION"), " (+status check)");

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

/// What an answer said.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A status of 200 to 399 that leads nowhere else, and a body that could be read.
    Good,
    /// A redirect to this place.
    Elsewhere(HeaderValue),
}

/// Sends a request without body and judges the answer; reads its body up to [`MAX_BODY_BYTES`].
pub(crate) async fn exchange(
    http1: &Builder,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    method: Method,
    url: &Url,
    progress: &mut Progress,
) -> Result<Answer, Outcome> {
    let request = request(method, url)?;
    let first_byte = Arc::new(OnceLock::new());
    let stream = Timed { stream, first_byte: Arc::clone(&first_byte) };
    let (mut sender, connection) =
        http1.handshake(TokioIo::new(stream)).await.map_err(|error| failure(&error, Reason::Protocol))?;
    let mut connection = pin!(Some(connection));
    let mut answer = pin!(async {
        let sent = Instant::now();
        let response =
            sender.send_request(request).await.map_err(|error| failure(&error, Reason::Protocol))?;
        let first = first_byte.get().copied().unwrap_or_else(Instant::now);
        progress.phases.first_byte_ms = Some(ms(first.saturating_duration_since(sent)));
        judge(response, progress).await
    });
    // The connection is driven here and not by a task of its own: both end together.
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

/// Judges the status, then the body where the status is good.
async fn judge(response: Response<Incoming>, progress: &mut Progress) -> Result<Answer, Outcome> {
    let status = response.status();
    progress.status = Some(status.as_u16());
    if status.is_redirection()
        && let Some(location) = response.headers().get(LOCATION)
    {
        return Ok(Answer::Elsewhere(location.clone()));
    }
    if !(200..400).contains(&status.as_u16()) {
        return Err(Outcome::Down(Reason::Status));
    }
    let mut body = response.into_body();
    let mut read = 0usize;
    while read < MAX_BODY_BYTES
        && let Some(frame) = body.frame().await
    {
        let frame = frame.map_err(|error| failure(&error, Reason::Body))?;
        read = read.saturating_add(frame.data_ref().map_or(0, Bytes::len));
    }
    Ok(Answer::Good)
}

/// Nothing is sent but what says where to and who asks: no cookie, no referer, no credentials.
fn request(method: Method, url: &Url) -> Result<Request<Empty<Bytes>>, Outcome> {
    let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]);
    let target = PathAndQuery::try_from(&url[Position::BeforePath..Position::AfterQuery]);
    let (Ok(host), Ok(target)) = (host, target) else {
        return Err(Outcome::Down(Reason::Protocol));
    };
    let mut request = Request::new(Empty::new());
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from(target);
    let headers = request.headers_mut();
    headers.insert(HOST, host);
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
}

/// What an error of the HTTP layer says of the target: the cause where that is the connection, `or` where what
/// came was not understood.
fn failure(error: &hyper::Error, or: Reason) -> Outcome {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause {
        // Less came than was announced.
        Some(cause) if cause.kind() == io::ErrorKind::UnexpectedEof && or == Reason::Body => {
            Outcome::Down(or)
        }
        Some(cause) if !matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Other) => {
            broken(cause)
        }
        None if or != Reason::Body
            && (error.is_incomplete_message() || error.is_canceled() || error.is_closed()) =>
        {
            Outcome::Down(Reason::Reset)
        }
        _ => Outcome::Down(or),
    }
}

/// A stream that notes when the first byte came.
struct Timed<S> {
    stream: S,
    first_byte: Arc<OnceLock<Instant>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.first_byte.get_or_init(Instant::now);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_request_says_where_to_and_who_asks_and_no_more() {
        let url = Url::parse("https://shop.example:8443/a b?q=`|`#part").unwrap();
        let request = request(Method::HEAD, &url).unwrap();
        let mut headers: Vec<String> = request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        assert_eq!(request.uri(), "/a%20b?q=`|`");
        assert_eq!(
            headers,
            [
                "accept: */*",
                "connection: close",
                "host: shop.example:8443",
                concat!("user-agent: Shopwatch/", env!("CARGO_PKG_VERSION"), " (+status check)"),
            ]
        );
    }

    proptest! {
        #[test]
        fn any_url_can_be_asked_for(path in "[ -~é]{0,60}", query in "[ -~é]{0,60}") {
            if let Ok(url) = Url::parse(&format!("http://shop.example/{path}?{query}")) {
                prop_assert!(request(Method::GET, &url).is_ok(), "{}", url);
            }
        }
    }
}
