//! Tables that do not answer.

use std::ops::RangeInclusive;

use shared::store::{ReadSignals, Result, StoreError};

use super::*;

#[tokio::test]
async fn a_run_that_failed_at_any_call_is_made_good_by_the_next() {
    // Enough for two days and two hours.
    let few = || {
        let memory = busy();
        memory.tables().blocks.retain(|(_, at, _), _| *at < slot("02-29T02:03:00"));
        memory
    };
    let wanted = few();
    scheduled(&wanted, "02-29T02:04:00").await;
    let wanted = history(&wanted);
    assert_eq!((wanted.hours.len(), wanted.days.len(), wanted.summaries.len()), (6, 2, 2));
    for calls in 0.. {
        assert!(calls < 200, "it never ends");
        let memory = few();
        memory.fail_after(calls);
        let answered = handle(&memory, tests::event("rollup-schedule"), at("02-29T02:03:00")).await.is_ok();
        memory.tables().calls_left = None;
        scheduled(&memory, "02-29T02:04:00").await;
        assert_eq!(history(&memory), wanted, "after {calls} calls");
        if answered {
            assert!(calls > 50, "calls are counted");
            break;
        }
    }
}

/// Signals of which those of one shard are out of reach.
struct Without(Memory, ShardId);

impl ReadSignals for Without {
    async fn blocks(&self, shard: ShardId, slots: RangeInclusive<Slot>) -> Result<Vec<Block>> {
        if shard == self.1 {
            return Err(StoreError::Unavailable {
                action: "reading signals",
                cause: "told to fail".to_owned(),
            });
        }
        self.0.blocks(shard, slots).await
    }

    async fn oldest(&self, shard: ShardId) -> Result<Option<Slot>> {
        self.0.oldest(shard).await
    }
}

#[tokio::test]
async fn one_shard_does_not_stop_the_others() {
    let memory = busy();
    let event: Event = serde_json::from_value(tests::event("rollup-schedule")).unwrap();
    let signals = Without(memory.clone(), ShardId(0));
    let rollup = Rollup { monitors: memory.clone(), signals, history: memory.clone() };
    let error = rollup.handle(&event, || at("02-29T14:03:00")).await.unwrap_err();
    assert_eq!(error.to_string(), "the history of 1 of 2 shards was not recomputed");
    let shards: Vec<ShardId> = memory.tables().summaries.keys().copied().collect();
    assert_eq!(shards, [ShardId(1)]);
    assert!(day_of(&memory, "s1-aaaaaa", "02-29").seconds().unknown > 0);
}
