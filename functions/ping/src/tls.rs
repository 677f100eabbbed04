//! The TLS configuration of all checks, built once per process.

use std::sync::Arc;

use anyhow::Context as _;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};

use crate::http2;

/// Trusts Mozilla's root certificates, as browsers do.
///
/// # Errors
/// When the cryptography is not to be had.
pub fn of_the_web() -> anyhow::Result<Arc<ClientConfig>> {
    trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
}

/// Trusts these root certificates.
///
/// # Errors
/// When the cryptography is not to be had.
pub fn trusting(roots: RootCertStore) -> anyhow::Result<Arc<ClientConfig>> {
    let provider = default_provider();
    // The first random number seeds the generator: better at start than in the first check.
    let mut seed = [0; 32];
    provider.secure_random.fill(&mut seed).ok().context("seeding the random numbers of TLS")?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .context("choosing the versions of TLS")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A resumed session shows no certificate: one that has expired since would go unnoticed.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// The same, and offers HTTP/2 as browsers do.
pub(crate) fn of_browsers(config: &ClientConfig) -> Arc<ClientConfig> {
    let mut config = config.clone();
    config.alpn_protocols.insert(0, http2::ALPN.to_vec());
    Arc::new(config)
}
