//! Reaching a host, as every kind of check does that needs a connection: its addresses, a connection to one that the
//! guard allows, a TLS session.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use shared::monitor::IpFamily;
use shared::signal::{Outcome, Phases, Reason};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use crate::check::{Checker, ms};
use crate::connect::{Connect, broken, dial};
use crate::resolve::Resolve;

impl<R: Resolve, C: Connect> Checker<R, C> {
    /// A connection to the host, over IPv4 or IPv6 as the monitor says; notes how long names and connecting took.
    pub(crate) async fn open(
        &self,
        host: Host<&str>,
        port: u16,
        ip: IpFamily,
        phases: &mut Phases,
    ) -> Result<C::Stream, Outcome> {
        let addresses = self.addresses(host, port, ip, phases).await?;
        let start = Instant::now();
        let stream = dial(&self.connector, &self.guard, &addresses, self.limits.connect).await?;
        phases.connect_ms = Some(ms(start.elapsed()));
        Ok(stream)
    }

    /// Where the host is: a literal address is itself, a name is looked up within the time for connecting.
    async fn addresses(
        &self,
        host: Host<&str>,
        port: u16,
        ip: IpFamily,
        phases: &mut Phases,
    ) -> Result<Vec<SocketAddr>, Outcome> {
        let name = match host {
            Host::Ipv4(literal) => return self.literal(literal.into(), port, ip),
            Host::Ipv6(literal) => return self.literal(literal.into(), port, ip),
            Host::Domain(name) => name,
        };
        let start = Instant::now();
        let looked_up = timeout(self.limits.connect, async {
            let _permit = self.lookups.acquire().await;
            self.resolver.addresses(name, ip).await
        });
        let addresses = looked_up.await.unwrap_or(Err(Outcome::Down(Reason::Dns)))?;
        phases.dns_ms = Some(ms(start.elapsed()));
        if addresses.is_empty() {
            return Err(Outcome::Down(Reason::Dns));
        }
        Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }

    /// An address of the other family is what a name without an address of the right one is; but what the guard
    /// refuses is blocked, never down.
    fn literal(&self, literal: IpAddr, port: u16, ip: IpFamily) -> Result<Vec<SocketAddr>, Outcome> {
        let address = SocketAddr::new(literal, port);
        match ip {
            IpFamily::V4 if !literal.is_ipv4() && self.guard.allows(address) => {
                Err(Outcome::Down(Reason::Dns))
            }
            IpFamily::V6 if !literal.is_ipv6() && self.guard.allows(address) => {
                Err(Outcome::Down(Reason::Dns))
            }
            IpFamily::Any | IpFamily::V4 | IpFamily::V6 => Ok(vec![address]),
        }
    }

    /// A TLS session over an open connection; notes how long the handshake took.
    pub(crate) async fn handshake<S>(
        &self,
        tls: &Arc<ClientConfig>,
        host: Host<&str>,
        stream: S,
        phases: &mut Phases,
    ) -> Result<TlsStream<S>, Outcome>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = server_name(host).ok_or(Outcome::Down(Reason::Tls))?;
        let start = Instant::now();
        let connector = TlsConnector::from(Arc::clone(tls));
        let stream = connector.connect(name, stream).await.map_err(|error| broken(&error))?;
        phases.tls_ms = Some(ms(start.elapsed()));
        Ok(stream)
    }
}

/// The host as certificates name it.
pub(crate) fn server_name(host: Host<&str>) -> Option<ServerName<'static>> {
    match host {
        Host::Ipv4(ip) => Some(IpAddr::V4(ip).into()),
        Host::Ipv6(ip) => Some(IpAddr::V6(ip).into()),
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
    }
}
