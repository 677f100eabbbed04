//! One asynchronous invocation of `ping`.

use std::future::Future;

use anyhow::{Context as _, ensure};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use shared::clients::causes;
use shared::monitor::Region;
use shared::schedule::PingRequest;

/// Asks `ping` of a region to check a shard.
pub trait InvokePing {
    /// Hands the request over; whether it is done shows in the block that `ping` writes.
    fn invoke(
        &self,
        region: &Region,
        request: &PingRequest,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// The function `ping` of this region.
#[derive(Debug, Clone)]
pub struct PingFunction {
    /// Invokes functions.
    pub client: Client,
    /// The function's name.
    pub function: String,
    /// The region that client and function belong to.
    pub region: Region,
}

impl InvokePing for PingFunction {
    async fn invoke(&self, region: &Region, request: &PingRequest) -> anyhow::Result<()> {
        ensure!(
            *region == self.region,
            "ping runs in {} only: monitors cannot be checked from {region}",
            self.region
        );
        let payload = serde_json::to_vec(request).context("writing the request")?;
        let invocation = self
            .client
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
