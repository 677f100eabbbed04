//! What people give a monitor: its name and its URL.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::text::{Invalid, as_text};

/// Longest name of a monitor, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// Longest URL of a monitor, in bytes.
pub const MAX_URL_BYTES: usize = 2_048;

/// The name people see: 1 to [`MAX_NAME_CHARS`] characters, no control characters, no white space around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MonitorName(String);

impl MonitorName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MonitorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for MonitorName {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = (1..=MAX_NAME_CHARS).contains(&text.chars().count())
            && text.trim() == text
            && !text.chars().any(char::is_control);
        valid
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Invalid::new("a name of 1 to 100 characters, no control characters", text))
    }
}

/// An `http` or `https` URL with a host and without user name or password.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetUrl(Url);

impl TargetUrl {
    /// The URL, normalised as the WHATWG standard says.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Checks the rules of a target on an URL that is parsed already, such as a redirect's.
    pub fn from_url(url: Url) -> Result<Self, Invalid> {
        let expected = if !matches!(url.scheme(), "http" | "https") {
            "an http or https URL"
        } else if !url.has_host() {
            "a URL with a host"
        } else if !url.username().is_empty() || url.password().is_some() {
            "a URL without user name and password"
        } else if url.as_str().len() > MAX_URL_BYTES {
            "a URL of at most 2048 bytes"
        } else {
            return Ok(Self(url));
        };
        // User name and password are secrets: an error may be shown and logged.
        Err(Invalid::new(expected, format_args!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())))
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl FromStr for TargetUrl {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match Url::parse(text) {
            Ok(url) => Self::from_url(url),
            // What cannot be parsed may hold a password all the same.
            Err(_) if text.contains('@') => {
                Err(Invalid::new("a URL such as https://shop.example/", "something else with an @"))
            }
            Err(_) => Err(Invalid::new("a URL such as https://shop.example/", text)),
        }
    }
}

as_text!(MonitorName, TargetUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_http_with_a_host_and_no_credentials() {
        assert!("https://shop.example/a?b=c".parse::<TargetUrl>().is_ok());
        for bad in [
            "",
            "shop.example",
            "ftp://shop.example/",
            "file:///etc/passwd",
            "http://u:p@shop.example/",
            "http://@",
            "javascript:alert(1)",
        ] {
            assert!(bad.parse::<TargetUrl>().is_err(), "{bad} must not be a target");
        }
        for secret in ["http://user:hunter2@shop.example/", "https://user:hunter2@shop.example:99999/"] {
            let error = secret.parse::<TargetUrl>().unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
