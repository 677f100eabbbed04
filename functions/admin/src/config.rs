//! What `admin` is configured with: environment variables, read once at start.

use shared::config::{Env, EnvError};

use crate::auth::SignUp;

/// The function's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ACCOUNTS_TABLE`.
    pub accounts_table: String,
    /// `AUDIT_TABLE`.
    pub audit_table: String,
    /// `BEATS_TABLE`.
    pub beats_table: String,
    /// `SESSIONS_TABLE`.
    pub sessions_table: String,
    /// `SIGN_UP`: `invitation` or `closed`.
    pub sign_up: SignUp,
}

impl Config {
    /// The configuration in these variables.
    ///
    /// # Errors
    /// Names every variable that is missing or wrong.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let accounts_table = env.text("ACCOUNTS_TABLE");
        let audit_table = env.text("AUDIT_TABLE");
        let beats_table = env.text("BEATS_TABLE");
        let sessions_table = env.text("SESSIONS_TABLE");
        let sign_up = env.parsed("SIGN_UP");
        env.finish(|| {
            Some(Self {
                accounts_table: accounts_table?,
                audit_table: audit_table?,
                beats_table: beats_table?,
                sessions_table: sessions_table?,
                sign_up: sign_up?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_asked_for_and_told_at_once() {
        let error = Config::from_env(Env::new(|_| None)).unwrap_err().to_string();
        for name in ["ACCOUNTS_TABLE", "AUDIT_TABLE", "BEATS_TABLE", "SESSIONS_TABLE", "SIGN_UP"] {
            assert!(error.contains(name), "{name}: {error}");
        }
        let error = Config::from_env(Env::new(|_| Some("open".to_owned()))).unwrap_err().to_string();
        assert!(error.contains("invitation or closed"), "{error}");
    }
}
