//! Crashes at any point, then redelivery: the same table, rejects file, counts and days as without.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use etl::RESERVE;
use jiff::civil::Date;
use proptest::prelude::*;
use shared::import::{Import, ImportState};
use shared::purchase::Position;
use tokio::time::timeout;

use crate::fakes::{Failure, Shop, file, rows};
use crate::going_on::comparable;

const KEY: &str = "purchases/a.csv";

/// What happens to one invocation.
#[derive(Debug, Clone)]
enum Trouble {
    /// It is killed after being polled so often: at an await, whichever that is.
    Killed(usize),
    /// It is killed after so many ms, when the heartbeat may have told how far it was.
    KilledAt(u64),
    /// One of its calls fails: which one from now on.
    Fails(usize, Failure),
    /// The event is delivered twice at once.
    Twice,
    None,
}

/// A file, and how fast it can be loaded.
#[derive(Debug, Clone)]
struct Case {
    rows: usize,
    /// How the rows are moved, so that they are not in time order.
    rotated: usize,
    /// One in so many rows is bad.
    bad: usize,
    /// Whether the first buyer has asked to be erased.
    erased: bool,
    /// Time of an invocation in ms, and of a batch.
    time: u64,
    delay: u64,
    troubles: Vec<Trouble>,
}

fn case() -> impl Strategy<Value = Case> {
    let failure = prop_oneof![Just(Failure::Before), Just(Failure::After)];
    let trouble = prop_oneof![
        6 => (1usize..3_000).prop_map(Trouble::Killed),
        3 => (900u64..5_000).prop_map(Trouble::KilledAt),
        6 => (1usize..300, failure).prop_map(|(call, failure)| Trouble::Fails(call, failure)),
        1 => Just(Trouble::Twice),
        1 => Just(Trouble::None),
    ];
    let rotated = prop_oneof![3 => Just(0usize), 1 => 1usize..40, 2 => 1usize..6_000];
    let delay = prop_oneof![Just(0u64), Just(1), Just(100), Just(400)];
    let parts = (1_000usize..6_000, rotated, 3usize..3_000, any::<bool>(), 150u64..6_000, delay);
    (parts, prop::collection::vec(trouble, 1..7)).prop_map(|(parts, troubles)| {
        let (rows, rotated, bad, erased, time, delay) = parts;
        Case { rows, rotated: rotated % rows, bad, erased, time, delay, troubles }
    })
}

impl Case {
    fn file(&self) -> String {
        let mut rows = rows(0, self.rows);
        rows.rotate_left(self.rotated);
        // Over several days, in time order as before.
        for row in &mut rows {
            let minute: usize = row[row.len() - 5..row.len() - 3].parse().unwrap();
            *row = row.replace("-21T", &format!("-{}T", 10 + minute / 10));
        }
        for at in (self.bad..rows.len()).step_by(self.bad) {
            rows[at] = format!("bad row {at}");
        }
        file(&rows)
    }

    fn shop(&self) -> Shop {
        let mut shop = Shop::new();
        shop.time = Duration::from_secs(900);
        shop.etl.config.max_rejected_percent = 90;
        if self.erased {
            let person = etl::pii::Pii::parse(
                &shop.world().secret.clone().into(),
                etl::pii::Method::Hmac,
                jiff::Timestamp::now(),
            );
            let person = person.unwrap().first_hmac("buyer0@shop.example").unwrap();
            shop.fake.memory.tables().erased.insert(person, jiff::Timestamp::UNIX_EPOCH);
        }
        shop
    }

    /// Loads the file undisturbed.
    async fn whole(&self) -> (Shop, Import) {
        let shop = self.shop();
        let entry = shop.import(KEY, self.file()).await;
        (shop, entry)
    }

    /// Loads it with all the trouble, then without. The last: whether the invocation that ended it was in trouble, so
    /// that it may not have asked for the days that the ledger then names.
    async fn disturbed(&self) -> (Shop, Import, bool) {
        let mut shop = self.shop();
        let uploaded = shop.put(KEY, self.file());
        shop.time = RESERVE + Duration::from_millis(self.time);
        shop.world().delay = Duration::from_millis(self.delay);
        let mut ended_in_trouble = false;
        for trouble in &self.troubles {
            let before = shop.has_ended();
            shop.leases_run_out();
            let event = shop.next_continuation().unwrap_or(uploaded.clone());
            match trouble {
                Trouble::Killed(polls) => drop(killed_after(*polls, shop.deliver(event)).await),
                Trouble::KilledAt(ms) => {
                    drop(timeout(Duration::from_millis(*ms), shop.deliver(event)).await);
                }
                Trouble::Fails(call, failure) => {
                    shop.world().fail(*call, *failure);
                    drop(shop.deliver(event).await);
                    shop.world().failing.clear();
                }
                Trouble::Twice => drop(tokio::join!(shop.deliver(event.clone()), shop.deliver(event))),
                Trouble::None => drop(shop.deliver(event).await),
            }
            let disturbs = !matches!(trouble, Trouble::Twice | Trouble::None);
            ended_in_trouble |= disturbs && !before && shop.has_ended();
        }
        // However little was done in a part, with time enough it ends.
        shop.time = Duration::from_secs(3_600);
        for _ in 0..2 {
            shop.leases_run_out();
            let event = shop.next_continuation().unwrap_or(uploaded.clone());
            shop.deliver(event).await.unwrap();
        }
        let entry = shop.entry(KEY);
        (shop, entry, ended_in_trouble)
    }
}

impl Shop {
    /// Whether any import has.
    fn has_ended(&self) -> bool {
        self.fake.memory.tables().imports.values().any(|import| import.state.is_final())
    }
}

/// Polls so often, then drops it.
async fn killed_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| match left.checked_sub(1) {
        None => Poll::Ready(None),
        Some(less) => {
            left = less;
            future.as_mut().poll(context).map(Some)
        }
    })
    .await
}

fn paused(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_happens_it_ends_the_same(case in case()) {
        paused(async {
            let (whole, expected) = case.whole().await;
            let (shop, entry, ended_in_trouble) = case.disturbed().await;
            assert!(matches!(entry.state, ImportState::Loaded | ImportState::LoadedWithRejects), "{entry:?}");
            assert_eq!(entry.counts.rows, case.rows as u64);
            assert_eq!(comparable(entry), comparable(expected));
            assert_eq!(shop.purchases(), whole.purchases());
            assert_eq!(shop.world().files, whole.world().files);
            let asked: BTreeSet<Date> = shop.world().rolled_up.iter().copied().collect();
            let days: BTreeSet<Date> = whole.purchases().keys().map(Position::date).collect();
            assert!(asked == days || ended_in_trouble && asked.is_subset(&days), "{asked:?}");
        });
    }
}
