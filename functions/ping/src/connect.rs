//! Opening connections, to addresses that the guard allows and to no others.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use shared::signal::{Outcome, Reason};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::guard::Guard;

/// Addresses of one name that are tried at most.
const MAX_DIALLED: usize = 4;

/// Opens a connection to an address. Called with addresses that the guard allowed only.
pub trait Connect: Send + Sync {
    /// An open connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Connects; the caller bounds the time.
    fn connect(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// Opens TCP connections.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpConnector;

impl Connect for TcpConnector {
    type Stream = TcpStream;

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        // Without it the request waits for the acknowledgement of the TLS handshake's last message.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

/// Connects to the first of these addresses that the guard allows and that answers, within `limit` in all; the
/// time left is shared equally by the addresses left. The result of the first failure stands for all.
pub(crate) async fn dial<C: Connect>(
    connector: &C,
    guard: &Guard,
    addresses: &[SocketAddr],
    limit: Duration,
) -> Result<C::Stream, Outcome> {
    let deadline = Instant::now() + limit;
    let allowed: Vec<SocketAddr> =
        addresses.iter().copied().filter(|address| guard.allows(*address)).take(MAX_DIALLED).collect();
    let mut first_failure = None;
    for (tried, address) in (0u32..).zip(&allowed) {
        let left = u32::try_from(allowed.len()).unwrap_or(u32::MAX).saturating_sub(tried).max(1);
        let share = deadline.saturating_duration_since(Instant::now()) / left;
        let failure = match timeout(share, connector.connect(*address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => connect_failure(*address, &error),
            Err(_) => Outcome::Down(Reason::ConnectTimeout),
        };
        first_failure.get_or_insert(failure);
    }
    Err(first_failure.unwrap_or(Outcome::Blocked))
}

/// What a failed connection says of the target; everything that it says nothing of is trouble on our side, such
/// as file descriptors or local ports that have run out, or a network that we have no route to.
fn connect_failure(address: SocketAddr, error: &io::Error) -> Outcome {
    match error.kind() {
        // No route, or no address of our own to come from: most networks have no IPv6.
        ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable if address.is_ipv6() => {
            Outcome::Unknown(Reason::Ipv6)
        }
        ErrorKind::ConnectionRefused => Outcome::Down(Reason::Refused),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => Outcome::Down(Reason::Reset),
        ErrorKind::TimedOut => Outcome::Down(Reason::ConnectTimeout),
        ErrorKind::HostUnreachable => Outcome::Down(Reason::Unreachable),
        _ => Outcome::Unknown(Reason::Network),
    }
}

/// What a connection that failed when it was in use says of the target.
pub(crate) fn broken(error: &io::Error) -> Outcome {
    match error.kind() {
        // Certificates and the TLS protocol.
        ErrorKind::InvalidData => Outcome::Down(Reason::Tls),
        ErrorKind::TimedOut => Outcome::Down(Reason::Timeout),
        ErrorKind::HostUnreachable => Outcome::Down(Reason::Unreachable),
        // Our own memory, route or network interface.
        ErrorKind::OutOfMemory | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Outcome::Unknown(Reason::Network)
        }
        _ => Outcome::Down(Reason::Reset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connecting(address: &str, code: i32) -> Outcome {
        connect_failure(address.parse().unwrap(), &io::Error::from_raw_os_error(code))
    }

    #[test]
    fn trouble_on_our_side_is_not_the_targets() {
        // EMFILE, ENFILE, EADDRNOTAVAIL, ENOBUFS, EPERM, ENETUNREACH, ENETDOWN
        for code in [24, 23, 99, 105, 1, 101, 100] {
            assert_eq!(connecting("1.1.1.1:80", code), Outcome::Unknown(Reason::Network), "{code}");
        }
        // ENETUNREACH, ENETDOWN, ENOMEM
        for code in [101, 100, 12] {
            let error = io::Error::from_raw_os_error(code);
            assert_eq!(broken(&error), Outcome::Unknown(Reason::Network), "{code}");
        }
        // EHOSTUNREACH: we have a route, and nobody is at its end.
        assert_eq!(connecting("1.1.1.1:80", 113), Outcome::Down(Reason::Unreachable));
        assert_eq!(broken(&io::Error::from_raw_os_error(113)), Outcome::Down(Reason::Unreachable));
    }

    #[test]
    fn having_no_ipv6_is_a_reason_of_its_own() {
        for code in [101, 99] {
            assert_eq!(connecting("[2606:4700::1111]:80", code), Outcome::Unknown(Reason::Ipv6), "{code}");
        }
        assert_eq!(connecting("[2606:4700::1111]:80", 24), Outcome::Unknown(Reason::Network));
        assert_eq!(connecting("[2606:4700::1111]:80", 111), Outcome::Down(Reason::Refused));
    }
}
