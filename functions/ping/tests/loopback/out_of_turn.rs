//! Checks out of turn: what is looked at, what is recorded, and what is not.

use jiff::Timestamp;
use ping::Event;
use serde_json::Value;
use shared::beat::{Beat, BeatState};
use shared::monitor::Monitor;
use shared::out_of_turn::{MAX_CHECKED, OutOfTurn};
use shared::signal::{Outcome, Reason};
use tests::logged::Logged;
use tests::memory::Memory;
use tracing::Level;

use crate::handler::{NOW, blocks, heartbeat, holding, monitor, paper, ping, secret};
use crate::paper::Paper;

fn event(name: &str) -> OutOfTurn {
    match serde_json::from_value(tests::event(name)).unwrap() {
        Event::OutOfTurn(request) => request,
        Event::Slot(request) => panic!("{request:?}"),
    }
}

async fn told(memory: &Memory, paper: &Paper, request: OutOfTurn) -> anyhow::Result<Vec<Value>> {
    let now: Timestamp = NOW.parse().unwrap();
    let told = ping(memory, paper).out_of_turn(request, || now).await?;
    Ok(told.iter().map(|told| serde_json::to_value(told).unwrap()).collect())
}

fn shop() -> Memory {
    holding([
        Monitor { paused: true, ..monitor("aaaaaa", "http://1.1.1.1/", 1_440, "eu-west-1") },
        monitor("bbbbbb", "http://1.1.1.2/", 1, "us-east-1"),
        monitor("cccccc", "http://169.254.169.254/", 1, "us-east-1"),
        heartbeat("eeeeee"),
    ])
}

#[tokio::test]
async fn what_is_asked_for_is_looked_at_whether_it_is_due_or_not() {
    let (memory, paper) = (shop(), paper());
    let received_at = "2026-11-21T14:25:40Z".parse().unwrap();
    let beating = "s0-eeeeee".parse().unwrap();
    let beat = Beat { monitor: beating, received_at, state: BeatState::Up, duration_ms: Some(7) };
    memory.tables().beats.insert(beat.monitor.clone(), beat);
    for _ in 0..2 {
        let told = told(&memory, &paper, event("ping-check")).await.unwrap();
        let of = |told: &Value| format!("{} {} {}", told["outcome"], told["status"], told["out_of_turn"]);
        let mut outcomes: Vec<String> = told.iter().map(of).collect();
        outcomes.sort();
        assert_eq!(outcomes, [r#""blocked" null true"#, r#""up" 200 true"#, r#""up" null true"#]);
        assert!(told.iter().all(|told| told["region"] == "us-east-1" && told["at"] == NOW));
        // Recorded once a minute each, and in nobody's block.
        let tables = memory.tables();
        let recorded: Vec<(String, Outcome)> = tables
            .checks
            .values()
            .flat_map(|check| &check.signals)
            .map(|signal| (signal.monitor.to_string(), signal.outcome))
            .collect();
        let expected =
            [("s0-aaaaaa", Outcome::Up), ("s0-cccccc", Outcome::Blocked), ("s0-eeeeee", Outcome::Up)];
        assert_eq!(recorded, expected.map(|(id, outcome)| (id.to_owned(), outcome)));
    }
    assert_eq!(blocks(&memory), vec![]);
    let dialled = format!("{:?}", paper.dialled());
    assert!(dialled.contains("1.1.1.1") && !dialled.contains("169.254"), "{dialled}");
}

#[tokio::test]
async fn one_that_is_not_stored_is_looked_at_and_not_recorded() {
    let (memory, (logged, _guard)) = (shop(), Logged::here(Level::INFO));
    let before = format!("{:?}", memory.tables());
    let paper = paper();
    let told = told(&memory, &paper, event("ping-test")).await.unwrap();
    assert_eq!((told.len(), &told[0]["outcome"], &told[0]["status"]), (1, &"up".into(), &200.into()));
    assert_eq!(format!("{:?}", memory.tables()), before);
    assert!(!format!("{told:?} {:?}", logged.lines()).contains("canary"));

    let OutOfTurn::Test { monitor, .. } = event("ping-test") else { panic!() };
    let with = |change: fn(&mut Monitor)| {
        let mut monitor = monitor.clone();
        change(&mut monitor);
        OutOfTurn::Test { monitor, credentials: None }
    };
    let inside =
        with(|monitor| monitor.check = crate::handler::monitor("x0x0x0", "http://10.0.0.1/", 1, "r").check);
    let blocked = super::out_of_turn::told(&memory, &paper, inside).await.unwrap();
    assert_eq!(blocked[0]["outcome"], "blocked", "behind the guard");
    let invalid = with(|monitor| monitor.degraded_ms = Some(0));
    assert!(super::out_of_turn::told(&memory, &paper, invalid).await.is_err());
}

#[tokio::test]
async fn what_was_changed_just_now_is_looked_at_as_it_is_now() {
    // As they were a moment ago, there is another one.
    let (before, now) = (holding([monitor("bbbbbb", "http://1.1.1.1/", 1, "us-east-1")]), shop());
    let mut ping = ping(&before, &paper());
    ping.stores.latest = now;
    let one = OutOfTurn::Check { monitors: vec!["s0-aaaaaa".parse().unwrap()] };
    let told = ping.out_of_turn(one, || NOW.parse().unwrap()).await.unwrap();
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn a_target_is_shown_its_own_credentials() {
    let memory = holding([secret("aaaaaa")]);
    let request = OutOfTurn::Check { monitors: vec!["s0-aaaaaa".parse().unwrap()] };
    let told = told(&memory, &paper(), request).await.unwrap();
    // There are none, and without them nothing is asked.
    let unknown = Outcome::Unknown(Reason::Configuration);
    assert_eq!(told[0]["outcome"], unknown.name());
}

#[tokio::test]
async fn too_many_are_refused_and_a_table_out_of_reach_fails() {
    let memory = shop();
    let many = vec!["s0-aaaaaa".parse().unwrap(); MAX_CHECKED + 1];
    assert!(told(&memory, &paper(), OutOfTurn::Check { monitors: many }).await.is_err());
    for calls in 0..2 {
        memory.fail_after(calls);
        let one = OutOfTurn::Check { monitors: vec!["s0-bbbbbb".parse().unwrap()] };
        assert!(told(&memory, &paper(), one).await.is_err(), "{calls}");
    }
}
