//! The environment variables of this function.

use shared::config::{Env, EnvError};
use shared::monitor::Region;

use crate::doubt::References;
use crate::guard::Guard;

/// What the environment says.
#[derive(Debug)]
pub struct Config {
    /// The name of the table `monitors`.
    pub monitors_table: String,
    /// The name of the table `incidents`.
    pub incidents_table: String,
    /// The name of the table `beats`.
    pub beats_table: String,
    /// The name of the table `secrets`.
    pub secrets_table: String,
    /// The name of the table `signals`.
    pub signals_table: String,
    /// The region that the tables are in.
    pub home_region: Region,
    /// The region this function runs in.
    pub region: Region,
    /// Which addresses may be dialled.
    pub guard: Guard,
    /// What is there whenever the network is.
    pub references: References,
}

impl Config {
    /// Reads it.
    ///
    /// # Errors
    /// Names every variable that is missing or wrong.
    pub fn read(mut env: Env) -> Result<Self, EnvError> {
        let monitors_table = env.text("MONITORS_TABLE");
        let incidents_table = env.text("INCIDENTS_TABLE");
        let beats_table = env.text("BEATS_TABLE");
        let secrets_table = env.text("SECRETS_TABLE");
        let signals_table = env.text("SIGNALS_TABLE");
        let home_region = env.parsed("HOME_REGION");
        let region = env.parsed("AWS_REGION");
        let allow_private = env.one_of("ALLOW_PRIVATE_TARGETS", &[("true", true), ("false", false)]);
        let runtime_api = env.optional("AWS_LAMBDA_RUNTIME_API");
        let references = match env.optional("REFERENCE_TARGETS") {
            Some(_) => env.parsed("REFERENCE_TARGETS"),
            None => Some(References::default()),
        };
        env.finish(|| {
            Some(Self {
                monitors_table: monitors_table?,
                incidents_table: incidents_table?,
                beats_table: beats_table?,
                secrets_table: secrets_table?,
                signals_table: signals_table?,
                home_region: home_region?,
                region: region?,
                guard: Guard::new(allow_private?, runtime_api.as_deref()),
                references: references?,
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
            "INCIDENTS_TABLE",
            "BEATS_TABLE",
            "SECRETS_TABLE",
            "SIGNALS_TABLE",
            "HOME_REGION",
            "AWS_REGION",
            "ALLOW_PRIVATE_TARGETS",
        ] {
            assert!(error.contains(name), "{error}");
        }
    }

    fn config(private: &'static str, references: Option<&'static str>) -> Result<Config, EnvError> {
        Config::read(Env::new(move |name| {
            let value = match name {
                "ALLOW_PRIVATE_TARGETS" => private,
                "AWS_LAMBDA_RUNTIME_API" => "127.0.0.1:45311",
                "AWS_REGION" => "eu-west-1",
                "HOME_REGION" => "us-east-1",
                "REFERENCE_TARGETS" => return references.map(str::to_owned),
                _ => "text",
            };
            Some(value.to_owned())
        }))
    }

    #[test]
    fn private_targets_and_the_runtime_api_reach_the_guard() {
        let guard = |private| config(private, None).unwrap().guard;
        let target = "127.0.0.1:8080".parse().unwrap();
        assert!(guard("true").allows(target) && !guard("false").allows(target));
        assert!(!guard("true").allows("127.0.0.1:45311".parse().unwrap()));
    }

    #[test]
    fn reference_targets_may_be_missing_but_not_wrong() {
        for none in [None, Some("")] {
            assert_eq!(config("false", none).unwrap().references, References::default());
        }
        let two = config("false", Some("1.1.1.1:443,9.9.9.9:443")).unwrap().references;
        assert_eq!(two, "1.1.1.1:443,9.9.9.9:443".parse().unwrap());
        let error = config("false", Some("one.one.one.one")).unwrap_err().to_string();
        assert!(error.contains("REFERENCE_TARGETS"), "{error}");
    }

    #[test]
    fn home_and_the_region_of_the_checks_differ() {
        let config = config("false", None).unwrap();
        assert_eq!((config.home_region.as_str(), config.region.as_str()), ("us-east-1", "eu-west-1"));
    }
}
