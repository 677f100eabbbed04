//! A host and a port that are connected to without a URL.

use std::fmt;
use std::str::FromStr;

use url::Host;

use crate::text::{Invalid, as_text};

/// A name or an address, as it may stand in a URL: lower case, names in Punycode.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetHost(Host<String>);

impl TargetHost {
    /// The host.
    pub fn host(&self) -> &Host<String> {
        &self.0
    }
}

impl fmt::Display for TargetHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TargetHost {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let host = Host::parse(text).ok().filter(|host| match host {
            // RFC 1035: 253 characters without the last dot.
            Host::Domain(name) => (1..=254).contains(&name.len()),
            Host::Ipv4(_) | Host::Ipv6(_) => true,
        });
        host.map(Self)
            .ok_or_else(|| Invalid::new("a host such as shop.example, 192.0.2.1 or [2001:db8::1]", text))
    }
}

as_text!(TargetHost);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_nothing_beside_it() {
        for (text, host) in [
            ("Shop.Example", "shop.example"),
            ("127.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(text.parse::<TargetHost>().unwrap().to_string(), host);
        }
        for bad in
            ["", "shop.example:80", "user@shop.example", "shop.example/", "::1", "[fe80::1%eth0]", "a b"]
        {
            assert!(bad.parse::<TargetHost>().is_err(), "{bad}");
        }
    }
}
