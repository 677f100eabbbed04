//! What a check does: its kind, and what that kind needs to know.

use std::fmt;
use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

use super::host::TargetHost;
use super::http::HttpCheck;
use crate::text::Invalid;

/// Most names and answers that one check may expect.
pub const MAX_EXPECTED: usize = 8;

/// Days that a certificate must still hold unless the monitor says otherwise.
pub const CERTIFICATE_DAYS: u16 = 14;

/// Longest time that a heartbeat may be overdue, in minutes: a day.
pub const MAX_GRACE_MINUTES: u16 = 1_440;

/// What one look at a monitor is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Check {
    /// A request and its answer.
    Http(Box<HttpCheck>),
    /// A connection that opens.
    Tcp(TcpCheck),
    /// A TLS session, and its certificate.
    Tls(TlsCheck),
    /// A question to the name servers.
    Dns(DnsCheck),
    /// The target calls us: `POST /beats/{token}`.
    Heartbeat(HeartbeatCheck),
}

/// A connection that opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TcpCheck {
    /// Where to.
    pub host: TargetHost,
    /// On which port.
    #[cfg_attr(feature = "openapi", schema(value_type = u16, minimum = 1))]
    pub port: NonZeroU16,
}

/// A TLS session, and its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TlsCheck {
    /// Where to; the certificate must be for this name.
    pub host: TargetHost,
    /// On which port.
    #[serde(default = "port_of_https")]
    #[cfg_attr(feature = "openapi", schema(value_type = u16, minimum = 1, default = 443))]
    pub port: NonZeroU16,
    /// Days that the certificate must still hold; degraded with fewer.
    #[serde(default = "certificate_days")]
    #[cfg_attr(feature = "openapi", schema(default = 14))]
    pub certificate_days: u16,
    /// A text that the issuer's name must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub issuer: Option<String>,
    /// Further names that the certificate must be for; at most [`MAX_EXPECTED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub names: Vec<TargetHost>,
}

fn port_of_https() -> NonZeroU16 {
    NonZeroU16::MIN.saturating_add(442)
}

fn certificate_days() -> u16 {
    CERTIFICATE_DAYS
}

/// A question to the name servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DnsCheck {
    /// The name that is asked for; never an address. Requests and files call it `host`: what a monitor is called is its
    /// `name`.
    #[serde(alias = "host")]
    pub name: TargetHost,
    /// What is asked.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(default = "A"))]
    pub record: RecordType,
    /// Answers that must all be among those that come, as zone files write them; at most [`MAX_EXPECTED`]. Any
    /// answer will do where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub expect: Vec<String>,
}

/// The records that a name can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "RFC 1035, 3596, 2782 and 8659 say what they are")]
pub enum RecordType {
    #[default]
    A,
    Aaaa,
    Caa,
    Cname,
    Mx,
    Ns,
    Srv,
    Txt,
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Caa => "CAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Srv => "SRV",
            Self::Txt => "TXT",
        })
    }
}

/// The target calls us, at least once in an interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HeartbeatCheck {
    /// Minutes that a beat may come late, at most [`MAX_GRACE_MINUTES`].
    #[serde(default = "one")]
    #[cfg_attr(feature = "openapi", schema(default = 1, maximum = 1440))]
    pub grace_minutes: u16,
}

fn one() -> u16 {
    1
}

impl Check {
    /// The check's kind, as configurations name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Tcp(_) => "tcp",
            Self::Tls(_) => "tls",
            Self::Dns(_) => "dns",
            Self::Heartbeat(_) => "heartbeat",
        }
    }

    /// Scheme, host and port that credentials may be sent to; nothing for checks that have none.
    pub fn origin(&self) -> Option<String> {
        match self {
            Self::Http(http) => Some(http.url.url().origin().ascii_serialization()),
            Self::Tcp(_) | Self::Tls(_) | Self::Dns(_) | Self::Heartbeat(_) => None,
        }
    }

    /// The rules that types do not carry, by the field that breaks one.
    pub(super) fn validate(&self) -> Result<(), (&'static str, Invalid)> {
        let few = |field, count: usize| {
            let rule = || (field, Invalid::new("at most 8 expectations", count));
            (count <= MAX_EXPECTED).then_some(()).ok_or_else(rule)
        };
        match self {
            Self::Http(http) => http.validate(),
            Self::Tcp(_) => Ok(()),
            Self::Tls(tls) => {
                let issuer = tls.issuer.as_deref().unwrap_or("-");
                if !(1..=200).contains(&issuer.len()) {
                    return Err(("issuer", Invalid::new("an issuer of 1 to 200 bytes", issuer)));
                }
                few("names", tls.names.len())
            }
            Self::Dns(dns) => {
                if !matches!(dns.name.host(), url::Host::Domain(_)) {
                    return Err(("host", Invalid::new("a name and no address", &dns.name)));
                }
                if let Some(long) = dns.expect.iter().find(|answer| !(1..=500).contains(&answer.len())) {
                    return Err(("expect", Invalid::new("an answer of 1 to 500 bytes", long)));
                }
                few("expect", dns.expect.len())
            }
            Self::Heartbeat(beat) if beat.grace_minutes > MAX_GRACE_MINUTES => {
                Err(("grace_minutes", Invalid::new("a grace of at most 1440 minutes", beat.grace_minutes)))
            }
            Self::Heartbeat(_) => Ok(()),
        }
    }
}

/// What is watched, for people: `https://shop.example/`, `tcp://shop.example:22`, `dns://shop.example?type=A`.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(http) => http.url.fmt(f),
            Self::Tcp(tcp) => write!(f, "tcp://{}:{}", tcp.host, tcp.port),
            Self::Tls(tls) => write!(f, "tls://{}:{}", tls.host, tls.port),
            Self::Dns(dns) => write!(f, "dns://{}?type={}", dns.name, dns.record),
            Self::Heartbeat(_) => f.write_str("heartbeat"),
        }
    }
}
