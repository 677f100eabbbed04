//! Incidents listed, and what is said to them, in memory.

use ::tests::memory::Memory;
use jiff::Timestamp;
use shared::incident::{Action, Closed, ClosedBy, Incident, Update};
use shared::monitor::Monitor;
use shared::signal::Reason;
use shared::state::State;
use shared::store::WriteUpdates as _;

use super::*;

fn now() -> Timestamp {
    "2026-11-21T14:25:30Z".parse().unwrap()
}

fn incident(monitor: &str, opened_at: &str, closed: Option<(&str, ClosedBy)>) -> Incident {
    Incident {
        account: shared::account::AccountId::default(),
        monitor: monitor.parse().unwrap(),
        opened_at: opened_at.parse().unwrap(),
        began_at: opened_at.parse().unwrap(),
        state: State::Down,
        down_at: None,
        reason: Reason::Status,
        status: Some(503),
        regions: vec!["eu-west-1".parse().unwrap(), "us-east-1".parse().unwrap()],
        flapping: false,
        closed: closed.map(|(at, by)| Closed { at: at.parse().unwrap(), by }),
    }
}

fn memory() -> Memory {
    let memory = Memory::default();
    let named =
        |id: &str, name: &str| Monitor { name: name.parse().unwrap(), ..::tests::example::monitor(id) };
    memory.add_monitors([named("s0-aaaaaa", "Front page"), named("s0-bbbbbb", "Checkout")]);
    let all = [
        incident("s0-aaaaaa", "2026-11-21T14:20:00Z", None),
        incident("s0-bbbbbb", "2026-11-20T14:00:00Z", Some(("2026-11-20T15:30:00Z", ClosedBy::Recovery))),
        incident("s0-cccccc", "2026-11-19T14:00:00Z", Some(("2026-11-19T14:10:00Z", ClosedBy::Deleted))),
        Incident {
            flapping: true,
            status: None,
            reason: Reason::Timeout,
            ..incident("s0-aaaaaa", "2026-11-01T00:00:00Z", Some(("2026-11-01T00:20:00Z", ClosedBy::Hand)))
        },
    ];
    memory.tables().incidents.extend(all.map(|incident| (incident.id(), incident)));
    memory
}

async fn printed(memory: &Memory, monitor: Option<&str>, days: u16) -> String {
    let monitors = memory.tables().monitors.clone();
    let names = monitors.values().map(|monitor| (monitor.id.clone(), monitor.name.clone())).collect();
    let monitor =
        monitor.map(|name| monitors.values().find(|monitor| monitor.name.as_str() == name).unwrap());
    let listed = listed(memory, memory, monitor, days, now()).await.unwrap();
    let mut out = Vec::new();
    list(&listed, &names, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn incidents_are_listed_newest_first() {
    let memory = memory();
    insta::assert_snapshot!(printed(&memory, None, 7).await, @"
    ID                              MONITOR     STATE  REASON      REGIONS              ENDED                  NOTE
    2026-11-21T14:20:00Z#s0-aaaaaa  Front page  down   status 503  eu-west-1,us-east-1  open
    2026-11-20T14:00:00Z#s0-bbbbbb  Checkout    down   status 503  eu-west-1,us-east-1  after 90 min
    2026-11-19T14:00:00Z#s0-cccccc  (deleted)   down   status 503  eu-west-1,us-east-1  after 10 min, deleted
    ");
    insta::assert_snapshot!(printed(&memory, Some("Front page"), 30).await, @"
    ID                              MONITOR     STATE            REASON      REGIONS              ENDED                  NOTE
    2026-11-21T14:20:00Z#s0-aaaaaa  Front page  down             status 503  eu-west-1,us-east-1  open
    2026-11-01T00:00:00Z#s0-aaaaaa  Front page  down (flapping)  timeout     eu-west-1,us-east-1  after 20 min, by hand
    ");
    assert_eq!(printed(&memory, Some("Checkout"), 2).await.lines().count(), 1 + 1);
    assert_eq!(printed(&memory, Some("Checkout"), 1).await.lines().count(), 1, "a day is 24 hours");
}

#[tokio::test]
async fn what_is_said_to_an_open_incident_is_listed() {
    let memory = memory();
    let id = "2026-11-21T14:20:00Z#s0-aaaaaa".parse().unwrap();
    update(&memory, &memory, &id, Action::Acknowledge, "the new release", now()).await.unwrap();
    update(&memory, &memory, &id, Action::Acknowledge, "the new release", now()).await.unwrap();
    assert_eq!(memory.tables().updates.len(), 1, "said again, it changes nothing");
    assert!(printed(&memory, None, 1).await.contains(" acknowledged: the new release\n"));
    let later = "2026-11-21T14:26:00Z".parse().unwrap();
    update(&memory, &memory, &id, Action::Close, "", later).await.unwrap();
    assert!(printed(&memory, None, 1).await.contains(" closing\n"));
    let said: Vec<Update> = memory.tables().updates.values().cloned().collect();
    assert_eq!((said[1].action, said[1].at, said[1].note.as_str()), (Action::Close, later, ""));
}

#[tokio::test]
async fn nothing_is_said_to_what_is_not_open() {
    let memory = memory();
    let say = async |id: &str, note: &str| {
        update(&memory, &memory, &id.parse().unwrap(), Action::Close, note, now())
            .await
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(say("2026-11-21T14:21:00Z#s0-aaaaaa", "").await, @"no incident has the id 2026-11-21T14:21:00Z#s0-aaaaaa: see `shopwatch incidents list`");
    insta::assert_snapshot!(say("2026-11-20T14:00:00Z#s0-bbbbbb", "").await, @"incident 2026-11-20T14:00:00Z#s0-bbbbbb has ended at 2026-11-20T15:30:00Z");
    insta::assert_snapshot!(say("2026-11-21T14:20:00Z#s0-aaaaaa", &"x".repeat(501)).await, @"expected a note of at most 500 characters, no control characters");
    assert!(say("2026-11-21T14:20:00Z#s0-aaaaaa", "a\u{1b}[2J").await.contains("control characters"));
    assert!(memory.tables().updates.is_empty());
}

#[tokio::test]
async fn a_note_cannot_steer_the_terminal() {
    let memory = memory();
    let incident = "2026-11-21T14:20:00Z#s0-aaaaaa".parse().unwrap();
    let note = "\u{1b}[2J".to_owned();
    memory.add_update(&Update { incident, at: now(), action: Action::Note, note }).await.unwrap();
    let printed = printed(&memory, None, 1).await;
    assert!(printed.contains("noted: \u{fffd}[2J") && !printed.contains('\u{1b}'), "{printed}");
}
