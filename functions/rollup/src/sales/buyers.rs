//! The buyer index: on which day each token first bought, and who of a day's people is new.
//!
//! `FIRST` of a token is the first day that the token itself is seen on; a person is new on a day when no token of
//! theirs was seen before it. So the index is the same in whatever order days are recomputed, and a day's trend
//! depends on no more than its purchases and `FIRST` of its tokens. (If a token took over the `FIRST` of those it is
//! joined to, it would depend on which day was recomputed when: a link is known on its own day only.)
//!
//! `FIRST` only ever moves to an earlier day. When it leaves a day, that day counted a person as new who was not, and
//! has to be recomputed: it is the only one, because on every later day the person was returning before and after.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;
use shared::purchase::BuyerToken;
use shared::store::{KnownBuyer, WriteBuyers};

use crate::sales::people::People;

/// Tokens of one call of the store, which makes its own batches of them.
const CALL_TOKENS: usize = 500;

/// Calls with many tokens under way at once.
const CALLS: usize = 4;

/// Calls with one token under way at once.
const SINGLE_CALLS: usize = 32;

/// The buyer index, for the people of one day.
pub(crate) struct Index<'a, B> {
    pub(crate) buyers: &'a B,
    pub(crate) date: Date,
    pub(crate) people: &'a People,
}

/// What the index knows of each token of the day, by its number.
pub(crate) struct Known(Vec<KnownBuyer>);

impl Known {
    /// The later days that are first days of tokens of the day by now.
    pub(crate) fn later(&self, date: Date) -> BTreeSet<Date> {
        self.0.iter().filter_map(|known| known.first).filter(|first| *first > date).collect()
    }
}

impl<B: WriteBuyers> Index<'_, B> {
    /// What is known.
    pub(crate) async fn known(&self) -> anyhow::Result<Known> {
        self.read(&self.people.tokens).await.map(Known)
    }

    /// Writes what is missing, and answers how many people are new. The days that a `FIRST` has left are put into
    /// `moved`, those before an error too: nobody will see again that they were.
    pub(crate) async fn settle(&self, known: Known, moved: &mut BTreeSet<Date>) -> anyhow::Result<u64> {
        let tokens = || self.people.tokens.iter().zip(&known.0);
        let not_noted: Vec<BuyerToken> =
            tokens().filter(|(_, known)| !known.noted).map(|(token, _)| token.clone()).collect();
        let first: Vec<BuyerToken> = tokens()
            .filter(|(_, known)| known.first.is_none_or(|first| first > self.date))
            .map(|(token, _)| token.clone())
            .collect();
        self.note(&not_noted).await?;
        self.move_first(&first, moved).await?;
        // Another day may have been recomputed meanwhile: of two that both found nothing, one is the first.
        let mut settled = self.read(&first).await?.into_iter();
        let mut returning = vec![false; self.people.count as usize];
        for (known, person) in known.0.iter().zip(&self.people.of_token) {
            let is_settled = known.first.is_some_and(|first| first <= self.date);
            let first = if is_settled { known.first } else { settled.next().and_then(|known| known.first) };
            let first = first.context("a buyer whose first day was just written has none")?;
            if let Some(returning) = returning.get_mut(*person as usize) {
                *returning |= first < self.date;
            }
        }
        Ok(returning.iter().filter(|returning| !**returning).count() as u64)
    }

    async fn read(&self, tokens: &[BuyerToken]) -> anyhow::Result<Vec<KnownBuyer>> {
        let calls = tokens.chunks(CALL_TOKENS).map(|some| self.buyers.known(self.date, some));
        let mut answers = stream::iter(calls).buffered(CALLS);
        let mut known = Vec::with_capacity(tokens.len());
        while let Some(some) = answers.try_next().await.context("reading the buyer index")? {
            known.extend(some);
        }
        ensure!(known.len() == tokens.len(), "the buyer index answered {} of {}", known.len(), tokens.len());
        Ok(known)
    }

    async fn note(&self, tokens: &[BuyerToken]) -> anyhow::Result<()> {
        let calls = tokens.chunks(CALL_TOKENS).map(|some| self.buyers.note(self.date, some));
        let noted = stream::iter(calls).buffer_unordered(CALLS).try_collect::<()>().await;
        noted.context("noting who bought")
    }

    async fn move_first(&self, tokens: &[BuyerToken], moved: &mut BTreeSet<Date>) -> anyhow::Result<()> {
        let calls = tokens.iter().map(|token| self.buyers.first_bought(token, self.date));
        let mut answers = stream::iter(calls).buffer_unordered(SINGLE_CALLS);
        let mut failed = None;
        // To the end, whatever fails: a call that is dropped may have moved a day that nobody would hear of.
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(left) => moved.extend(left),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), |error| Err(error).context("noting who bought first"))
    }
}
