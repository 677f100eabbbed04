//! Credentials of checks: what a target lets us in with.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::monitor::{Check, Monitor, MonitorId};
use crate::revision::Revision;

/// Longest user name, password and token, in bytes: with them a header stays below what servers take.
pub const MAX_SECRET_BYTES: usize = 2_000;

/// What a check shows to get in. Never shown, logged or sent to another origin than the check's own.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = MonitorCredentials))]
#[serde(tag = "scheme", rename_all = "snake_case", deny_unknown_fields)]
pub enum Credentials {
    /// User name and password (RFC 7617).
    Basic {
        /// The user name, without a colon.
        #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 2000))]
        user: String,
        /// The password.
        #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::of_target))]
        password: SecretString,
    },
    /// A token (RFC 6750).
    Bearer {
        /// The token.
        #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::of_target))]
        token: SecretString,
    },
}

impl Credentials {
    /// The credentials, if a header can carry them.
    ///
    /// # Errors
    /// Tells the rule that they break, and nothing of them.
    pub fn validated(self) -> Result<Self, &'static str> {
        let fits = |text: &str| (1..=MAX_SECRET_BYTES).contains(&text.len());
        let is_plain = |text: &str| !text.chars().any(char::is_control);
        match &self {
            Self::Basic { user, .. } if !fits(user) || user.contains(':') || !is_plain(user) => {
                Err("expected a user of 1 to 2000 bytes without a colon and control characters")
            }
            Self::Basic { password, .. }
                if !fits(password.expose_secret()) || !is_plain(password.expose_secret()) =>
            {
                Err("expected a password of 1 to 2000 bytes without control characters")
            }
            // RFC 6750 has fewer characters; what a header takes is what matters.
            Self::Bearer { token }
                if !fits(token.expose_secret())
                    || !token.expose_secret().bytes().all(|b| b.is_ascii_graphic()) =>
            {
                Err("expected a token of 1 to 2000 printable ASCII characters")
            }
            Self::Basic { .. } | Self::Bearer { .. } => Ok(self),
        }
    }

    /// Everything, as it is deserialised from: for the function that checks, and for a request to the API that stores it.
    pub fn exposed(&self) -> Value {
        match self {
            Self::Basic { user, password } => {
                json!({"scheme": "basic", "user": user, "password": password.expose_secret()})
            }
            Self::Bearer { token } => json!({"scheme": "bearer", "token": token.expose_secret()}),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic(…)",
            Self::Bearer { .. } => "Bearer(…)",
        })
    }
}

/// Names credentials for good: of which monitor, for which origin ([`Check::origin`]), which revision. A monitor whose
/// URL has changed does not find those of its former target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CredentialsId {
    /// Of which monitor.
    pub monitor: MonitorId,
    /// Scheme, host and port that they may be sent to.
    pub origin: String,
    /// Which of them.
    pub revision: Revision,
}

impl CredentialsId {
    /// Those of this monitor, if it has any.
    pub fn of(monitor: &Monitor) -> Option<Self> {
        let Check::Http(http) = &monitor.check else { return None };
        let revision = http.credentials.clone()?;
        Some(Self { monitor: monitor.id.clone(), origin: monitor.check.origin()?, revision })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_header_carries_is_refused_and_not_repeated() {
        let basic = |user: &str, password: &str| Credentials::Basic {
            user: user.to_owned(),
            password: password.into(),
        };
        let bearer = |token: &str| Credentials::Bearer { token: token.into() };
        let long = "q".repeat(2_001);
        for bad in [
            basic("", "q"),
            basic("a:b", "q"),
            basic("a", ""),
            basic("a", "q\r\nx: y"),
            basic("a", &long),
            bearer(""),
            bearer("q q"),
            bearer(&long),
        ] {
            let rule = bad.validated().unwrap_err();
            assert!(rule.starts_with("expected ") && !rule.contains('q'), "{rule}");
        }
        for good in [basic("ada", "pa:ss wörd"), bearer("to.ken")] {
            let exposed = good.clone().validated().unwrap().exposed();
            let again: Credentials = serde_json::from_value(exposed.clone()).unwrap();
            assert_eq!(again.exposed(), exposed);
            assert!(!format!("{good:?}").contains("ken"));
        }
    }
}
