//! Credentials of checks: what a target lets us in with.

use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;

/// What a check shows to get in. Never shown, logged or sent to another origin than the check's own.
#[derive(Clone, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum Credentials {
    /// User name and password (RFC 7617).
    Basic {
        /// The user name, without a colon.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A token (RFC 6750).
    Bearer {
        /// The token.
        token: SecretString,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic(…)",
            Self::Bearer { .. } => "Bearer(…)",
        })
    }
}
