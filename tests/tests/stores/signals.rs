//! Blocks of signals.

use jiff::{Timestamp, ToSpan as _};
use shared::block::Block;
use shared::monitor::{MonitorId, ShardId};
use shared::schedule::Slot;
use shared::signal::{Outcome, Phases, Reason, Signal};
use shared::store::{ReadChecks, ReadSignals, WriteChecks, WriteSignals};

contracts!(
    SignalsTable,
    "signals",
    [
        a_block_is_put_once,
        blocks_are_read_in_order_over_midnight,
        old_blocks_are_gone,
        the_oldest_block_is_found,
        a_check_out_of_turn_is_no_block,
    ]
);

fn block(slot: Slot) -> Block {
    let signal = |suffix: &str, outcome, status| Signal {
        monitor: MonitorId::new(ShardId(0), suffix).unwrap(),
        outcome,
        status,
        phases: Phases { connect_ms: Some(3), total_ms: Some(31), ..Phases::default() },
        certificate_days: Some(60),
        metrics: vec![None, Some("12.5".parse().unwrap())],
    };
    Block {
        shard: ShardId(0),
        slot,
        region: "us-east-1".parse().unwrap(),
        written_at: slot.start() + 2.seconds(),
        signals: vec![
            signal("aaaaaa", Outcome::Up, Some(200)),
            signal("bbbbbb", Outcome::Down(Reason::Timeout), None),
        ],
    }
}

async fn a_block_is_put_once(store: &(impl ReadSignals + WriteSignals)) {
    let slot = Slot::containing(Timestamp::now());
    assert!(store.put_block(&block(slot)).await.unwrap());
    let other = Block { signals: Vec::new(), ..block(slot) };
    assert!(!store.put_block(&other).await.unwrap());
    assert_eq!(store.blocks(ShardId(0), slot..=slot).await.unwrap(), [block(slot)]);
    assert_eq!(store.blocks(ShardId(1), slot..=slot).await.unwrap(), []);
    let elsewhere = Block { region: "eu-west-1".parse().unwrap(), ..block(slot) };
    assert!(store.put_block(&elsewhere).await.unwrap());
    assert_eq!(store.blocks(ShardId(0), slot..=slot).await.unwrap(), [elsewhere, block(slot)]);
}

async fn blocks_are_read_in_order_over_midnight(store: &(impl ReadSignals + WriteSignals)) {
    let today = Slot::containing(Timestamp::now()).date();
    let midnight = Slot::at(today, "00:00").unwrap();
    for minutes in [1, -1, 0, -2, 2] {
        assert!(store.put_block(&block(midnight.plus(minutes))).await.unwrap());
    }
    let read = store.blocks(ShardId(0), midnight.plus(-1)..=midnight.plus(1)).await.unwrap();
    assert_eq!(read, [-1, 0, 1].map(|minutes| block(midnight.plus(minutes))));
}

async fn old_blocks_are_gone(store: &(impl ReadSignals + WriteSignals)) {
    let now = Slot::containing(Timestamp::now());
    let (kept, gone) = (now.plus(-8 * 1_440 + 60), now.plus(-8 * 1_440));
    for slot in [kept, gone] {
        assert!(store.put_block(&block(slot)).await.unwrap());
    }
    // The table deletes late: what has expired must not be read even while it is there.
    assert_eq!(store.blocks(ShardId(0), gone..=kept).await.unwrap(), [block(kept)]);
}

async fn the_oldest_block_is_found(store: &(impl ReadSignals + WriteSignals)) {
    assert_eq!(store.oldest(ShardId(0)).await.unwrap(), None);
    let now = Slot::containing(Timestamp::now());
    for minutes in [0, -3 * 1_440, -1] {
        store.put_block(&block(now.plus(minutes))).await.unwrap();
    }
    assert_eq!(store.oldest(ShardId(0)).await.unwrap(), Some(now.plus(-3 * 1_440)));
    assert_eq!(store.oldest(ShardId(1)).await.unwrap(), None);
}

async fn a_check_out_of_turn_is_no_block(
    store: &(impl ReadSignals + ReadChecks + WriteSignals + WriteChecks),
) {
    let slot = Slot::containing(Timestamp::now());
    let check = |signal: usize, seconds: i64| Block {
        written_at: slot.start() + seconds.seconds(),
        signals: vec![block(slot).signals[signal].clone()],
        ..block(slot)
    };
    store.put_check(&check(0, 1)).await.unwrap();
    store.put_check(&check(1, 2)).await.unwrap();
    assert!(store.put_block(&block(slot)).await.unwrap(), "it takes no block's place");
    // Looked at again within the minute, the later one is there.
    store.put_check(&check(0, 3)).await.unwrap();
    assert_eq!(store.blocks(ShardId(0), slot..=slot).await.unwrap(), [block(slot)]);
    let recorded = store.recorded(ShardId(0), slot..=slot).await.unwrap();
    assert_eq!((recorded.blocks, recorded.checks), (vec![block(slot)], vec![check(0, 3), check(1, 2)]));
    assert_eq!(store.recorded(ShardId(1), slot..=slot).await.unwrap().checks, []);
}
