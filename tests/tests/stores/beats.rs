//! Beats, and the tokens that beat.

use shared::beat::{Beat, BeatState};
use shared::monitor::ShardId;
use shared::session::Token;
use shared::store::{ReadBeats, WriteBeatTokens, WriteBeats};

use super::instant;

contracts!(
    BeatsTable,
    "beats",
    [
        the_last_beat_of_each_monitor_is_kept,
        an_older_beat_is_ignored,
        a_token_beats_for_its_monitor,
        tokens_and_beats_of_one_monitor_are_deleted,
    ]
);

fn beat(id: &str, received_at: &str) -> Beat {
    Beat {
        monitor: id.parse().unwrap(),
        received_at: instant(received_at),
        state: BeatState::Up,
        duration_ms: None,
    }
}

async fn the_last_beat_of_each_monitor_is_kept(store: &(impl ReadBeats + WriteBeats)) {
    assert_eq!(store.beats(ShardId(0)).await.unwrap(), []);
    let first = beat("s0-aaaaaa", "2026-11-21T14:25:00Z");
    let full = Beat {
        state: BeatState::Degraded,
        duration_ms: Some(86_400_000),
        ..beat("s0-bbbbbb", "2026-11-21T14:24:00.123456789Z")
    };
    let elsewhere = beat("s1-aaaaaa", "2026-11-21T14:25:00Z");
    for beat in [&full, &elsewhere, &first, &first] {
        store.put_beat(beat).await.unwrap();
    }
    assert_eq!(store.beats(ShardId(0)).await.unwrap(), [first.clone(), full.clone()]);
    assert_eq!(store.beats(ShardId(1)).await.unwrap(), [elsewhere]);

    let next = Beat { state: BeatState::Down, ..beat("s0-bbbbbb", "2026-11-21T14:26:00Z") };
    store.put_beat(&next).await.unwrap();
    assert_eq!(store.beats(ShardId(0)).await.unwrap(), [first, next]);
}

/// In the order of instants, which is not that of their texts: `00.5Z` comes before `00Z` there.
async fn an_older_beat_is_ignored(store: &(impl ReadBeats + WriteBeats)) {
    let [before, first, later, last] = [
        "2026-11-21T14:24:59.999Z",
        "2026-11-21T14:25:00Z",
        "2026-11-21T14:25:00.000000001Z",
        "2026-11-21T14:25:00.5Z",
    ]
    .map(|at| beat("s0-aaaaaa", at));
    for (put, kept) in [
        (&first, &first),
        (&before, &first),
        (&later, &later),
        (&first, &later),
        (&last, &last),
        (&later, &last),
        (&first, &last),
    ] {
        store.put_beat(put).await.unwrap();
        let there = store.beats(ShardId(0)).await.unwrap();
        assert_eq!(there, std::slice::from_ref(kept), "after {}", put.received_at);
    }
}

async fn a_token_beats_for_its_monitor(store: &(impl ReadBeats + WriteBeats + WriteBeatTokens)) {
    let (token, other) = (Token::random().unwrap().hash(), Token::random().unwrap().hash());
    assert_eq!(store.beating(&token).await.unwrap(), None);
    let monitor = "s0-aaaaaa".parse().unwrap();
    for _ in 0..2 {
        store.put_beat_token(&token, &monitor).await.unwrap();
    }
    assert_eq!(store.beating(&token).await.unwrap(), Some(monitor));
    assert_eq!(store.beating(&other).await.unwrap(), None);
    assert_eq!(store.beats(ShardId(0)).await.unwrap(), []);
}

async fn tokens_and_beats_of_one_monitor_are_deleted(
    store: &(impl ReadBeats + WriteBeats + WriteBeatTokens),
) {
    let [ours, other] = ["s0-aaaaaa", "s0-aaaaab"].map(|id| id.parse().unwrap());
    let tokens = [(); 3].map(|()| Token::random().unwrap().hash());
    assert_eq!(store.beat_tokens(&ours).await.unwrap(), 0);
    for (token, monitor) in tokens.iter().zip([&ours, &ours, &other]) {
        store.put_beat_token(token, monitor).await.unwrap();
        store.put_beat_token(token, monitor).await.unwrap();
        store.put_beat(&beat(&monitor.to_string(), "2026-11-21T14:25:00Z")).await.unwrap();
    }
    assert_eq!(store.beat_tokens(&ours).await.unwrap(), 2);
    for _ in 0..2 {
        store.delete_beat_tokens(&ours).await.unwrap();
        let mut beating = Vec::new();
        for token in &tokens {
            beating.push(store.beating(token).await.unwrap());
        }
        assert_eq!(beating, [None, None, Some(other.clone())]);
        assert_eq!(store.beat_tokens(&ours).await.unwrap(), 0);
        assert_eq!(store.beat_tokens(&other).await.unwrap(), 1);
    }
    assert_eq!(store.beats(ShardId(0)).await.unwrap().len(), 2, "what has come is still there");
    for _ in 0..2 {
        store.delete_beat(&ours).await.unwrap();
        assert_eq!(store.beats(ShardId(0)).await.unwrap(), [beat("s0-aaaaab", "2026-11-21T14:25:00Z")]);
    }
}
