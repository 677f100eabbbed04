//! What kind a monitor is, and the fields that its kind has.

use std::num::NonZeroU16;

use shared::credentials::{Credentials, Revision};
use shared::monitor::{
    CERTIFICATE_DAYS, Check, DnsCheck, HeartbeatCheck, MAX_EXPECTED, MAX_GRACE_MINUTES, RecordType,
    TargetHost, TcpCheck, TlsCheck,
};

use super::{credentials, http};
use crate::monitors::Wanted;
use crate::yaml::{Entry, Node, Told, parsed, shown, text, whole};

/// The kinds of monitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    Http,
    Tcp,
    Tls,
    Dns,
    Heartbeat,
}

pub(super) fn kind(node: &Node) -> Result<Kind, String> {
    match text(node)? {
        "http" => Ok(Kind::Http),
        "tcp" => Ok(Kind::Tcp),
        "tls" => Ok(Kind::Tls),
        "dns" => Ok(Kind::Dns),
        "heartbeat" => Ok(Kind::Heartbeat),
        _ => Err(format!("expected http, tcp, tls, dns or heartbeat, got {node}")),
    }
}

/// The check of a monitor of this kind, and what it shows to get in.
pub(super) fn check(
    entry: &mut Entry<'_>,
    kind: Kind,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<(Check, Option<Credentials>), Told> {
    let check = match kind {
        Kind::Http => {
            let credentials = credentials::credentials(entry, variable);
            let http = http::http(entry);
            let (credentials, mut http) = (credentials?, http?);
            http.credentials = credentials.as_ref().map(|_| Revision::first());
            return Ok((Check::Http(Box::new(http)), credentials));
        }
        Kind::Tcp => {
            let host = entry.required("host", parsed);
            let port = entry.required("port", port);
            Check::Tcp(TcpCheck { host: host?, port: port? })
        }
        Kind::Tls => tls(entry)?,
        Kind::Dns => dns(entry)?,
        Kind::Heartbeat => {
            let grace = entry.given("grace_minutes", whole("minutes", 0..=MAX_GRACE_MINUTES));
            Check::Heartbeat(HeartbeatCheck { grace_minutes: grace?.unwrap_or(1) })
        }
    };
    Ok((check, None))
}

fn tls(entry: &mut Entry<'_>) -> Result<Check, Told> {
    let host = entry.required("host", parsed);
    let port = entry.given("port", port);
    let certificate_days = entry.given("certificate_days", whole("days", 0..=u16::MAX));
    let issuer = entry.given("issuer", |node| {
        let issuer = text(node)?.to_owned();
        keeps(Check::Tls(TlsCheck { issuer: Some(issuer.clone()), ..tls_of(anywhere()?) }))?;
        Ok(issuer)
    });
    let names = entry.list("names", MAX_EXPECTED, parsed);
    let usual = tls_of(host?);
    Ok(Check::Tls(TlsCheck {
        port: port?.unwrap_or(usual.port),
        certificate_days: certificate_days?.unwrap_or(usual.certificate_days),
        issuer: issuer?,
        names: names?,
        ..usual
    }))
}

/// A check of this host and nothing special about it.
fn tls_of(host: TargetHost) -> TlsCheck {
    let port = NonZeroU16::MIN.saturating_add(442);
    TlsCheck { host, port, certificate_days: CERTIFICATE_DAYS, issuer: None, names: Vec::new() }
}

fn anywhere() -> Result<TargetHost, String> {
    "x.example".parse().map_err(shown)
}

fn dns(entry: &mut Entry<'_>) -> Result<Check, Told> {
    let name = entry.required("host", |node| {
        let name: TargetHost = parsed(node)?;
        keeps(Check::Dns(DnsCheck {
            name: name.clone(),
            record: RecordType::default(),
            expect: Vec::new(),
        }))?;
        Ok(name)
    });
    let record = entry.or_default("record", |node| {
        let name = text(node)?.to_ascii_uppercase();
        serde_json::from_value(name.into())
            .map_err(|_| format!("expected A, AAAA, CAA, CNAME, MX, NS, SRV or TXT, got {node}"))
    });
    let expect = entry.list("expect", MAX_EXPECTED, |node| {
        let answer = text(node)?.to_owned();
        let (name, record, expect) = (anywhere()?, RecordType::default(), vec![answer.clone()]);
        keeps(Check::Dns(DnsCheck { name, record, expect })).map(|()| answer)
    });
    Ok(Check::Dns(DnsCheck { name: name?, record: record?, expect: expect? }))
}

fn port(node: &Node) -> Result<NonZeroU16, String> {
    let port = whole("a port", 1..=u16::MAX)(node)?;
    NonZeroU16::new(port).ok_or_else(|| "expected a port, got 0".to_owned())
}

/// Whether a check that has only this about it keeps the rules that types do not carry: to tell a problem at the
/// field that has it.
pub(super) fn keeps(check: Check) -> Result<(), String> {
    let name = "x".parse().map_err(shown)?;
    Wanted::of(name, check).validate().map_err(shown)
}
