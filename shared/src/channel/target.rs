//! What lets anybody deliver to a channel, or names a person.

use std::collections::BTreeSet;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

use super::Kind;
use crate::account::Email;

/// Longest URL of a channel, in bytes.
pub const MAX_HOOK_BYTES: usize = 2_000;

/// Shortest secret to sign deliveries with, in characters: it is not to be guessed from one delivery.
pub const MIN_SIGNING_CHARS: usize = 16;

/// Longest one.
pub const MAX_SIGNING_CHARS: usize = 200;

/// Most addresses of a channel.
pub const MAX_ADDRESSES: usize = 10;

/// A URL to deliver to. All of it is a secret: of many, whoever knows the path may deliver. Which addresses may be
/// connected to is decided where a delivery is made.
#[derive(Clone)]
pub struct HookUrl {
    url: SecretString,
    origin: String,
}

impl HookUrl {
    /// The URL in this text, if it is `https`; or `http` to this very machine, as in a local cloud.
    ///
    /// # Errors
    /// Tells the rule that it breaks, and nothing of it.
    pub fn of(text: &SecretString) -> Result<Self, &'static str> {
        const SIZE: &str = "expected a URL of at most 2000 bytes";
        let text = text.expose_secret();
        if text.len() > MAX_HOOK_BYTES {
            return Err(SIZE);
        }
        let url = Url::parse(text).map_err(|_| "expected a URL such as https://hooks.shop.example/alerts")?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            _ => return Err("expected an https URL"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("expected a URL without user name and password");
        }
        // Some characters are longer in its normal form.
        if url.as_str().len() > MAX_HOOK_BYTES {
            return Err(SIZE);
        }
        let origin = url.origin().ascii_serialization();
        Ok(Self { url: String::from(url).into(), origin })
    }

    /// Scheme, host, and port if it is not the scheme's own: what may be shown.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The whole URL, for who delivers and who stores, and for nobody else.
    pub fn exposed(&self) -> &SecretString {
        &self.url
    }
}

impl fmt::Debug for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HookUrl({}/…)", self.origin)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Where a channel leads. Never shown, logged or answered but for [`Target::shown`].
#[derive(Clone)]
pub enum Target {
    /// A URL, and what deliveries are signed with.
    Webhook {
        /// Where to.
        url: HookUrl,
        /// What they are signed with.
        secret: Option<SecretString>,
    },
    /// An incoming webhook of Slack.
    Slack {
        /// Where to.
        url: HookUrl,
    },
    /// Some people.
    Email {
        /// To whom: 1 to [`MAX_ADDRESSES`].
        addresses: BTreeSet<Email>,
    },
}

impl Target {
    /// The target, if it keeps the rules that types do not carry.
    ///
    /// # Errors
    /// The field and the rule that it breaks; nothing of what it holds.
    pub fn validated(self) -> Result<Self, (&'static str, &'static str)> {
        match &self {
            Self::Webhook { secret: Some(secret), .. } if !is_signing_secret(secret.expose_secret()) => {
                Err(("secret", "expected 16 to 200 characters, no control characters"))
            }
            Self::Email { addresses } if !(1..=MAX_ADDRESSES).contains(&addresses.len()) => {
                Err(("addresses", "expected 1 to 10 addresses"))
            }
            Self::Webhook { .. } | Self::Slack { .. } | Self::Email { .. } => Ok(self),
        }
    }

    /// What kind of channel it is of.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Webhook { .. } => Kind::Webhook,
            Self::Slack { .. } => Kind::Slack,
            Self::Email { .. } => Kind::Email,
        }
    }

    /// Whether deliveries are signed.
    pub fn has_secret(&self) -> bool {
        matches!(self, Self::Webhook { secret: Some(_), .. })
    }

    /// What may be shown of it: `https://hooks.slack.com`, or `2 addresses at shop.example`.
    pub fn shown(&self) -> String {
        match self {
            Self::Webhook { url, .. } | Self::Slack { url } => url.origin().to_owned(),
            Self::Email { addresses } => {
                let domains: BTreeSet<&str> = addresses
                    .iter()
                    .filter_map(|address| address.as_str().split_once('@'))
                    .map(|(_, domain)| domain)
                    .collect();
                let domains = domains.into_iter().collect::<Vec<_>>().join(", ");
                let noun = if addresses.len() == 1 { "address" } else { "addresses" };
                format!("{} {noun} at {domains}", addresses.len())
            }
        }
    }
}

