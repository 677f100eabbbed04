//! The environment variables of this function.

use shared::config::{Env, EnvError};

/// What the environment says.
#[derive(Debug)]
pub struct Config {
    /// The name of the table `monitors`.
    pub monitors_table: String,
    /// The name of the table `signals`.
    pub signals_table: String,
    /// The name of the table `history`.
    pub history_table: String,
}

impl Config {
    /// Reads it.
    ///
    /// # Errors
    /// Names every variable that is missing or wrong.
    pub fn read(mut env: Env) -> Result<Self, EnvError> {
        let monitors_table = env.text("MONITORS_TABLE");
        let signals_table = env.text("SIGNALS_TABLE");
        let history_table = env.text("HISTORY_TABLE");
        env.finish(|| {
            Some(Self {
                monitors_table: monitors_table?,
                signals_table: signals_table?,
                history_table: history_table?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_is_asked_for() {
        let error = Config::read(Env::new(|_| None)).unwrap_err().to_string();
        for name in ["MONITORS_TABLE", "SIGNALS_TABLE", "HISTORY_TABLE"] {
            assert!(error.contains(name), "{error}");
        }
    }
}
