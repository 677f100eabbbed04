//! What a round reads beside its monitors: states, beats, credentials.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use shared::beat::{Beat, BeatState};
use shared::credentials::{Credentials, CredentialsId};
use shared::monitor::{Check, HeartbeatCheck, Monitor, MonitorId, ShardId};
use shared::revision::Revision;
use shared::signal::{Outcome, Reason};
use shared::state::{MonitorState, ShardState, State};
use shared::store::{ReadBeats, ReadCredentials, ReadStates, Result, StoreError};
use tests::memory::Memory;

use crate::handler::{
    NOW, found, handle, heartbeat, holding, monitor, outcomes, paper, ping, ping_with, request, secret, shop,
};

/// A table that counts what it is asked and does not answer, or never does.
#[derive(Clone, Default)]
struct Gone {
    asked: Arc<AtomicUsize>,
    silent: bool,
}

impl Gone {
    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    async fn answer<T>(&self) -> Result<T> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.silent {
            std::future::pending().await
        }
        Err(StoreError::Unavailable { action: "a call", cause: "told to fail".to_owned() })
    }
}

impl ReadStates for Gone {
    async fn state(&self, _: ShardId) -> Result<Option<ShardState>> {
        self.answer().await
    }
}

impl ReadBeats for Gone {
    async fn beats(&self, _: ShardId) -> Result<Vec<Beat>> {
        self.answer().await
    }
}

impl ReadCredentials for Gone {
    async fn credentials(&self, _: &CredentialsId) -> Result<Option<Credentials>> {
        self.answer().await
    }
}

/// A table of credentials that counts what it is asked.
#[derive(Clone, Default)]
struct Counted(Memory, Arc<AtomicUsize>);

impl ReadCredentials for Counted {
    async fn credentials(&self, id: &CredentialsId) -> Result<Option<Credentials>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.credentials(id).await
    }
}

#[tokio::test]
async fn a_heartbeat_is_judged_at_the_start_of_the_slot() {
    // A minute of interval and one of grace: not yet late then, late by the clock.
    let memory = holding([Monitor {
        check: Check::Heartbeat(HeartbeatCheck { grace_minutes: 1 }),
        ..heartbeat("aaaaaa")
    }]);
    let received_at = "2026-11-21T14:23:00Z".parse().unwrap();
    let beat =
        Beat { monitor: "s0-aaaaaa".parse().unwrap(), received_at, state: BeatState::Up, duration_ms: None };
    memory.tables().beats.insert(beat.monitor.clone(), beat);
    assert_eq!(outcomes(&memory, &ping(&memory, &paper())).await, [found("aaaaaa", Outcome::Up)]);
}

#[tokio::test]
async fn what_was_down_before_is_not_tried_again() {
    for (state, dialled) in [(State::Down, 1), (State::Up, 3)] {
        let memory = holding([monitor("aaaaaa", "http://1.1.1.9/", 1, "us-east-1")]);
        let id: MonitorId = "s0-aaaaaa".parse().unwrap();
        let before = MonitorState { state, ..MonitorState::unknown(request("ping").slot) };
        let of_shard = ShardState { monitors: [(id, before)].into() };
        memory.tables().states.insert(ShardId(0), of_shard);
        let paper = paper();
        handle(&memory, &paper, &request("ping"), NOW).await.unwrap();
        assert_eq!(paper.dialled().len(), dialled, "{state}");
    }
}

#[tokio::test]
async fn what_a_round_can_do_without_does_not_stop_it() {
    for silent in [false, true] {
        let memory = holding([
            monitor("aaaaaa", "http://1.1.1.1/", 1, "us-east-1"),
            heartbeat("bbbbbb"),
            secret("cccccc"),
        ]);
        let gone = Gone { silent, ..Gone::default() };
        let ping = ping_with(&memory, &paper(), gone.clone(), gone.clone(), gone.clone());
        let start = Instant::now();
        let expected = [
            ("aaaaaa", Outcome::Up),
            ("bbbbbb", Outcome::Unknown(Reason::Network)),
            ("cccccc", Outcome::Unknown(Reason::Network)),
        ];
        let expected = expected.map(|(suffix, outcome)| (suffix.to_owned(), outcome));
        assert_eq!(outcomes(&memory, &ping).await, expected);
        assert_eq!(gone.asked(), 3, "states, beats, credentials");
        assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn nothing_is_read_that_is_not_needed() {
    let (memory, unused) = (shop(), Gone::default());
    // Not due here, or not at all.
    memory.add_monitors([
        Monitor { regions: vec!["eu-west-1".parse().unwrap()], ..heartbeat("eeeeee") },
        Monitor { regions: vec!["eu-west-1".parse().unwrap()], ..secret("ffffff") },
        Monitor { paused: true, ..secret("gggggg") },
    ]);
    let ping = ping_with(&memory, &paper(), memory.clone(), unused.clone(), unused.clone());
    assert_eq!(outcomes(&memory, &ping).await.len(), 3);
    assert_eq!(unused.asked(), 0);
}

#[tokio::test]
async fn credentials_are_remembered_for_a_while() {
    let memory = holding([secret("aaaaaa"), secret("bbbbbb")]);
    let secrets = Counted(memory.clone(), Arc::default());
    let read = || secrets.1.load(Ordering::Relaxed);
    let credentials: Credentials =
        serde_json::from_value(json!({"scheme": "bearer", "token": "hunter2"})).unwrap();
    // Its revision is the first one.
    let id = CredentialsId::of(&secret("aaaaaa")).unwrap();
    memory.tables().credentials.insert(id.clone(), credentials.clone());
    let ping = ping_with(&memory, &paper(), memory.clone(), memory.clone(), secrets.clone());
    let expected = [found("aaaaaa", Outcome::Up), found("bbbbbb", Outcome::Unknown(Reason::Configuration))];
    assert_eq!((outcomes(&memory, &ping).await, read()), (expected.to_vec(), 2));
    // What was missing is looked for again.
    assert_eq!((outcomes(&memory, &ping).await, read()), (expected.to_vec(), 3));
    memory.add_monitors([Monitor { version: 2, ..secret("aaaaaa") }]);
    assert_eq!((outcomes(&memory, &ping).await, read()), (expected.to_vec(), 4), "they are the same");
    let revision: Revision = "abcdefghijklmnop".parse().unwrap();
    let mut changed = secret("aaaaaa");
    let Check::Http(http) = &mut changed.check else { panic!("of kind http") };
    http.credentials = Some(revision.clone());
    memory.add_monitors([changed]);
    memory.tables().credentials.insert(CredentialsId { revision, ..id }, credentials);
    assert_eq!((outcomes(&memory, &ping).await, read()), (expected.to_vec(), 6));
}
