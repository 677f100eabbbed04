//! The dead man's switch: which blocks have not been judged for too long.

use std::collections::BTreeMap;

use shared::monitor::{Region, ShardId, ShardSummary};
use shared::schedule::Slot;
use shared::store::Mark;

/// Minutes after which a block is overdue. One that came is judged within a minute; where another region is silent,
/// `judge` waits for it until 100 s after the slot's start, and for the next block to wake it: that is three minutes.
const OVERDUE_MINUTES: i64 = 4;

/// What has not been heard of, by region: the shards no block of which was judged lately, for whatever reason. A shard
/// is there for its first three minutes.
pub fn overdue<'a>(
    shards: &'a [ShardSummary],
    marks: &BTreeMap<ShardId, Mark>,
    slot: Slot,
) -> BTreeMap<&'a Region, Vec<ShardId>> {
    let mut overdue: BTreeMap<&Region, Vec<ShardId>> = BTreeMap::new();
    for summary in shards {
        for region in &summary.regions {
            let reported = marks.get(&summary.shard).and_then(|mark| mark.reported.get(region));
            if reported.is_none_or(|reported| slot.minutes() - reported.minutes() >= OVERDUE_MINUTES) {
                overdue.entry(region).or_default().push(summary.shard);
            }
        }
    }
    overdue
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(minute: i64) -> Slot {
        Slot::of_minutes(30_000_000 + minute)
    }

    fn names(of: &[&str]) -> Vec<Region> {
        of.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn summary(shard: u16, regions: &[&str]) -> ShardSummary {
        ShardSummary { regions: names(regions), ..ShardSummary::of(ShardId(shard), &[], 1) }
    }

    fn mark(folded: i64, reported: &[(&str, i64)]) -> Mark {
        let reported = reported.iter().map(|(region, minute)| (region.parse().unwrap(), slot(*minute)));
        Mark { slot: slot(folded), reported: reported.collect() }
    }

    #[test]
    fn a_shard_is_overdue_in_the_region_that_was_silent_for_four_minutes() {
        let shards = [summary(0, &["eu-west-1", "us-east-1"]), summary(1, &["us-east-1"])];
        let marks = BTreeMap::from([
            (ShardId(0), mark(7, &[("eu-west-1", 6), ("us-east-1", 7)])),
            (ShardId(1), mark(7, &[("us-east-1", 7)])),
        ]);
        let overdue = |minute| {
            let found = overdue(&shards, &marks, slot(minute));
            found.into_iter().map(|(region, shards)| (region.to_string(), shards)).collect::<Vec<_>>()
        };
        assert_eq!(overdue(9), []);
        assert_eq!(overdue(10), [("eu-west-1".to_owned(), vec![ShardId(0)])]);
        assert_eq!(overdue(11).len(), 2);
        assert_eq!(overdue(11)[1].1, [ShardId(0), ShardId(1)]);
    }

    #[test]
    fn a_shard_that_was_never_judged_is_overdue_and_one_that_is_gone_is_not() {
        let gone = BTreeMap::from([(ShardId(7), mark(-9_000, &[("us-east-1", -9_000)]))]);
        assert_eq!(overdue(&[], &gone, slot(0)), BTreeMap::new());
        let shards = [summary(0, &["us-east-1"])];
        assert_eq!(overdue(&shards, &gone, slot(0)).into_values().next(), Some(vec![ShardId(0)]));
        // Written before marks named regions.
        let old = BTreeMap::from([(ShardId(0), mark(0, &[]))]);
        assert_eq!(overdue(&shards, &old, slot(0)).len(), 1);
    }
}
