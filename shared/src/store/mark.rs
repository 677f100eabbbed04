//! How far a shard is folded, and which regions have reported lately.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::monitor::Region;
use crate::schedule::Slot;
use crate::text::{Invalid, as_text, is_hex};

/// How far a shard is folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The last slot that was folded.
    pub slot: Slot,
    /// Which blocks came in time lately, of each region that is expected. The attribute `reported` of an older mark
    /// held something else.
    #[serde(default, rename = "regions")]
    pub reported: BTreeMap<Region, Reported>,
}

impl Mark {
    /// Whether the region's block of this slot came too late, or not at all, or is still waited for. None is lacking of
    /// slots before the region was expected, or more than sixteen ago; of a region that the mark does not name, blocks
    /// are expected from the next slot on.
    pub fn lacks(&self, region: &Region, slot: Slot) -> bool {
        let new = || Reported::since(self.slot.plus(1));
        let reported = self.reported.get(region).copied().unwrap_or_else(new);
        reported.lacks(slot, self.slot.minutes() - slot.minutes())
    }
}

/// Slots that are remembered: more than anybody asks about.
const KEPT: i64 = 16;

/// Which blocks of a shard a region has reported in time. Means nothing without the [`Mark`] that it belongs to.
/// Written `2026-11-21T14:25:00Z/fff7`: since when the region is expected, sixteen slots ago at most, and a bit for
/// each of these slots, that of the mark the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported {
    since: Slot,
    slots: u16,
}

impl Reported {
    /// Of a region that is expected from this slot on.
    pub fn since(slot: Slot) -> Self {
        Self { since: slot, slots: 0 }
    }

    /// The same when the mark has moved on from `before` to the last of these slots, of which the region's block came
    /// in time where `in_time` says so. Slots in between that were never folded have none.
    #[must_use]
    pub fn moved(self, before: Slot, slots: &RangeInclusive<Slot>, in_time: impl Fn(Slot) -> bool) -> Self {
        let (first, last) = (slots.start().minutes(), slots.end().minutes());
        let by = u32::try_from(last.saturating_sub(before.minutes())).unwrap_or(u32::MAX);
        let moved = self.slots.checked_shl(by).unwrap_or(0);
        let new = (0..KEPT).filter(|back| last - back >= first && in_time(Slot::of_minutes(last - back)));
        let since = self.since.max(Slot::of_minutes(last - KEPT + 1));
        Self { since, slots: new.fold(moved, |slots, back| slots | 1 << back) }
    }

    /// Whether a block is expected of the slot so many minutes before the mark's, `slot`, and did not come in time.
    fn lacks(self, slot: Slot, minutes_back: i64) -> bool {
        let came =
            u32::try_from(minutes_back).is_ok_and(|back| self.slots.checked_shr(back).unwrap_or(0) & 1 == 1);
        slot >= self.since && !came
    }
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:04x}", self.since, self.slots)
    }
}

impl FromStr for Reported {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let read = || {
            let (since, slots) = text.split_once('/').filter(|(_, slots)| is_hex(slots, 4))?;
            Some(Self { since: since.parse().ok()?, slots: u16::from_str_radix(slots, 16).ok()? })
        };
        read().ok_or_else(|| Invalid::new("what a region reported, such as 2026-11-21T14:25:00Z/fff7", text))
    }
}

as_text!(Reported);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn slot(minute: i64) -> Slot {
        Slot::of_minutes(30_000_000 + minute)
    }

    fn region(name: &str) -> Region {
        name.parse().unwrap()
    }

    #[test]
    fn the_text_is_as_documented() {
        let even = |at: Slot| at.minutes() % 2 == 0;
        let reported = Reported::since(slot(0)).moved(slot(0), &(slot(1)..=slot(4)), even);
        let text = "2027-01-15T08:00:00Z/0005";
        assert_eq!((reported.to_string().as_str(), text.parse()), (text, Ok(reported)));
        for bad in
            ["", "2027-01-15T08:00:00Z", "2027-01-15T08:00:00Z/5", "2027-01-15T08:00:00Z/000G", "x/0005"]
        {
            assert!(bad.parse::<Reported>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mark_lacks_what_is_expected_and_did_not_come() {
        let reported = Reported::since(slot(2)).moved(slot(1), &(slot(2)..=slot(6)), |at| at != slot(4));
        let mark = Mark { slot: slot(6), reported: [(region("us-east-1"), reported)].into() };
        let lacks = |name: &str| (0..=9).filter(|n| mark.lacks(&region(name), slot(*n))).collect::<Vec<_>>();
        assert_eq!(lacks("us-east-1"), [4, 7, 8, 9]);
        assert_eq!(lacks("eu-west-1"), [7, 8, 9], "nobody knew of it when the mark was written");
        assert!(!mark.lacks(&region("us-east-1"), slot(-9_000)));
    }

    #[test]
    fn an_older_mark_names_no_region() {
        let older = serde_json::json!({"slot": slot(0), "reported": {"us-east-1": slot(0)}});
        let read: Mark = serde_json::from_value(older).unwrap();
        assert_eq!(read, Mark { slot: slot(0), reported: BTreeMap::new() });
        let broken = serde_json::json!({"slot": slot(0), "regions": {"us-east-1": slot(0)}});
        assert!(serde_json::from_value::<Mark>(broken).is_err());
    }

    proptest! {
        #[test]
        fn however_slots_are_folded_the_same_is_remembered(
            came in proptest::collection::btree_set(0i64..60, 0..60),
            cuts in proptest::collection::btree_set(1i64..60, 0..8),
            silent in proptest::collection::btree_set(0i64..60, 0..2),
        ) {
            let mut mark = Mark { slot: slot(-1), reported: BTreeMap::new() };
            let mut reported = Reported::since(slot(0));
            let starts: Vec<i64> = [0].into_iter().chain(cuts).collect();
            let ends = starts.iter().skip(1).map(|start| start - 1).chain([59]);
            let foldings: Vec<(i64, i64)> = starts.iter().copied().zip(ends).collect();
            // Some of them are left out, as after a long silence; never the last one.
            let (last, others) = foldings.split_last().unwrap();
            let left_out = |(from, to): &(i64, i64)| silent.iter().any(|n| (from..=to).contains(&n));
            let mut folded = BTreeSet::new();
            for (from, to) in others.iter().filter(|folding| !left_out(folding)).chain([last]) {
                reported = reported.moved(mark.slot, &(slot(*from)..=slot(*to)), |at| {
                    came.contains(&(at.minutes() - slot(0).minutes()))
                });
                mark.slot = slot(*to);
                folded.extend((*from..=*to).filter(|n| came.contains(n)));
            }
            prop_assert_eq!(reported.to_string().parse(), Ok(reported));
            mark.reported.insert(region("us-east-1"), reported);
            for n in 44..60 {
                prop_assert_eq!(mark.lacks(&region("us-east-1"), slot(n)), !folded.contains(&n), "{}", n);
            }
            prop_assert!(!mark.lacks(&region("us-east-1"), slot(43)), "nobody knows");
        }
    }
}
