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
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

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
        let everybody: Vec<usize> = (0..self.people.tokens.len()).collect();
        self.read(&everybody).await.map(Known)
    }

    /// Writes what is missing, and answers how many people are new. The days that a `FIRST` has left are put into
    /// `moved`, those before an error too: nobody will see again that they were.
    pub(crate) async fn settle(&self, known: Known, moved: &mut BTreeSet<Date>) -> anyhow::Result<u64> {
        let is_settled = |known: &KnownBuyer| known.first.is_some_and(|first| first <= self.date);
        let numbers = |missing: &dyn Fn(&KnownBuyer) -> bool| -> Vec<usize> {
            known.0.iter().enumerate().filter(|(_, known)| missing(known)).map(|(number, _)| number).collect()
        };
        let first = numbers(&|known| !is_settled(known));
        self.note(&numbers(&|known| !known.noted)).await?;
        self.move_first(&first, &known, moved).await?;
        // Another day may have been recomputed meanwhile: of two that both found nothing, one is the first.
        let mut settled = self.read(&first).await?.into_iter();
        let mut returning = vec![false; self.people.count as usize];
        for (known, person) in known.0.iter().zip(&self.people.of_token) {
            let known = if is_settled(known) { Some(*known) } else { settled.next() };
            let first = known.and_then(|known| known.first);
            let first = first.context("a buyer whose first day was just written has none")?;
            if let Some(returning) = returning.get_mut(*person as usize) {
                *returning |= first < self.date;
            }
        }
        Ok(returning.iter().filter(|returning| !**returning).count() as u64)
    }

    /// The tokens with these numbers.
    fn tokens(&self, numbers: &[usize]) -> Vec<BuyerToken> {
        numbers.iter().filter_map(|number| self.people.tokens.get(*number)).cloned().collect()
    }

    /// What is known of the tokens with these numbers.
    async fn read(&self, numbers: &[usize]) -> anyhow::Result<Vec<KnownBuyer>> {
        let calls = numbers
            .chunks(CALL_TOKENS)
            .map(async |some| self.buyers.known(self.date, &self.tokens(some)).await);
        let mut answers = pin!(stream::iter(calls).buffered(CALLS));
        let mut known = Vec::with_capacity(numbers.len());
        while let Some(some) = answers.try_next().await.context("reading the buyer index")? {
            known.extend(some);
        }
        let (found, asked) = (known.len(), numbers.len());
        ensure!(found == asked, "the buyer index answered {found} of {asked} questions");
        Ok(known)
    }

    async fn note(&self, numbers: &[usize]) -> anyhow::Result<()> {
        let calls = numbers
            .chunks(CALL_TOKENS)
            .map(async |some| self.buyers.note(self.date, &self.tokens(some)).await);
        let noted = stream::iter(calls).buffer_unordered(CALLS).try_collect::<()>().await;
        noted.context("noting who bought")
    }

    /// Makes the day the first one of the tokens with these numbers, of which `known` says the later one they have.
    async fn move_first(
        &self,
        numbers: &[usize],
        known: &Known,
        moved: &mut BTreeSet<Date>,
    ) -> anyhow::Result<()> {
        // Before it is known what has moved: after an error it never would be.
        moved.extend(known.later(self.date));
        let first = |number: &usize| known.0.get(*number).and_then(|known| known.first);
        let calls = numbers.chunks(CALL_TOKENS).map(async |some| {
            let tokens: Vec<_> = self.tokens(some).into_iter().zip(some.iter().map(first)).collect();
            self.buyers.first_bought_together(&tokens, self.date).await
        });
        let left = stream::iter(calls).buffer_unordered(CALLS).try_collect::<Vec<_>>().await;
        let left = left.context("noting who bought first")?.concat();
        self.move_each(&left, moved).await
    }

    /// The same for tokens of whom something else is known to somebody else by now.
    async fn move_each(&self, tokens: &[BuyerToken], moved: &mut BTreeSet<Date>) -> anyhow::Result<()> {
        let has_failed = AtomicBool::new(false);
        let calls = tokens
            .iter()
            .take_while(|_| !has_failed.load(Ordering::Relaxed))
            .map(|token| self.buyers.first_bought(token, self.date));
        let mut answers = pin!(stream::iter(calls).buffer_unordered(SINGLE_CALLS));
        let mut done = Ok(());
        // After a failure no call is begun, and those under way are waited for: one that is dropped may have moved a
        // day that nobody would hear of.
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(left) => moved.extend(left),
                Err(error) => {
                    has_failed.store(true, Ordering::Relaxed);
                    done = Err(error);
                }
            }
        }
        done.context("noting who bought first")
    }
}
