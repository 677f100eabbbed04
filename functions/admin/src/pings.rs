//! Asks `ping` for checks out of turn.

use std::future::Future;
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::clients::causes;
use shared::http_frame::Failure;
use shared::monitor::MonitorId;
use shared::out_of_turn::MAX_CHECKED;
use shared::store::StoreError;

/// Longest wait for a check: it takes ten seconds at most, and `ping` may have to be started first.
const PATIENCE: Duration = Duration::from_secs(14);

/// Longest wait until checks of new monitors are asked for.
const START: Duration = Duration::from_secs(3);

/// Asks `ping`.
pub trait Pings: Send + Sync + 'static {
    /// Has these monitors looked at soon. When that cannot be, the log says so: they are checked in their next slot anyway.
    fn start(&self, monitors: &[MonitorId]) -> impl Future<Output = ()> + Send;
    /// Asks this ([`shared::out_of_turn::OutOfTurn`]) and answers what was found, as it is told.
    fn ask(&self, request: &Value) -> impl Future<Output = Result<Vec<Box<RawValue>>, Failure>> + Send;
}

/// The deployed function.
#[derive(Debug, Clone)]
pub struct PingFunction {
    client: Client,
    name: String,
}

impl PingFunction {
    /// The function of this name. A check that was asked for is not asked for again: whoever asked can do that.
    pub fn new(aws: &aws_config::SdkConfig, name: impl Into<String>) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .read_timeout(PATIENCE)
            .operation_timeout(PATIENCE)
            .build();
        let config = Builder::from(aws).timeout_config(timeouts).retry_config(RetryConfig::disabled());
        Self { client: Client::from_conf(config.build()), name: name.into() }
    }

    async fn invoke(&self, kind: InvocationType, event: &Value) -> Result<Option<Blob>, String> {
        let payload = Blob::new(event.to_string());
        let invocation =
            self.client.invoke().function_name(&self.name).invocation_type(kind).payload(payload);
        let answer = invocation.send().await.map_err(|error| causes(&error))?;
        match answer.function_error() {
            // What went wrong is in the log of `ping`.
            Some(_) => Err("ping failed".to_owned()),
            None => Ok(answer.payload),
        }
    }
}

impl Pings for PingFunction {
    async fn start(&self, monitors: &[MonitorId]) {
        let started = async {
            for monitors in monitors.chunks(MAX_CHECKED) {
                self.invoke(InvocationType::Event, &json!({"check": {"monitors": monitors}})).await?;
            }
            Ok::<(), String>(())
        };
        // They are stored: whoever made them must not wait for long.
        let started = tokio::time::timeout(START, started).await;
        if let Err(cause) = started.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            tracing::warn!(monitors = monitors.len(), cause, "new monitors wait for their slot");
        }
    }

    async fn ask(&self, request: &Value) -> Result<Vec<Box<RawValue>>, Failure> {
        let unavailable = |cause| StoreError::Unavailable { action: "asking for a check", cause };
        let answer = self.invoke(InvocationType::RequestResponse, request).await.map_err(unavailable)?;
        let answer = answer.unwrap_or_else(|| Blob::new(Vec::new()));
        serde_json::from_slice(answer.as_ref()).map_err(|error| Failure::Internal(error.to_string()))
    }
}