fn is_signing_secret(text: &str) -> bool {
    (MIN_SIGNING_CHARS..=MAX_SIGNING_CHARS).contains(&text.chars().count())
        && !text.chars().any(char::is_control)
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.shown())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hook(text: &str) -> Result<HookUrl, &'static str> {
        HookUrl::of(&text.into())
    }

    fn email<const N: usize>(addresses: [&str; N]) -> Target {
        Target::Email { addresses: addresses.map(|address| address.parse().unwrap()).into() }
    }

    #[test]
    fn a_url_is_https_or_leads_to_this_machine() {
        for (good, origin) in [
            ("https://hooks.slack.com/services/T0/B0/canary", "https://hooks.slack.com"),
            ("https://Shop.example:8443/a?token=canary#canary", "https://shop.example:8443"),
            ("https://[2001:db8::1]:443/canary", "https://[2001:db8::1]"),
            ("http://127.0.0.1:9000/canary", "http://127.0.0.1:9000"),
            ("http://[::1]/canary", "http://[::1]"),
            ("http://localhost:80/canary", "http://localhost"),
        ] {
            let url = hook(good).unwrap();
            assert_eq!(url.origin(), origin);
            assert!(url.exposed().expose_secret().contains("canary"));
            assert!(!format!("{url:?}").contains("canary"), "{url:?}");
        }
        let long = format!("https://shop.example/{}", "q".repeat(1_980));
        // Each of these characters is nine bytes in a path.
        let longer = format!("https://shop.example/{}", "€".repeat(400));
        for bad in [
            "",
            "qz",
            "http://shop.qz/",
            "http://localhost.qz/",
            "ftp://shop.qz/",
            "https://qz:qz@shop.qz/",
            "https://qz@shop.qz/",
            "https://",
            "mailto:qz@shop.qz",
            &long,
            &longer,
        ] {
            let rule = hook(bad).unwrap_err();
            assert!(rule.starts_with("expected a") && !rule.contains("qz"), "{bad}: {rule}");
        }
    }

    #[test]
    fn a_target_keeps_its_rules() {
        let webhook = |secret: &str| Target::Webhook {
            url: hook("https://shop.example/").unwrap(),
            secret: Some(secret.into()),
        };
        for (bad, field) in [
            (webhook(&"q".repeat(15)), "secret"),
            (webhook(&"q".repeat(201)), "secret"),
            (webhook("qqqqqqqqqqqqqqqqqqqqqq\n"), "secret"),
            (email([]), "addresses"),
            (
                Target::Email {
                    addresses: (0..11).map(|n| format!("q{n}@shop.example").parse().unwrap()).collect(),
                },
                "addresses",
            ),
        ] {
            let (named, rule) = bad.validated().unwrap_err();
            assert!(named == field && !rule.contains("qq"), "{rule}");
        }
        assert!(webhook(&"ü".repeat(16)).validated().unwrap().has_secret());
    }

    #[test]
    fn of_addresses_their_domains_are_shown() {
        assert_eq!(email(["ada@shop.example"]).shown(), "1 address at shop.example");
        let three = email(["ada@shop.example", "ben@shop.example", "eve@else.example"]);
        assert_eq!(three.shown(), "3 addresses at else.example, shop.example");
    }

    proptest! {
        #[test]
        fn what_is_shown_never_holds_the_secret(
            path in "[A-Z0-9]{8,40}",
            secret in "[A-Z]{16,40}",
            mailbox in "[a-z]{8,20}",
        ) {
            let url = hook(&format!("https://hooks.shop.example:8443/a/{path}?k={path}")).unwrap();
            let address = format!("{mailbox}@shop.example");
            for target in [
                Target::Webhook { url: url.clone(), secret: Some(secret.clone().into()) },
                Target::Slack { url },
                email([&address]),
            ] {
                for shown in [target.shown(), format!("{target:?}")] {
                    prop_assert!(!shown.contains(&path) && !shown.contains(&secret), "{}", shown);
                    prop_assert!(!shown.contains(&mailbox), "{}", shown);
                }
            }
        }
    }
}
