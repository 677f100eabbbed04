//! The lease on an import: kept by a heartbeat that records the progress too.

use std::time::Duration;

use jiff::Timestamp;
use shared::import::{ImportCounts, LEASE_SECONDS, ObjectVersion, lease_from};
use shared::store::{Heartbeat, StoreError, WriteImports};
use tokio::time::{Instant, sleep, timeout};

use crate::progress::Progress;

/// How often there may be something to record: what a progress bar wants. The days of rows that were written since the
/// last time are not in the ledger: should the invocation be killed, and no later one get as far, `rollup` is not asked
/// for a day of which the first row was written in that second.
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
    let mut recorded = (Instant::now(), ImportCounts::default(), 0);
    loop {
        sleep(TICK).await;
        let (now, counts, days) = (Instant::now(), progress.counts(), progress.days_noted());
        if now >= held_until {
            return;
        }
        if (&counts, days) == (&recorded.1, recorded.2) && now - recorded.0 < QUIET {
            continue;
        }
        let heartbeat = Heartbeat {
            counts,
            unsorted: progress.unsorted(),
            days: (days != recorded.2).then(|| progress.days()),
            lease_until: lease_from(Timestamp::now()),
        };
        let call = ledger.progress(object, owner, &heartbeat);
        match timeout(CALL.min(held_until - now), call).await {
            Ok(Ok(())) => {
                held_until = now + whole;
                recorded = (now, heartbeat.counts, days);
            }
            Ok(Err(StoreError::Conflict(_))) => return,
            Ok(Err(error)) => tracing::warn!(%error, "the heartbeat failed"),
            Err(_) => tracing::warn!("the heartbeat took too long"),
        }
    }
}

#[cfg(test)]
mod tests {
    use ::tests::memory::Memory;
    use shared::import::Import;
    use shared::store::ReadImports as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn days_are_sent_until_they_are_recorded() {
        let memory = Memory::default();
        let object = ObjectVersion { key: "purchases/a.csv".into(), version: "1".into() };
        let entry = Import::begun(object.clone(), 1_000, "one", Timestamp::now());
        memory.claim(&entry, Timestamp::now()).await.unwrap();
        let progress = Progress::of(&entry);
        progress.next_row();
        progress.touches("2021-03-21T11:00:00Z".parse().unwrap()).unwrap();
        let steps = async {
            memory.fail_after(0);
            sleep(TICK * 3 / 2).await;
            memory.tables().calls_left = None;
            sleep(TICK).await;
        };
        tokio::select! {
            () = keep(&memory, &object, "one", &progress) => panic!("the lease was lost"),
            () = steps => {}
        }
        let days = memory.import(&object).await.unwrap().unwrap().days;
        assert_eq!(days, ["2021-03-21".parse().unwrap()]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_cannot_be_moved_is_given_up_before_it_runs_out() {
        let memory = Memory::default();
        let object = ObjectVersion { key: "purchases/a.csv".into(), version: "1".into() };
        let entry = Import::begun(object.clone(), 1_000, "one", Timestamp::now());
        memory.claim(&entry, Timestamp::now()).await.unwrap();
        memory.fail_after(0);
        let (begun, progress) = (Instant::now(), Progress::of(&entry));
        progress.next_row();
        timeout(Duration::from_secs(300), keep(&memory, &object, "one", &progress)).await.unwrap();
        let whole = Duration::from_secs(LEASE_SECONDS.unsigned_abs());
        assert!((whole..whole + TICK * 2).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    }
}
