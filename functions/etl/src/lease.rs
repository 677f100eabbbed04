//! The lease on an import: kept by a heartbeat that records the progress too.

use std::time::Duration;

use jiff::Timestamp;
use shared::import::{ImportCounts, LEASE_SECONDS, ObjectVersion, lease_from};
use shared::store::{StoreError, WriteImports};
use tokio::time::{Instant, sleep, timeout};

use crate::progress::Progress;

/// How often there may be something to record: what a progress bar wants.
const TICK: Duration = Duration::from_secs(1);

/// How long nothing may be recorded: a third of the lease, less a call that takes long.
const QUIET: Duration = Duration::from_secs(10);

/// How long one call may take; together with [`QUIET`] two may fail before the lease runs out.
const CALL: Duration = Duration::from_secs(10);

/// Records progress and moves the lease for as long as it is polled. Returns when the lease is lost: another
/// invocation has it, or the ledger could not be reached until it ran out.
pub async fn keep<L: WriteImports>(ledger: &L, object: &ObjectVersion, owner: &str, progress: &Progress) {
    let whole = Duration::from_secs(LEASE_SECONDS.unsigned_abs());
    let mut held_until = Instant::now() + whole;
    let mut recorded = (Instant::now(), ImportCounts::default());
    loop {
        sleep(TICK).await;
        let (now, counts) = (Instant::now(), progress.counts());
        if now >= held_until {
            return;
        }
        if counts == recorded.1 && now - recorded.0 < QUIET {
            continue;
        }
        let call = ledger.progress(object, owner, &counts, lease_from(Timestamp::now()));
        match timeout(CALL.min(held_until - now), call).await {
            Ok(Ok(())) => {
                held_until = now + whole;
                recorded = (now, counts);
            }
            Ok(Err(StoreError::Conflict(_))) => return,
            Ok(Err(error)) => tracing::warn!(%error, "the heartbeat failed"),
            Err(_) => tracing::warn!("the heartbeat took too long"),
        }
    }
}
