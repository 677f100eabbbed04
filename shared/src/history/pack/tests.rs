//! Any history survives its text, any text is decoded or refused, and a full shard fits an item.

use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::history::{HOURS, SUMMARY_DAYS};
use crate::monitor::{MetricName, SHARD_LIMIT};

const SHARD: ShardId = ShardId(7);

fn seconds() -> impl Strategy<Value = Seconds> {
    let time = || prop_oneof![Just(0), Just(3_600), 0..=86_400u32, any::<u32>()];
    [time(), time(), time(), time(), time()].prop_map(|[up, degraded, down, unknown, maintenance]| Seconds {
        up,
        degraded,
        down,
        unknown,
        maintenance,
    })
}

/// On the heap while it is made: proptest's own arrays overflow the stack of a test.
fn array<T: std::fmt::Debug, const N: usize>(of: impl Strategy<Value = T>) -> impl Strategy<Value = [T; N]> {
    vec(of, N).prop_map(|values| values.try_into().unwrap())
}

fn checks() -> impl Strategy<Value = Checks> {
    any::<[u32; 4]>().prop_map(|[up, degraded, down, unknown]| Checks { up, degraded, down, unknown })
}

fn percentiles() -> impl Strategy<Value = Option<Percentiles>> {
    of(any::<[u32; 4]>().prop_map(|[p50, p90, p95, p99]| Percentiles { p50, p90, p95, p99 }))
}

fn hours() -> impl Strategy<Value = MonitorHour> {
    let decimal = (any::<i64>(), 0u32..28).prop_map(|(digits, scale)| Decimal::new(digits, scale));
    let name = "[a-z0-9_]{1,20}".prop_map(|name| name.parse::<MetricName>().unwrap());
    let metrics = btree_map(name, array(of(decimal)), 0..=MAX_METRICS);
    (checks(), percentiles(), array(of(any::<u32>())), metrics).prop_map(
        |(checks, percentiles, series, metrics)| MonitorHour { checks, percentiles, series, metrics },
    )
}

fn days() -> impl Strategy<Value = MonitorDay> {
    (checks(), percentiles(), array(seconds())).prop_map(|(checks, percentiles, hours)| MonitorDay {
        checks,
        percentiles,
        hours,
    })
}

fn summaries() -> impl Strategy<Value = MonitorSummary> {
    (array(seconds()), array(seconds()), seconds()).prop_map(|(hours, days, older)| MonitorSummary {
        hours,
        days,
        older,
    })
}

