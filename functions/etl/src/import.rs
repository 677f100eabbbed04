//! One import, from its claim in the ledger to how it ended.

use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use secrecy::SecretString;
use shared::import::{Import, ImportCounts, ImportState};
use shared::store::{Claim, WriteImports, WritePurchases};
use tokio::time::{Instant, sleep_until, timeout};

use crate::config::Config;
use crate::event::Upload;
use crate::identity::{Halt, MAX_REMEMBERED, Occurrences};
use crate::lease;
use crate::load::{PassError, pass};
use crate::object::{ReadUpload, Refusal, Source, check_announced, check_described};
use crate::pii::Pii;
use crate::progress::Progress;
use crate::rejects::{Rejects, WriteRejects};
use crate::transform::Transform;

/// How long throwing away an unfinished rejects file may take; what is left over, the bucket's life cycle removes.
const ABORT: Duration = Duration::from_secs(5);

/// How long recording the end may take: it has to fit what is kept of the invocation's time.
const FINISH: Duration = Duration::from_secs(12);

/// Longest message of the ledger in characters: the causes of a service's error can be long.
const MAX_MESSAGE: usize = 1_000;

/// Reads the secret of the PII keys.
pub trait ReadKeys {
    /// The secret's text.
    fn secret(&self) -> impl Future<Output = anyhow::Result<SecretString>> + Send;
}

/// Everything an import needs.
#[derive(Debug, Clone)]
pub struct Etl<O, K, P, L> {
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
}

/// How an import ended, if not well.
#[derive(Debug, thiserror::Error)]
enum End {
    /// Not a file that can be loaded; nothing was written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something failed that may work the next time.
    #[error("{0}")]
    Failed(String),
    /// Something failed that would fail again.
    #[error("{0}")]
    Hopeless(String),
    /// The import is another invocation's by now, which will end it.
    #[error("the lease on the import was lost")]
    Lost,
}

fn failed(what: &'static str) -> impl FnOnce(anyhow::Error) -> End {
    move |error| End::Failed(format!("{what}: {error:#}"))
}

impl From<PassError> for End {
    fn from(error: PassError) -> Self {
        match error {
            PassError::Halt(_) => Self::Hopeless(format!(
                "more than {MAX_REMEMBERED} rows that are out of time order, or of one instant: \
                 sort the file by purchase_date, or split it"
            )),
            error => Self::Failed(error.to_string()),
        }
    }
}

