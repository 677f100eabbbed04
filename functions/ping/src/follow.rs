//! Following redirects: our own loop, so that the rules of a target and the guard hold on every hop.

use std::borrow::Cow;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use http::HeaderValue;
use shared::monitor::TargetUrl;
use shared::signal::{Outcome, Phases, Reason};
use tokio::sync::Notify;
use tokio::time::timeout;
use url::{Host, Url};

use crate::certificate::Certificate;
use crate::check::{Checker, Job};
use crate::connect::Connect;
use crate::exchange::{Reply, exchange};
use crate::expect::Answer;
use crate::http::Progress;
use crate::http2;
use crate::request::Ask;
use crate::resolve::Resolve;

/// Redirects that are followed.
pub(crate) const MAX_REDIRECTS: usize = 5;

impl<R: Resolve, C: Connect> Checker<R, C> {
    /// Asks for the monitor's URL and follows redirects to the end.
    pub(crate) async fn follow(
        &self,
        job: &Job,
        mut ask: Ask<'_>,
        progress: &mut Progress,
    ) -> Result<Answer, Outcome> {
        let mut target = Cow::Borrowed(&ask.check.url);
        for _ in 0..=MAX_REDIRECTS {
            match self.hop(job, &ask, target.url(), progress).await? {
                Reply::Final(answer) => return Ok(answer),
                Reply::Elsewhere(status, location) => {
                    let next = next(target.url(), &location).ok_or(Outcome::Down(Reason::Redirect))?;
                    ask.redirected(status, next.url())?;
                    target = Cow::Owned(next);
                }
            }
        }
        Err(Outcome::Down(Reason::Redirect))
    }

    /// One request on a connection of its own; notes how long each part takes.
    async fn hop(
        &self,
        job: &Job,
        ask: &Ask<'_>,
        url: &Url,
        progress: &mut Progress,
    ) -> Result<Reply, Outcome> {
        progress.phases = Phases::default();
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Outcome::Down(Reason::Redirect));
        };
        let stream = self.open(host.clone(), port, self.way(&job.monitor), &mut progress.phases).await?;
        if url.scheme() != "https" {
            let overdue = Arc::clone(&progress.overdue);
            return self.patiently(&overdue, exchange(&self.http1, stream, ask, url, progress)).await;
        }
        // Boxed: a session is large, and most checks of a round wait for something else.
        Box::pin(self.hop_over_tls(stream, host, ask, url, progress)).await
    }

    async fn hop_over_tls(
        &self,
        stream: C::Stream,
        host: Host<&str>,
        ask: &Ask<'_>,
        url: &Url,
        progress: &mut Progress,
    ) -> Result<Reply, Outcome> {
        let overdue = Arc::clone(&progress.overdue);
        let tls = if ask.check.browser { &self.tls_of_browsers } else { &self.tls };
        let stream = self.handshake(tls, host, stream, &mut progress.phases).await?;
        let (_, session) = stream.get_ref();
        if ask.check.expect.certificate_days.is_some() {
            let certificate = session.peer_certificates().and_then(<[_]>::first);
            progress.certificate = certificate.and_then(Certificate::read);
        }
        if session.alpn_protocol() == Some(http2::ALPN) {
            return self.patiently(&overdue, http2::exchange(stream, ask, url, progress)).await;
        }
        self.patiently(&overdue, exchange(&self.http1, stream, ask, url, progress)).await
    }

    /// One exchange, and a word to whoever waits once it is overdue. Only this part of a hop is timed so: names,
    /// connections and TLS do not know the method, so that another one would find them no different.
    async fn patiently<T>(&self, overdue: &Notify, exchange: impl Future<Output = T>) -> T {
        let mut exchange = pin!(exchange);
        if let Ok(reply) = timeout(self.limits.patience, exchange.as_mut()).await {
            return reply;
        }
        overdue.notify_one();
        exchange.await
    }
}

/// The place that a redirect leads to, if it is one that may be followed.
fn next(from: &Url, location: &HeaderValue) -> Option<TargetUrl> {
    let bytes = location.as_bytes();
    // Bytes that are not UTF-8 are taken for Latin-1, as browsers take them.
    let text = std::str::from_utf8(bytes)
        .map_or_else(|_| Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()), Cow::Borrowed);
    TargetUrl::from_url(from.join(&text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn next_of(location: &[u8]) -> Option<String> {
        let from = Url::parse("https://shop.example/a/b?c").unwrap();
        next(&from, &HeaderValue::from_bytes(location).unwrap()).map(|url| url.to_string())
    }

    #[test]
    fn a_redirect_leads_to_http_without_credentials_or_nowhere() {
        assert_eq!(next_of(b"../d").as_deref(), Some("https://shop.example/d"));
        assert_eq!(next_of(b"//other.example/").as_deref(), Some("https://other.example/"));
        assert_eq!(next_of(b"http://other.example").as_deref(), Some("http://other.example/"));
        assert_eq!(next_of("/grün".as_bytes()).as_deref(), Some("https://shop.example/gr%C3%BCn"));
        assert_eq!(next_of(b"/gr\xfcn").as_deref(), Some("https://shop.example/gr%C3%BCn"));
        for nowhere in [
            b"ftp://other.example/".as_slice(),
            b"file:///etc/passwd",
            b"javascript:alert(1)",
            b"gopher://127.0.0.1:9001/",
            b"http://user:pw@other.example/",
            b"http://user@other.example/",
            b"http://",
            b"http://[::1",
            b"http://[fe80::1%25eth0]/",
            b"http://other.example:99999/",
        ] {
            assert_eq!(next_of(nowhere), None, "{}", String::from_utf8_lossy(nowhere));
        }
    }

    proptest! {
        #[test]
        fn any_location_is_followed_or_not(location in proptest::collection::vec(0x20u8..0x7f, 0..80)) {
            let _ = next_of(&location);
        }
    }
}