fn of_shard<T: std::fmt::Debug>(
    of: impl Strategy<Value = T>,
) -> impl Strategy<Value = BTreeMap<MonitorId, T>> {
    btree_map("[a-z0-9]{6}".prop_map(|suffix| MonitorId::new(SHARD, &suffix).unwrap()), of, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn hours_survive_their_text(monitors in of_shard(hours())) {
        prop_assert_eq!(decode(SHARD, &encode(&monitors)), Ok(monitors));
    }

    #[test]
    fn days_survive_their_text(monitors in of_shard(days())) {
        prop_assert_eq!(decode(SHARD, &encode(&monitors)), Ok(monitors));
    }

    #[test]
    fn summaries_survive_their_text(monitors in of_shard(summaries())) {
        prop_assert_eq!(decode(SHARD, &encode(&monitors)), Ok(monitors));
    }

    #[test]
    fn any_text_is_decoded_or_refused(text in "(1;[a-z0-9]{6},)?[a-z0-9,;*/=UGDNM.é-]{0,80}") {
        let _ = decode::<MonitorHour>(SHARD, &text);
        let _ = decode::<MonitorDay>(SHARD, &text);
        let _ = decode::<MonitorSummary>(SHARD, &text);
    }
}

#[test]
fn the_text_is_as_documented() {
    let text = "1;7f3k2a,u1435d5,31/45/60/90,u60*13/u55d5/u60*10";
    let days = decode::<MonitorDay>(SHARD, text).unwrap();
    let day = &days[&MonitorId::new(SHARD, "7f3k2a").unwrap()];
    assert_eq!(day.seconds(), Seconds { up: 86_100, down: 300, ..Seconds::default() });
    assert_eq!((day.hours[13].down, day.checks.down), (300, 5));
    assert_eq!(encode(&days), text);

    let text = "1;7f3k2a,u59n1,,31/*11,stock=/-1.50*11;9x2m4c,,,*12";
    assert_eq!(encode(&decode::<MonitorHour>(SHARD, text).unwrap()), text);
    let text = "1;7f3k2a,*23/U59,*89/u1,g9m1";
    assert_eq!(encode(&decode::<MonitorSummary>(SHARD, text).unwrap()), text);

    for bad in [
        "",
        "2",
        "1;",
        "1;7f3k2a",
        "1;7f3k2a,,",
        "1;7f3k2a,,,*23",
        "1;7f3k2a,,,*25",
        "1;7f3k2a,,,*99999999999999999999",
        "1;7f3k2a,,,u*24",
        "1;7f3k2a,,,x1*24",
        "1;7f3k2a,,,u71582789*24",
        "1;7f3k2a,,1/2/3,*24",
        "1;7f3k2a,,,*24,",
        "1;7f3k2a,,,*24;7f3k2a,,,*24",
        "1;7F3K2A,,,*24",
    ] {
        assert!(decode::<MonitorDay>(SHARD, bad).is_err(), "{bad}");
    }
}

/// DynamoDB's limit of an item.
const MAX_ITEM_BYTES: usize = 400 * 1_024;

/// A shard with as many monitors as it may have, each of which has this.
fn full<T: Packed + Clone>(each: &T) -> usize {
    let id = |n: usize| MonitorId::new(SHARD, &format!("abc{n:03}")).unwrap();
    encode(&(0..SHARD_LIMIT).map(|n| (id(n), each.clone())).collect()).len()
}

#[test]
fn a_full_shard_fits_an_item() {
    // Every hour and day different from its neighbours and in all five states.
    let mixed = |n: usize, minutes: u32| {
        let odd = u32::try_from(n % 2).unwrap();
        let time = |share: u32| (minutes / 5 + share * odd) * 60;
        Seconds { up: time(1), degraded: time(2), down: time(3), unknown: time(4), maintenance: time(5) }
    };
    let hours: [Seconds; HOURS] = std::array::from_fn(|n| mixed(n, 60));
    let days: [Seconds; SUMMARY_DAYS] = std::array::from_fn(|n| mixed(n, 1_440));
    let (checks, ms) = (Checks { up: 1_440, degraded: 1_440, down: 1_440, unknown: 1_440 }, 10_000);
    let percentiles = Some(Percentiles { p50: ms, p90: ms, p95: ms, p99: ms });
    assert!(full(&MonitorSummary { hours, days, older: mixed(0, 275 * 1_440) }) < 240_000);
    assert!(full(&MonitorDay { hours, checks, percentiles }) < 60_000);
    let decimal = |n: usize| Some(Decimal::new(-1_234_567_890_123_456_789 + i64::try_from(n).unwrap(), 9));
    let names = ["a", "b", "c", "d"].map(|name| name.repeat(20).parse::<MetricName>().unwrap());
    let metrics = names.into_iter().map(|name| (name, std::array::from_fn(decimal))).collect();
    let series = std::array::from_fn(|n| Some(10_000 - u32::try_from(n).unwrap()));
    let hour = MonitorHour { checks, percentiles, series, metrics };
    assert!(full(&hour) < MAX_ITEM_BYTES / 2, "{}", full(&hour));

    // What it costs on a good day: a write unit per KB.
    let up = |minutes: u32| Seconds { up: minutes * 60, ..Seconds::default() };
    let checks = Checks { up: 1_440, ..Checks::default() };
    assert!(full(&MonitorDay { hours: [up(60); HOURS], checks, percentiles }) < 5_000);
    let good = MonitorSummary { hours: [up(60); HOURS], days: [up(1_440); SUMMARY_DAYS], older: up(396_000) };
    assert!(full(&good) < 4_000);
}
