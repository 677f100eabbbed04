//! What follows an import or this invocation's part of it: another invocation that goes on, or `rollup` for the days
//! touched.

use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::json;
use shared::import::Import;
use shared::invoke::Invoke;
use shared::store::WriteImports;
use tokio::time::{Instant, timeout, timeout_at};

use crate::event::Upload;
use crate::import::Etl;

/// How long one call may take.
const CALL: Duration = Duration::from_secs(8);

/// What is left of the invocation's time at the end, so that what was not done is said.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl<O, K, P, L, F: Invoke> Etl<O, K, P, L, F> {
    /// Has another invocation of this function go on with an import; how many it follows from.
    pub(crate) async fn invoke_itself(&self, upload: &Upload, hop: u32) -> anyhow::Result<()> {
        let invoked = timeout(CALL, self.itself.invoke(&upload.continuation(hop))).await;
        invoked.context("no answer in time")?
    }
}

impl<O, K, P, L: WriteImports, F: Invoke> Etl<O, K, P, L, F> {
    /// Hands an import over to the next invocation. When that cannot be invoked, the hourly sweep does it.
    pub(crate) async fn go_on(&self, upload: &Upload, mut entry: Import, hop: u32) -> anyhow::Result<()> {
        entry.lease_until = Timestamp::now();
        let released = timeout(CALL, self.ledger.release(&entry)).await;
        released.context("handing an import on took too long")?.context("handing an import on")?;
        let (id, checkpoint) = (&entry.import_id, entry.counts.checkpoint);
        tracing::info!(import_id = %id, checkpoint, passes = entry.passes, hop, "import goes on");
        self.invoke_itself(upload, hop + 1).await.context("going on with an import")
    }

    /// Has `rollup` recompute every day that the import touched, one after the other. What fails, `rollup` finds in the
    /// ledger by itself, the next night.
    pub(crate) async fn roll_up(&self, import: &Import, over: Instant) {
        let Some((day, next)) = import.days.split_first() else { return };
        let until = over.checked_sub(LAST_WORDS).unwrap_or(over).min(Instant::now() + CALL);
        let event = json!({ "day": day, "next": next });
        let error = match timeout_at(until, self.rollup.invoke(&event)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::error!(import_id = %import.import_id, days = import.days.len(), error, "rollup was not invoked");
    }
}
