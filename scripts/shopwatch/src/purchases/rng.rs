//! Pseudo-random numbers that are the same on every platform and in every version: SplitMix64.
//!
//! Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014. Only whole numbers are drawn:
//! floating point could round differently elsewhere.

/// A generator of 2^64 numbers.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    /// The generator of this seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator of its own for one thing among many: the same whenever it is asked for.
    pub(super) fn of(seed: u64, thing: u64) -> Self {
        Self(mix(seed ^ mix(thing.wrapping_add(0x632b_e59b_d9b4_e019))))
    }

    /// Any number.
    pub(super) fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 to `end` − 1, evenly up to one part in 2^32 for the small ends used here; 0 when `end` is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.any()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from 0 to `end` − 1, small ones far more often: half of all lie in the first quarter.
    pub(super) fn below_skewed(&mut self, end: u64) -> u64 {
        let (a, b) = (self.below(1 << 32), self.below(1 << 32));
        let product = u128::from(a) * u128::from(b) * u128::from(end);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// Whether something of this many in a thousand happens.
    pub(super) fn happens(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        // The reference implementation's first numbers for the seed 1234567 (Vigna, splitmix64.c).
        let mut rng = Rng::new(1_234_567);
        assert_eq!(
            [rng.any(), rng.any(), rng.any()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn numbers_stay_below_their_end() {
        let mut rng = Rng::new(1);
        for end in [1, 2, 7, 1_000, u64::MAX] {
            for _ in 0..100 {
                assert!(rng.below(end) < end);
                assert!(rng.below_skewed(end) < end);
            }
        }
        assert_eq!((rng.below(0), rng.below_skewed(0)), (0, 0));
    }
}
