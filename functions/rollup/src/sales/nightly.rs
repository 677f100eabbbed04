//! Which days imports touched lately: the invocation that an import begins for each of its days may get lost.

use std::collections::BTreeSet;

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use shared::import::{Import, ImportId};
use shared::store::ListImports;
use tracing::warn;

/// Most days of one night: eleven years.
pub const MAX_DAYS: usize = 4_000;

/// How long ago an import may have ended, in hours: two days, and two hours for a night that begins late.
const ENDED_HOURS: i64 = 2 * 24 + 2;

/// How long an import may take, in hours: seven days. A hundred passes of a quarter of an hour, each of which waited
/// an hour for the sweep, are five.
const LONGEST_HOURS: i64 = 7 * 24;

/// Imports of one page of the ledger.
const PAGE: usize = 200;

/// Most pages that are read of a month.
const MAX_PAGES: usize = 100;

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
    let mut month = month_of(begun_from);
    while month <= month_of(at) {
        for import in imports(ledger, month, begun_from).await? {
            if import.ended_at.is_some_and(|ended| ended >= ended_from) {
                found.imports += 1;
                found.days.extend(import.days);
            }
        }
        month = month.checked_add(1.month()).context("the next month")?;
    }
    while found.days.len() > MAX_DAYS
        && let Some(oldest) = found.days.pop_first()
    {
        found.left_out.insert(oldest);
    }
    Ok(found)
}

fn month_of(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date().first_of_month()
}

/// The imports of a month that began from this instant on, each once.
async fn imports(
    ledger: &impl ListImports,
    month: Date,
    begun_from: Timestamp,
) -> anyhow::Result<Vec<Import>> {
    let (mut imports, mut seen): (Vec<Import>, BTreeSet<String>) = Default::default();
    let mut before: Option<Timestamp> = None;
    for _ in 0..MAX_PAGES {
        let page = ledger.imports(month, before, PAGE).await.context("reading the import ledger")?;
        let last = page.last().map(|import| import.started_at);
        let is_full = page.len() >= PAGE;
        let id = |import: &Import| ImportId::to_string(&import.import_id);
        imports.extend(page.into_iter().filter(|import| seen.insert(id(import))));
        let Some(last) = last.filter(|last| is_full && *last >= begun_from) else { return Ok(imports) };
        // Of those that began at the same instant some may be on the next page.
        let next = last.checked_add(1.nanosecond()).unwrap_or(last);
        before = Some(if before == Some(next) { last } else { next });
    }
    let most = MAX_PAGES * PAGE;
    warn!(%month, "left out imports: more than {most} began in one month");
    Ok(imports)
}
