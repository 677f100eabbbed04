//! Walks the buckets of a range of days and merges them in time order, a bounded part of the table at a time.
//!
//! A bucket is read in pages, and a page may end early: `read_to` says how far it goes. A purchase may be given
//! out only when every bucket has been read beyond it, so the smallest `read_to` is the frontier of what is
//! settled. Everything up to the frontier has been given out, which makes it the place to go on from.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use futures_util::future::try_join_all;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan as _};
use shared::purchase::{BUCKETS, BuyerToken, ItemId, Position, Purchase, RowId};
use shared::store::{BucketQuery, ReadPurchases, Result};
use tokio::time::Instant;

use crate::range::Range;

/// Days that are read at once at most, when those before had few purchases.
const MAX_DAYS: usize = 8;

/// What is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    pub(crate) range: Range,
    pub(crate) item: Option<ItemId>,
    pub(crate) buyer: Option<BuyerToken>,
    /// At most this many, 1 to 1,000.
    pub(crate) limit: u16,
}

/// How much one walk may cost. One round of reads is made in any case, so every walk gets on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Pages of the table, of at most 1 MB each.
    pub(crate) pages: usize,
    /// No new round of reads from then on.
    pub(crate) until: Instant,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// In time order.
    pub(crate) purchases: Vec<Purchase>,
    /// Where to go on, when there may be more: everything up to here was given out.
    pub(crate) next: Option<Position>,
}

/// Walks from behind this position, or from the range's begin.
pub(crate) async fn walk<P: ReadPurchases>(
    store: &P,
    search: &Search,
    after: Option<Position>,
    budget: Budget,
) -> Result<Found> {
    let mut walk = Walk { store, search, budget, after, found: Vec::new() };
    let next = walk.run().await?;
    Ok(Found { purchases: walk.found, next })
}

struct Walk<'a, P> {
    store: &'a P,
    search: &'a Search,
    budget: Budget,
    /// Everything up to here is in `found`, or was given out before.
    after: Option<Position>,
    found: Vec<Purchase>,
}

/// How a span of days ended.
enum Span {
    /// All of its purchases were given out.
    Done,
    /// The limit or the budget was reached: everything up to `at` was given out.
    Stopped { at: Position, span_has_more: bool },
}

