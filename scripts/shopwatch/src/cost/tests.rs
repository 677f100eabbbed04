//! The bill of a small and of a large installation, and what any bill keeps to.

use proptest::prelude::*;
use shared::block::encode;
use shared::monitor::{Monitor, ShardSummary};
use shared::signal::{Outcome, Phases, Signal};
use shared::store::{Mark, Reported};

use super::*;

fn watching(monitors: u32, interval_minutes: u32, regions: u32) -> Watching {
    Watching { monitors, interval_minutes, regions }
}

fn printed(watching: Watching) -> String {
    let mut out = Vec::new();
    table(&Bill::of(watching), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_bill_of_a_hundred_monitors() {
    insta::assert_snapshot!(printed(watching(100, 1, 1)), @"
    100 monitors, every 60 s, from 1 region: 2 shards. USD a month in us-east-1.
                                          ALL HEALTHY  BLACK HOLES  TRAFFIC OUT
    EventBridge Scheduler                      0.0438       0.0438            -
    Lambda scheduler, requests                 0.0088       0.0088            -
    Lambda scheduler, time                     0.0046       0.0046            -
    Lambda ping, requests                      0.0088       0.0088            -
    Lambda ping, time                          0.2241       1.4661            -
    Lambda judge, requests                     0.0175       0.0175            -
    Lambda judge, time                         0.0249       0.0249            -
    Lambda rollup, requests                    0.0001       0.0001            -
    Lambda rollup, time                        0.0061       0.0061            -
    DynamoDB signals, writes                   0.1096       0.1096            -
    DynamoDB signals, reads                    0.0815       0.0815            -
    DynamoDB monitors, reads                   0.0525       0.0634            -
    DynamoDB incidents, writes                 0.0548       0.0548            -
    DynamoDB incidents, reads                  0.0356       0.0356            -
    DynamoDB history, writes                   0.0145       0.0145            -
    DynamoDB history, reads                    0.0016       0.0016            -
    DynamoDB storage after 400 days            0.0454       0.0454            -
    CloudWatch Logs                            0.0001       0.0001            -
    CloudWatch alarms                          0.2000       0.2000            -
    Between regions                                 -            -            -
    To the internet                                 -            -            -
    total                                      0.9344       2.1873            -
    per monitor, month and region             0.00934      0.02187            -
    free for good, of each account             0.5389       1.7809            -
    then per monitor, month and region        0.00395      0.00406            -
    BLACK HOLES: one target of each shard accepts and stays silent for good.
    TRAFFIC OUT comes on top of either; the first 100 GB of an account are free.
    ");
}

#[test]
fn the_bill_of_ten_thousand_monitors() {
    insta::assert_snapshot!(printed(watching(10_000, 1, 1)), @"
    10000 monitors, every 60 s, from 1 region: 105 shards. USD a month in us-east-1.
                                          ALL HEALTHY  BLACK HOLES  TRAFFIC OUT
    EventBridge Scheduler                      0.0438       0.0438            -
    Lambda scheduler, requests                 0.0088       0.0088            -
    Lambda scheduler, time                     0.0342       0.0342            -
    Lambda ping, requests                      0.9117       0.9117            -
    Lambda ping, time                         23.2996     152.4645            -
    Lambda judge, requests                     0.0701       0.0701            -
    Lambda judge, time                         0.5408       0.5408            -
    Lambda rollup, requests                    0.0001       0.0001            -
    Lambda rollup, time                        0.4715       0.4715            -
    DynamoDB signals, writes                   8.5750       8.5750            -
    DynamoDB signals, reads                    7.3407       7.3407            -
    DynamoDB monitors, reads                   3.5738       4.1492            -
    DynamoDB incidents, writes                 2.8766       2.8766            -
    DynamoDB incidents, reads                  1.7342       1.7342            -
    DynamoDB history, writes                   1.3146       1.3146            -
    DynamoDB history, reads                    0.1428       0.1428            -
    DynamoDB storage after 400 days            4.4952       4.4952            -
    CloudWatch Logs                            0.0001       0.0001            -
    CloudWatch alarms                          0.2000       0.2000            -
    Between regions                                 -            -            -
    To the internet                                 -            -      50.1759
    total                                     55.6339     185.3740      50.1759
    per monitor, month and region             0.00556      0.01854      0.00502
    free for good, of each account             5.7773       5.7773            -
    then per monitor, month and region        0.00499      0.01796      0.00502
    BLACK HOLES: one target of each shard accepts and stays silent for good.
    TRAFFIC OUT comes on top of either; the first 100 GB of an account are free.
    ");
}

/// The price that the product promises: by the price list, from one region, whatever the last shard holds.
#[test]
fn from_a_hundred_monitors_on_each_costs_a_cent_at_most() {
    for monitors in 100..=3_000 {
        let share = Bill::of(watching(monitors, 1, 1)).per_monitor_and_region.healthy_usd;
        assert!(share <= 0.01, "{monitors}: {share}");
    }
}

#[test]
fn a_last_shard_of_a_few_monitors_is_waited_for_along_with_a_full_one() {
    let rounds = |monitors| watching(monitors, 1, 1).rounds().iter().map(|(count, _)| count).sum::<f64>();
    let counted = [4, 96, 97, 128, 129, 192, 193, 224, 225].map(rounds);
    assert_eq!(counted, [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0]);
}

#[test]
fn a_program_reads_the_same() {
    let mut out = Vec::new();
    let bill = Bill::of(watching(100, 1, 1));
    json(&bill, &mut out).unwrap();
    let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let total = read["total"]["healthy_usd"].as_f64().unwrap();
    assert!((total - bill.total.healthy_usd).abs() < 1e-9, "{total}");
    assert_eq!(read["lines"].as_array().unwrap().len(), bill.lines.len());

    let mut out = Vec::new();
    bench(&bill, &mut out).unwrap();
    let printed = String::from_utf8(out).unwrap();
    let figures = [
        ("cost.monitor_month_usd", bill.per_monitor_and_region.healthy_usd),
        ("cost.monitor_month_charged_usd", bill.per_monitor_and_region_beyond_free.healthy_usd),
    ];
    for (line, (figure, usd)) in printed.lines().zip(figures) {
        let [name, value, unit] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert_eq!((name, unit), (figure, "USD"));
        assert!((value.parse::<f64>().unwrap() - usd).abs() < 1e-5, "{line}");
    }
}

#[test]
fn sizes_are_not_guessed_too_small() {
    let signal = Signal {
        monitor: "s0-7f3k2a".parse().unwrap(),
        outcome: Outcome::Up,
        status: Some(200),
        phases: Phases {
            dns_ms: Some(12),
            connect_ms: Some(31),
            tls_ms: Some(48),
            first_byte_ms: Some(125),
            total_ms: Some(1_312),
        },
        certificate_days: None,
        metrics: Vec::new(),
    };
    let block = encode(&vec![signal; 96]).len() as f64;
    assert!(block <= 96.0 * profile::SIGNAL_BYTES, "{block}");

    let url = "https://shop.example/items/7?from=mail-1";
    let monitor = ::tests::example::monitor_of("s0-7f3k2a", url);
    let item =
        bytes(&serde_json::to_value(&monitor).unwrap()) + "pkSHARD#s0skMONITOR#s0-7f3k2av1".len() as f64;
    assert!((0.8..=1.0).contains(&(item / profile::MONITOR_BYTES)), "{item}");

    let since = "2026-11-21T14:25:00Z".parse().unwrap();
    let regions = ["eu-west-1", "us-east-1"].map(|name| name.parse().unwrap()).into();
    let shard = monitor.id.shard();
    let summary = ShardSummary::of(shard, &[Monitor { regions, ..monitor }], 7, since);
    let item = bytes(&serde_json::to_value(&summary).unwrap()) + "pkMETAskSHARD#s0v1".len() as f64;
    assert!((0.8..=1.0).contains(&(item / profile::SUMMARY_BYTES)), "{item}");
    let reported = [("ap-southeast-1".parse().unwrap(), Reported::since(since))].into();
    let mark = Mark { slot: since, reported };
    let item = bytes(&serde_json::to_value(&mark).unwrap()) + "pkFOLDEDsks0v1".len() as f64;
    assert!((0.8..=1.0).contains(&(item / (profile::MARK_BYTES + profile::MARK_REGION_BYTES))), "{item}");
}

/// The size of an attribute's value: names and texts in UTF-8, about one byte for two digits of a number, one for a
/// Boolean or null, and for maps and lists three and one for each element
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).
fn bytes(value: &serde_json::Value) -> f64 {
    use serde_json::Value;
    match value {
        Value::Null | Value::Bool(_) => 1.0,
        Value::Number(number) => (number.to_string().len() as f64 / 2.0).ceil() + 1.0,
        Value::String(text) => text.len() as f64,
        Value::Array(values) => 3.0 + values.iter().map(|value| 1.0 + bytes(value)).sum::<f64>(),
        Value::Object(fields) => {
            3.0 + fields.iter().map(|(name, value)| 1.0 + name.len() as f64 + bytes(value)).sum::<f64>()
        }
    }
}

fn amounts(amounts: Amounts) -> [f64; 3] {
    [amounts.healthy_usd, amounts.black_holes_usd, amounts.traffic_out_usd]
}

fn costs_as_much(less: Watching, more: Watching) -> bool {
    let (less, more) = (Bill::of(less), Bill::of(more));
    let enough = |(less, more): (f64, f64)| less <= more * (1.0 + 1e-9);
    less.lines
        .iter()
        .zip(&more.lines)
        .all(|(less, more)| amounts(less.amounts).into_iter().zip(amounts(more.amounts)).all(enough))
}

proptest! {
    #[test]
    fn more_never_costs_less(monitors in 1u32..20_000, more in 1u32..2_000, interval in 1u32..1_440, regions in 1u32..10) {
        let now = watching(monitors, interval, regions);
        prop_assert!(costs_as_much(now, watching(monitors + more, interval, regions)), "monitors");
        prop_assert!(costs_as_much(now, watching(monitors, interval, regions + 1)), "regions");
        prop_assert!(costs_as_much(watching(monitors, interval + 1, regions), now), "intervals");
        let bill = Bill::of(now);
        prop_assert!(bill.lines.iter().all(|line| line.amounts.healthy_usd <= line.amounts.black_holes_usd));
        prop_assert!(amounts(bill.total).iter().all(|usd| usd.is_finite() && *usd >= 0.0));
    }

    #[test]
    fn a_bill_is_the_sum_of_its_lines(monitors in 1u32..20_000, interval in 1u32..1_440, regions in 1u32..10) {
        let bill = Bill::of(watching(monitors, interval, regions));
        let sum: f64 = bill.lines.iter().map(|line| line.amounts.healthy_usd).sum();
        prop_assert!((sum - bill.total.healthy_usd).abs() < 1e-9);
        let shares = f64::from(monitors * regions);
        prop_assert!((bill.per_monitor_and_region.healthy_usd * shares - sum).abs() < 1e-6);
    }
}
