//! The AWS configuration that every client of a process is made from: loaded once, at start.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};

/// Attempts at one call, the first included.
const MAX_ATTEMPTS: u32 = 4;

/// The configuration of a deployed function: its credentials are in its environment, and nowhere else.
pub async fn of_function() -> SdkConfig {
    bounded().credentials_provider(EnvironmentVariableCredentialsProvider::new()).load().await
}

/// The configuration of a command on somebody's machine: credentials from wherever AWS tools look for them.
pub async fn of_command() -> SdkConfig {
    bounded().load().await
}

/// Every call is bounded in time and attempts.
fn bounded() -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .read_timeout(Duration::from_secs(10))
        .operation_attempt_timeout(Duration::from_secs(15))
        .operation_timeout(Duration::from_secs(40))
        .build();
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
}
