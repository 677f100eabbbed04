//! An hour of a shard, seen from one region: counts, percentiles, and a point every five minutes.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use shared::block::Block;
use shared::history::{MonitorHour, POINTS};
use shared::monitor::{Check, MetricName, Monitor, MonitorId, Region};
use shared::signal::Signal;

use crate::event::HOUR;
use crate::points::{Points, median, time};

/// One monitor's hour so far.
#[derive(Debug, Default)]
struct Track {
    points: Points,
    times: [Vec<u32>; POINTS],
    /// By the number's place in the signal.
    metrics: Vec<[Option<Decimal>; POINTS]>,
}

impl Track {
    fn add(&mut self, point: usize, signal: &Signal) {
        self.points.add(signal);
        if let (Some(times), Some(ms)) = (self.times.get_mut(point), time(signal)) {
            times.push(ms);
        }
        if self.metrics.len() < signal.metrics.len() {
            self.metrics.resize(signal.metrics.len(), [None; POINTS]);
        }
        for (series, number) in self.metrics.iter_mut().zip(&signal.metrics) {
            if let (Some(last), Some(number)) = (series.get_mut(point), number) {
                *last = Some(*number);
            }
        }
    }

    fn finish(mut self, names: impl Iterator<Item = MetricName>) -> MonitorHour {
        let (checks, percentiles) = self.points.finish();
        let series = std::array::from_fn(|point| self.times.get_mut(point).and_then(|times| median(times)));
        let metrics = names.zip(self.metrics).filter(|(_, series)| series.iter().any(Option::is_some));
        MonitorHour { checks, percentiles, series, metrics: metrics.collect() }
    }
}

/// What each region saw in the hour whose blocks these are, oldest first. Numbers of a monitor that is not among
/// `monitors` have no name any more and are left out.
pub(crate) fn by_region(
    blocks: &[Block],
    monitors: &[Monitor],
) -> BTreeMap<Region, BTreeMap<MonitorId, MonitorHour>> {
    let mut regions: BTreeMap<&Region, BTreeMap<&MonitorId, Track>> = BTreeMap::new();
    for block in blocks {
        let point = usize::try_from(block.slot.minutes().rem_euclid(HOUR) / 5).unwrap_or_default();
        for signal in &block.signals {
            regions.entry(&block.region).or_default().entry(&signal.monitor).or_default().add(point, signal);
        }
    }
    let names: BTreeMap<&MonitorId, Vec<MetricName>> =
        monitors.iter().map(|m| (&m.id, metric_names(m))).collect();
    let of_monitor = |(id, track): (&MonitorId, Track)| {
        let names = names.get(id).into_iter().flatten().cloned();
        (id.clone(), track.finish(names))
    };
    regions
        .into_iter()
        .map(|(region, tracks)| (region.clone(), tracks.into_iter().map(of_monitor).collect()))
        .collect()
}

/// The names of the numbers in a monitor's signals, in their order.
fn metric_names(monitor: &Monitor) -> Vec<MetricName> {
    match &monitor.check {
        Check::Http(http) => http.metrics.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use shared::monitor::{Check, HttpCheck, ShardId};
    use shared::schedule::Slot;
    use shared::signal::{Outcome, Phases, Reason};

    use super::*;

    fn block(minute: i64, region: &str, signals: &[(&str, Outcome, u32, &[Option<i64>])]) -> Block {
        let slot = "2028-02-29T23:00:00Z".parse::<Slot>().unwrap().plus(minute);
        let signal = |(id, outcome, ms, metrics): &(&str, Outcome, u32, &[Option<i64>])| Signal {
            monitor: id.parse().unwrap(),
            outcome: *outcome,
            status: None,
            phases: Phases { total_ms: Some(*ms), ..Phases::default() },
            certificate_days: None,
            metrics: metrics.iter().map(|number| number.map(Decimal::from)).collect(),
        };
        let signals = signals.iter().map(signal).collect();
        Block { shard: ShardId(0), slot, region: region.parse().unwrap(), written_at: slot.start(), signals }
    }

    #[test]
    fn every_five_minutes_have_their_median_and_their_last_numbers() {
        let (up, down) = (Outcome::Up, Outcome::Down(Reason::Timeout));
        let blocks = [
            block(0, "a", &[("s0-aaaaaa", up, 30, &[Some(7), None])]),
            block(1, "a", &[("s0-aaaaaa", up, 50, &[None, Some(3)])]),
            block(2, "a", &[("s0-aaaaaa", up, 40, &[Some(8)]), ("s0-gone00", up, 1, &[Some(1)])]),
            block(4, "a", &[("s0-aaaaaa", down, 10_000, &[])]),
            block(5, "a", &[("s0-aaaaaa", down, 10_000, &[])]),
            block(59, "a", &[("s0-aaaaaa", up, 60, &[])]),
            block(59, "b", &[("s0-aaaaaa", up, 200, &[])]),
        ];
        let mut monitor = ::tests::example::monitor("s0-aaaaaa");
        let mut http = HttpCheck::of("http://shop.example/".parse().unwrap());
        http.metrics = ["stock", "queue"].map(|name| (name.parse().unwrap(), "$.a".parse().unwrap())).into();
        monitor.check = Check::Http(Box::new(http));
        let hours = by_region(&blocks, &[monitor]);
        let [a, b] = ["a", "b"].map(|region| &hours[&region.parse().unwrap()]);
        let of_a = &a[&"s0-aaaaaa".parse().unwrap()];
        assert_eq!((of_a.checks.up, of_a.checks.down), (4, 2));
        assert_eq!(of_a.percentiles.unwrap().p50, 40);
        assert_eq!((of_a.series[0], of_a.series[1], of_a.series[11]), (Some(40), None, Some(60)));
        // In the order of their names: `queue` is the first number, `stock` the second.
        let names: Vec<String> = of_a.metrics.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["queue", "stock"]);
        let numbers: Vec<_> = of_a.metrics.values().map(|series| series[0]).collect();
        assert_eq!(numbers, [Some(Decimal::from(8)), Some(Decimal::from(3))]);
        assert!(a[&"s0-gone00".parse().unwrap()].metrics.is_empty());
        assert_eq!(b[&"s0-aaaaaa".parse().unwrap()].series[11], Some(200));
    }
}
