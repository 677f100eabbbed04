//! `etl`: an uploaded export becomes purchases, with every e-mail address replaced by a keyed hash before
//! anything is stored.
//!
//! An S3 event → the objects it announces ([`event`]) → one import each ([`mod@import`]): checks ([`object`]),
//! keys ([`pii`]), then a pass ([`load`]) of the [`transform`] over the bytes: records ([`mod@csv`]), typed rows
//! ([`row`]), identities ([`identity`]).

pub mod aws;
pub mod config;
pub mod csv;
pub mod event;
pub mod identity;
pub mod import;
pub mod lease;
pub mod load;
pub mod object;
pub mod pii;
pub mod progress;
mod record;
pub mod rejects;
pub mod row;
pub mod transform;

use std::time::{Duration, SystemTime};

use anyhow::bail;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use shared::store::{WriteImports, WritePurchases};
use tokio::time::Instant;

use crate::import::{Etl, ReadKeys};
use crate::object::ReadUpload;
use crate::rejects::WriteRejects;

/// What is kept of an invocation's time for ending the import: the calls that this takes may each be retried.
const RESERVE: Duration = Duration::from_secs(20);

/// Imports every object that the event announces. [`Etl::import`] says what is an error, and so tried again.
///
/// # Errors
/// When the event is not S3's, or an import failed in a way that trying again may mend. The others are done all
/// the same.
pub async fn handle<O, K, P, L>(etl: &Etl<O, K, P, L>, event: LambdaEvent<Value>) -> anyhow::Result<()>
where
    O: ReadUpload + WriteRejects,
    K: ReadKeys,
    P: WritePurchases + Sync,
    L: WriteImports,
{
    let until = SystemTime::UNIX_EPOCH + Duration::from_millis(event.context.deadline);
    let left = until.duration_since(SystemTime::now()).unwrap_or_default();
    let deadline = Instant::now() + left.saturating_sub(RESERVE);
    let mut errors = Vec::new();
    for upload in event::uploads(event.payload)? {
        // A retry has the same request id: what follows it tells the attempts apart.
        let owner = format!("{}-{:016x}", event.context.request_id, rand::random::<u64>());
        // 28 KB of future: on the heap rather than moved about.
        if let Err(error) = Box::pin(etl.import(&upload, &owner, deadline)).await {
            errors.push(format!("{error:#}"));
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    bail!(errors.join("; "))
}