impl<O, K, P, L> Etl<O, K, P, L>
where
    O: ReadUpload + WriteRejects,
    K: ReadKeys,
    P: WritePurchases + Sync,
    L: WriteImports,
{
    /// Imports one object, unless it has been imported or is being imported. What an import ends as, and whether
    /// that is an error (which is tried again):
    /// - `loaded`, `loaded_with_rejects`, `refused`: done;
    /// - `failed` because of the file (too long for the time until `deadline`, too many rows to tell equal ones
    ///   apart): done, as trying again would end the same;
    /// - `failed` because of a store, a broken stream or the PII keys: an error. With wrong keys nothing is
    ///   written, and the dead letter that is left after the last try can be sent again once they are mended;
    /// - the lease is another's: an error, so that it is tried again should the other one die.
    ///
    /// # Errors
    /// See above. The message holds no row of the file.
    pub async fn import(&self, upload: &Upload, owner: &str, deadline: Instant) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut entry = entry_of(upload, owner);
        let id = entry.import_id.clone();
        match self.ledger.claim(&entry, Timestamp::now()).await.context("claiming an import")? {
            Claim::Granted => {}
            Claim::Ended(there) => {
                tracing::info!(import_id = %id, state = ?there.state, "import has ended before");
                return Ok(());
            }
            Claim::Leased(until) => bail!("import {id} is being loaded, its lease holds until {until}"),
        }
        let progress = Progress::default();
        let mut rejects = Rejects::new(&self.objects, id.rejects_key());
        let result = tokio::select! {
            biased;
            () = lease::keep(&self.ledger, &entry.object, owner, &progress) => Err(End::Lost),
            () = sleep_until(deadline) => Err(End::Hopeless(out_of_time(progress.counts().rows))),
            result = self.load(upload, &mut entry.key_id, &mut rejects, &progress) => result,
        };
        if result.is_err() {
            // On its way out: there is a worse error to tell.
            let _ = timeout(ABORT, rejects.restart()).await;
        }
        entry.counts = progress.counts();
        entry.unsorted = progress.unsorted();
        entry.ended_at = Some(Timestamp::now());
        entry.duration_ms = u64::try_from(began.elapsed().as_millis()).ok();
        let error = match result {
            Ok(rejects_key) => {
                entry.rejects_key = rejects_key;
                (entry.state, entry.message) = ended_well(&entry.counts);
                None
            }
            Err(end) => {
                entry.state = match end {
                    End::Refused(_) => ImportState::Refused,
                    End::Failed(_) | End::Hopeless(_) => ImportState::Failed,
                    End::Lost => bail!("import {id}: {end}"),
                };
                let message: String = end.to_string().chars().take(MAX_MESSAGE).collect();
                entry.message = Some(message.clone());
                matches!(end, End::Failed(_)).then_some(message)
            }
        };
        let finished = timeout(FINISH, self.ledger.finish(&entry)).await;
        finished.context("ending an import took too long")?.context("ending an import")?;
        self.report(&entry);
        error.map_or(Ok(()), |message| bail!("import {id}: {message}"))
    }

    /// Everything between claim and end: the rejects file's key, if there is one.
    async fn load(
        &self,
        upload: &Upload,
        key_id: &mut Option<String>,
        rejects: &mut Rejects<'_, O>,
        progress: &Progress,
    ) -> Result<Option<String>, End> {
        check_announced(upload, &self.config.bucket)?;
        let opening = "the object could not be read";
        let opened = self.objects.open(upload).await.map_err(failed(opening))?;
        check_described(&opened)?;
        let mut source = Source::new(opened.body);
        source.check().await.map_err(failed(opening))??;
        let pii = self.pii().await?;
        *key_id = Some(pii.key_id().to_owned());
        let transform = Transform::new(&pii, Occurrences::in_time_order());
        match pass(&mut source, transform, &self.purchases, rejects, progress).await {
            Err(PassError::Halt(Halt::Unsorted)) => {}
            result => {
                result?;
                return rejects.publish().await.map_err(PassError::Rejects).map_err(End::from);
            }
        }
        // Nothing from the first row on that was out of time order is written: from the start again.
        progress.start_again();
        rejects.restart().await.map_err(PassError::Rejects)?;
        let opened = self.objects.open(upload).await.map_err(failed(opening))?;
        let mut source = Source::new(opened.body);
        let transform = Transform::new(&pii, Occurrences::of_whole_file());
        pass(&mut source, transform, &self.purchases, rejects, progress).await?;
        rejects.publish().await.map_err(PassError::Rejects).map_err(End::from)
    }

    /// The PII keys as they are now, if the first one is still the first one.
    async fn pii(&self) -> Result<Pii, End> {
        let secret = self.keys.secret().await.map_err(failed("the PII secret could not be read"))?;
        let pii = Pii::parse(&secret, self.config.method).map_err(|error| End::Failed(error.to_string()))?;
        let first = self.ledger.first_key(pii.fingerprint()).await;
        let first = first.map_err(|error| End::Failed(error.to_string()))?;
        if first != pii.fingerprint() {
            return Err(End::Failed(
                "the first PII key is not the one this installation started with, and with another one every \
                 purchase would be loaded again: nothing was written. Restore the key in the secret"
                    .to_owned(),
            ));
        }
        Ok(pii)
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
            duration_ms = import.duration_ms,
            "import ended"
        );
        let counts = [("RowsLoaded", import.counts.loaded), ("RowsRejected", rejected)];
        shared::telemetry::count(&self.config.stack, Timestamp::now(), &counts);
    }
}

fn entry_of(upload: &Upload, owner: &str) -> Import {
    Import {
        etag: upload.etag.clone(),
        ..Import::begun(upload.object(), upload.size.unwrap_or(0), owner, Timestamp::now())
    }
}

fn ended_well(counts: &ImportCounts) -> (ImportState, Option<String>) {
    let message = match (counts.rows, counts.loaded) {
        (0, _) => Some("the file has no rows"),
        (_, 0) => Some(
            "no row could be loaded: is it an export with the columns email, item_id, quantity, price and \
             purchase_date, separated by commas?",
        ),
        _ => None,
    };
    let state =
        if counts.rejected_total() == 0 { ImportState::Loaded } else { ImportState::LoadedWithRejects };
    (state, message.map(str::to_owned))
}

/// Nine tenths of what fitted, so that the parts fit.
fn out_of_time(rows: u64) -> String {
    let advice = match rows / 10 * 9 {
        0 => "smaller parts".to_owned(),
        rows => format!("parts of at most {rows} rows"),
    };
    format!(
        "the time of one invocation ended after {rows} rows: split the file into {advice}. \
         What has been loaded is not loaded twice"
    )
}