impl<P: ReadPurchases> Walk<'_, P> {
    /// Where to go on, if not everything was found.
    async fn run(&mut self) -> Result<Option<Position>> {
        let range = self.search.range;
        let mut day = match self.after {
            // A day that has been walked is not read again: a small budget would never leave it.
            Some(after) if after == end_of(after.date(), range) => match after.date().tomorrow() {
                Ok(next) => next,
                Err(_) => return Ok(None),
            },
            Some(after) => after.date(),
            None => range.first_day(),
        };
        // Doubled after each span: it was not enough for a page, so the next ones look further at once.
        let mut days = 1;
        loop {
            let span = day.series(1.day()).take(days);
            let span: Vec<Date> = span.take_while(|day| *day <= range.last_day()).collect();
            let Some(last) = span.last().copied() else {
                return Ok(None);
            };
            let is_last = last == range.last_day();
            if let Span::Stopped { at, span_has_more } = self.span(&span).await? {
                return Ok((span_has_more || !is_last).then_some(at));
            }
            let end = end_of(last, range);
            match last.tomorrow() {
                Ok(next) if !is_last => day = next,
                _ => return Ok(None),
            }
            self.after = Some(end);
            days = (days * 2).min(MAX_DAYS);
            let least = usize::from(BUCKETS);
            if !self.affords(least) {
                return Ok(Some(end));
            }
            days = days.min(self.budget.pages / least);
        }
    }

    /// Reads these days, bucket by bucket, and gives out what is settled.
    async fn span(&mut self, days: &[Date]) -> Result<Span> {
        let mut buckets: Vec<Bucket> =
            days.iter().flat_map(|date| (0..BUCKETS).map(|bucket| Bucket::new(*date, bucket))).collect();
        loop {
            let starved = starved(&buckets);
            if starved.is_empty() {
                return Ok(Span::Done);
            }
            if let Some(frontier) = frontier(&buckets)
                && !self.affords(starved.len())
            {
                return Ok(Span::Stopped { at: frontier, span_has_more: true });
            }
            self.read(&mut buckets, &starved).await?;
            if self.give_out(&mut buckets)
                && let Some(last) = self.found.last()
            {
                let span_has_more = buckets.iter().any(|b| b.state != Read::Whole || !b.rows.is_empty());
                return Ok(Span::Stopped { at: last.position, span_has_more });
            }
        }
    }

    /// Whether so many more pages may be read.
    fn affords(&self, pages: usize) -> bool {
        pages <= self.budget.pages && Instant::now() < self.budget.until
    }

    /// Reads the next page of each of these buckets, all at once.
    async fn read(&mut self, buckets: &mut [Bucket], which: &[usize]) -> Result<()> {
        self.budget.pages = self.budget.pages.saturating_sub(which.len());
        let (store, limit) = (self.store, self.page_limit());
        let queries: Vec<BucketQuery> = which
            .iter()
            .filter_map(|index| buckets.get(*index))
            .map(|bucket| self.query(bucket, limit))
            .collect();
        let pages = try_join_all(queries.iter().map(|query| store.page(query))).await?;
        for (index, page) in which.iter().zip(pages) {
            if let Some(bucket) = buckets.get_mut(*index) {
                bucket.rows.extend(page.purchases);
                bucket.state = page.read_to.map_or(Read::Whole, Read::To);
            }
        }
        Ok(())
    }

    fn query(&self, bucket: &Bucket, limit: u16) -> BucketQuery {
        BucketQuery {
            date: bucket.date,
            bucket: bucket.bucket,
            from: self.search.range.from(),
            until: self.search.range.until(),
            after: match bucket.state {
                Read::To(position) => Some(position),
                Read::Not | Read::Whole => self.after,
            },
            item: self.search.item,
            buyer: self.search.buyer.clone(),
            limit,
        }
    }

    /// Rows are spread evenly over the buckets, so an eighth of what is missing would do; a quarter makes a second
    /// round rare. What a filter leaves over cannot be foreseen.
    fn page_limit(&self) -> u16 {
        let missing = self.missing();
        let filtered = self.search.item.is_some() || self.search.buyer.is_some();
        let limit = if filtered { missing } else { missing.min(missing / 4 + 8) };
        u16::try_from(limit).unwrap_or(self.search.limit).clamp(1, 1_000)
    }

    fn missing(&self) -> usize {
        usize::from(self.search.limit).saturating_sub(self.found.len())
    }

    /// Moves what is settled from the buckets to what was found, in time order. Whether the limit was reached.
    fn give_out(&mut self, buckets: &mut [Bucket]) -> bool {
        let frontier = frontier(buckets);
        while self.missing() > 0 {
            let first = buckets.iter_mut().filter_map(|b| Some((b.rows.front()?.position, b)));
            let Some((position, bucket)) = first.min_by_key(|(position, _)| *position) else {
                return false;
            };
            if frontier.is_some_and(|frontier| position > frontier) {
                return false;
            }
            self.found.extend(bucket.rows.pop_front());
        }
        true
    }
}

/// One bucket of one day on the way.
#[derive(Debug)]
struct Bucket {
    date: Date,
    bucket: u8,
    /// Read and not given out yet.
    rows: VecDeque<Purchase>,
    state: Read,
}

/// How far a bucket was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    Not,
    To(Position),
    Whole,
}

impl Bucket {
    fn new(date: Date, bucket: u8) -> Self {
        Self { date, bucket, rows: VecDeque::new(), state: Read::Not }
    }
}

/// The buckets to read next: all of them at first; then of the earliest day that holds up the others, those of
/// which nothing is left and which have more.
fn starved(buckets: &[Bucket]) -> Vec<usize> {
    let which = |wanted: &dyn Fn(&Bucket) -> bool| -> Vec<usize> {
        let found = buckets.iter().enumerate().filter(|(_, bucket)| wanted(bucket));
        found.map(|(index, _)| index).collect()
    };
    let unread = which(&|bucket| bucket.state == Read::Not);
    if !unread.is_empty() {
        return unread;
    }
    let is_starved = |bucket: &Bucket| bucket.rows.is_empty() && bucket.state != Read::Whole;
    let date = buckets.iter().filter(|bucket| is_starved(bucket)).map(|bucket| bucket.date).min();
    which(&|bucket| is_starved(bucket) && Some(bucket.date) == date)
}

/// How far every bucket was read; `None` when none of them has more, or none was read.
fn frontier(buckets: &[Bucket]) -> Option<Position> {
    let read_to = buckets.iter().filter_map(|bucket| match bucket.state {
        Read::To(position) => Some(position),
        Read::Not | Read::Whole => None,
    });
    read_to.min()
}

/// The last position that this day can have in the range.
fn end_of(day: Date, range: Range) -> Position {
    let midnight = day.tomorrow().and_then(|next| next.to_zoned(TimeZone::UTC));
    let end = midnight.map_or(range.until(), |zoned| zoned.timestamp().min(range.until()));
    Position { at: end - SignedDuration::from_nanos(1), row_id: RowId(u128::MAX) }
}
