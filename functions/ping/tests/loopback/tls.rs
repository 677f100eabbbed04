//! HTTPS: whose certificate is trusted, and that it is looked at each time.

use std::sync::{Arc, Mutex};

use ping::connect::TcpConnector;
use ping::resolve::SystemResolver;
use ping::tls::{of_the_web, trusting};
use ping::{Checker, Finding, Guard, Limits};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{HandshakeKind, RootCertStore, ServerConfig};
use shared::signal::{Outcome, Reason};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::server::{Server, status};
use crate::{LIMITS, check, down, target, target_with};

pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub(crate) fn valid_until(year: i32) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2_000, 1, 1);
    params.not_after = date_time_ymd(year, 1, 1);
    params
}

/// A server with this certificate, signed by the issuer or by itself, that speaks these protocols.
pub(crate) fn server_config(
    params: CertificateParams,
    issuer: Option<&Issuer<'_, KeyPair>>,
    protocols: &[&str],
) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// Serves HTTPS with this certificate; notes each handshake's kind.
pub(crate) async fn serve(
    params: CertificateParams,
    issuer: Option<&Issuer<'_, KeyPair>>,
) -> (u16, Arc<Mutex<Vec<HandshakeKind>>>) {
    let acceptor = TlsAcceptor::from(server_config(params, issuer, &[]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let kinds = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&kinds);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            seen.lock().unwrap().extend(stream.get_ref().1.handshake_kind());
            let mut request = [0; 1_024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(status(200).as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, kinds)
}

pub(crate) fn checker(authority: &CertifiedIssuer<'_, KeyPair>) -> Checker {
    trusted_by(authority, LIMITS)
}

/// A checker that trusts this authority alone.
pub(crate) fn trusted_by(authority: &CertifiedIssuer<'_, KeyPair>, limits: Limits) -> Checker {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let resolver = SystemResolver::new().unwrap();
    Checker::with(resolver, TcpConnector, Guard::new(true, None), trusting(roots).unwrap(), limits)
}

async fn https(checker: &Checker, host: &str, port: u16) -> Finding {
    checker.check(&target(&format!("https://{host}:{port}/"))).await
}

#[tokio::test]
async fn a_trusted_certificate_is_up_and_looked_at_each_time() {
    let authority = authority();
    let (port, kinds) = serve(valid_until(2_100), Some(&authority)).await;
    let checker = checker(&authority);
    for host in ["localhost", "localhost."] {
        let finding = https(&checker, host, port).await;
        assert_eq!((finding.outcome, finding.status), (Outcome::Up, Some(200)), "{host}");
        let phases = finding.phases;
        assert!(phases.dns_ms.is_some() && phases.connect_ms.is_some(), "{phases:?}");
        assert!(phases.tls_ms.is_some() && phases.first_byte_ms.is_some(), "{phases:?}");
    }
    assert_eq!(*kinds.lock().unwrap(), [HandshakeKind::Full, HandshakeKind::Full]);
}

#[tokio::test]
async fn a_bad_certificate_is_down() {
    let authority = authority();
    let checker = checker(&authority);
    let (expired, _) = serve(valid_until(2_020), Some(&authority)).await;
    let (self_signed, _) = serve(valid_until(2_100), None).await;
    let (good, _) = serve(valid_until(2_100), Some(&authority)).await;
    for (host, port, why) in [
        ("localhost", expired, "expired"),
        ("localhost", self_signed, "self-signed"),
        ("127.0.0.1", good, "another name"),
    ] {
        let finding = https(&checker, host, port).await;
        assert_eq!((finding.outcome, finding.status), (down(Reason::Tls), None), "{why}");
    }
    // The web does not trust our authority.
    let resolver = SystemResolver::new().unwrap();
    let web = Checker::with(resolver, TcpConnector, Guard::new(true, None), of_the_web().unwrap(), LIMITS);
    assert_eq!(https(&web, "localhost", good).await.outcome, down(Reason::Tls));
}

#[tokio::test]
async fn a_server_without_tls_is_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(status(400).as_bytes()).await;
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        }
    });
    let finding = check(&format!("https://127.0.0.1:{port}/")).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Tls), None));
}

#[tokio::test]
async fn hanging_up_in_the_handshake_is_a_reset() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    assert_eq!(check(&format!("https://127.0.0.1:{port}/")).await.outcome, down(Reason::Reset));
}

#[tokio::test]
async fn http_may_lead_to_https() {
    let authority = authority();
    let (port, _) = serve(valid_until(2_100), Some(&authority)).await;
    let location = format!("Location: https://localhost:{port}/");
    let server = Server::answering(move |_| crate::server::with_header(308, &location)).await;
    let finding = checker(&authority).check(&target(&server.url("/"))).await;
    assert_eq!((finding.outcome, finding.status), (Outcome::Up, Some(200)));
    assert!(finding.phases.tls_ms.is_some(), "the phases are those of the last hop");
}

/// A certificate that holds for this many days from now, and some hours.
fn valid_for(days: i64) -> CertificateParams {
    let last = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * (days + 1));
    let last = last.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut params = valid_until(2_100);
    let (month, day) = (last.month().unsigned_abs(), last.day().unsigned_abs());
    params.not_after = date_time_ymd(last.year().into(), month, day);
    params
}

#[tokio::test]
async fn a_certificate_that_runs_out_is_degraded() {
    let authority = authority();
    let checker = checker(&authority);
    for (days, expected, outcome) in [
        (20, Some(14), Outcome::Up),
        (5, Some(14), Outcome::Degraded(Reason::Certificate)),
        (5, None, Outcome::Up),
        (5, Some(5), Outcome::Up),
    ] {
        let (port, _) = serve(valid_for(days), Some(&authority)).await;
        let job = target_with(&format!("https://localhost:{port}/"), |check| {
            check.expect.certificate_days = expected;
        });
        let finding = checker.check(&job).await;
        assert_eq!((finding.outcome, finding.status), (outcome, Some(200)), "{days} {expected:?}");
        // Recorded where it is looked at.
        let recorded = expected.and(u16::try_from(days).ok());
        assert_eq!(finding.certificate_days, recorded, "{days} {expected:?}");
    }
}

#[tokio::test]
async fn without_tls_there_is_no_certificate_to_run_out() {
    let server = Server::answering(|_| status(200)).await;
    let job = target_with(&server.url("/"), |check| check.expect.certificate_days = Some(14));
    let finding = crate::checker(LIMITS).check(&job).await;
    assert_eq!((finding.outcome, finding.certificate_days), (Outcome::Up, None));

    // The last certificate on the way counts.
    let authority = authority();
    let location = format!("Location: {}", server.url("/"));
    let acceptor = TlsAcceptor::from(server_config(valid_for(5), Some(&authority), &[]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 1_024]).await;
            let _ = stream.write_all(crate::server::with_header(302, &location).as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    let url = format!("https://localhost:{port}/");
    let job = target_with(&url, |check| check.expect.certificate_days = Some(14));
    let finding = checker(&authority).check(&job).await;
    assert_eq!(finding.outcome, Outcome::Degraded(Reason::Certificate));
    assert_eq!(finding.certificate_days, Some(5));
}
