//! Waits until no import runs that may have begun before the person was recorded: later ones skip the person.

use anyhow::{Context as _, bail};
use jiff::{SignedDuration, Timestamp};
use shared::import::{Import, ImportState};
use shared::store::{ListImports, ReadImports};
use tokio::time::{Instant, sleep};

use super::Waits;
use super::outstanding::MADE_UP_FOR;
use crate::imports::{kept, short};

/// What the clock of a function may be ahead of this machine's: AWS refuses calls signed with more.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Imports that are named in an error.
const NAMED: usize = 5;

/// Waits, and answers the imports that were waited for, with those that ended in the last days.
pub(super) async fn wait(
    ledger: &(impl ListImports + ReadImports),
    recorded_at: Timestamp,
    waits: Waits,
    tell: &impl Fn(String),
) -> anyhow::Result<Vec<Import>> {
    let before = recorded_at.saturating_add(SKEW)?;
    let ended_since = recorded_at.saturating_sub(MADE_UP_FOR)?;
    let start = Instant::now();
    tell("looking for imports under way".to_owned());
    sleep(waits.settle).await;
    // All of the ledger: an import that failed long ago and is tried again has begun long ago.
    let is_kept = |import: &Import| {
        is_running(import) && import.started_at < before
            || import.ended_at.is_some_and(|at| at >= ended_since)
    };
    let mut imports = kept(ledger, before, is_kept).await.context("reading the ledger")?;
    loop {
        let running: Vec<String> =
            imports.iter().filter(|i| is_running(i)).map(|i| short(&i.import_id)).collect();
        if running.is_empty() {
            return Ok(imports);
        }
        if start.elapsed() >= waits.most {
            bail!(
                "imports that began before still run ({} of them: {}). The person is recorded, nothing is deleted yet: \
                 look at `shopwatch imports list --state running`, and run this again when they have ended",
                running.len(),
                running.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ")
            );
        }
        tell(format!("waiting for {} imports under way", running.len()));
        sleep(waits.pause).await;
        for import in imports.iter_mut().filter(|import| is_running(import)) {
            if let Some(now) = ledger.import(&import.object).await.context("reading the ledger")? {
                *import = now;
            }
        }
    }
}

fn is_running(import: &Import) -> bool {
    import.state == ImportState::Running
}
