//! A signal: the recorded result of one check.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::monitor::MonitorId;
use crate::text::{Invalid, as_text};

/// Why a check did not find its target up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The name has no address, or its name servers did not answer.
    Dns,
    /// Nothing listens there.
    Refused,
    /// Nobody at the address, says a router on the way.
    Unreachable,
    /// No connection within 4 s.
    ConnectTimeout,
    /// No TLS session: certificate or protocol.
    Tls,
    /// The connection broke before the answer was whole.
    Reset,
    /// No whole answer within the check's time budget.
    Timeout,
    /// What came back is not HTTP.
    Protocol,
    /// The status code is none of those expected.
    Status,
    /// More than five redirects, or one that leads nowhere.
    Redirect,
    /// The body could not be read.
    Body,
    /// The body is not as expected.
    Keyword,
    /// A header is not as expected.
    Header,
    /// A value of the JSON answer is not as expected, or the answer is no JSON.
    Json,
    /// The name servers' answer is not as expected.
    Answer,
    /// The certificate is not as expected: issuer, names or days left.
    Certificate,
    /// The check took longer than `degraded_ms`.
    Slow,
    /// No beat has come for longer than interval and grace.
    Late,
    /// The target itself says so in its beat.
    Reported,
    /// Our own way out is gone, or our own means are: says nothing of the target.
    Network,
    /// There is no way out over IPv6 from here.
    Ipv6,
    /// The monitor's configuration has become invalid.
    Configuration,
    /// No beat has ever come.
    NoBeat,
}

impl Reason {
    /// Every reason with its name in blocks, answers and docs.
    pub const ALL: [(Self, &'static str); 23] = [
        (Self::Dns, "dns"),
        (Self::Refused, "refused"),
        (Self::Unreachable, "unreachable"),
        (Self::ConnectTimeout, "connect_timeout"),
        (Self::Tls, "tls"),
        (Self::Reset, "reset"),
        (Self::Timeout, "timeout"),
        (Self::Protocol, "protocol"),
        (Self::Status, "status"),
        (Self::Redirect, "redirect"),
        (Self::Body, "body"),
        (Self::Keyword, "keyword"),
        (Self::Header, "header"),
        (Self::Json, "json"),
        (Self::Answer, "answer"),
        (Self::Certificate, "certificate"),
        (Self::Slow, "slow"),
        (Self::Late, "late"),
        (Self::Reported, "reported"),
        (Self::Network, "network"),
        (Self::Ipv6, "ipv6"),
        (Self::Configuration, "configuration"),
        (Self::NoBeat, "no_beat"),
    ];

    /// The reason's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(reason, _)| *reason == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Reason {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text).map(|(reason, _)| *reason);
        found.ok_or_else(|| Invalid::new("a reason such as timeout", text))
    }
}

as_text!(Reason);

/// What one check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The target answered as it should.
    Up,
    /// The target answered, but something about it needs looking after.
    Degraded(Reason),
    /// The target failed.
    Down(Reason),
    /// Our own guard refused the address: says nothing of the target.
    Blocked,
    /// Trouble on our side: says nothing of the target.
    Unknown(Reason),
}

impl Outcome {
    /// Whether the target served its visitors; `None` where the check says nothing of the target.
    pub fn is_available(self) -> Option<bool> {
        match self {
            Self::Up | Self::Degraded(_) => Some(true),
            Self::Down(_) => Some(false),
            Self::Blocked | Self::Unknown(_) => None,
        }
    }

    /// Why it is not up; nothing more is known of what is up or blocked.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Self::Degraded(reason) | Self::Down(reason) | Self::Unknown(reason) => Some(reason),
            Self::Up | Self::Blocked => None,
        }
    }
}

/// How long each part of a check took, in ms; `None` where it was not reached or not needed.
/// Of a redirected check, the last hop's, but `total_ms` is everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Phases {
    /// Finding the addresses of the name.
    pub dns_ms: Option<u32>,
    /// Opening the TCP connection.
    pub connect_ms: Option<u32>,
    /// The TLS handshake.
    pub tls_ms: Option<u32>,
    /// From the request written to the first byte of the answer.
    pub first_byte_ms: Option<u32>,
    /// The whole check, retries and redirects included.
    pub total_ms: Option<u32>,
}

/// The recorded result of one check. Shard, slot and region are those of the block it is stored in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// Which monitor was checked.
    pub monitor: MonitorId,
    /// What the check found.
    pub outcome: Outcome,
    /// The last status code that was received.
    pub status: Option<u16>,
    /// How long it took.
    pub phases: Phases,
    /// Days that the certificate still holds, where the check looks at them.
    pub certificate_days: Option<u16>,
    /// The numbers of the answer that are kept as series, in the order of their names; `None` where the answer had
    /// none.
    pub metrics: Vec<Option<Decimal>>,
}
