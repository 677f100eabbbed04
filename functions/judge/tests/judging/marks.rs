//! What the mark says of each region, for the dead man's switch.

use jiff::ToSpan as _;
use shared::monitor::{Monitor, ShardId};
use shared::store::Mark;

use crate::play::{Shop, block, monitor, record, regions, slot};

const ID: &str = "s0-aaaaaa";
const HERE: &str = "eu-west-1";
const THERE: &str = "us-east-1";

/// A shop with one monitor that is checked from here and there.
fn shop() -> Shop {
    Shop::of([Monitor { regions: regions(&[HERE, THERE]), ..monitor(ID) }])
}

/// Puts a block of each of these shards, regions and slots, written so many seconds after its slot began.
async fn put(shop: &Shop, blocks: &[(u16, &str, i64, i64)]) {
    for (shard, region, n, seconds) in blocks {
        shop.put(&block(*shard, slot(*n), region, *seconds, &[])).await;
    }
}

/// Folds this shard by a block that came at the beginning of this slot.
async fn fold(shop: &Shop, shard: u16, n: i64) {
    let told = record(&block(shard, slot(n), THERE, 3, &[]));
    shop.tell(vec![told], slot(n).start() + 5.seconds()).await.unwrap();
}

fn mark(shop: &Shop, shard: u16) -> Mark {
    shop.written().0[&ShardId(shard)].clone()
}

/// Which of the first slots lack a block of this region.
fn lacks(mark: &Mark, region: &str) -> Vec<i64> {
    (0..=mark.slot.minutes() - slot(0).minutes())
        .filter(|n| mark.lacks(&region.parse().unwrap(), slot(*n)))
        .collect()
}

fn named(mark: &Mark) -> Vec<&str> {
    mark.reported.keys().map(|region| region.as_str()).collect()
}

#[tokio::test]
async fn the_mark_says_which_blocks_of_each_region_came() {
    let shop = shop();
    put(&shop, &[(0, HERE, 0, 3), (0, HERE, 1, 3), (0, HERE, 3, 3)]).await;
    put(&shop, &[(0, THERE, 0, 3), (0, THERE, 2, 3), (0, THERE, 3, 3), (0, THERE, 5, 3)]).await;
    fold(&shop, 0, 5).await;
    let mark = mark(&shop, 0);
    assert_eq!(mark.slot, slot(3), "the others are still waited for");
    assert_eq!((lacks(&mark, HERE), lacks(&mark, THERE)), (vec![2], vec![1]));
}

#[tokio::test]
async fn a_late_block_is_no_report() {
    let shop = shop();
    put(&shop, &[(0, THERE, 0, 3), (0, THERE, 1, 3), (0, HERE, 0, 90), (0, HERE, 1, 91)]).await;
    put(&shop, &[(0, THERE, 4, 3)]).await;
    fold(&shop, 0, 4).await;
    let mark = mark(&shop, 0);
    assert_eq!((mark.slot, lacks(&mark, HERE)), (slot(2), vec![1, 2]));
}

#[tokio::test]
async fn a_parents_block_is_not_its_childs_report() {
    let child = Monitor { depends_on: vec![ID.parse().unwrap()], ..monitor("s1-bbbbbb") };
    let shop = Shop::of([monitor(ID), child]);
    for n in 0..6 {
        put(&shop, &[(0, THERE, n, 3)]).await;
    }
    put(&shop, &[(1, THERE, 0, 3), (1, THERE, 2, 3)]).await;
    fold(&shop, 0, 5).await;
    assert_eq!(lacks(&mark(&shop, 0), THERE), Vec::<i64>::new());
    let of_child = mark(&shop, 1);
    assert_eq!((of_child.slot, lacks(&of_child, THERE)), (slot(3), vec![1, 3]));
}

#[tokio::test]
async fn a_region_that_is_expected_no_more_is_dropped() {
    let shop = shop();
    put(&shop, &[(0, HERE, 0, 3), (0, THERE, 0, 3)]).await;
    fold(&shop, 0, 2).await;
    assert_eq!(named(&mark(&shop, 0)), [HERE, THERE]);
    shop.memory.add_monitors([monitor(ID)]);
    put(&shop, &[(0, THERE, 1, 3)]).await;
    fold(&shop, 0, 1).await;
    assert_eq!(named(&mark(&shop, 0)), [THERE]);
}

/// It may have been added when the slots that are folded now were over.
#[tokio::test]
async fn of_a_new_region_blocks_are_expected_from_the_next_slot_on() {
    let shop = Shop::of([monitor(ID)]);
    put(&shop, &[(0, THERE, 0, 3), (0, THERE, 1, 3)]).await;
    fold(&shop, 0, 2).await;
    shop.memory.add_monitors([Monitor { regions: regions(&[HERE, THERE]), ..monitor(ID) }]);
    put(&shop, &[(0, THERE, 2, 3), (0, THERE, 3, 3)]).await;
    fold(&shop, 0, 5).await;
    let new = mark(&shop, 0);
    assert_eq!((new.slot, lacks(&new, HERE), lacks(&new, THERE)), (slot(3), vec![], vec![]));
    fold(&shop, 0, 6).await;
    assert_eq!((lacks(&mark(&shop, 0), HERE), lacks(&mark(&shop, 0), THERE)), (vec![4], vec![4]));
}

/// `shopwatch cost` counts what they take: `JUDGE_CALLS`.
#[tokio::test]
async fn a_healthy_slot_takes_seven_calls_of_tables() {
    for (calls, is_enough) in [(7, true), (6, false)] {
        let shop = Shop::of([monitor(ID)]);
        shop.play(&[(ID, "uu")]).await;
        let next = block(0, slot(2), THERE, 3, &[(ID.parse().unwrap(), 'u')]);
        shop.put(&next).await;
        shop.memory.fail_after(calls);
        let told = shop.tell(vec![record(&next)], slot(2).start() + 5.seconds()).await;
        assert_eq!(told.is_ok(), is_enough, "{calls} calls");
    }
}
