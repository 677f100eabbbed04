//! What people add to incidents.

use shared::incident::{Action, MAX_UPDATES, Update};
use shared::store::{ReadUpdates, WriteUpdates};

use super::instant;

contracts!(MonitorsTable, "monitors", [updates_are_read_oldest_first, no_more_are_read_than_there_may_be]);

fn update(incident: &str, at: &str, action: Action, note: &str) -> Update {
    Update { incident: incident.parse().unwrap(), at: instant(at), action, note: note.to_owned() }
}

async fn updates_are_read_oldest_first(store: &(impl ReadUpdates + WriteUpdates)) {
    let (ours, other) = ("2026-11-21T14:25:00Z#s0-aaaaaa", "2026-11-21T14:25:00Z#s0-aaaaab");
    assert_eq!(store.updates(&ours.parse().unwrap()).await.unwrap(), []);
    let updates = [
        update(ours, "2026-11-21T14:26:00Z", Action::Acknowledge, ""),
        update(ours, "2026-11-21T14:26:00.5Z", Action::Note, "Größe: the \"cable\""),
        update(ours, "2026-11-21T14:30:00Z", Action::Close, "pulled"),
    ];
    let elsewhere = update(other, "2026-11-21T14:27:00Z", Action::Note, "another one");
    for update in updates.iter().rev().chain([&elsewhere, &updates[0]]) {
        store.add_update(update).await.unwrap();
    }
    assert_eq!(store.updates(&ours.parse().unwrap()).await.unwrap(), updates);
    assert_eq!(store.updates(&other.parse().unwrap()).await.unwrap(), [elsewhere]);
}

async fn no_more_are_read_than_there_may_be(store: &(impl ReadUpdates + WriteUpdates)) {
    let incident = "2026-11-21T14:25:00Z#s0-aaaaaa";
    let first = instant("2026-11-21T14:26:00Z");
    for n in 0..2 * MAX_UPDATES as i64 + 1 {
        let at = first + jiff::SignedDuration::from_secs(n);
        store.add_update(&update(incident, &at.to_string(), Action::Note, "more")).await.unwrap();
    }
    let read = store.updates(&incident.parse().unwrap()).await.unwrap();
    assert_eq!((read.len(), read[0].at), (2 * MAX_UPDATES, first), "the oldest");
}
