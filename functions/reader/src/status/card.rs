//! One monitor as the status page shows it, and what the page takes from one shard.

use std::collections::HashSet;

use shared::block::Block;
use shared::history::{Seconds, Summary};
use shared::incident::IncidentId;
use shared::monitor::{Check, Monitor, MonitorId};
use shared::schedule::Slot;
use shared::state::{ShardState, State};
use shared::uptime::Period;

use crate::bars::Hour;
use crate::hidden;
use crate::minutes::Minutes;
use crate::standing::Standing;
use crate::words;
use crate::worked_on::WorkedOn;

/// One monitor as the page shows it.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) monitor: Monitor,
    pub(super) standing: Standing,
    pub(super) hour: Hour,
    /// The uptime of the last day, week and so on, in words; empty while there is no history.
    pub(super) history: String,
}

/// A summary that is older says so, in minutes: it is made anew every hour.
const STALE_MINUTES: i64 = 180;

impl Card {
    /// Whether its target is something that a browser can open.
    pub(super) fn is_link(&self) -> bool {
        matches!(self.monitor.check, Check::Http(_))
    }

    pub(super) fn uptime(&self) -> String {
        match self.hour.uptime {
            Some(share) => format!("{} uptime in the last hour", words::percent(share)),
            None => "No data in the last hour".to_owned(),
        }
    }
}

/// What the page takes from one shard.
#[derive(Debug)]
pub(super) struct Shard {
    /// Of the monitors that the page has room for.
    pub(super) cards: Vec<Card>,
    /// Of all its monitors.
    pub(super) states: Vec<State>,
    /// Open incidents of its monitors.
    pub(super) open: Vec<IncidentId>,
    /// Whether anything was recorded of its monitors.
    pub(super) any: bool,
}

impl Shard {
    /// What these public monitors' blocks, state and summary say.
    pub(super) fn of(
        monitors: Vec<Monitor>,
        blocks: &[Block],
        state: Option<ShardState>,
        summary: Option<Summary>,
        worked_on: &WorkedOn,
        shown: &HashSet<MonitorId>,
        now: Slot,
    ) -> Self {
        let minutes = Minutes::of(blocks, now);
        let mut of_shard = Self { cards: Vec::new(), states: Vec::new(), open: Vec::new(), any: false };
        for monitor in monitors {
            let judged = state.as_ref().and_then(|state| state.monitors.get(&monitor.id));
            let standing = Standing::of(&monitor, worked_on, &minutes, judged, now);
            of_shard.states.push(standing.state);
            of_shard.any |= blocks
                .iter()
                .any(|block| hidden::shows(&monitor, block.slot) && block.signal(&monitor.id).is_some());
            let open = judged.and_then(|judged| judged.incident);
            of_shard.open.extend(open.map(|opened_at| IncidentId { opened_at, monitor: monitor.id.clone() }));
            if shown.contains(&monitor.id) {
                let hour = Hour::of(&monitor, &minutes, worked_on);
                let history = summary.as_ref().map(|summary| history(summary, &monitor, now));
                of_shard.cards.push(Card { standing, hour, history: history.unwrap_or_default(), monitor });
            }
        }
        of_shard
    }
}

/// The uptime of the monitor over each period that anything is known of, and how much of that time nothing is known
/// of: `Uptime 24h 99.93 %, 7d 99.99 % (no data 0.3 %)`.
fn history(summary: &Summary, monitor: &Monitor, now: Slot) -> String {
    let Some(of_monitor) = summary.monitors.get(&monitor.id) else {
        return String::new();
    };
    let of_monitor = hidden::summary(monitor, of_monitor, summary.read_at);
    let parts: Vec<String> = Period::ALL
        .iter()
        .filter_map(|(period, name)| {
            let uptime = words::percent(of_monitor.uptime(*period)?);
            Some(format!("{name} {uptime}{}", no_data(of_monitor.seconds(*period))))
        })
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    let made_at = Slot::containing(summary.read_at);
    let stale = now.minutes() - made_at.minutes() > STALE_MINUTES;
    let as_of = if stale { format!(", as of {}", words::time(made_at, now)) } else { String::new() };
    format!("Uptime {}{as_of}", parts.join(", "))
}

/// How much of a time nothing is known of, where that is anything: apart from the uptime, because it is no downtime.
fn no_data(seconds: Seconds) -> String {
    let Seconds { up, degraded, down, unknown, maintenance } = seconds;
    let all: f64 = [up, degraded, down, unknown, maintenance].map(f64::from).iter().sum();
    let percent = f64::from(unknown) / all * 100.0;
    match unknown {
        0 => String::new(),
        _ if percent < 0.05 => " (no data below 0.1 %)".to_owned(),
        _ => format!(" (no data {percent:.1} %)"),
    }
}

#[cfg(test)]
mod tests {
    use shared::history::MonitorSummary;
    use shared::monitor::ShardId;

    use super::*;

    fn now() -> Slot {
        "2026-11-21T14:25:00Z".parse().unwrap()
    }

    fn told(minutes_ago: i64, change: impl Fn(&mut MonitorSummary)) -> String {
        let monitor = ::tests::example::monitor("s0-aaaaaa");
        let mut of_monitor = MonitorSummary::default();
        change(&mut of_monitor);
        let read_at = now().plus(-minutes_ago).start();
        let monitors = [(monitor.id.clone(), of_monitor)].into();
        history(&Summary { shard: ShardId(0), read_at, monitors }, &monitor, now())
    }

    #[test]
    fn each_period_tells_what_it_knows() {
        let up = Seconds { up: 3_597, unknown: 3, ..Seconds::default() };
        let down = Seconds { up: 800, down: 200, unknown: 1_000, ..Seconds::default() };
        assert_eq!(
            told(0, |of| {
                of.hours[23] = up;
                of.days[89] = up;
                of.days[70] = down;
            }),
            "Uptime 24h 100.00 % (no data 0.1 %), 7d 100.00 % (no data 0.1 %), 30d 95.65 % (no data 17.9 %), \
             90d 95.65 % (no data 17.9 %), 365d 95.65 % (no data 17.9 %)"
        );
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        assert_eq!(told(0, |_| {}), "");
        assert_eq!(told(0, |of| of.hours[0].unknown = 3_600), "");
        assert_eq!(told(0, |of| of.older = Seconds { up: 60, ..Seconds::default() }), "Uptime 365d 100.00 %");
    }

    #[test]
    fn an_old_summary_says_so() {
        let year = |of: &mut MonitorSummary| of.older = Seconds { up: 60, ..Seconds::default() };
        assert_eq!(told(180, year), "Uptime 365d 100.00 %");
        assert_eq!(told(181, year), "Uptime 365d 100.00 %, as of 11:24");
    }
}
