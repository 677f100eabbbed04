//! The environment variables of this function.

use shared::config::{Env, EnvError};
use shared::monitor::Region;

use crate::guard::Guard;

/// What the environment says.
#[derive(Debug)]
pub struct Config {
    /// The stack's name: the dimension of the metrics.
    pub stack: String,
    /// The name of the table `monitors`.
    pub monitors_table: String,
    /// The name of the table `signals`.
    pub signals_table: String,
    /// The region this function runs in.
    pub region: Region,
    /// Which addresses may be dialled.
    pub guard: Guard,
}

impl Config {
    /// Reads it.
    ///
    /// # Errors
    /// Names every variable that is missing or wrong.
    pub fn read(mut env: Env) -> Result<Self, EnvError> {
        let stack = env.text("STACK_NAME");
        let monitors_table = env.text("MONITORS_TABLE");
        let signals_table = env.text("SIGNALS_TABLE");
        let region = env.parsed("AWS_REGION");
        let allow_private = env.one_of("ALLOW_PRIVATE_TARGETS", &[("true", true), ("false", false)]);
        let runtime_api = env.optional("AWS_LAMBDA_RUNTIME_API");
        env.finish(|| {
            Some(Self {
                stack: stack?,
                monitors_table: monitors_table?,
                signals_table: signals_table?,
                region: region?,
                guard: Guard::new(allow_private?, runtime_api.as_deref()),
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
        for name in ["STACK_NAME", "MONITORS_TABLE", "SIGNALS_TABLE", "AWS_REGION", "ALLOW_PRIVATE_TARGETS"] {
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn private_targets_and_the_runtime_api_reach_the_guard() {
        let config = |private: &'static str| {
            let env = Env::new(move |name| {
                let value = match name {
                    "ALLOW_PRIVATE_TARGETS" => private,
                    "AWS_LAMBDA_RUNTIME_API" => "127.0.0.1:45311",
                    "AWS_REGION" => "us-east-1",
                    _ => "text",
                };
                Some(value.to_owned())
            });
            Config::read(env).unwrap()
        };
        let target = "127.0.0.1:8080".parse().unwrap();
        assert!(config("true").guard.allows(target) && !config("false").guard.allows(target));
        assert!(!config("true").guard.allows("127.0.0.1:45311".parse().unwrap()));
    }
}
