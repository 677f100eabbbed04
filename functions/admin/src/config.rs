//! What `admin` is configured with: environment variables, read once at start.

use shared::config::{Env, EnvError};

/// The function's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `BEATS_TABLE`.
    pub beats_table: String,
}

impl Config {
    /// The configuration in these variables.
    ///
    /// # Errors
    /// Names every variable that is missing or wrong.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let beats_table = env.text("BEATS_TABLE");
        env.finish(|| Some(Self { beats_table: beats_table? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_asked_for() {
        let error = Config::from_env(Env::new(|_| None)).unwrap_err().to_string();
        assert!(error.contains("BEATS_TABLE"), "{error}");
    }
}
