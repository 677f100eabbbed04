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
use crate::guard::Guard;
use crate::resolve::Resolve;

/// How a host is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way<'a> {
    /// Over which IP.
    pub(crate) ip: IpFamily,
    /// Which addresses may be dialled.
    pub(crate) guard: &'a Guard,
}

impl<R: Resolve, C: Connect> Checker<R, C> {
    /// A connection to the host, over this way; notes how long names and connecting took.
    pub(crate) async fn open(
        &self,
        host: Host<&str>,
        port: u16,
        way: Way<'_>,
        phases: &mut Phases,
    ) -> Result<C::Stream, Outcome> {
        let addresses = self.addresses(host, port, way, phases).await?;
        let start = Instant::now();
        let stream = dial(&self.connector, way.guard, &addresses, self.limits.connect).await?;
        phases.connect_ms = Some(ms(start.elapsed()));
        Ok(stream)
    }

    /// Where the host is: a literal address is itself, a name is looked up within the time for connecting.
    async fn addresses(
        &self,
        host: Host<&str>,
        port: u16,
        way: Way<'_>,
        phases: &mut Phases,
    ) -> Result<Vec<SocketAddr>, Outcome> {
        let name = match host {
            Host::Ipv4(literal) => return literal_at(literal.into(), port, way),
            Host::Ipv6(literal) => return literal_at(literal.into(), port, way),
            Host::Domain(name) => name,
        };
        let start = Instant::now();
        let looked_up = timeout(self.limits.connect, async {
            let _permit = self.lookups.acquire().await;
            self.resolver.addresses(name, way.ip).await
        });
        let addresses = looked_up.await.unwrap_or(Err(Outcome::Down(Reason::Dns)))?;
        phases.dns_ms = Some(ms(start.elapsed()));
        if addresses.is_empty() {
            return Err(Outcome::Down(Reason::Dns));
        }
        Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
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

/// An address of the other family is what a name without an address of the right one is; but what the guard refuses is
/// blocked, never down.
fn literal_at(literal: IpAddr, port: u16, Way { ip, guard }: Way<'_>) -> Result<Vec<SocketAddr>, Outcome> {
    let address = SocketAddr::new(literal, port);
    let is_other = match ip {
        IpFamily::Any => false,
        IpFamily::V4 => !literal.is_ipv4(),
        IpFamily::V6 => !literal.is_ipv6(),
    };
    if is_other && guard.allows(address) { Err(Outcome::Down(Reason::Dns)) } else { Ok(vec![address]) }
}

/// The host as certificates name it.
pub(crate) fn server_name(host: Host<&str>) -> Option<ServerName<'static>> {
    match host {
        Host::Ipv4(ip) => Some(IpAddr::V4(ip).into()),
        Host::Ipv6(ip) => Some(IpAddr::V6(ip).into()),
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
    }
}
