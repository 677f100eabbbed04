//! Follows one import in the ledger until it ends.

use std::time::{Duration, Instant};

use shared::import::{Import, ImportState, ObjectVersion};
use shared::store::{ReadImports, StoreError};

/// How long to wait, and how often to look.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Between two looks, for the first ten; after them four times as long.
    pub pause: Duration,
    /// For the ledger's entry to appear.
    pub begin: Duration,
    /// For the import to end.
    pub end: Duration,
}

impl Patience {
    /// What the command uses.
    pub fn new(end: Duration) -> Self {
        Self { pause: Duration::from_millis(250), begin: Duration::from_secs(60), end }
    }
}

/// What following came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// The import has ended: its state is not `running`.
    Ended(Box<Import>),
    /// It is still running.
    Running(Box<Import>),
    /// There is no entry: nobody has begun it.
    NotBegun,
}

/// Looks at the import's entry until it has ended or patience has; `seen` is told of each look at it.
///
/// # Errors
/// When the ledger does not answer.
pub async fn follow(
    ledger: &impl ReadImports,
    object: &ObjectVersion,
    patience: Patience,
    mut seen: impl FnMut(&Import),
) -> Result<Followed, StoreError> {
    let start = Instant::now();
    let mut looks = 0_u32;
    loop {
        let waited = start.elapsed();
        let import = ledger.import(object).await?;
        if let Some(import) = &import {
            seen(import);
        }
        match import {
            Some(import) if import.state != ImportState::Running => {
                return Ok(Followed::Ended(Box::new(import)));
            }
            Some(import) if waited >= patience.end => return Ok(Followed::Running(Box::new(import))),
            None if waited >= patience.begin.min(patience.end) => return Ok(Followed::NotBegun),
            _ => {}
        }
        looks = looks.saturating_add(1);
        let pause = if looks <= 10 { patience.pause } else { patience.pause * 4 };
        tokio::time::sleep(pause).await;
    }
}
