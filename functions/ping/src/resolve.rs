//! What name servers say of a name: its addresses, and the records that a check asks for.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::lookup_ip::LookupIp;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType as Wire};
use hickory_resolver::{ResolverBuilder, TokioResolver};
use shared::monitor::{IpFamily, RecordType};
use shared::signal::{Outcome, Reason};

/// How long one query to a name server may take; a lost packet leaves room for a second one.
const QUERY_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Queries after the first one that failed.
const QUERY_RETRIES: usize = 1;

/// Names whose answers are remembered, as long as their TTL allows.
const CACHED_ANSWERS: u64 = 1_024;

/// Asks name servers.
pub trait Resolve: Send + Sync {
    /// Every address of this name in the family, in the order to try them.
    ///
    /// # Errors
    /// `Down(Dns)` when the name has none, `Unknown` when name servers cannot be asked from here.
    fn addresses(
        &self,
        name: &str,
        ip: IpFamily,
    ) -> impl Future<Output = Result<Vec<IpAddr>, Outcome>> + Send;

    /// Every record of this type that the name has, as zone files write them; asked for anew each time.
    ///
    /// # Errors
    /// As above.
    fn records(
        &self,
        name: &str,
        record: RecordType,
    ) -> impl Future<Output = Result<Vec<String>, Outcome>> + Send;
}

/// The name servers of this machine.
pub struct SystemResolver(TokioResolver);

impl SystemResolver {
    /// The resolver that `/etc/resolv.conf` and `/etc/hosts` describe; reads both once.
    ///
    /// # Errors
    /// When they cannot be read or understood.
    pub fn new() -> anyhow::Result<Self> {
        Self::of(TokioResolver::builder_tokio().context("reading the system's name servers")?)
    }

    /// A resolver that asks this name server alone, over UDP and, for long answers, TCP.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn asking(server: SocketAddr) -> anyhow::Result<Self> {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
        let connections = connections.map(|mut connection| {
            connection.port = server.port();
            connection
        });
        let server = NameServerConfig::new(server.ip(), true, connections.into());
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        Self::of(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()))
    }

    fn of(mut builder: ResolverBuilder<TokioRuntimeProvider>) -> anyhow::Result<Self> {
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
    async fn addresses(&self, name: &str, ip: IpFamily) -> Result<Vec<IpAddr>, Outcome> {
        let name = absolute(name).ok_or(Outcome::Down(Reason::Dns))?;
        let answers = match ip {
            IpFamily::Any => self.0.lookup_ip(name).await,
            IpFamily::V4 => self.0.lookup(name, Wire::A).await.map(LookupIp::from),
            IpFamily::V6 => self.0.lookup(name, Wire::AAAA).await.map(LookupIp::from),
        };
        Ok(answers.map_err(|error| outcome(&error))?.iter().collect())
    }

    async fn records(&self, name: &str, record: RecordType) -> Result<Vec<String>, Outcome> {
        let name = absolute(name).ok_or(Outcome::Down(Reason::Dns))?;
        let record = wire(record);
        // The name servers are what is checked: a remembered answer would hide that they are gone.
        self.0.clear_lookup_cache(name.clone(), record);
        let lookup = self.0.lookup(name, record).await.map_err(|error| outcome(&error))?;
        // On the way to the records there may be aliases.
        let records = lookup.answers().iter().filter(|answer| answer.record_type() == record);
        Ok(records.filter_map(|answer| zone_text(&answer.data)).collect())
    }
}

fn wire(record: RecordType) -> Wire {
    match record {
        RecordType::A => Wire::A,
        RecordType::Aaaa => Wire::AAAA,
        RecordType::Caa => Wire::CAA,
        RecordType::Cname => Wire::CNAME,
        RecordType::Mx => Wire::MX,
        RecordType::Ns => Wire::NS,
        RecordType::Srv => Wire::SRV,
        RecordType::Txt => Wire::TXT,
    }
}

/// The record as a zone file writes it, names in ASCII, the strings of a text joined; `None` of what no check asks for.
fn zone_text(data: &RData) -> Option<String> {
    Some(match data {
        RData::A(ip) => ip.to_string(),
        RData::AAAA(ip) => ip.to_string(),
        RData::CNAME(name) => name.to_ascii(),
        RData::NS(name) => name.to_ascii(),
        RData::MX(mx) => format!("{} {}", mx.preference, mx.exchange.to_ascii()),
        RData::SRV(srv) => {
            format!("{} {} {} {}", srv.priority, srv.weight, srv.port, srv.target.to_ascii())
        }
        RData::CAA(caa) => caa.to_string(),
        RData::TXT(text) => String::from_utf8_lossy(&text.txt_data.concat()).into_owned(),
        _ => return None,
    })
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
        NetError::Io(_) | NetError::NoConnections | NetError::Busy => Outcome::Unknown(Reason::Network),
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
        assert_eq!(outcome(&NetError::Io(Arc::new(unreachable))), Outcome::Unknown(Reason::Network));
        assert_eq!(outcome(&NetError::NoConnections), Outcome::Unknown(Reason::Network));
        assert_eq!(outcome(&NetError::Timeout), Outcome::Down(Reason::Dns));
    }

    #[tokio::test]
    async fn localhost_needs_no_name_server() {
        let resolver = SystemResolver::new().unwrap();
        for name in ["localhost", "localhost."] {
            let addresses = resolver.addresses(name, IpFamily::Any).await.unwrap();
            assert!(!addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
            let addresses = resolver.addresses(name, IpFamily::V4).await.unwrap();
            assert!(!addresses.is_empty() && addresses.iter().all(IpAddr::is_ipv4), "{addresses:?}");
        }
        assert!(absolute("shop").unwrap().is_fqdn());
        let too_long = format!("{}.example", "a".repeat(64));
        assert_eq!(resolver.addresses(&too_long, IpFamily::Any).await, Err(Outcome::Down(Reason::Dns)));
    }
}
