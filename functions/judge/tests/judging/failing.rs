//! What is out of reach, out of order, or not to be read.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::ToSpan as _;
use judge::{Blocks, Judge, StreamEvent};
use serde_json::json;
use shared::account::AccountId;
use shared::incident::{Incident, IncidentId};
use shared::monitor::{Monitor, MonitorId, ShardId};
use shared::schedule::Slot;
use shared::state::ShardState;
use shared::store::{Folding, Mark, ReadIncidents, ReadStates, Result, WriteJudgement};
use tests::memory::Memory;

use crate::play::{Shop, block, monitor, poison, record, slot};

const ID: &str = "s0-aaaaaa";

#[tokio::test]
async fn poison_is_put_aside_and_stops_nobody() {
    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "ud")]).await;
    let down = block(0, slot(2), "us-east-1", 3, &[(ID.parse().unwrap(), 'd')]);
    shop.put(&down).await;
    shop.tell(vec![poison(), record(&down), poison()], down.written_at).await.unwrap();
    assert_eq!(shop.incident().opened_at, slot(2));
    let parked = shop.parked.poison.lock().unwrap().clone();
    assert_eq!((parked.len(), parked[0].pk.as_deref()), (2, Some("BLOCK#s0#2090-06-01")));
}

#[tokio::test]
async fn poison_that_cannot_be_put_aside_is_handed_over_again() {
    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "ud")]).await;
    *shop.parked.out_of_reach.lock().unwrap() = true;
    let down = block(0, slot(2), "us-east-1", 3, &[(ID.parse().unwrap(), 'd')]);
    shop.put(&down).await;
    let event = vec![poison(), record(&down)];
    assert!(shop.tell(event.clone(), down.written_at).await.is_err());
    assert_eq!(shop.incident().opened_at, slot(2), "everything else is done");
    *shop.parked.out_of_reach.lock().unwrap() = false;
    shop.tell(event, down.written_at).await.unwrap();
    assert_eq!((shop.incidents().len(), shop.parked.poison.lock().unwrap().len()), (1, 1));
}

#[tokio::test]
async fn every_sample_event_is_handled() {
    let shop = Shop::of([monitor("s0-7f3k2a"), monitor("s1-k2j3h4")]);
    let now = "2026-11-21T14:27:10Z".parse().unwrap();
    for name in ["judge-block", "judge-shards", "judge-poison", "judge-no-block", "judge-empty"] {
        let event = tests::event(name);
        shop.tell(event["Records"].as_array().unwrap().clone(), now).await.unwrap();
    }
    assert_eq!(shop.parked.poison.lock().unwrap().len(), 3);
}

/// A day of two shards: incidents opened, changed, closed, by hand too.
async fn day(calls: Option<usize>) -> (Shop, bool) {
    let child = Monitor { depends_on: vec![ID.parse().unwrap()], ..monitor("s1-bbbbbb") };
    let shop = Shop::of([monitor(ID), monitor("s0-cccccc"), child]);
    let scripts = [(ID, "ugdduuudd"), ("s0-cccccc", "udduuuddd"), ("s1-bbbbbb", "uddddduuu")];
    for (n, at) in (0..9).map(slot).enumerate() {
        for (shard, ids) in [(0, &scripts[..2]), (1, &scripts[2..])] {
            let letter = |(id, letters): &(&str, &str)| (id.parse().unwrap(), letters.as_bytes()[n].into());
            let letters: Vec<_> = ids.iter().map(letter).collect();
            shop.put(&block(shard, at, "us-east-1", 3, &letters)).await;
        }
    }
    let told: Vec<_> = [0, 1].map(|shard| record(&block(shard, slot(8), "us-east-1", 3, &[]))).into();
    let now = slot(8).start() + 100.seconds();
    if let Some(calls) = calls {
        shop.memory.fail_after(calls);
    }
    let failed = shop.tell(told.clone(), now).await.is_err();
    shop.memory.tables().calls_left = None;
    shop.tell(told, now).await.unwrap();
    (shop, failed)
}

#[tokio::test]
async fn whatever_call_fails_the_next_delivery_ends_the_same() {
    let (whole, failed) = day(None).await;
    assert!(!failed && whole.incidents().len() >= 4);
    let mut calls = 0;
    loop {
        let (shop, failed) = day(Some(calls)).await;
        assert_eq!(shop.written(), whole.written(), "call {calls} failed");
        let blocks = shop.counted.lock().unwrap().clone();
        assert_eq!(blocks, *whole.counted.lock().unwrap(), "call {calls} failed");
        if !failed {
            break;
        }
        calls += 1;
    }
    assert!(calls > 20, "{calls} calls were made");
}

