//! Which monitors are being worked on, by the maintenance windows of the shown hour.

use std::collections::BTreeSet;

use shared::maintenance::Window;
use shared::monitor::Monitor;
use shared::schedule::Slot;

/// The windows that are open in any slot of a time, each with those slots: a window's time zone is asked once per
/// slot, not once per slot and monitor.
#[derive(Debug, Default)]
pub(crate) struct WorkedOn(Vec<(Window, BTreeSet<Slot>)>);

impl WorkedOn {
    /// What these windows say of these slots.
    pub(crate) fn of(windows: Vec<Window>, slots: impl Iterator<Item = Slot> + Clone) -> Self {
        let open = windows.into_iter().map(|window| {
            let slots = slots.clone().filter(|slot| window.is_open(*slot)).collect();
            (window, slots)
        });
        Self(open.filter(|(_, slots): &(Window, BTreeSet<Slot>)| !slots.is_empty()).collect())
    }

    /// Whether this monitor is being worked on in this slot, which is one of those asked about.
    pub(crate) fn covers(&self, monitor: &Monitor, slot: Slot) -> bool {
        self.0.iter().any(|(window, slots)| slots.contains(&slot) && window.is_of(monitor))
    }
}

#[cfg(test)]
mod tests {
    use ::tests::example;

    use super::*;

    #[test]
    fn it_says_what_the_windows_say() {
        let text = r#"[
            {"id": "a", "name": "A", "when": {"once": {"from": "2026-11-21T14:20:00Z", "until": "2026-11-21T14:22:00Z"}}},
            {"id": "b", "name": "B", "monitors": ["s0-aaaaaa"],
             "when": {"weekly": {"from": "15:24:00", "minutes": 1, "time_zone": "Europe/Berlin"}}},
            {"id": "c", "name": "C", "when": {"once": {"from": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}}}
        ]"#;
        let windows: Vec<Window> = serde_json::from_str(text).unwrap();
        let monitors = ["s0-aaaaaa", "s0-bbbbbb"].map(example::monitor);
        let last: Slot = "2026-11-21T14:25:00Z".parse().unwrap();
        let slots = (-9..=0).map(|minutes| last.plus(minutes));
        let worked_on = WorkedOn::of(windows.clone(), slots.clone());
        assert_eq!(worked_on.0.len(), 2);
        let mut covered = 0;
        for (monitor, slot) in monitors.iter().flat_map(|one| slots.clone().map(move |slot| (one, slot))) {
            let expected = windows.iter().any(|window| window.covers(monitor, slot));
            assert_eq!(worked_on.covers(monitor, slot), expected, "{} {slot}", monitor.id);
            covered += usize::from(expected);
        }
        assert_eq!(covered, 5);
    }
}
