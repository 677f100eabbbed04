//! One import, from its claim in the ledger to how it ended.

use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use secrecy::SecretString;
use shared::import::{Import, ImportState};
use shared::invoke::Invoke;
use shared::store::{Claim, ListImports, ReadErased, ReadImports, WriteImports, WritePurchases};
use tokio::time::{Instant, sleep_until, timeout};

use crate::config::Config;
use crate::end::{End, Part, ended_well, no_progress, too_often};
use crate::event::{MAX_HOPS, Upload};
use crate::export::Export;
use crate::identity::{Halt, Occurrences};
use crate::lease;
use crate::load::{Load, PassError};
use crate::object::{ReadUpload, check_announced, check_described};
use crate::pii::{NORMALISATION, Pii};
use crate::progress::Progress;
use crate::rejects::{Cap, Rejects, WriteRejects};
use crate::transform::Transform;

/// How long batches that are on their way may take to arrive when the time is over.
const SETTLE: Duration = Duration::from_secs(8);

/// How long throwing away an unfinished rejects file may take; what is left over, the bucket's life cycle removes.
const ABORT: Duration = Duration::from_secs(5);

/// How long recording the end may take: it has to fit what is kept of the invocation's time.
const FINISH: Duration = Duration::from_secs(12);

/// Most passes over a file.
pub const MAX_PASSES: u32 = 100;

/// Longest message of the ledger in characters: the causes of a service's error can be long.
const MAX_MESSAGE: usize = 1_000;

/// Reads the secret of the PII keys.
pub trait ReadKeys {
    /// The secret's text.
    fn secret(&self) -> impl Future<Output = anyhow::Result<SecretString>> + Send;
}

/// What this function does with the table `imports`.
pub trait Ledger: WriteImports + ReadImports + ListImports + ReadErased {}

impl<L: WriteImports + ReadImports + ListImports + ReadErased> Ledger for L {}

/// Everything an import needs.
#[derive(Debug, Clone)]
pub struct Etl<O, K, P, L, F> {
    /// What the environment says.
    pub config: Config,
    /// The uploads bucket.
    pub objects: O,
    /// The PII keys.
    pub keys: K,
    /// The table of purchases.
    pub purchases: P,
    /// The import ledger.
    pub ledger: L,
    /// This function.
    pub itself: F,
    /// The function `rollup`.
    pub rollup: F,
}

/// The invocation that an import runs in.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Names it in the lease: a text that no other invocation has.
    pub owner: String,
    /// How many invocations it follows from.
    pub hop: u32,
    /// When an import has to stop, so that there is time for its end.
    pub deadline: Instant,
    /// When the time is over.
    pub over: Instant,
}

