//! What `reader` is configured with: environment variables, read once at start.

use shared::config::{Env, EnvError};

use shared::monitor::Region;

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
    /// `IMPORTS_TABLE`.
    pub imports_table: String,
    /// `SESSIONS_TABLE`.
    pub sessions_table: String,
    /// `PUBLIC_TRENDS`; missing or empty: `false`.
    pub public_trends: bool,
    /// `CORS_ORIGIN`; missing or empty: no CORS.
    pub cors: Option<CorsOrigin>,
    /// `PAGE_TITLE`.
    pub page_title: String,
    /// `AWS_REGION`, which Lambda sets: the stack's own.
    pub region: Region,
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
        let imports_table = env.text("IMPORTS_TABLE");
        let sessions_table = env.text("SESSIONS_TABLE");
        let public_trends = match env.optional("PUBLIC_TRENDS") {
            Some(_) => env.one_of("PUBLIC_TRENDS", &[("true", true), ("false", false)]),
            None => Some(false),
        };
        let page_title = env.text("PAGE_TITLE");
        let region = env.parsed("AWS_REGION");
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
                imports_table: imports_table?,
                sessions_table: sessions_table?,
                public_trends: public_trends?,
                cors,
                page_title: page_title?,
                region: region?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(given: &'static [(&str, &str)]) -> Env {
        let known = move |name: &str| given.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
        Env::new(move |name| {
            let table = name.ends_with("_TABLE").then_some("x");
            let region = (name == "AWS_REGION").then_some("us-east-1");
            known(name).or(table).or(region).map(str::to_owned)
        })
    }

    #[test]
    fn everything_wrong_is_in_one_message() {
        let env = Env::new(|name| match name {
            "PAGE_TITLE" => Some("Shop".to_owned()),
            "CORS_ORIGIN" => Some("shop.example".to_owned()),
            "PUBLIC_TRENDS" => Some("yes".to_owned()),
            _ => None,
        });
        insta::assert_snapshot!(Config::from_env(env).unwrap_err(), @r#"the environment is not as this function needs it: MONITORS_TABLE is missing; SIGNALS_TABLE is missing; INCIDENTS_TABLE is missing; HISTORY_TABLE is missing; PURCHASES_TABLE is missing; IMPORTS_TABLE is missing; SESSIONS_TABLE is missing; PUBLIC_TRENDS is "yes", not one of true, false; AWS_REGION is missing; CORS_ORIGIN: expected * or an origin such as https://shop.example, without a path"#);
    }

    #[test]
    fn cors_and_public_trends_are_optional() {
        for given in [
            &[("PAGE_TITLE", "x")][..],
            &[("PAGE_TITLE", "x"), ("CORS_ORIGIN", ""), ("PUBLIC_TRENDS", "")][..],
            &[("PAGE_TITLE", "x"), ("PUBLIC_TRENDS", "false")][..],
        ] {
            let config = Config::from_env(env(given)).unwrap();
            assert_eq!((config.cors, config.public_trends), (None, false), "{given:?}");
        }
        let config = Config::from_env(env(&[("PAGE_TITLE", "x"), ("PUBLIC_TRENDS", "true")])).unwrap();
        assert!(config.public_trends);
    }
}
