//! The AWS configuration that every client of a process is made from: loaded once, at start.

use std::error::Error;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;

use crate::store::ThrottledBatch;

/// Attempts at one call, the first included.
const MAX_ATTEMPTS: u32 = 4;

/// The configuration of a deployed function: region and credentials are in its environment, and nowhere else, so that
/// the binary has no code that would look for them in files, in other services or behind a sign-in. The local cloud
/// names itself in `AWS_ENDPOINT_URL`.
pub fn of_function() -> SdkConfig {
    let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let mut config = SdkConfig::builder()
        .behavior_version(behavior())
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .region(text("AWS_REGION").map(Region::new))
        .timeout_config(timeouts())
        .retry_config(retries());
    config.set_endpoint_url(text("AWS_ENDPOINT_URL"));
    config.build()
}

/// The client of DynamoDB for tables that are written or read in batches. It sends a batch that was refused whole,
/// because too much is asked of the table, once only: the store sends it again, and so knows of it. Everything else
/// is tried again as every call is.
pub fn dynamodb(aws: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(aws).retry_classifier(ThrottledBatch).build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// The configuration of a command on somebody's machine: credentials from wherever AWS tools look for them.
pub async fn of_command() -> SdkConfig {
    aws_config::defaults(behavior()).timeout_config(timeouts()).retry_config(retries()).load().await
}

/// An error of the SDK with its causes, and without what they print for debugging: that repeats the whole answer,
/// body included.
pub fn causes(error: &dyn Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        // Some errors print their cause themselves.
        if texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ")
}

/// Defaults of the SDK that a newer version of it doesn't change by itself.
fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// Every call is bounded in time.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .read_timeout(Duration::from_secs(10))
        .operation_attempt_timeout(Duration::from_secs(15))
        .operation_timeout(Duration::from_secs(40))
        .build()
}

/// And in attempts.
fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_with_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("{text}")]
        struct Failed {
            text: &'static str,
            source: Option<Box<Failed>>,
        }
        let failed = |text, source: Option<Failed>| Failed { text, source: source.map(Box::new) };
        let inner = failed("refused", Some(failed("refused", None)));
        assert_eq!(causes(&failed("no connection", Some(inner))), "no connection: refused");
    }
}
