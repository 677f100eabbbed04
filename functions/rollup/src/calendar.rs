//! Maintenance of one day: who is worked on in which of its minutes. Made once for all shards, because a window that
//! recurs asks a time zone for every minute.

use shared::maintenance::Window;
use shared::monitor::Monitor;
use shared::schedule::Slot;

use crate::event::{DAY, every};

/// The minutes of one day in which anybody is worked on.
#[derive(Debug)]
pub(crate) struct Calendar {
    /// The day's first slot.
    pub(crate) begins: Slot,
    /// Each with, for each minute of the day, whether it is open.
    windows: Vec<(Window, Vec<bool>)>,
}

impl Calendar {
    /// The windows that are open on the day that begins in this slot.
    pub(crate) fn of(begins: Slot, windows: &[Window]) -> Self {
        let minutes = |window: &Window| {
            let open = every(&(begins..begins.plus(DAY)), 1).map(|slot| window.is_open(slot));
            (window.clone(), open.collect::<Vec<bool>>())
        };
        let windows = windows.iter().map(minutes).filter(|(_, open)| open.contains(&true)).collect();
        Self { begins, windows }
    }

    /// For each minute of the day whether this monitor is worked on; empty when it never is.
    pub(crate) fn of_monitor(&self, monitor: &Monitor) -> Vec<bool> {
        let mut worked_on = Vec::new();
        for (_, open) in self.windows.iter().filter(|(window, _)| window.is_of(monitor)) {
            worked_on.resize(open.len(), false);
            worked_on.iter_mut().zip(open).for_each(|(worked_on, open)| *worked_on |= open);
        }
        worked_on
    }
}

#[cfg(test)]
mod tests {
    use ::tests::example;
    use jiff::civil::date;

    use super::*;

    fn window(json: serde_json::Value) -> Window {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_day_agrees_with_its_windows() {
        let windows = [
            window(
                serde_json::json!({ "id": "night", "name": "Night", "monitors": ["s0-aaaaaa", "s0-bbbbbb"],
                "when": { "weekly": { "from": "02:30:00", "minutes": 60, "time_zone": "Europe/Berlin" } } }),
            ),
            window(serde_json::json!({ "id": "all", "name": "All",
                "when": { "once": { "from": "2028-02-29T12:00:00Z", "until": "2028-02-29T12:10:00Z" } } })),
        ];
        let monitors = ["s0-aaaaaa", "s0-bbbbbb", "s1-aaaaaa"].map(example::monitor);
        // A leap day, and the two days on which Berlin's clocks are changed.
        for (day, by_id) in [
            (date(2028, 2, 29), [70, 70, 10]),
            (date(2028, 3, 26), [60, 60, 0]),
            (date(2028, 10, 29), [60, 60, 0]),
        ] {
            let begins = Slot::at(day, "00:00").unwrap();
            let calendar = Calendar::of(begins, &windows);
            for (monitor, minutes) in monitors.iter().zip(by_id) {
                let slots: Vec<Slot> = every(&(begins..begins.plus(DAY)), 1).collect();
                let covered = |slot: &Slot| windows.iter().any(|window| window.covers(monitor, *slot));
                let wanted: Vec<bool> = slots.iter().map(covered).collect();
                let id = &monitor.id;
                assert_eq!(wanted.iter().filter(|covered| **covered).count(), minutes, "{id} {day}");
                let found = calendar.of_monitor(monitor);
                assert_eq!(if found.is_empty() { vec![false; slots.len()] } else { found }, wanted);
            }
        }
    }
}
