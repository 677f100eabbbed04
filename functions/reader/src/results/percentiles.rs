//! Percentiles of a longer time, from those of its parts.
//!
//! Percentiles cannot be summed, nor averaged: of two days of 50 and 500 ms the 99th percentile is neither the mean nor
//! the sum. So each part is taken as a distribution, and they are mixed, each by the number of its checks: the mixture's
//! percentile is the time up to which that share of all checks lies. Of a part four points of its distribution are known
//! (p50, p90, p95, p99); between them it is taken to be straight. Below p50 it is taken to begin as far away as p90 lies
//! above, and behind p99 to end. This is an estimate, and said to be one, as soon as there are two parts. It is never
//! smaller than the smallest, nor larger than the largest part's own percentile.

use serde::Serialize;
use shared::history::{Checks, Percentiles};

/// The checks of one part of a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// How many checks its percentiles are of.
    checks: u32,
    percentiles: Percentiles,
}

impl Part {
    /// The part in which these checks were made, if anything was measured: of those that found it up or degraded.
    pub(super) fn of(checks: Checks, percentiles: Option<Percentiles>) -> Option<Self> {
        let of = checks.up.saturating_add(checks.degraded).max(1);
        percentiles.map(|percentiles| Self { checks: of, percentiles })
    }

    /// The share of its checks that took at most so many ms.
    fn share_up_to(&self, ms: u32) -> f64 {
        let Percentiles { p50, p90, p95, p99 } = self.percentiles;
        let begin = p50.saturating_sub(p90.saturating_sub(p50));
        let points = [(begin, 0.0), (p50, 0.5), (p90, 0.9), (p95, 0.95), (p99, 1.0)];
        let Some(below) = points.iter().rposition(|(at, _)| *at <= ms) else {
            return 0.0;
        };
        match (points.get(below), points.get(below + 1)) {
            (Some((from, low)), Some((to, high))) if *from < ms => {
                low + (high - low) * f64::from(ms - from) / f64::from(to - from)
            }
            (Some((_, share)), _) => *share,
            (None, _) => 0.0,
        }
    }
}

/// How long checks took, in ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Percentiles)]
pub(super) struct Times {
    p50_ms: u32,
    p90_ms: u32,
    p95_ms: u32,
    p99_ms: u32,
}

/// What percentiles are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PercentilesAre)]
pub(super) enum Are {
    /// Each the time of a check.
    Exact,
    /// Mixed from those of several parts.
    Estimated,
}

/// The percentiles of all these parts together, and what they are; `None` when nothing was measured.
pub(super) fn mixed(parts: &[Part]) -> Option<(Times, Are)> {
    let times = Times {
        p50_ms: quantile(parts, 0.5, |of| of.p50)?,
        p90_ms: quantile(parts, 0.9, |of| of.p90)?,
        p95_ms: quantile(parts, 0.95, |of| of.p95)?,
        p99_ms: quantile(parts, 0.99, |of| of.p99)?,
    };
    Some((times, if parts.len() == 1 { Are::Exact } else { Are::Estimated }))
}

