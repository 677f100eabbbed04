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
    /// The name of the table `purchases`.
    pub purchases_table: String,
    /// The name of the table `imports`.
    pub imports_table: String,
    /// The name of the bucket of the analytics copy.
    pub analytics_bucket: String,
    /// The name of this function, which invokes itself. Lambda sets it.
    pub function: String,
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
        let purchases_table = env.text("PURCHASES_TABLE");
        let imports_table = env.text("IMPORTS_TABLE");
        let analytics_bucket = env.text("ANALYTICS_BUCKET");
        let function = env.text("AWS_LAMBDA_FUNCTION_NAME");
        env.finish(|| {
            Some(Self {
                monitors_table: monitors_table?,
                signals_table: signals_table?,
                history_table: history_table?,
                purchases_table: purchases_table?,
                imports_table: imports_table?,
                analytics_bucket: analytics_bucket?,
                function: function?,
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
        for name in [
            "MONITORS_TABLE",
            "SIGNALS_TABLE",
            "HISTORY_TABLE",
            "PURCHASES_TABLE",
            "IMPORTS_TABLE",
            "ANALYTICS_BUCKET",
            "AWS_LAMBDA_FUNCTION_NAME",
        ] {
            assert!(error.contains(name), "{error}");
        }
    }
}