impl<O, K, P, L, F> Etl<O, K, P, L, F>
where
    O: ReadUpload + WriteRejects,
    K: ReadKeys,
    P: WritePurchases + Sync,
    L: Ledger,
    F: Invoke,
{
    /// Imports one object, unless it has been imported or is being imported; rows that an earlier pass settled are read
    /// and not written again. What an import ends as, and whether that is an error (which is tried again):
    /// - `loaded`, `loaded_with_rejects`, `refused`: done;
    /// - `failed` because of the file (no progress in an invocation's time, too many rows to tell equal ones apart,
    ///   object gone): done, as trying again would end the same;
    /// - `failed` because of a store, a broken stream or the PII keys: an error. With wrong keys nothing is
    ///   written, and the dead letter that is left after the last try can be sent again once they are mended;
    /// - `running` because the time until the deadline is over: another invocation goes on;
    /// - the lease is another's: done, as events come more than once. Should that one die, Lambda tries it again after a
    ///   minute, when its lease has run out, and the sweep goes on with what nobody tries again. (Who hands an import on
    ///   has released it before.)
    ///
    /// # Errors
    /// See above. The message holds no row of the file.
    pub async fn import(&self, upload: &Upload, invocation: &Invocation) -> anyhow::Result<()> {
        let began = Instant::now();
        let Some(mut entry) = self.claim(upload, invocation).await? else { return Ok(()) };
        let progress = Progress::of(&entry);
        let behind = progress.checkpoint();
        let rejects = Rejects::new(&self.objects, entry.import_id.rejects_key(), Cap::DEPLOYED);
        let mut load = Load::new(&self.purchases, rejects, &progress, self.config.max_rejected_percent);
        let object = entry.object.clone();
        let part = tokio::select! {
            biased;
            () = lease::keep(&self.ledger, &object, &invocation.owner, &progress) => Part::Lost,
            () = sleep_until(invocation.deadline) => Part::OutOfTime,
            ended = self.load(upload, &mut entry, &mut load, &progress) => Part::Ended(ended),
        };
        if matches!(part, Part::OutOfTime) {
            // What doesn't arrive, or fails, is behind the checkpoint: it is written again.
            let _ = timeout(SETTLE, load.writes.settle()).await;
        }
        if !matches!(part, Part::Ended(Ok(()))) {
            // On its way out: there is a worse error to tell.
            let _ = timeout(ABORT, load.rejects.restart()).await;
        }
        progress.record(&mut entry);
        if let (Some(format), Some(layout)) = (&mut entry.format, load.layout.take()) {
            *format = format!("{format}, {layout}");
        }
        entry.duration_ms = u64::try_from(began.elapsed().as_millis()).ok();
        let hop = invocation.hop;
        match part {
            Part::Lost => bail!("import {}: the lease on the import was lost", entry.import_id),
            Part::OutOfTime => match no_further(&entry, behind, hop) {
                Some(end) => self.end(entry, Err(end), invocation.over).await,
                None => self.go_on(upload, entry, hop).await,
            },
            Part::Ended(result) => self.end(entry, result, invocation.over).await,
        }
    }

    /// The ledger's entry of this pass; nothing when there is nothing to do.
    async fn claim(&self, upload: &Upload, invocation: &Invocation) -> anyhow::Result<Option<Import>> {
        let before = self.ledger.import(&upload.object()).await.context("reading an import")?;
        let entry = entry_of(upload, &invocation.owner, before);
        let id = &entry.import_id;
        match self.ledger.claim(&entry, Timestamp::now()).await.context("claiming an import")? {
            Claim::Granted => return Ok(Some(entry)),
            Claim::Ended(there) => {
                tracing::info!(import_id = %id, state = ?there.state, "import has ended before");
            }
            Claim::Leased(until) => {
                tracing::info!(import_id = %id, %until, "import is being loaded by another invocation");
            }
        }
        Ok(None)
    }

    /// Records how the import ended, and has its days recomputed. An error when it may end better the next time.
    async fn end(&self, mut entry: Import, result: Result<(), End>, over: Instant) -> anyhow::Result<()> {
        (entry.state, entry.message) = match &result {
            Ok(()) => ended_well(&entry.counts),
            Err(end) => (end.state(), Some(end.to_string().chars().take(MAX_MESSAGE).collect())),
        };
        entry.ended_at = Some(Timestamp::now());
        let finished = timeout(FINISH, self.ledger.finish(&entry)).await;
        finished.context("ending an import took too long")?.context("ending an import")?;
        self.report(&entry);
        self.roll_up(&entry, over).await;
        match result {
            Err(End::Failed(_)) => {
                bail!("import {}: {}", entry.import_id, entry.message.unwrap_or_default())
            }
            _ => Ok(()),
        }
    }

    /// Everything between claim and end.
    async fn load(
        &self,
        upload: &Upload,
        entry: &mut Import,
        load: &mut Load<'_, P, O>,
        progress: &Progress,
    ) -> Result<(), End> {
        if entry.passes > MAX_PASSES {
            return Err(End::Hopeless(too_often(MAX_PASSES)));
        }
        check_announced(upload, &self.config.bucket)?;
        let opened = self.objects.open(upload).await.map_err(End::not_opened)?;
        check_described(&opened)?;
        let mut export = Export::new(opened.body);
        let found = export.check().await.map_err(End::not_read)??;
        entry.format = Some(found.to_string());
        let pii = self.pii().await?;
        (entry.key_id, entry.normalisation) = (Some(pii.key_id().to_owned()), Some(NORMALISATION));
        if !progress.unsorted() {
            let transform = Transform::new(&pii, &self.config.format, Occurrences::in_time_order());
            match load.pass(&mut export, transform, &pii).await {
                Err(PassError::Halt(Halt::Unsorted)) => {}
                result => {
                    result?;
                    return publish(entry, load).await;
                }
            }
            // Nothing from the first row on that was out of time order is written: from the start again.
            load.start_again().await?;
            let opened = self.objects.open(upload).await.map_err(End::not_opened)?;
            export = Export::new(opened.body);
        }
        let transform = Transform::new(&pii, &self.config.format, Occurrences::of_whole_file());
        load.pass(&mut export, transform, &pii).await?;
        publish(entry, load).await
    }

    /// The PII keys as they are now, if the first one is still the first one, and the people to leave out.
    async fn pii(&self) -> Result<Pii, End> {
        let failed = |error: &dyn std::fmt::Display| End::Failed(error.to_string());
        let secret = self.keys.secret().await.map_err(End::failed("the PII secret could not be read"))?;
        let pii =
            Pii::parse(&secret, self.config.method, Timestamp::now()).map_err(|error| failed(&error))?;
        let first = self.ledger.first_key(pii.fingerprint()).await.map_err(|error| failed(&error))?;
        if first != pii.fingerprint() {
            return Err(End::Failed(
                "the first PII key is not the one this installation started with, and with another one every \
                 purchase would be loaded again: nothing was written. Restore the key in the secret"
                    .to_owned(),
            ));
        }
        Ok(pii.with_erased(self.ledger.erased().await.map_err(|error| failed(&error))?))
    }

    /// One line in the log, and two counts.
    fn report(&self, import: &Import) {
        let rejected = import.counts.rejected_total();
        tracing::info!(
            import_id = %import.import_id,
            state = ?import.state,
            reason = import.message.as_deref(),
            bytes = import.counts.bytes,
            rows = import.counts.rows,
            loaded = import.counts.loaded,
            rejected,
            passes = import.passes,
            days = import.days.len(),
            duration_ms = import.duration_ms,
            "import ended"
        );
        let counts = [("RowsLoaded", import.counts.loaded), ("RowsRejected", rejected)];
        shared::telemetry::count(&self.config.stack, Timestamp::now(), &counts);
    }
}

