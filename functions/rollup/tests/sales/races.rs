//! Invocations at the same time.

use std::sync::Mutex;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use proptest::prelude::*;
use rollup::{DayRequest, SalesRollup, WriteAnalytics};

use super::follow::{assert_as_defined, block_on, some_purchases};
use super::world::Lost;
use super::*;

/// The analytics bucket, while something else happens before each of its first files comes.
struct Meanwhile<F>(World, Mutex<Vec<F>>);

impl<F: AsyncFnOnce() + Send> WriteAnalytics for Meanwhile<F> {
    async fn put(&self, date: Date, file: Bytes) -> anyhow::Result<()> {
        let meanwhile = self.1.lock().unwrap().pop();
        if let Some(meanwhile) = meanwhile {
            let run = || block_on(meanwhile());
            std::thread::scope(|scope| scope.spawn(run).join().unwrap());
        }
        WriteAnalytics::put(&self.0, date, file).await
    }
}

/// Recomputes a day, with as many others doing the same after its trend is written and before its file is; each of
/// them has seen one purchase more.
async fn met(world: &World, others: u32) -> anyhow::Result<()> {
    let other = |n: u32| {
        let world = world.clone();
        async move || {
            world.add(&[purchase(&format!("2021-03-21T12:00:{n:02} k1.{n} 7 1 1.00"))]);
            world.handle(json!({"day": "2021-03-21"})).await.unwrap();
        }
    };
    let others = (0..others).map(other).collect();
    let rollup = SalesRollup {
        purchases: world.clone(),
        history: world.clone(),
        imports: world.clone(),
        analytics: Meanwhile(world.clone(), Mutex::new(others)),
        itself: world.clone(),
    };
    rollup.day(&DayRequest::of(date("2021-03-21")), || world.now()).await
}

#[tokio::test]
async fn an_older_file_does_not_stay() {
    let world = World::of(&purchases(["2021-03-21T11:00:00 k1.9 7 1 1.00"]));
    met(&world, 1).await.unwrap();
    let written = written(&world);
    assert_eq!(written.trends[&date("2021-03-21")].sales.quantity, 2);
    assert_eq!(written.files[&date("2021-03-21")].len(), 2);
}

#[tokio::test]
async fn who_is_overtaken_every_time_gives_up_and_is_tried_again() {
    let world = World::of(&purchases(["2021-03-21T11:00:00 k1.9 7 1 1.00"]));
    met(&world, 2).await.unwrap();
    assert_eq!(written(&world).files[&date("2021-03-21")].len(), 3);
    let error = met(&world, 3).await.unwrap_err();
    assert!(format!("{error:#}").contains("3 times"), "{error:#}");
}

#[tokio::test]
async fn a_reading_that_began_earlier_writes_nothing() {
    let world = World::of(&purchases(["2021-03-21T11:00:00 k1.9 7 1 1.00"]));
    day(&world, "2021-03-21").await;
    let before = written(&world);
    world.add(&purchases(["2021-03-21T11:00:00 k1.8 7 1 1.00"]));
    let asked = DayRequest::of(date("2021-03-21"));
    world.rollup().day(&asked, || jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    let after = written(&world);
    assert_eq!((after.trends, after.files), (before.trends, before.files));
}

#[tokio::test]
async fn a_day_that_a_first_day_has_left_follows_though_nobody_heard_of_it() {
    // The writes of the other day (who bought, their first day, the trend, the file), who bought, and this one.
    for (writes, what) in [(100, Lost::SentAgain), (5, Lost::SentAgain)] {
        let world =
            World::of(&purchases(["2021-03-21T11:00:00 k1.1 7 1 1.00", "2021-03-22T11:00:00 k1.1 7 1 1.00"]));
        // Two new days at once: the earlier one has found nobody, then the later one is done.
        *world.meanwhile.lock().unwrap() = Some(json!({"day": "2021-03-22"}));
        *world.lost.lock().unwrap() = Some((writes, what));
        world.handle(json!({"day": "2021-03-21"})).await.unwrap();
        assert_eq!(world.lost.lock().unwrap().is_none(), writes == 5);
        assert_eq!(new_and_returning(&world, "2021-03-22"), (1, 0), "so far");
        world.drain().await;
        assert_eq!(new_and_returning(&world, "2021-03-21"), (1, 0));
        assert_eq!(new_and_returning(&world, "2021-03-22"), (0, 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn imports_and_days_at_the_same_time_end_right(
        mut purchases in some_purchases(),
        cuts in proptest::collection::vec(0usize..30, 0..4),
        pauses in proptest::collection::vec(0u8..12, 1..80),
        waits in proptest::collection::vec(0u16..400, 5),
    ) {
        purchases.sort_by_key(|p| p.position);
        purchases.dedup_by_key(|p| p.position);
        // Imports hold purchases of any days.
        let mut imports: Vec<Vec<Purchase>> = vec![Vec::new(); cuts.len() + 1];
        for (n, purchase) in purchases.iter().enumerate() {
            let import = cuts.get(n % (cuts.len() + 1)).map_or(0, |cut| (n + cut) % (cuts.len() + 1));
            imports[import].push(purchase.clone());
        }
        let world = World::default();
        *world.pauses.lock().unwrap() = pauses.into();
        block_on(async {
            let mut under_way: FuturesUnordered<_> = imports
                .into_iter()
                .zip(waits)
                .map(|(import, wait)| {
                    let world = world.clone();
                    let import = async move {
                        for _ in 0..wait {
                            tokio::task::yield_now().await;
                        }
                        world.add(&import);
                        let days: std::collections::BTreeSet<Date> =
                            import.iter().map(|p| p.position.date()).collect();
                        let events = days.iter().map(|day| json!({"day": day}));
                        world.queue.lock().unwrap().extend(events);
                    };
                    Box::pin(import) as std::pin::Pin<Box<dyn Future<Output = ()>>>
                })
                .collect();
            let mut begun = 0;
            loop {
                while let Some(event) = world.next() {
                    begun += 1;
                    assert!(begun < 2_000, "it never ends");
                    let world = world.clone();
                    under_way.push(Box::pin(async move {
                        // Lambda tries again twice.
                        for attempt in 0.. {
                            match world.handle(event.clone()).await {
                                Ok(()) => return,
                                Err(error) if attempt == 2 => panic!("{error:#}"),
                                Err(_) => {}
                            }
                        }
                    }));
                }
                // Others begin while these are under way.
                let some = futures_util::future::select(under_way.next(), Box::pin(tokio::task::yield_now()));
                if let futures_util::future::Either::Left((None, _)) = some.await {
                    break;
                }
            }
            assert_as_defined(&world, &purchases);
        });
    }
}
