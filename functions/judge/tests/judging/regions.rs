//! Several regions: what a quorum says, and how long a silent region is waited for.

use jiff::ToSpan as _;
use judge::Blocks;
use shared::monitor::Monitor;
use shared::state::State;

use crate::play::{Shop, block, monitor, record, regions, slot};

const ID: &str = "s0-aaaaaa";

/// A shop with one monitor that is checked from these regions, three slots old and up.
async fn shop(names: &[&str]) -> Shop {
    let shop = Shop::of([Monitor { regions: regions(names), ..monitor(ID) }]);
    let letters: Vec<_> = names.iter().map(|name| (*name, "uuu")).collect();
    play(&shop, -3, &letters).await;
    shop
}

/// Each region's letters, slot by slot; of a region without letters no block comes.
async fn play(shop: &Shop, first: i64, scripts: &[(&str, &str)]) {
    let slots = scripts.iter().map(|(_, letters)| letters.len()).max().unwrap();
    for n in 0..slots {
        for (region, letters) in scripts {
            if let Some(letter) = letters.chars().nth(n) {
                let slot = slot(first + i64::try_from(n).unwrap());
                shop.report(&block(0, slot, region, 3, &[(ID.parse().unwrap(), letter)])).await;
            }
        }
    }
}

#[tokio::test]
async fn one_region_of_three_that_is_cut_off_opens_no_incident() {
    let three = shop(&["us-east-1", "eu-west-1", "ap-south-1"]).await;
    play(&three, 0, &[("us-east-1", "uuuuu"), ("eu-west-1", "ddddd"), ("ap-south-1", "uuuuu")]).await;
    assert_eq!((three.incidents(), three.state(ID)), (vec![], State::Up));
    play(&three, 5, &[("us-east-1", "dd"), ("eu-west-1", "ds"), ("ap-south-1", "uu")]).await;
    let opened = three.incident();
    assert_eq!((opened.opened_at, opened.regions), (slot(6), regions(&["eu-west-1", "us-east-1"])));
}

#[tokio::test]
async fn one_region_of_two_that_falls_silent_opens_no_incident() {
    let two = shop(&["us-east-1", "eu-west-1"]).await;
    play(&two, 0, &[("us-east-1", "uuuuu"), ("eu-west-1", "??")]).await;
    // Slot 2 is the first that lacks a block: it is closed when its grace is over, by the block of slot 4.
    assert_eq!(two.written().0.into_values().next().unwrap().slot, slot(2));
    assert_eq!((two.incidents(), two.state(ID)), (vec![], State::Up));
    // Nor is what the other one sees thrown away.
    play(&two, 5, &[("us-east-1", "ddddd")]).await;
    assert_eq!(two.incident().opened_at, slot(6));
}

#[tokio::test]
async fn a_slot_is_closed_by_its_last_block_or_by_its_grace() {
    let two = shop(&["us-east-1", "eu-west-1"]).await;
    let folded = || two.written().0.into_values().next().unwrap().slot;
    let here = block(0, slot(0), "us-east-1", 3, &[]);
    let there = block(0, slot(0), "eu-west-1", 90, &[]);
    two.put(&here).await;
    for seconds in [3, 60, 99] {
        two.tell(vec![record(&here)], slot(0).start() + seconds.seconds()).await.unwrap();
        assert_eq!(folded(), slot(-1), "{seconds} s");
    }
    two.put(&there).await;
    two.tell(vec![record(&there)], slot(0).start() + 99.seconds()).await.unwrap();
    assert_eq!(folded(), slot(0));
    two.tell(vec![record(&there)], slot(1).start() + 100.seconds()).await.unwrap();
    assert_eq!(folded(), slot(1), "without a single block");
}

#[tokio::test]
async fn a_late_block_changes_nothing() {
    let two = shop(&["us-east-1", "eu-west-1"]).await;
    play(&two, 0, &[("us-east-1", "uddd"), ("eu-west-1", "uddd")]).await;
    let before = two.written();
    // It would have been another verdict: written too late, and told too late.
    for (slot, seconds) in [(slot(-4), 91), (slot(4), 91), (slot(5), 100)] {
        let late = block(0, slot, "eu-west-1", seconds, &[(ID.parse().unwrap(), 'u')]);
        two.put(&late).await;
        two.tell(vec![record(&late)], slot.start() + 95.seconds()).await.unwrap();
    }
    // Long enough for the mark to forget that a block of an earlier slot is there by now.
    play(&two, 6, &[("us-east-1", "dddddddddd"), ("eu-west-1", "dddddddddd")]).await;
    assert_eq!((two.incidents(), two.state(ID)), (before.2, State::Down));
    let written = two.written();
    two.replay(slot(15).start() + 5.seconds()).await;
    assert_eq!(two.written(), written);
}

#[tokio::test]
async fn blocks_are_counted_by_slot_and_region() {
    let two = shop(&["us-east-1", "eu-west-1"]).await;
    play(&two, 0, &[("us-east-1", "uuuu"), ("eu-west-1", "u")]).await;
    let counted = two.counted.lock().unwrap().clone();
    assert!(counted[&slot(0)].values().all(|blocks| *blocks == Blocks { expected: 1, written: 1 }));
    let silent: Vec<_> =
        counted[&slot(1)].iter().map(|(region, n)| (region.as_str(), n.expected, n.written)).collect();
    assert_eq!(silent, [("eu-west-1", 1, 0), ("us-east-1", 1, 1)]);
}
