//! Which days imports touched lately: the invocation that an import begins for each of its days may get lost.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use shared::import::MAX_DAYS;
use shared::store::{ListImports, month_of, walk_imports};

/// How long ago an import may have ended, in hours: two days, and two hours for a night that begins late.
const ENDED_HOURS: i64 = 2 * 24 + 2;

/// How long an import may take, in hours: seven days. A hundred passes of a quarter of an hour, each of which waited
/// an hour for the sweep, are five.
const LONGEST_HOURS: i64 = 7 * 24;

/// The days of one night.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Imports that ended lately.
    pub(crate) imports: usize,
    /// The days that they touched; the latest [`MAX_DAYS`] of them.
    pub(crate) days: BTreeSet<Date>,
    /// The others.
    pub(crate) left_out: BTreeSet<Date>,
}

/// The days that imports touched which ended in the last two days before this instant, in whatever state.
pub(crate) async fn days(ledger: &impl ListImports, at: Timestamp) -> anyhow::Result<Found> {
    let ended_from = at.saturating_sub(SignedDuration::from_hours(ENDED_HOURS)).context("two days ago")?;
    let longest = SignedDuration::from_hours(LONGEST_HOURS);
    let begun_from = ended_from.saturating_sub(longest).context("nine days ago")?;
    let mut found = Found::default();
    let newest = month_of(at);
    let months = if month_of(begun_from) == newest { 1 } else { 2 };
    let walked = walk_imports(ledger, newest, months, |import| {
        if import.started_at < begun_from {
            return ControlFlow::Break(());
        }
        if import.ended_at.is_some_and(|ended| ended >= ended_from) {
            found.imports += 1;
            found.days.extend(import.days);
        }
        ControlFlow::Continue(())
    });
    walked.await.context("reading the import ledger")?;
    while found.days.len() > MAX_DAYS
        && let Some(oldest) = found.days.pop_first()
    {
        found.left_out.insert(oldest);
    }
    Ok(found)
}
