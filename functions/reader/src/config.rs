//! What `reader` is configured with: environment variables, read once at start.

use shared::config::{Env, EnvError};

use crate::cors::CorsOrigin;

/// The function's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `MONITORS_TABLE`.
    pub monitors_table: String,
    /// `SIGNALS_TABLE`.
    pub signals_table: String,
    /// `INCIDENTS_TABLE`.
    pub incidents_table: String,
    /// `HISTORY_TABLE`.
    pub history_table: String,
    /// `PURCHASES_TABLE`.
    pub purchases_table: String,
    /// `SESSIONS_TABLE`.
    pub sessions_table: String,
    /// `CORS_ORIGIN`; missing or empty: no CORS.
    pub cors: Option<CorsOrigin>,
    /// `PAGE_TITLE`.
    pub page_title: String,
}

impl Config {
    /// The configuration in these variables.
    ///
    /// # Errors
    /// Names every variable that is missing or wrong.
    pub fn from_env(mut env: Env) -> Result<Self, EnvError> {
        let monitors_table = env.text("MONITORS_TABLE");
        let signals_table = env.text("SIGNALS_TABLE");
        let incidents_table = env.text("INCIDENTS_TABLE");
        let history_table = env.text("HISTORY_TABLE");
        let purchases_table = env.text("PURCHASES_TABLE");
        let sessions_table = env.text("SESSIONS_TABLE");
        let page_title = env.text("PAGE_TITLE");
        let cors = match env.optional("CORS_ORIGIN") {
            Some(_) => env.parsed("CORS_ORIGIN"),
            None => None,
        };
        env.finish(|| {
            Some(Self {
                monitors_table: monitors_table?,
                signals_table: signals_table?,
                incidents_table: incidents_table?,
                history_table: history_table?,
                purchases_table: purchases_table?,
                sessions_table: sessions_table?,
                cors,
                page_title: page_title?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_in_one_message() {
        let env = Env::new(|name| match name {
            "PAGE_TITLE" => Some("Shop".to_owned()),
            "CORS_ORIGIN" => Some("shop.example".to_owned()),
            _ => None,
        });
        insta::assert_snapshot!(Config::from_env(env).unwrap_err(), @"the environment is not as this function needs it: MONITORS_TABLE is missing; SIGNALS_TABLE is missing; INCIDENTS_TABLE is missing; HISTORY_TABLE is missing; PURCHASES_TABLE is missing; SESSIONS_TABLE is missing; CORS_ORIGIN: expected * or an origin such as https://shop.example, without a path");
    }

    #[test]
    fn cors_is_optional() {
        let config =
            Config::from_env(Env::new(|name| Some(if name == "CORS_ORIGIN" { "" } else { "x" }.to_owned())));
        assert_eq!(config.unwrap().cors, None);
    }
}
