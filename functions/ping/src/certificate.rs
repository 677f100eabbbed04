//! What a server's certificate says of itself: how long it holds, who issued it, whom it is for.

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use x509_parser::prelude::{FromDer as _, X509Certificate};

const SECONDS_OF_A_DAY: i64 = 86_400;

/// What matters of a certificate that the TLS layer has verified already.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    der: CertificateDer<'static>,
    /// The issuer's name as RFC 4514 writes it, such as `C=US, O=Let's Encrypt, CN=R11`.
    pub(crate) issuer: String,
    /// The last second of its validity, in Unix time.
    not_after: i64,
}

impl Certificate {
    /// Reads it; `None` where it is none.
    pub(crate) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let (issuer, not_after) = (parsed.issuer().to_string(), parsed.validity().not_after.timestamp());
        Some(Self { der: der.clone().into_owned(), issuer, not_after })
    }

    /// Whole days that it still holds at this time; 0 on the last day, and when it is over.
    pub(crate) fn days_left(&self, now: jiff::Timestamp) -> u16 {
        let days = self.not_after.saturating_sub(now.as_second()).div_euclid(SECONDS_OF_A_DAY).max(0);
        u16::try_from(days).unwrap_or(u16::MAX)
    }

    /// Whether it is for this name or address, by the rules that the handshake follows.
    pub(crate) fn is_for(&self, name: &ServerName<'_>) -> bool {
        ParsedCertificate::try_from(&self.der).is_ok_and(|parsed| verify_server_name(&parsed, name).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn certificate() -> Certificate {
        let mut of_issuer = CertificateParams::new(Vec::new()).unwrap();
        of_issuer.distinguished_name.push(DnType::OrganizationName, "Trust, Inc.");
        of_issuer.distinguished_name.push(DnType::CommonName, "R11");
        let issuer = CertifiedIssuer::self_signed(of_issuer, KeyPair::generate().unwrap()).unwrap();
        let names = ["shop.example", "*.shop.example", "192.0.2.1"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        params.not_after = date_time_ymd(2026, 12, 1);
        let signed = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        Certificate::read(signed.der()).unwrap()
    }

    #[test]
    fn days_are_whole_days() {
        let certificate = certificate();
        for (now, days) in [
            ("2026-11-21T00:00:00Z", 10),
            ("2026-11-21T00:00:01Z", 9),
            ("2026-11-30T12:00:00Z", 0),
            ("2026-12-01T00:00:01Z", 0),
            ("2030-01-01T00:00:00Z", 0),
            ("1700-01-01T00:00:00Z", u16::MAX),
        ] {
            assert_eq!(certificate.days_left(now.parse().unwrap()), days, "{now}");
        }
    }

    #[test]
    fn issuer_and_names_are_those_of_the_certificate() {
        let certificate = certificate();
        assert!(
            certificate.issuer.contains("Trust, Inc.") && certificate.issuer.contains("R11"),
            "{}",
            certificate.issuer
        );
        let is_for = |name: &str| certificate.is_for(&ServerName::try_from(name.to_owned()).unwrap());
        assert!(is_for("shop.example") && is_for("www.shop.example") && is_for("192.0.2.1"));
        assert!(!is_for("a.b.shop.example") && !is_for("shop.example.org") && !is_for("192.0.2.2"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_certificate_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Certificate::read(&CertificateDer::from(bytes));
        }

        #[test]
        fn a_damaged_certificate_is_survived(at in 0usize..300, byte in any::<u8>()) {
            let mut der = certificate().der.to_vec();
            if let Some(place) = der.get_mut(at) {
                *place = byte;
            }
            if let Some(certificate) = Certificate::read(&CertificateDer::from(der)) {
                let _ = certificate.is_for(&ServerName::try_from("shop.example").unwrap());
            }
        }
    }
}
