//! How many batches may be in flight: more while the table takes them at once, half as many when it does not.

use shared::store::Taken;

/// Fewest and most batches in flight. At 10 ms a batch the most are 160,000 purchases a second, four times what a
/// table takes by default.
pub const BOUNDS: (usize, usize) = (1, 64);

/// Batches in flight at the start: at 10 ms a batch they are 40,000 purchases a second.
const START: usize = 16;

/// Additive increase, multiplicative decrease, as TCP does it (RFC 5681, section 3.1): who shares a table this way
/// comes to share it evenly.
#[derive(Debug, Clone)]
pub struct Pace {
    most: usize,
    /// Batches taken at once since `most` changed last.
    taken: usize,
    round: u64,
}

/// The time between two decreases. What was sent before one says nothing about the pace after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round(u64);

impl Default for Pace {
    fn default() -> Self {
        Self { most: START, taken: 0, round: 0 }
    }
}

impl Pace {
    /// How many batches may be in flight now.
    pub fn most(&self) -> usize {
        self.most
    }

    /// The round that a batch sent now belongs to.
    pub fn round(&self) -> Round {
        Round(self.round)
    }

    /// Learns how a batch of a round was taken. One more may be in flight when as many as that were taken at once; half
    /// as many as soon as one was not, but only once for all that were on their way together.
    pub fn learn(&mut self, round: Round, taken: Taken) {
        let (fewest, most) = BOUNDS;
        match taken {
            Taken::AtOnce => {
                self.taken += 1;
                if self.taken >= self.most {
                    (self.most, self.taken) = ((self.most + 1).min(most), 0);
                }
            }
            Taken::Throttled if round == self.round() => {
                (self.most, self.taken) = ((self.most / 2).max(fewest), 0);
                self.round += 1;
            }
            Taken::Throttled => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn learn(pace: &mut Pace, taken: Taken) {
        pace.learn(pace.round(), taken);
    }

    #[test]
    fn a_burst_of_throttled_batches_counts_once() {
        let mut pace = Pace::default();
        let round = pace.round();
        (0..16).for_each(|_| pace.learn(round, Taken::Throttled));
        assert_eq!(pace.most(), 8);
        learn(&mut pace, Taken::Throttled);
        assert_eq!(pace.most(), 4);
    }

    proptest! {
        #[test]
        fn it_stays_in_its_bounds(throttled: Vec<(bool, bool)>) {
            let mut pace = Pace::default();
            let mut rounds = vec![pace.round()];
            for (throttled, late) in throttled {
                let round = if late { rounds[0] } else { pace.round() };
                let before = pace.most();
                pace.learn(round, if throttled { Taken::Throttled } else { Taken::AtOnce });
                rounds.push(pace.round());
                prop_assert!((BOUNDS.0..=BOUNDS.1).contains(&pace.most()));
                prop_assert!(pace.most() <= before + 1);
                prop_assert!(pace.most() >= before / 2);
            }
        }

        #[test]
        fn it_finds_what_a_table_takes(capacity in 1usize..64, start: bool) {
            let mut pace = Pace::default();
            if start {
                (0..10_000).for_each(|_| learn(&mut pace, Taken::AtOnce));
                prop_assert_eq!(pace.most(), BOUNDS.1);
            } else {
                (0..7).for_each(|_| learn(&mut pace, Taken::Throttled));
                prop_assert_eq!(pace.most(), BOUNDS.0);
            }
            let mut used = 0;
            for flight in 0..400 {
                let (sent, round) = (pace.most(), pace.round());
                for batch in 0..sent {
                    pace.learn(round, if batch < capacity { Taken::AtOnce } else { Taken::Throttled });
                }
                if flight >= 200 {
                    used += sent.min(capacity);
                    prop_assert!(sent <= capacity + 1, "{} in flight", sent);
                }
            }
            // A saw's teeth between half of it and all of it.
            prop_assert!(used * 10 >= 200 * capacity * 6, "{} of {}", used, 200 * capacity);
        }
    }
}
