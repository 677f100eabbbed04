//! The environment variables of this function.

use shared::config::{Env, EnvError};
use shared::monitor::Region;

/// What the environment says.
#[derive(Debug)]
pub struct Config {
    /// The name of the table `monitors`.
    pub monitors_table: String,
    /// The name of the table `incidents`.
    pub incidents_table: String,
    /// The name of the function `ping`, the same in every region.
    pub ping_function: String,
    /// The region this function runs in.
    pub region: Region,
}

impl Config {
    /// Reads it.
    ///
    /// # Errors
    /// Names every variable that is missing or wrong.
    pub fn read(mut env: Env) -> Result<Self, EnvError> {
        let monitors_table = env.text("MONITORS_TABLE");
        let incidents_table = env.text("INCIDENTS_TABLE");
        let ping_function = env.text("PING_FUNCTION");
        let region = env.parsed("AWS_REGION");
        env.finish(|| {
            Some(Self {
                monitors_table: monitors_table?,
                incidents_table: incidents_table?,
                ping_function: ping_function?,
                region: region?,
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
        for name in ["MONITORS_TABLE", "INCIDENTS_TABLE", "PING_FUNCTION", "AWS_REGION"] {
            assert!(error.contains(name), "{error}");
        }
    }
}
