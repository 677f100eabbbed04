//! The environment variables of this function.

use shared::config::{Env, EnvError};

/// What the environment says.
#[derive(Debug)]
pub struct Config {
    /// The name of the table `monitors`.
    pub monitors_table: String,
    /// The name of the table `signals`.
    pub signals_table: String,
    /// The name of the table `incidents`.
    pub incidents_table: String,
    /// Where records go that cannot be read.
    pub dead_letters_url: String,
}

impl Config {
    /// Reads it.
    ///
    /// # Errors
    /// Names every variable that is missing.
    pub fn read(mut env: Env) -> Result<Self, EnvError> {
        let monitors_table = env.text("MONITORS_TABLE");
        let signals_table = env.text("SIGNALS_TABLE");
        let incidents_table = env.text("INCIDENTS_TABLE");
        let dead_letters_url = env.text("DEAD_LETTERS_URL");
        env.finish(|| {
            Some(Self {
                monitors_table: monitors_table?,
                signals_table: signals_table?,
                incidents_table: incidents_table?,
                dead_letters_url: dead_letters_url?,
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
        let names = ["MONITORS_TABLE", "SIGNALS_TABLE", "INCIDENTS_TABLE", "DEAD_LETTERS_URL"];
        for name in names {
            assert!(error.contains(name), "{error}");
        }
    }
}
