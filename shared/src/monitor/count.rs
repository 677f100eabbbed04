//! Small numbers that people choose: how often to try again, how many slots make a verdict.

use serde::{Deserialize, Serialize};

use crate::text::Invalid;

/// A number from `MIN` to `MAX`, `DEFAULT` where nobody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Count<const MIN: u8, const MAX: u8, const DEFAULT: u8>(u8);

/// Retries of a check that failed fast, inside its time budget.
pub type Retries = Count<0, 5, 2>;

/// Consecutive slots that a verdict needs before it counts: of those in which the monitor was due.
pub type Streak = Count<1, 10, 2>;

impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> Count<MIN, MAX, DEFAULT> {
    /// The smallest that can be chosen.
    pub const MIN: u8 = MIN;
    /// The largest that can be chosen.
    pub const MAX: u8 = MAX;

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> Default for Count<MIN, MAX, DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> TryFrom<u8> for Count<MIN, MAX, DEFAULT> {
    type Error = Invalid;
    fn try_from(number: u8) -> Result<Self, Invalid> {
        (MIN..=MAX).contains(&number).then_some(Self(number)).ok_or_else(|| {
            Invalid::new("a smaller or larger number", format_args!("{number}, not {MIN} to {MAX}"))
        })
    }
}

impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> From<Count<MIN, MAX, DEFAULT>> for u8 {
    fn from(count: Count<MIN, MAX, DEFAULT>) -> Self {
        count.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_keeps_to_its_bounds() {
        assert_eq!(Retries::default().get(), 2);
        assert!(Retries::try_from(0).is_ok() && Retries::try_from(5).is_ok());
        assert!(
            Retries::try_from(6).is_err() && Streak::try_from(0).is_err() && Streak::try_from(11).is_err()
        );
    }
}