/// The table of incidents, every call of which lets others go first.
struct Slow(Memory);

impl ReadStates for Slow {
    async fn state(&self, shard: ShardId) -> Result<Option<ShardState>> {
        tokio::task::yield_now().await;
        self.0.state(shard).await
    }
}

impl WriteJudgement for Slow {
    async fn folded(&self, shard: ShardId) -> Result<Option<Mark>> {
        tokio::task::yield_now().await;
        self.0.folded(shard).await
    }

    async fn fold(&self, folding: &Folding) -> Result<()> {
        tokio::task::yield_now().await;
        self.0.fold(folding).await
    }
}

impl ReadIncidents for Slow {
    async fn incident(&self, id: &IncidentId) -> Result<Option<Incident>> {
        tokio::task::yield_now().await;
        self.0.incident(id).await
    }

    async fn incidents(
        &self,
        account: &AccountId,
        opened: RangeInclusive<Slot>,
        limit: usize,
    ) -> Result<Vec<Incident>> {
        self.0.incidents(account, opened, limit).await
    }

    async fn incidents_of(&self, monitor: &MonitorId, limit: usize) -> Result<Vec<Incident>> {
        self.0.incidents_of(monitor, limit).await
    }
}

#[tokio::test]
async fn two_invocations_at_once_end_the_same() {
    let (shop, _) = day(None).await;
    let whole = shop.written();
    {
        let mut tables = shop.memory.tables();
        tables.folded.clear();
        tables.states.clear();
        tables.incidents.clear();
    }
    let memory = || shop.memory.clone();
    let incidents = Slow(memory());
    let judge = Judge { monitors: memory(), signals: memory(), incidents, parked: shop.parked.clone() };
    let records = [0, 1].map(|shard| record(&block(shard, slot(8), "us-east-1", 3, &[])));
    let event: StreamEvent = serde_json::from_value(json!({"Records": records})).unwrap();
    let now = slot(8).start() + 100.seconds();
    let blocks = std::cell::Cell::new(0);
    let count = |_, regions: &BTreeMap<_, Blocks>| {
        blocks.set(blocks.get() + regions.values().map(|blocks| blocks.written).sum::<u64>());
    };
    let told = || judge.handle(event.clone(), now, count);
    let (first, second) = tokio::join!(told(), told());
    first.and(second).unwrap();
    assert_eq!(shop.written(), whole);
    assert_eq!(blocks.get(), 18, "each block is counted by one of them");
}

#[tokio::test]
async fn what_somebody_else_folded_is_not_folded_again() {
    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "udd")]).await;
    let shard = ShardId(0);
    let again = Folding {
        shard,
        before: Some(slot(1)),
        after: Mark { slot: slot(2), reported: BTreeMap::new() },
        state: None,
        incidents: Vec::new(),
    };
    assert!(shop.memory.fold(&again).await.is_err());
    let before = shop.written();
    shop.tell(vec![record(&block(0, slot(2), "us-east-1", 3, &[]))], slot(2).start() + 5.seconds())
        .await
        .unwrap();
    assert_eq!(shop.written(), before);
}

fn folded(shop: &Shop) -> Slot {
    shop.written().0.into_values().next().unwrap().slot
}

#[tokio::test]
async fn a_long_silence_is_caught_up_with_and_what_has_expired_is_passed() {
    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "ud")]).await;
    let later = 9 * 1_440;
    shop.play_from(later, &[(ID, "dd")]).await;
    assert_eq!(folded(&shop), slot(later + 1));
    assert_eq!(shop.incident().opened_at, slot(later), "the silence says nothing");
    shop.replay(slot(later + 1_440).start() + 5.seconds()).await;
    assert_eq!(folded(&shop), slot(later + 1_438));
    assert_eq!(
        shop.written().1.into_values().next().unwrap().monitors.len(),
        1,
        "two slots of eight days ago"
    );
    shop.replay(slot(later + 9 * 1_440).start() + 5.seconds()).await;
    assert_eq!(shop.written().1.into_values().next(), None, "as if there had been none");
}
