//! The sweep: imports whose invocation died, so that nobody goes on with them, are invoked again. Once an hour.

use std::ops::ControlFlow;

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use shared::import::{Import, ImportState};
use shared::invoke::Invoke;
use shared::store::{ListImports, month_of, walk_imports};
use tokio::time::{Instant, timeout_at};

use crate::event::Upload;
use crate::import::Etl;

/// How long a lease must have run out for: until then a retry or a continuation may be on its way.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// Most imports that one sweep invokes; the next one finds the others.
const MAX_INVOKED: usize = 100;

/// Months that are looked at, this one included: an import that nobody gave up takes a week at most.
const MONTHS: i32 = 2;

/// Invocations under way at once.
const AT_ONCE: usize = 8;

impl<O, K, P, L: ListImports, F: Invoke> Etl<O, K, P, L, F> {
    /// Invokes this function again for every import of this and the last month that runs without a lease.
    ///
    /// # Errors
    /// When the ledger cannot be read, or an invocation failed; the others are done.
    pub async fn sweep(&self, now: Timestamp, deadline: Instant) -> anyhow::Result<()> {
        let abandoned = timeout_at(deadline, self.abandoned(now)).await;
        let abandoned = abandoned.context("reading the ledger took too long")??;
        let count = abandoned.len();
        let invoked = stream::iter(&abandoned).map(async |import| {
            tracing::warn!(import_id = %import.import_id, passes = import.passes, "import was abandoned");
            let invoked = self.invoke_itself(&Upload::of(import, &self.config.bucket), 0).await;
            invoked.err().map(|error| format!("{error:#}"))
        });
        let failed: Vec<String> =
            invoked.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
        let first = failed.first().map_or("", String::as_str);
        ensure!(failed.is_empty(), "{} of {count} imports were not invoked again: {first}", failed.len());
        Ok(())
    }

    /// At most [`MAX_INVOKED`].
    async fn abandoned(&self, now: Timestamp) -> anyhow::Result<Vec<Import>> {
        let mut abandoned = Vec::new();
        let walked = walk_imports(&self.ledger, month_of(now), MONTHS, |import| {
            if import.state == ImportState::Running && now.duration_since(import.lease_until) > PATIENCE {
                abandoned.push(import);
            }
            if abandoned.len() < MAX_INVOKED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        walked.await.context("reading the ledger")?;
        Ok(abandoned)
    }
}
