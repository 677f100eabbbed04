//! The people of a day: buyer tokens, joined where a purchase carries two of them.
//!
//! During the window after a key rotation a purchase carries the buyer's token under both keys, and who bought under
//! the former key on the same day is the same person.

use std::collections::HashMap;

use anyhow::Context as _;
use shared::purchase::BuyerToken;

/// Tokens while purchases are read: each has a number, and an earlier one of the same person if it has been joined to
/// one (union-find: <https://doi.org/10.1145/321879.321884>).
#[derive(Debug, Default)]
pub(crate) struct Joining {
    numbers: HashMap<BuyerToken, u32>,
    joined_to: Vec<u32>,
}

impl Joining {
    /// The token's number.
    pub(crate) fn number(&mut self, token: &BuyerToken) -> anyhow::Result<u32> {
        if let Some(number) = self.numbers.get(token) {
            return Ok(*number);
        }
        let number = u32::try_from(self.joined_to.len()).context("too many buyers")?;
        self.numbers.insert(token.clone(), number);
        self.joined_to.push(number);
        Ok(number)
    }

    /// Makes one person of the people with these tokens.
    pub(crate) fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.first_of(one), self.first_of(other));
        let (earlier, later) = (one.min(other), one.max(other));
        if let Some(to) = self.joined_to.get_mut(later as usize) {
            *to = earlier;
        }
    }

    /// The number that stands for the token's person; the way there is halved.
    fn first_of(&mut self, mut number: u32) -> u32 {
        while let Some(to) = self.joined_to.get(number as usize).copied().filter(|to| *to != number) {
            let further = self.joined_to.get(to as usize).copied().unwrap_or(to);
            if let Some(slot) = self.joined_to.get_mut(number as usize) {
                *slot = further;
            }
            number = further;
        }
        number
    }

    /// The people.
    pub(crate) fn finish(mut self) -> People {
        // A token is only ever joined to an earlier one: that one has its person already.
        let mut of_token: Vec<u32> = Vec::with_capacity(self.joined_to.len());
        let mut count = 0;
        for number in 0..u32::try_from(self.joined_to.len()).unwrap_or(u32::MAX) {
            let first = self.first_of(number);
            let person = of_token.get(first as usize).copied().unwrap_or(count);
            count = count.max(person.saturating_add(1));
            of_token.push(person);
        }
        let mut tokens: Vec<(u32, BuyerToken)> = self.numbers.into_iter().map(|(t, n)| (n, t)).collect();
        tokens.sort_unstable_by_key(|(number, _)| *number);
        People { tokens: tokens.into_iter().map(|(_, token)| token).collect(), of_token, count }
    }
}

/// Who bought or returned anything on a day.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// Every token, by its number.
    pub(crate) tokens: Vec<BuyerToken>,
    /// For each token the number of its person, counted from 0.
    pub(crate) of_token: Vec<u32>,
    /// How many people.
    pub(crate) count: u32,
}

impl People {
    /// The person with this token's number.
    pub(crate) fn person(&self, token: u32) -> u32 {
        self.of_token.get(token as usize).copied().unwrap_or(token)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(n: u32) -> BuyerToken {
        BuyerToken::keyed("k1", &format!("{n:064x}"))
    }

    proptest! {
        #[test]
        fn people_are_what_is_connected(pairs in proptest::collection::vec((0u32..30, 0u32..30), 0..40)) {
            let mut joining = Joining::default();
            // The slow way: everybody has a label, and joining two renames one of them everywhere.
            let mut labels: Vec<u32> = (0..30).collect();
            for (one, other) in &pairs {
                let (a, b) = (joining.number(&token(*one)).unwrap(), joining.number(&token(*other)).unwrap());
                joining.join(a, b);
                let (from, to) = (labels[*one as usize], labels[*other as usize]);
                labels.iter_mut().filter(|label| **label == from).for_each(|label| *label = to);
            }
            let people = joining.finish();
            let named: Vec<u32> =
                people.tokens.iter().map(|t| u32::from_str_radix(&t.as_str()[3..], 16).unwrap()).collect();
            for (n, one) in named.iter().enumerate() {
                for (m, other) in named.iter().enumerate() {
                    let same = people.of_token[n] == people.of_token[m];
                    prop_assert_eq!(same, labels[*one as usize] == labels[*other as usize]);
                }
            }
            let mut different = people.of_token.clone();
            different.sort_unstable();
            different.dedup();
            prop_assert_eq!(different, (0..people.count).collect::<Vec<_>>());
        }
    }
}
