//! What the function is told by its environment.

use shared::config::{Env, EnvError};

use crate::columns::ColumnNames;
use crate::format::{Format, parse_delimiter, parse_time_zone};
use crate::pii::Method;

/// The function's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `STACK_NAME`: the dimension of its metrics.
    pub stack: String,
    /// `PURCHASES_TABLE`.
    pub purchases_table: String,
    /// `IMPORTS_TABLE`.
    pub imports_table: String,
    /// `UPLOADS_BUCKET`: the only bucket whose objects are imported.
    pub bucket: String,
    /// `PII_SECRET`: the secret's name.
    pub secret: String,
    /// `PII_METHOD`: `hmac` or `sha1`.
    pub method: Method,
    /// `AWS_LAMBDA_FUNCTION_NAME`: this function, which invokes itself when an import needs more time than it has.
    pub function: String,
    /// `ROLLUP_FUNCTION`: the function that recomputes days.
    pub rollup_function: String,
    /// `CSV_COLUMNS`, `CSV_DELIMITER`, `SHOP_TIME_ZONE`: how exports are read, each of them empty for the default.
    pub format: Format,
    /// `MAX_REJECTED_PERCENT`: most of the first rows that may be refused, 0 to 100.
    pub max_rejected_percent: u8,
}

impl Config {
    /// Reads it.
    ///
    /// # Errors
    /// Names every variable that is missing or wrong.
    pub fn read(mut env: Env) -> Result<Self, EnvError> {
        let stack = env.text("STACK_NAME");
        let purchases_table = env.text("PURCHASES_TABLE");
        let imports_table = env.text("IMPORTS_TABLE");
        let bucket = env.text("UPLOADS_BUCKET");
        let secret = env.text("PII_SECRET");
        let method = env.one_of("PII_METHOD", &[("hmac", Method::Hmac), ("sha1", Method::Sha1)]);
        let function = env.text("AWS_LAMBDA_FUNCTION_NAME");
        let rollup_function = env.text("ROLLUP_FUNCTION");
        let columns = env.read("CSV_COLUMNS", str::parse::<ColumnNames>);
        let delimiter = env.read("CSV_DELIMITER", parse_delimiter);
        let time_zone = env.read("SHOP_TIME_ZONE", parse_time_zone);
        let max_rejected_percent = env.read("MAX_REJECTED_PERCENT", percent);
        env.finish(|| {
            Some(Self {
                stack: stack?,
                purchases_table: purchases_table?,
                imports_table: imports_table?,
                bucket: bucket?,
                secret: secret?,
                method: method?,
                function: function?,
                rollup_function: rollup_function?,
                format: Format { columns: columns?, delimiter: delimiter?, time_zone: time_zone? },
                max_rejected_percent: max_rejected_percent?,
            })
        })
    }
}

fn percent(text: &str) -> Result<u8, String> {
    let number = text.parse().ok().filter(|number| *number <= 100);
    number.ok_or_else(|| format!("expected a whole number from 0 to 100, got {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_missing_is_named_at_once() {
        let error =
            Config::read(Env::new(|name| (name == "PII_METHOD").then(|| "md5".to_owned()))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment is not as this function needs it: STACK_NAME is missing; PURCHASES_TABLE is missing; \
             IMPORTS_TABLE is missing; UPLOADS_BUCKET is missing; PII_SECRET is missing; PII_METHOD is \"md5\", \
             not one of hmac, sha1; AWS_LAMBDA_FUNCTION_NAME is missing; ROLLUP_FUNCTION is missing; \
             MAX_REJECTED_PERCENT: expected a whole number from 0 to 100, got \"\""
        );
    }

    fn read(wrong: &'static [(&str, &str)]) -> Result<Config, String> {
        let value = |name: &str| match name {
            "PII_METHOD" => "hmac",
            "MAX_REJECTED_PERCENT" => "50",
            "CSV_COLUMNS" | "CSV_DELIMITER" | "SHOP_TIME_ZONE" => "",
            _ => "a name",
        };
        let value = move |name: &str| wrong.iter().find(|(n, _)| *n == name).map_or(value(name), |(_, v)| *v);
        Config::read(Env::new(move |name| Some(value(name).to_owned()))).map_err(|error| error.to_string())
    }

    #[test]
    fn how_exports_are_read_has_defaults() {
        let config = read(&[]).unwrap();
        assert_eq!((config.format, config.max_rejected_percent), (Format::default(), 50));
        let config = read(&[("CSV_DELIMITER", "tab"), ("SHOP_TIME_ZONE", "Europe/Berlin")]).unwrap();
        assert_eq!(config.format, Format::parse("", "tab", "Europe/Berlin").unwrap());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (name, value, said) in [
            ("CSV_COLUMNS", "email", "CSV_COLUMNS: expected JSON"),
            ("CSV_DELIMITER", ":", "CSV_DELIMITER: \":\" is no delimiter"),
            ("SHOP_TIME_ZONE", "Berlin", "SHOP_TIME_ZONE: \"Berlin\" is no time zone"),
            ("MAX_REJECTED_PERCENT", "101", "MAX_REJECTED_PERCENT: expected a whole number"),
            ("MAX_REJECTED_PERCENT", "-1", "MAX_REJECTED_PERCENT: expected a whole number"),
        ] {
            let wrong: &'static [(&str, &str)] = Box::leak(Box::new([(name, value)]));
            let error = read(wrong).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
