//! Where records go that cannot be read: aside, to be looked at, so that the stream never stops.

use std::future::Future;

use anyhow::{Context as _, anyhow};
use aws_sdk_sqs::Client;
use serde::Serialize;
use shared::clients::causes;

/// A record that cannot be read. Says which, and what is wrong with it, of what it holds no more than the 80 characters that an error quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Poison {
    /// The id of the stream's record.
    pub event_id: Option<String>,
    /// The partition key of its item.
    pub pk: Option<String>,
    /// The sort key of its item.
    pub sk: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

/// Puts records aside.
pub trait Park {
    /// Puts this one aside; it may be put there twice.
    fn park(&self, poison: &Poison) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// The stack's queue of dead letters.
#[derive(Debug, Clone)]
pub struct SqsPark {
    /// Reaches queues.
    pub client: Client,
    /// The queue.
    pub queue_url: String,
}

impl Park for SqsPark {
    async fn park(&self, poison: &Poison) -> anyhow::Result<()> {
        let body = serde_json::to_string(poison).context("writing a dead letter")?;
        let sent = self.client.send_message().queue_url(&self.queue_url).message_body(body).send().await;
        sent.map(drop).map_err(|error| anyhow!("parking a record failed: {}", causes(&error)))
    }
}
