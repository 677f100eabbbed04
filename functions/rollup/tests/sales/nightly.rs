//! Which days are recomputed at night.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan as _};
use shared::import::{Import, ImportState, ObjectVersion};

use super::*;

/// An import that ended then, an hour after it began.
pub(crate) fn ended(world: &World, key: &str, at: &str, days: &[&str]) {
    let ended: Timestamp = at.parse().unwrap();
    put(world, key, ended - 1.hour(), Some(ended), days.iter().map(|day| date(day)).collect());
}

fn put(world: &World, key: &str, began: Timestamp, ended: Option<Timestamp>, days: Vec<Date>) {
    let object = ObjectVersion { key: key.to_owned(), version: "1".to_owned() };
    let mut import = Import::begun(object, 1, "owner", began);
    import.state = if key.starts_with("failed") { ImportState::Failed } else { ImportState::Loaded };
    (import.ended_at, import.days) = (ended, days);
    world.memory.tables().imports.insert((key.to_owned(), "1".to_owned()), import);
}

async fn night(world: &World) -> Vec<String> {
    world.handle(json!({"nightly": "2026-11-03T02:23:00Z"})).await.unwrap();
    days_of(&world.queued())
}

/// The days that are asked for, and behind each those whose turn it is after it.
fn days_of(events: &[Value]) -> Vec<String> {
    let days = events.iter().flat_map(|event| {
        let next = event.get("next").and_then(Value::as_array);
        [&event["day"]].into_iter().chain(next.into_iter().flatten())
    });
    days.map(|day| day.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn days_of_imports_that_ended_in_the_last_two_days_come_again_once() {
    let world = World::default();
    ended(&world, "a.csv", "2026-11-02T10:00:00Z", &["2021-03-20", "2021-03-21"]);
    ended(&world, "b.csv", "2026-11-01T00:23:00Z", &["2021-03-21", "2021-03-22"]);
    ended(&world, "failed.csv", "2026-11-02T10:00:00Z", &["2021-04-01"]);
    ended(&world, "old.csv", "2026-11-01T00:22:59Z", &["2021-05-01"]);
    // Six days of work, from the month before; another one is still at it.
    let began: Timestamp = "2026-10-26T01:00:00Z".parse().unwrap();
    put(&world, "long.csv", began, Some("2026-11-01T12:00:00Z".parse().unwrap()), vec![date("2021-06-01")]);
    put(&world, "running.csv", began, None, vec![date("2021-07-01")]);
    assert_eq!(night(&world).await, ["2021-06-01", "2021-04-01", "2021-03-22", "2021-03-21", "2021-03-20"]);
}

#[tokio::test]
async fn every_page_of_the_ledger_is_read() {
    let world = World::default();
    let ended: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
    let first = date("2021-01-01");
    for n in 0..700i64 {
        // Some hundreds began at one instant, across pages.
        let began = ended - 1.hour() - (n / 150).seconds();
        put(&world, &format!("{n}.csv"), began, Some(ended), vec![first + n.days()]);
    }
    assert_eq!(night(&world).await.len(), 700);
}

#[tokio::test]
async fn a_night_has_a_limit() {
    let world = World::default();
    let ended: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
    let first = date("1990-01-01");
    let days = |days: std::ops::Range<i64>| days.map(|n| first + n.days()).collect();
    put(&world, "everything.csv", ended - 1.hour(), Some(ended), days(0..10_000));
    assert_eq!(night(&world).await.len(), 10_000, "an import of as many days as it may have");
    world.queue.lock().unwrap().clear();
    put(&world, "more.csv", ended - 1.hour(), Some(ended), days(10_000..10_500));
    let error = world.handle(json!({"nightly": "2026-11-03T02:23:00Z"})).await.unwrap_err().to_string();
    let left_out = "500 days from 1990-01-01 to 1991-05-15 were left out";
    assert!(error.contains(left_out), "{error}");
    let days = BTreeSet::from_iter(days_of(&world.queued()));
    assert_eq!((days.len(), world.queued().len()), (10_000, 1));
    assert_eq!(days.first().unwrap(), "1991-05-16", "the latest ones");
}

#[tokio::test]
async fn a_day_whose_invocation_is_killed_hides_others_for_one_night_at_most() {
    let world = World::default();
    let days = ["2021-03-20", "2021-03-21", "2021-03-22", "2021-03-23"];
    ended(&world, "a.csv", "2026-11-02T10:00:00Z", &days);
    let mut done = BTreeSet::new();
    for (night, first) in [("2026-11-03T02:23:00Z", days[3]), ("2026-11-04T02:23:00Z", days[0])] {
        world.handle(json!({"nightly": night})).await.unwrap();
        assert_eq!(days_of(&world.queued())[0], first);
        while let Some(event) = world.next() {
            // With all that waits for it.
            if event["day"] != days[1] {
                done.extend(days_of(std::slice::from_ref(&event)).first().cloned());
                world.handle(event).await.unwrap();
            }
        }
    }
    assert_eq!(done.into_iter().collect::<Vec<_>>(), [days[0], days[2], days[3]]);
}

#[tokio::test]
async fn a_night_that_is_not_taken_is_an_error() {
    let world = World::default();
    ended(&world, "a.csv", "2026-11-02T10:00:00Z", &["2021-03-20", "2021-03-21", "2021-03-22"]);
    // The ledger's month, that there is no more of it, and the month before.
    world.memory.fail_after(3);
    let error = world.handle(json!({"nightly": "2026-11-03T02:23:00Z"})).await.unwrap_err();
    assert_eq!(error.to_string(), "3 of 3 days were not handed on");
    assert_eq!(world.queued().len(), 0);
}
