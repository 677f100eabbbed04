//! Finding the addresses of a name.

use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context as _;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::Name;
use shared::signal::{Outcome, Reason};

/// How long one query to a name server may take; a lost packet leaves room for a second one.
const QUERY_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Queries after the first one that failed.
const QUERY_RETRIES: usize = 1;

/// Names whose answers are remembered, as long as their TTL allows.
const CACHED_ANSWERS: u64 = 1_024;

/// Finds the addresses of a name.
pub trait Resolve: Send + Sync {
    /// Every address of this name, in the order to try them.
    ///
    /// # Errors
    /// `Down(Dns)` when the name has none, `Unknown` when name servers cannot be asked from here.
    fn addresses(&self, name: &str) -> impl Future<Output = Result<Vec<IpAddr>, Outcome>> + Send;
}

/// The name servers of this machine.
pub struct SystemResolver(TokioResolver);

impl SystemResolver {
    /// The resolver that `/etc/resolv.conf` and `/etc/hosts` describe; reads both once.
    ///
    /// # Errors
    /// When they cannot be read or understood.
    pub fn new() -> anyhow::Result<Self> {
        let mut builder = TokioResolver::builder_tokio().context("reading the system's name servers")?;
        let options = builder.options_mut();
        options.timeout = QUERY_TIMEOUT;
        options.attempts = QUERY_RETRIES;
        options.cache_size = CACHED_ANSWERS;
        // A function has no IPv6 way out unless its VPC gives it one: IPv4 first, IPv6 where there is no other.
        options.ip_strategy = LookupIpStrategy::Ipv4thenIpv6;
        Ok(Self(builder.build().context("building the resolver")?))
    }
}

impl Resolve for SystemResolver {
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Outcome> {
        let name = absolute(name).ok_or(Outcome::Down(Reason::Dns))?;
        let answers = self.0.lookup_ip(name).await.map_err(|error| outcome(&error))?;
        Ok(answers.iter().collect())
    }
}

/// The name as it is written: search domains of this machine are not the target's business.
fn absolute(name: &str) -> Option<Name> {
    let mut name = Name::from_ascii(name).ok()?;
    name.set_fqdn(true);
    Some(name)
}

/// A name server that cannot be reached, or a socket that cannot be had, says nothing of the target.
fn outcome(error: &NetError) -> Outcome {
    match error {
        NetError::Io(_) | NetError::NoConnections | NetError::Busy => Outcome::Unknown,
        _ => Outcome::Down(Reason::Dns),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn only_what_is_the_names_own_fault_is_down() {
        let unreachable = std::io::Error::from(std::io::ErrorKind::NetworkUnreachable);
        assert_eq!(outcome(&NetError::Io(Arc::new(unreachable))), Outcome::Unknown);
        assert_eq!(outcome(&NetError::NoConnections), Outcome::Unknown);
        assert_eq!(outcome(&NetError::Timeout), Outcome::Down(Reason::Dns));
    }

    #[tokio::test]
    async fn localhost_needs_no_name_server() {
        let resolver = SystemResolver::new().unwrap();
        for name in ["localhost", "localhost."] {
            let addresses = resolver.addresses(name).await.unwrap();
            assert!(!addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
        }
        assert!(absolute("shop").unwrap().is_fqdn());
        let too_long = format!("{}.example", "a".repeat(64));
        assert_eq!(resolver.addresses(&too_long).await, Err(Outcome::Down(Reason::Dns)));
    }
}
