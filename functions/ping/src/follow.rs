//! Following redirects: our own loop, so that the rules of a target and the guard hold on every hop.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;

use http::{HeaderValue, Method};
use rustls::pki_types::ServerName;
use shared::monitor::TargetUrl;
use shared::signal::{Outcome, Phases, Reason};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

use crate::check::{Checker, Progress, ms};
use crate::connect::{Connect, broken, dial};
use crate::exchange::{Answer, exchange};
use crate::resolve::Resolve;

/// Redirects that are followed.
pub(crate) const MAX_REDIRECTS: usize = 5;

impl<R: Resolve, C: Connect> Checker<R, C> {
    /// Asks for the URL and follows redirects to the end.
    pub(crate) async fn follow(
        &self,
        method: &Method,
        target: &TargetUrl,
        progress: &mut Progress,
    ) -> Outcome {
        let mut target = Cow::Borrowed(target);
        for _ in 0..=MAX_REDIRECTS {
            match self.hop(method.clone(), target.url(), progress).await {
                Ok(Answer::Good) => return Outcome::Up,
                Err(outcome) => return outcome,
                Ok(Answer::Elsewhere(location)) => match next(target.url(), &location) {
                    Some(next) => target = Cow::Owned(next),
                    None => break,
                },
            }
        }
        Outcome::Down(Reason::Redirect)
    }

    /// One request on a connection of its own; notes how long each part takes.
    async fn hop(&self, method: Method, url: &Url, progress: &mut Progress) -> Result<Answer, Outcome> {
        progress.phases = Phases::default();
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Outcome::Down(Reason::Redirect));
        };
        let addresses = self.addresses(&host, port, progress).await?;
        let start = Instant::now();
        let stream = dial(&self.connector, &self.guard, &addresses, self.limits.connect).await?;
        progress.phases.connect_ms = Some(ms(start.elapsed()));
        if url.scheme() != "https" {
            return self.patiently(stream, method, url, progress).await;
        }
        let start = Instant::now();
        let stream = self.handshake(&host, stream).await?;
        progress.phases.tls_ms = Some(ms(start.elapsed()));
        self.patiently(stream, method, url, progress).await
    }

    /// One exchange, and a word to whoever waits once it is overdue. Only this part of a hop is timed so: names,
    /// connections and TLS do not know the method, so that another one would find them no different.
    async fn patiently(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        method: Method,
        url: &Url,
        progress: &mut Progress,
    ) -> Result<Answer, Outcome> {
        let overdue = Arc::clone(&progress.overdue);
        let mut exchange = pin!(exchange(&self.http1, stream, method, url, progress));
        if let Ok(answer) = timeout(self.limits.patience, exchange.as_mut()).await {
            return answer;
        }
        overdue.notify_one();
        exchange.await
    }

    /// Where the host is: a literal address is itself, a name is looked up within the time for connecting.
    async fn addresses(
        &self,
        host: &Host<&str>,
        port: u16,
        progress: &mut Progress,
    ) -> Result<Vec<SocketAddr>, Outcome> {
        let name = match *host {
            Host::Ipv4(ip) => return Ok(vec![SocketAddr::new(ip.into(), port)]),
            Host::Ipv6(ip) => return Ok(vec![SocketAddr::new(ip.into(), port)]),
            Host::Domain(name) => name,
        };
        let start = Instant::now();
        let looked_up = timeout(self.limits.connect, async {
            let _permit = self.lookups.acquire().await;
            self.resolver.addresses(name).await
        });
        let addresses = looked_up.await.unwrap_or(Err(Outcome::Down(Reason::Dns)))?;
        progress.phases.dns_ms = Some(ms(start.elapsed()));
        if addresses.is_empty() {
            return Err(Outcome::Down(Reason::Dns));
        }
        Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }

    async fn handshake<S>(&self, host: &Host<&str>, stream: S) -> Result<TlsStream<S>, Outcome>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = match *host {
            Host::Ipv4(ip) => ServerName::from(IpAddr::V4(ip)),
            Host::Ipv6(ip) => ServerName::from(IpAddr::V6(ip)),
            Host::Domain(name) => {
                ServerName::try_from(name.to_owned()).map_err(|_| Outcome::Down(Reason::Tls))?
            }
        };
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        connector.connect(name, stream).await.map_err(|error| broken(&error))
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
