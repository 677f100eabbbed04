//! Runs that repeat, come in any order, or meet.

use std::ops::RangeInclusive;
use std::sync::Mutex;

use proptest::prelude::*;
use shared::store::{ReadSignals, Result};

use super::*;

/// Runs this to its end, whatever runs already.
fn block_on<T: Send>(future: impl AsyncFnOnce() -> T + Send) -> T {
    let run = || tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future());
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

#[tokio::test]
async fn the_same_run_twice_changes_nothing() {
    let memory = busy();
    let event = || tests::event("rollup-schedule");
    handle(&memory, event(), at("02-29T14:03:00")).await.unwrap();
    let once = history(&memory);
    assert_eq!((once.hours.len(), once.days.len(), once.summaries.len()), (6, 2, 2));
    handle(&memory, event(), at("02-29T14:03:00")).await.unwrap();
    assert_eq!(history(&memory), once, "at the same instant");
    handle(&memory, event(), at("02-29T14:03:30")).await.unwrap();
    assert_eq!(history(&memory), once, "a little later");
}

/// Signals during whose first reading something else happens, which it does not see.
struct Meeting(Memory, Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl ReadSignals for Meeting {
    async fn blocks(&self, shard: ShardId, slots: RangeInclusive<Slot>) -> Result<Vec<Block>> {
        let blocks = self.0.blocks(shard, slots).await;
        if let Some(meanwhile) = self.1.lock().unwrap().take() {
            meanwhile();
        }
        blocks
    }

    async fn oldest(&self, shard: ShardId) -> Result<Option<Slot>> {
        self.0.oldest(shard).await
    }
}

/// Does what the event says from this instant on, and all this during its first reading. It ends ten minutes later.
async fn meet(
    memory: &Memory,
    event: serde_json::Value,
    now: &str,
    meanwhile: impl FnOnce() + Send + 'static,
) {
    let signals = Meeting(memory.clone(), Mutex::new(Some(Box::new(meanwhile))));
    let rollup = Rollup { monitors: memory.clone(), signals, history: memory.clone() };
    let event: Event = serde_json::from_value(event).unwrap();
    // Somebody has written a summary: the meeting is over.
    let clock = || if memory.tables().summaries.is_empty() { at(now) } else { at(now) + 10.minutes() };
    rollup.handle(&event, clock).await.unwrap();
}

#[tokio::test]
async fn of_two_runs_at_once_the_later_reading_stays() {
    let memory = Memory::default();
    memory.add_monitors([monitor("s0-aaaaaa", &["a"])]);
    add_up(&memory, "s0-aaaaaa", "02-29T00:00:00", 59);
    let meanwhile = memory.clone();
    let meanwhile = move || {
        // A late block, and a second run that sees it from beginning to end.
        add(&meanwhile, slot("02-29T00:59:00"), "a", vec![signal("s0-aaaaaa", DOWN, 9)]);
        block_on(async || scheduled(&meanwhile, "02-29T01:03:30").await);
    };
    meet(&memory, tests::event("rollup-schedule"), "02-29T01:03:00", meanwhile).await;
    assert_eq!(day_of(&memory, "s0-aaaaaa", "02-29").hours[0].down, 60);
    assert_eq!(hour_of(&memory, "s0-aaaaaa", "02-29", 0, "a").unwrap().checks.down, 1);
    assert_eq!(summary_of(&memory, "s0-aaaaaa").unwrap().days[89].down, 60);
}

#[tokio::test]
async fn a_summary_has_seen_what_its_own_run_wrote() {
    let memory = Memory::default();
    memory.add_monitors([monitor("s0-aaaaaa", &["a"])]);
    add_up(&memory, "s0-aaaaaa", "02-28T12:00:00", 60);
    let meanwhile = memory.clone();
    // A run over another day begins later and ends earlier.
    let meanwhile = move || block_on(async || scheduled(&meanwhile, "02-29T05:03:30").await);
    let event = serde_json::json!({ "from": at("02-28T00:00:00"), "until": at("02-28T12:30:00") });
    meet(&memory, event, "02-29T05:03:00", meanwhile).await;
    assert_eq!(summary_of(&memory, "s0-aaaaaa").unwrap().days[88].up, 3_600);
}

/// Three days with a little of everything; each begins with a block.
fn three_days(outcomes: &[Option<Outcome>]) -> Memory {
    let memory = Memory::default();
    memory.add_monitors([monitor("s0-aaaaaa", &["a", "b"])]);
    for (n, outcome) in (0..).zip(outcomes) {
        for day in 0..3 {
            let slot = slot("02-28T00:00:00").plus(1_440 * day + n * 13);
            if let Some(outcome) = outcome.or((n == 0).then_some(Outcome::Up)) {
                let ms = u32::try_from(n + day).unwrap();
                add(
                    &memory,
                    slot,
                    if n % 2 == 0 { "a" } else { "b" },
                    vec![signal("s0-aaaaaa", outcome, ms)],
                );
            }
        }
    }
    memory
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_order_of_runs_does_not_matter(
        outcomes in proptest::collection::vec(proptest::option::of(
            proptest::sample::select(vec![Outcome::Up, DOWN, Outcome::Blocked])), 1..100),
        parts in Just((0..12).collect::<Vec<i64>>()).prop_shuffle(),
        repeated in proptest::collection::vec(0usize..12, 0..4),
    ) {
        block_on(async || {
            let (all, by_part) = (three_days(&outcomes), three_days(&outcomes));
            window(&all, "02-28T00:00:00", "03-02T00:00:00", "03-02T00:10:00").await;
            // The same window by parts of 6 hours, in any order, some of them twice.
            let again: Vec<i64> = repeated.iter().map(|n| parts[*n]).collect();
            for (n, part) in (0i64..).zip(parts.iter().chain(&again)) {
                let from = slot("02-28T00:00:00").plus(part * 360);
                let event = serde_json::json!({ "from": from, "until": from.plus(360) });
                handle(&by_part, event, at("03-02T00:10:00") + n.seconds() * 20).await.unwrap();
            }
            assert_eq!(history(&by_part), history(&all));
        });
    }
}
