//! What the function is told by its environment.

use shared::config::{Env, EnvError};

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
        env.finish(|| {
            Some(Self {
                stack: stack?,
                purchases_table: purchases_table?,
                imports_table: imports_table?,
                bucket: bucket?,
                secret: secret?,
                method: method?,
            })
        })
    }
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
             not one of hmac, sha1"
        );
    }
}
