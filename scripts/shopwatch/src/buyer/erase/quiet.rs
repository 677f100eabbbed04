//! Waits until no import runs that may have begun before the person was recorded: later ones skip the person.

use anyhow::{Context as _, bail};
use jiff::{SignedDuration, Timestamp};
use shared::import::{Import, ImportState};
use shared::store::{ListImports, ReadImports};
use tokio::time::{Instant, sleep};

use super::Waits;
use super::outstanding::Touched;
use crate::imports::{kept, short};

/// What the clock of a function may be ahead of this machine's: AWS refuses calls signed with more.
pub(super) const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Imports that are named in an error.
const NAMED: usize = 5;

/// Waits, and answers the days that any import of the ledger has touched.
pub(super) async fn wait(
    ledger: &(impl ListImports + ReadImports),
    recorded_at: Timestamp,
    waits: Waits,
    tell: &impl Fn(String),
) -> anyhow::Result<Touched> {
    let before = recorded_at.saturating_add(SKEW)?;
    let start = Instant::now();
    tell("looking for imports under way".to_owned());
    sleep(waits.settle).await;
    let mut touched = Touched::default();
    // All of the ledger: an import that failed long ago and is tried again has begun long ago.
    let mut running = kept(ledger, before, |import| {
        touched.note(import);
        is_running(import) && import.started_at < before
    })
    .await
    .context("reading the ledger")?;
    loop {
        if running.is_empty() {
            return Ok(touched);
        }
        if start.elapsed() >= waits.most {
            bail!(
                "imports that began before still run ({} of them: {}). The person is recorded, nothing is deleted yet: \
                 look at `shopwatch imports list --state running`, and run this again when they have ended",
                running.len(),
                running.iter().take(NAMED).map(|i| short(&i.import_id)).collect::<Vec<_>>().join(", ")
            );
        }
        tell(format!("waiting for {} imports under way", running.len()));
        sleep(waits.pause).await;
        for import in &mut running {
            if let Some(now) = ledger.import(&import.object).await.context("reading the ledger")? {
                *import = now;
                touched.note(import);
            }
        }
        running.retain(is_running);
    }
}

fn is_running(import: &Import) -> bool {
    import.state == ImportState::Running
}
