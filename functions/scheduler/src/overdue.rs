//! The dead man's switch: which blocks have not been judged for too long.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use shared::monitor::{Region, ShardId, ShardSummary};
use shared::schedule::Slot;
use shared::store::Mark;

/// The slots that are looked at, in minutes before now. A block that came is judged within a minute; where another
/// region is silent, `judge` waits for it until 100 s after the slot's start, and for the next block to wake it: that
/// is three minutes, and four where that block is lost.
const LOOKED_AT: RangeInclusive<i64> = 4..=7;

/// So many of these slots without a block are too many. Two may be lost side by side by a region that loses one in
/// four.
const TOO_MANY: usize = 3;

/// How old a shard may be that was never judged, in minutes: its first slot is folded when its grace is over.
const NEW_MINUTES: i64 = 5;

/// What has not been heard of, by region: the shards of which three of four blocks were not judged, for whatever
/// reason. What lies before a region was expected is left out of account.
pub fn overdue<'a>(
    shards: &'a [ShardSummary],
    marks: &BTreeMap<ShardId, Mark>,
    slot: Slot,
) -> BTreeMap<&'a Region, Vec<ShardId>> {
    let mut overdue: BTreeMap<&Region, Vec<ShardId>> = BTreeMap::new();
    // What guests ask for, such as a region that was given up, is nobody's alarm.
    for summary in shards.iter().filter(|summary| !summary.is_of_guests()) {
        for region in &summary.regions {
            if is_overdue(summary, marks.get(&summary.shard), region, slot) {
                overdue.entry(region).or_default().push(summary.shard);
            }
        }
    }
    overdue
}

fn is_overdue(summary: &ShardSummary, mark: Option<&Mark>, region: &Region, slot: Slot) -> bool {
    match mark {
        Some(mark) => {
            let lacking = LOOKED_AT.filter(|minutes| mark.lacks(region, slot.plus(-minutes)));
            lacking.count() >= TOO_MANY
        }
        None => slot.minutes() - summary.since.minutes() > NEW_MINUTES,
    }
}

#[cfg(test)]
mod tests {
    use shared::store::Reported;

    use super::*;

    fn slot(minute: i64) -> Slot {
        Slot::of_minutes(30_000_000 + minute)
    }

    fn names(of: &[&str]) -> Vec<Region> {
        of.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn summary(shard: u16, regions: &[&str]) -> ShardSummary {
        ShardSummary { regions: names(regions), ..ShardSummary::of(ShardId(shard), &[], 1, slot(0)) }
    }

    /// Each region is expected since the first slot and has reported in those that have a `u`, up to the last one.
    fn mark(folded: i64, reported: &[(&str, &str)]) -> Mark {
        let of = |(region, slots): &(&str, &str)| {
            let first = folded + 1 - slots.len() as i64;
            let came =
                |at: Slot| slots.as_bytes()[usize::try_from(at.minutes() - slot(first).minutes()).unwrap()];
            let reported = Reported::since(slot(first));
            let slots = slot(first)..=slot(folded);
            (region.parse().unwrap(), reported.moved(slot(first - 1), &slots, |at| came(at) == b'u'))
        };
        Mark { slot: slot(folded), reported: reported.iter().map(of).collect() }
    }

    /// In which of the next minutes a shard of one region is overdue when nothing is folded any more.
    fn overdue_in(folded: i64, reported: &str) -> Vec<i64> {
        let shards = [summary(0, &["us-east-1"])];
        let marks = [(ShardId(0), mark(folded, &[("us-east-1", reported)]))].into();
        (folded..folded + 9).filter(|minute| !overdue(&shards, &marks, slot(*minute)).is_empty()).collect()
    }

    #[test]
    fn silence_is_overdue_from_the_seventh_minute_on() {
        assert_eq!(overdue_in(20, "uuuuuuuu"), [27, 28]);
        assert_eq!(overdue_in(20, "uuuuuuu."), [26, 27, 28]);
        assert_eq!(overdue_in(20, "uuuuu.u."), [25, 26, 27, 28]);
        assert_eq!(overdue_in(20, "uuuuu..u"), [25, 26, 27, 28]);
        assert_eq!(overdue_in(20, "uuuu..uu"), [27, 28]);
    }

    #[test]
    fn three_of_four_is_too_many_and_two_are_not() {
        let until_last = |reported| overdue_in(20, reported).into_iter().filter(|minute| *minute <= 24);
        assert!(until_last("...u...u").eq(20..=24));
        assert!(until_last(".u...u..").eq(20..=24));
        assert!(until_last("uuuu...u").eq(23..=24));
        // The alarm wants three minutes of five.
        assert_eq!((until_last("uu...uuu").count(), until_last("u....uuu").count()), (2, 3));
        assert_eq!(until_last("..uu..uu").count(), 0);
        assert_eq!(until_last("uu..uu..").count(), 0);
    }

    #[test]
    fn what_was_before_a_region_was_expected_is_left_out() {
        assert_eq!(overdue_in(20, "u"), [27, 28]);
        assert_eq!(overdue_in(20, "."), [26, 27, 28]);
        assert_eq!(overdue_in(20, "..."), [24, 25, 26, 27, 28]);
        let (shards, unnamed) = ([summary(0, &["us-east-1"])], [(ShardId(0), mark(20, &[]))].into());
        let is_overdue = |minute: &i64| !overdue(&shards, &unnamed, slot(*minute)).is_empty();
        assert!((20..29).filter(is_overdue).eq(27..29), "expected from the next slot on");
    }

    #[test]
    fn guests_raise_no_alarm() {
        let own = summary(0, &["us-east-1"]);
        let guests = ShardSummary { count: 3, guests: 3, ..summary(1, &["us-east-1"]) };
        let shards = [own, guests];
        let overdue = overdue(&shards, &BTreeMap::new(), slot(9));
        assert_eq!(overdue.into_values().collect::<Vec<_>>(), [[ShardId(0)]]);
    }

    #[test]
    fn the_log_can_say_which_region_and_which_shards() {
        let shards = [summary(0, &["eu-west-1", "us-east-1"]), summary(1, &["us-east-1"])];
        let marks = BTreeMap::from([
            (ShardId(0), mark(20, &[("eu-west-1", "uuu....."), ("us-east-1", "uuuuuuuu")])),
            (ShardId(1), mark(20, &[("us-east-1", "uuuuuuuu")])),
        ]);
        let overdue = |minute| {
            let found = overdue(&shards, &marks, slot(minute));
            found.into_iter().map(|(region, shards)| (region.to_string(), shards)).collect::<Vec<_>>()
        };
        assert_eq!(overdue(24), [("eu-west-1".to_owned(), vec![ShardId(0)])]);
        assert_eq!(overdue(27).len(), 2);
        assert_eq!(overdue(27)[1].1, [ShardId(0), ShardId(1)]);
    }

    #[test]
    fn a_shard_that_was_never_judged_is_overdue_when_it_is_old_and_one_that_is_gone_is_not() {
        let gone = BTreeMap::from([(ShardId(7), mark(-9_000, &[("us-east-1", "u")]))]);
        assert_eq!(overdue(&[], &gone, slot(0)), BTreeMap::new());
        let shards = [summary(0, &["us-east-1"])];
        let overdue_in: Vec<i64> = (0..9).filter(|n| !overdue(&shards, &gone, slot(*n)).is_empty()).collect();
        assert_eq!(overdue_in, [6, 7, 8]);
    }
}