/// The first time in ms up to which at least this share of all checks lies, between the smallest and the largest that
/// `own` says of a part.
fn quantile(parts: &[Part], share: f64, own: impl Fn(&Percentiles) -> u32) -> Option<u32> {
    let own = || parts.iter().map(|part| own(&part.percentiles));
    let (mut low, mut high) = (own().min()?, own().max()?);
    let all: f64 = parts.iter().map(|part| f64::from(part.checks)).sum();
    while low < high {
        let middle = low + (high - low) / 2;
        let up_to: f64 = parts.iter().map(|part| f64::from(part.checks) * part.share_up_to(middle)).sum();
        if up_to >= share * all {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(checks: u32, [p50, p90, p95, p99]: [u32; 4]) -> Part {
        Part { checks, percentiles: Percentiles { p50, p90, p95, p99 } }
    }

    fn all(times: Times) -> [u32; 4] {
        [times.p50_ms, times.p90_ms, times.p95_ms, times.p99_ms]
    }

    fn parts() -> impl Strategy<Value = Vec<Part>> {
        let times = prop_oneof![prop::array::uniform4(0..50u32), prop::array::uniform4(any::<u32>())];
        let one = (prop_oneof![1..5u32, any::<u32>()], times).prop_map(|(checks, mut times)| {
            times.sort_unstable();
            part(checks.max(1), times)
        });
        prop::collection::vec(one, 1..12)
    }

    proptest! {
        #[test]
        fn an_estimate_lies_between_the_smallest_and_the_largest_part(parts in parts()) {
            let (times, are) = mixed(&parts).unwrap();
            let own: Vec<[u32; 4]> = parts.iter().map(|part| {
                let Percentiles { p50, p90, p95, p99 } = part.percentiles;
                [p50, p90, p95, p99]
            }).collect();
            for (index, estimate) in all(times).into_iter().enumerate() {
                let of_parts = own.iter().map(|own| own[index]);
                prop_assert!(of_parts.clone().min().unwrap() <= estimate, "{index} {parts:?} {times:?}");
                prop_assert!(estimate <= of_parts.max().unwrap(), "{index} {parts:?} {times:?}");
            }
            prop_assert!(all(times).is_sorted(), "{times:?}");
            prop_assert_eq!(are == Are::Exact, parts.len() == 1);
        }

        #[test]
        fn the_order_of_parts_does_not_matter(parts in parts()) {
            let back: Vec<Part> = parts.iter().rev().copied().collect();
            let [there, back] = [&parts, &back].map(|parts| all(mixed(parts).unwrap().0));
            // But for what adding floating point numbers in another order makes of a tie.
            prop_assert!(there.iter().zip(back).all(|(a, b)| a.abs_diff(b) <= 1), "{there:?} {back:?}");
        }

        #[test]
        fn equal_parts_are_as_one(checks in 1..1_000u32, mut times in prop::array::uniform4(0..10_000u32)) {
            times.sort_unstable();
            prop_assert_eq!(all(mixed(&[part(checks, times); 7]).unwrap().0), times);
        }
    }

    #[test]
    fn a_rare_slow_day_moves_the_tail_alone() {
        let (usual, slow) = ([50, 80, 100, 200], [5_000, 6_000, 7_000, 9_000]);
        let (times, are) = mixed(&[part(98_000, usual), part(2_000, slow)]).unwrap();
        assert_eq!(are, Are::Estimated);
        insta::assert_snapshot!(format!("{:?}", all(times)), @"[51, 88, 139, 5000]");
        assert_eq!(mixed(&[]), None);
    }

    #[test]
    fn what_was_not_measured_is_no_part() {
        let down = Checks { down: 5, ..Checks::default() };
        assert!(Part::of(down, None).is_none());
        let percentiles = part(1, [1, 2, 3, 4]).percentiles;
        let of = Part::of(Checks { up: 3, degraded: 2, ..down }, Some(percentiles)).unwrap();
        assert_eq!(of.checks, 5);
    }

    /// Against what the checks themselves say.
    #[test]
    fn the_estimate_is_close_to_the_truth() {
        let sample =
            |from: u32, step: u32| (0..1_000).map(move |n| from + step * n / 10).collect::<Vec<u32>>();
        let nearest =
            |sorted: &[u32]| [50, 90, 95, 99].map(|percent| sorted[sorted.len() * percent / 100 - 1]);
        let samples = [sample(20, 1), sample(40, 3), sample(30, 2)];
        let parts: Vec<Part> = samples.iter().map(|sample| part(1_000, nearest(sample))).collect();
        let mut pooled = samples.concat();
        pooled.sort_unstable();
        for (estimate, truth) in all(mixed(&parts).unwrap().0).into_iter().zip(nearest(&pooled)) {
            assert!(estimate.abs_diff(truth) * 10 <= truth, "{estimate} {truth}");
        }
    }
}