/// Publishes the rejects file, if there is one.
async fn publish<P: WritePurchases + Sync, O: WriteRejects>(
    entry: &mut Import,
    load: &mut Load<'_, P, O>,
) -> Result<(), End> {
    entry.rejects_key = load.rejects.publish().await.map_err(PassError::Rejects)?;
    entry.rejects_left_out = load.rejects.left_out();
    Ok(())
}

/// Why an import whose time is over does not go on, when it doesn't: its checkpoint has not moved from where it was, or
/// it has gone on too often.
fn no_further(entry: &Import, behind: u64, hop: u32) -> Option<End> {
    if entry.counts.checkpoint <= behind {
        return Some(End::Hopeless(no_progress(&entry.counts)));
    }
    let too_many = entry.passes >= MAX_PASSES || hop >= MAX_HOPS;
    too_many.then(|| End::Hopeless(too_often(entry.passes.max(hop))))
}

/// The ledger's entry of this pass, which goes on where an earlier one stopped.
fn entry_of(upload: &Upload, owner: &str, before: Option<Import>) -> Import {
    let mut entry = Import {
        etag: upload.etag.clone(),
        sequencer: upload.sequencer.clone(),
        ..Import::begun(upload.object(), upload.size.unwrap_or(0), owner, Timestamp::now())
    };
    if let Some(before) = before {
        entry.counts.checkpoint = before.counts.checkpoint;
        entry.unsorted = before.unsorted;
        entry.days = before.days;
        // One that failed is begun anew by a retry or by people, and both are bounded. It may have failed long ago:
        // who looks for what was begun lately has to find it.
        if before.state == ImportState::Running {
            entry.started_at = before.started_at;
            entry.passes = before.passes.saturating_add(1);
        }
    }
    entry
}
