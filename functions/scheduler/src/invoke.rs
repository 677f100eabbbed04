//! One asynchronous invocation of `ping`, in any region.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use shared::clients::causes;
use shared::monitor::Region;
use shared::schedule::PingRequest;

/// Longest attempt at one invocation: Lambda only queues it, which takes milliseconds and the way there.
const ATTEMPT_TIME: Duration = Duration::from_secs(2);

/// Attempts at one invocation, the first included: together they fit the time of a call.
const ATTEMPTS: u32 = 2;

/// Asks `ping` of a region to check a shard.
pub trait InvokePing {
    /// Hands the request over; whether it is done shows in the block that `ping` writes.
    fn invoke(
        &self,
        region: &Region,
        request: &PingRequest,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// The function `ping`, which has the same name in every region.
#[derive(Debug)]
pub struct PingFunctions {
    /// What the clients are made from.
    aws: SdkConfig,
    /// The function's name.
    function: String,
    /// A client for each region that was asked for: monitors name few.
    clients: Mutex<BTreeMap<Region, Client>>,
}

impl PingFunctions {
    /// The function of this name; the client of the region `home` is made at once, while start-up is not billed to
    /// the first slot.
    pub fn new(aws: SdkConfig, function: String, home: &Region) -> Self {
        let functions = Self { aws, function, clients: Mutex::default() };
        functions.client(home);
        functions
    }

    fn client(&self, region: &Region) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let made = clients.entry(region.clone()).or_insert_with(|| {
            let timeouts = TimeoutConfig::builder()
                .connect_timeout(ATTEMPT_TIME)
                .operation_attempt_timeout(ATTEMPT_TIME)
                .build();
            let config = Builder::from(&self.aws)
                .region(aws_sdk_lambda::config::Region::new(region.to_string()))
                .timeout_config(timeouts)
                .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
            Client::from_conf(config.build())
        });
        made.clone()
    }
}

impl InvokePing for PingFunctions {
    async fn invoke(&self, region: &Region, request: &PingRequest) -> anyhow::Result<()> {
        let payload = serde_json::to_vec(request).context("writing the request")?;
        let client = self.client(region);
        let invocation = client
            .invoke()
            .function_name(&self.function)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(payload));
        match invocation.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(anyhow::anyhow!(causes(&error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_has_one_client_of_its_own() {
        let home: Region = "us-east-1".parse().unwrap();
        let aws = SdkConfig::builder().behavior_version(aws_config::BehaviorVersion::v2026_01_12()).build();
        let ping = PingFunctions::new(aws, "shop-ping".to_owned(), &home);
        for region in ["us-east-1", "eu-west-1", "eu-west-1"] {
            let client = ping.client(&region.parse().unwrap());
            assert_eq!(client.config().region().unwrap().as_ref(), region);
        }
        assert_eq!(ping.clients.lock().unwrap().len(), 2);
    }
}
