//! What `admin` is configured with: environment variables, read once at start.

use std::str::FromStr;

use shared::Invalid;
use shared::config::{Env, EnvError};
use shared::monitor::Region;

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
    /// `INCIDENTS_TABLE`.
    pub incidents_table: String,
    /// `MONITORS_TABLE`.
    pub monitors_table: String,
    /// `PING_FUNCTION`.
    pub ping_function: String,
    /// `AWS_REGION`, and those of `PROBE_REGIONS`, with commas between them, if there are any: where `ping` is. Never
    /// empty.
    pub regions: Vec<Region>,
    /// `SECRETS_TABLE`.
    pub secrets_table: String,
    /// `SESSIONS_TABLE`.
    pub sessions_table: String,
    /// `SIGN_UP`: `invitation`, `open` or `closed`.
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
        let incidents_table = env.text("INCIDENTS_TABLE");
        let monitors_table = env.text("MONITORS_TABLE");
        let ping_function = env.text("PING_FUNCTION");
        let home: Option<Region> = env.parsed("AWS_REGION");
        let probes = match env.optional("PROBE_REGIONS") {
            Some(_) => env.parsed("PROBE_REGIONS"),
            None => Some(Probes(Vec::new())),
        };
        let secrets_table = env.text("SECRETS_TABLE");
        let sessions_table = env.text("SESSIONS_TABLE");
        let sign_up = env.parsed("SIGN_UP");
        env.finish(|| {
            Some(Self {
                accounts_table: accounts_table?,
                audit_table: audit_table?,
                beats_table: beats_table?,
                incidents_table: incidents_table?,
                monitors_table: monitors_table?,
                ping_function: ping_function?,
                regions: probes?.with(home?),
                secrets_table: secrets_table?,
                sessions_table: sessions_table?,
                sign_up: sign_up?,
            })
        })
    }
}

/// Regions that `ping` was deployed to beside the stack's own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Probes(Vec<Region>);

impl Probes {
    fn with(self, home: Region) -> Vec<Region> {
        let mut regions = vec![home];
        for probe in self.0 {
            if !regions.contains(&probe) {
                regions.push(probe);
            }
        }
        regions
    }
}

impl FromStr for Probes {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_asked_for_and_told_at_once() {
        let error = Config::from_env(Env::new(|_| None)).unwrap_err().to_string();
        for name in [
            "ACCOUNTS_TABLE",
            "AUDIT_TABLE",
            "BEATS_TABLE",
            "INCIDENTS_TABLE",
            "MONITORS_TABLE",
            "PING_FUNCTION",
            "AWS_REGION",
            "SECRETS_TABLE",
            "SESSIONS_TABLE",
            "SIGN_UP",
        ] {
            assert!(error.contains(name), "{name}: {error}");
        }
        let error = Config::from_env(Env::new(|_| Some("ajar".to_owned()))).unwrap_err().to_string();
        assert!(error.contains("invitation, open or closed"), "{error}");
    }

    #[test]
    fn home_comes_first_and_each_region_once() {
        let with = |probes: &str| {
            let probes: Probes = probes.parse().unwrap();
            let regions = probes.with("us-east-1".parse().unwrap());
            regions.iter().map(Region::as_str).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(with(""), "us-east-1");
        assert_eq!(with("eu-west-1, us-east-1,eu-west-1,"), "us-east-1 eu-west-1");
        assert!("eu west".parse::<Probes>().is_err());
    }
}
