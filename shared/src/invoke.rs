//! Asynchronous invocations: Lambda takes the event, and the function runs when it can.

use std::future::Future;

use anyhow::Context as _;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::Value;

use crate::clients::causes;

/// Hands events to one function.
pub trait Invoke {
    /// Hands the event over; what becomes of it is the other function's business.
    ///
    /// # Errors
    /// When Lambda did not take it.
    fn invoke(&self, event: &Value) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// A deployed function of this region.
#[derive(Debug, Clone)]
pub struct Function {
    client: Client,
    name: String,
}

impl Function {
    /// The function of this name.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }
}

impl Invoke for Function {
    async fn invoke(&self, event: &Value) -> anyhow::Result<()> {
        let payload = serde_json::to_vec(event).context("writing the event")?;
        let invocation = self.client.invoke().function_name(&self.name);
        let invocation = invocation.invocation_type(InvocationType::Event).payload(Blob::new(payload));
        invocation.send().await.map(drop).map_err(|error| anyhow::anyhow!(causes(&error)))
    }
}
