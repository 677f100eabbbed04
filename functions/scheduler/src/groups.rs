//! Which shards one invocation of `ping` checks together.

use std::collections::BTreeMap;

use shared::monitor::{Region, ShardId, ShardSummary};
use shared::schedule::{MAX_PINGED_MONITORS, MAX_PINGED_SHARDS};

/// Shards that one invocation checks together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Which.
    pub shards: Vec<ShardId>,
    /// Whether they are guests': these are checked with nobody else's.
    pub of_guests: bool,
}

/// The shards that each region checks any monitor of, those together that one invocation checks.
pub fn groups(shards: &[ShardSummary]) -> BTreeMap<&Region, Vec<Group>> {
    let mut open: BTreeMap<&Region, Vec<(usize, Group)>> = BTreeMap::new();
    for summary in shards {
        for region in &summary.regions {
            let groups = open.entry(region).or_default();
            let of_guests = summary.is_of_guests();
            let fits = |(monitors, group): &&mut (usize, Group)| {
                group.of_guests == of_guests
                    && monitors.saturating_add(summary.count) <= MAX_PINGED_MONITORS
                    && group.shards.len() < MAX_PINGED_SHARDS
            };
            match groups.iter_mut().find(fits) {
                Some((monitors, group)) => {
                    *monitors += summary.count;
                    group.shards.push(summary.shard);
                }
                None => groups.push((summary.count, Group { shards: vec![summary.shard], of_guests })),
            }
        }
    }
    let without_counts = |groups: Vec<(usize, Group)>| groups.into_iter().map(|(_, group)| group);
    open.into_iter().map(|(region, groups)| (region, without_counts(groups).collect())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::schedule::Slot;

    use super::*;

    fn summary(shard: u16, count: usize, regions: &[&str]) -> ShardSummary {
        let regions = regions.iter().map(|name| name.parse().unwrap()).collect();
        ShardSummary { regions, count, ..ShardSummary::of(ShardId(shard), &[], 1, Slot::of_minutes(0)) }
    }

    fn grouped(shards: &[ShardSummary]) -> Vec<(String, Vec<Vec<u16>>)> {
        let ids = |groups: Vec<Group>| {
            groups.into_iter().map(|group| group.shards.into_iter().map(|shard| shard.0).collect()).collect()
        };
        groups(shards).into_iter().map(|(region, groups)| (region.to_string(), ids(groups))).collect()
    }

    #[test]
    fn a_small_shard_is_checked_along_with_a_full_one() {
        let shards = [
            summary(0, 96, &["us-east-1"]),
            summary(1, 96, &["us-east-1"]),
            summary(2, 4, &["eu-west-1", "us-east-1"]),
        ];
        let wanted =
            [("eu-west-1".to_owned(), vec![vec![2]]), ("us-east-1".to_owned(), vec![vec![0, 2], vec![1]])];
        assert_eq!(grouped(&shards), wanted);
    }

    #[test]
    fn guests_are_checked_with_nobody_elses() {
        let guests = |shard, count| ShardSummary { guests: count, ..summary(shard, count, &["us-east-1"]) };
        let shards =
            [summary(0, 5, &["us-east-1"]), guests(1, 5), summary(2, 5, &["us-east-1"]), guests(3, 5)];
        assert_eq!(grouped(&shards), [("us-east-1".to_owned(), vec![vec![0, 2], vec![1, 3]])]);
        let of_guests: Vec<bool> =
            groups(&shards).into_values().flatten().map(|group| group.of_guests).collect();
        assert_eq!(of_guests, [false, true]);
    }

    proptest! {
        #[test]
        fn every_shard_is_in_one_group_and_none_is_too_large(counts in prop::collection::vec(0usize..=96, 0..60)) {
            let shards: Vec<ShardSummary> =
                (0..).zip(&counts).map(|(n, count)| summary(n, *count, &["us-east-1"])).collect();
            let groups: Vec<Vec<u16>> = grouped(&shards).into_iter().flat_map(|(_, groups)| groups).collect();
            let mut all: Vec<u16> = groups.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..u16::try_from(counts.len()).unwrap()).collect::<Vec<_>>());
            for group in groups {
                let monitors: usize = group.iter().map(|shard| counts[usize::from(*shard)]).sum();
                prop_assert!(monitors <= MAX_PINGED_MONITORS && group.len() <= MAX_PINGED_SHARDS, "{:?}", group);
            }
        }
    }
}
