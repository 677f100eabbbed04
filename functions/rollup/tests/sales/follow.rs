//! Days whose buyers turn out to have bought before: in whatever order days are recomputed, the end is the same.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// What the function has handed to itself, but for since when.
pub(crate) fn without_since(world: &World) -> Vec<Value> {
    let mut queued = world.queued();
    for event in queued.iter_mut().filter_map(Value::as_object_mut) {
        event.remove("since");
    }
    queued
}

#[tokio::test]
async fn a_day_that_panics_lets_the_next_one_have_its_turn() {
    let world =
        World::of(&purchases(["2021-03-20T11:00:00 k1.1 7 1 1.00", "2021-03-22T11:00:00 k1.1 7 1 1.00"]));
    *world.poison.lock().unwrap() = Some(date("2021-03-21"));
    world.handle(json!({"day": "2021-03-20", "next": ["2021-03-21", "2021-03-22"]})).await.unwrap();
    let mut failed = Vec::new();
    while let Some(event) = world.next() {
        if let Err(error) = world.handle(event.clone()).await {
            failed.push((event, format!("{error:#}")));
        }
    }
    let [(event, error)] = failed.as_slice() else { panic!("one day fails: {failed:?}") };
    assert!(event["day"] == "2021-03-21" && event.get("next").is_none(), "{event}");
    assert!(error.contains("panic"), "{error}");
    let written = written(&world).trends.into_keys().collect::<Vec<_>>();
    assert_eq!(written, [date("2021-03-20"), date("2021-03-22")]);
}

#[tokio::test]
async fn january_imported_after_february_ends_right() {
    let world = World::of(&purchases([
        "2021-02-03T10:00:00 k1.1 7 1 1.00",
        "2021-02-03T11:00:00 k1.2 7 1 1.00",
        "2021-02-05T10:00:00 k1.1 7 1 1.00",
        "2021-02-05T10:00:00 k1.3 7 1 1.00",
    ]));
    for february in ["2021-02-03", "2021-02-05"] {
        day(&world, february).await;
    }
    assert_eq!(new_and_returning(&world, "2021-02-03"), (2, 0));
    world.add(&purchases(["2021-01-31T10:00:00 k1.1 7 1 1.00", "2021-01-31T10:00:00 k1.3 7 1 1.00"]));
    world.handle(json!({"day": "2021-01-31"})).await.unwrap();
    let handed = json!({"day": "2021-01-31", "then": ["2021-02-03", "2021-02-05"], "hops": 1});
    assert_eq!(world.queued(), [handed], "named before anything moves");
    assert_eq!(written(&world).firsts[&token("k1.1")], date("2021-02-03"));
    let handed = world.next().unwrap();
    world.handle(handed).await.unwrap();
    let follow = [json!({"day": "2021-02-03", "next": ["2021-02-05"], "hops": 2})];
    assert!(world.queued().iter().all(|event| event["since"].is_string()));
    assert_eq!(without_since(&world), follow, "each once");
    world.drain().await;
    assert_eq!(new_and_returning(&world, "2021-01-31"), (2, 0));
    assert_eq!(new_and_returning(&world, "2021-02-03"), (1, 1));
    assert_eq!(new_and_returning(&world, "2021-02-05"), (0, 2));
}

#[tokio::test]
async fn days_in_turn_come_one_after_the_other() {
    let days = ["2021-02-03", "2021-02-04", "2021-02-05"];
    let world = World::of(&purchases(
        days.map(|day| format!("{day}T10:00:00 k1.1 7 1 1.00")).each_ref().map(String::as_str),
    ));
    world.handle(json!({"day": days[0], "next": days[1..]})).await.unwrap();
    assert_eq!(world.queued(), [json!({"day": days[1], "next": [days[2]]})]);
    world.drain().await;
    assert_eq!(written(&world).trends.len(), 3);
    // Since when the index is to be read counts for all of them.
    let recomputed = *world.recomputed.lock().unwrap();
    world
        .handle(json!({"day": days[0], "next": days[1..], "since": "2026-11-21T02:20:00Z", "hops": 2}))
        .await
        .unwrap();
    world.drain().await;
    assert_eq!(*world.recomputed.lock().unwrap(), recomputed);
}

#[tokio::test(start_paused = true)]
async fn a_day_that_takes_long_makes_no_other_wait() {
    let world = World::of(&purchases(["2021-02-03T10:00:00 k1.1 7 1 1.00"]));
    *world.delay.lock().unwrap() = Duration::from_secs(61);
    let day = world.handle(json!({"day": "2021-02-03", "next": ["2021-02-04"]}));
    let look = async {
        tokio::time::sleep(Duration::from_millis(60_500)).await;
        (world.queued(), written(&world).trends.len())
    };
    let (done, seen) = tokio::join!(day, look);
    done.unwrap();
    let next = vec![json!({"day": "2021-02-04"})];
    assert_eq!((seen, world.queued()), ((next.clone(), 0), next), "handed on once");
    assert_eq!(written(&world).trends.len(), 1);
}

#[tokio::test]
async fn a_day_that_fails_is_tried_again_by_itself_and_stops_no_other() {
    let world =
        World::of(&purchases(["2021-02-03T10:00:00 k1.1 7 1 1.00", "2021-02-05T10:00:00 k1.2 7 1 1.00"]));
    day(&world, "2021-02-03").await;
    world.add(&purchases(["2021-01-31T10:00:00 k1.1 7 1 1.00"]));
    // It would have to be handed over once more.
    world.handle(json!({"day": "2021-01-31", "next": ["2021-02-05"], "hops": 16})).await.unwrap();
    let [next, again] = ["2021-02-05", "2021-01-31"].map(|day| json!({"day": day, "hops": 16}));
    assert_eq!(world.queued(), [next, again.clone()]);
    let error = world.handle(again).await.unwrap_err();
    assert!(format!("{error:#}").contains("16 invocations led here"), "{error:#}");
}

#[tokio::test]
async fn a_day_that_follows_is_not_recomputed_when_it_was_since() {
    let world = World::of(&purchases(["2021-02-03T10:00:00 k1.1 7 1 1.00"]));
    let (before, after) = ("2026-11-21T02:20:00Z", "2026-11-21T03:00:00Z");
    for (event, recomputed) in [
        (json!({"day": "2021-02-03", "since": before}), 1),
        (json!({"day": "2021-02-03", "since": "2026-11-21T02:20:00.1Z"}), 1),
        (json!({"day": "2021-02-03", "since": after}), 2),
        (json!({"day": "2021-02-03"}), 3),
        // What is to follow has to be handed on.
        (json!({"day": "2021-02-03", "since": before, "then": ["2021-02-04"]}), 4),
    ] {
        world.handle(event.clone()).await.unwrap();
        assert_eq!(*world.recomputed.lock().unwrap(), recomputed, "{event}");
    }
    assert_eq!(without_since(&world), [json!({"day": "2021-02-04", "hops": 1})]);
}

#[tokio::test]
async fn a_day_that_follows_and_dies_is_tried_again_to_its_end() {
    for calls in 0.. {
        assert!(calls < 50, "it never ends");
        let world = World::of(&purchases(["2021-02-03T10:00:00 k1.1 7 1 1.00"]));
        day(&world, "2021-02-03").await;
        // An import of which the invocation got lost, or was overtaken by this one and left the file to it.
        world.add(&purchases(["2021-02-03T11:00:00 k1.2 7 1 1.00"]));
        let event = json!({"day": "2021-02-03", "since": world.now()});
        *world.calls.lock().unwrap() += 60;
        world.memory.fail_after(calls);
        let failed = world.handle(event.clone()).await.is_err();
        world.memory.tables().calls_left = None;
        if failed {
            world.handle(event).await.unwrap();
        }
        assert_eq!(written(&world).files[&date("2021-02-03")].len(), 2, "{calls}");
        if !failed {
            assert!(calls > 14, "calls are counted");
            break;
        }
    }
}

/// Ten days of each of four months by a hundred buyers: on every day ten of them buy, and no two of these buy on the
/// same day of the month after.
fn four_months() -> Vec<Vec<Purchase>> {
    let of_month = |month: u32| -> Vec<Purchase> {
        let buyers = (0..100).map(|n| {
            let day = 1 + (n % 10 + (month - 1) * (n / 10)) % 10;
            purchase(&format!("2021-0{month}-{day:02}T10:00:00 k1.{n} 7 1 1.00"))
        });
        buyers.collect()
    };
    (1..=4).map(of_month).collect()
}

#[tokio::test]
async fn months_imported_in_the_bad_order_end_right_and_no_day_is_recomputed_all_the_time() {
    let import = async |world: &World, month: &[Purchase]| {
        world.add(month);
        let days: BTreeSet<Date> = month.iter().map(|purchase| purchase.position.date()).collect();
        world.queue.lock().unwrap().extend(days.iter().map(|day| json!({"day": day})));
        world.drain().await;
    };
    let (good, bad) = (World::default(), World::default());
    let months = four_months();
    for month in &months {
        import(&good, month).await;
    }
    assert_eq!(*good.recomputed.lock().unwrap(), 40);
    for month in months.iter().rev() {
        import(&bad, month).await;
    }
    assert_eq!(written(&bad), written(&good));
    assert_as_defined(&bad, &months.concat());
    // Each month has each day of the one after it counted anew: by one recomputation, and the few that came when
    // nobody could tell yet whether they are needed. By one for each two days it would be 340.
    let recomputed = *bad.recomputed.lock().unwrap();
    assert!((70..100).contains(&recomputed), "{recomputed}");
}

#[tokio::test]
async fn a_day_that_follows_too_many_is_an_error_and_is_there_itself() {
    let world = World::of(&purchases(["2021-02-03T10:00:00 k1.1 7 1 1.00"]));
    let event = json!({"day": "2021-02-03", "then": ["2021-02-04"], "hops": 16});
    let error = world.handle(event).await.unwrap_err();
    assert!(error.to_string().contains("16 invocations led here"), "{error}");
    assert_eq!((written(&world).trends.len(), world.queued().len()), (1, 0));
}

/// Some purchases of eight days by six tokens, any two of which may be one person's.
pub(crate) fn some_purchases() -> impl Strategy<Value = Vec<Purchase>> {
    let one = (1u8..9, 0u8..24, 0usize..6, proptest::option::weighted(0.3, 0usize..6), 1u32..4);
    proptest::collection::vec(one, 0..30).prop_map(|given| {
        const TOKENS: [&str; 6] = ["k1.1", "k2.1", "k3.1", "k1.2", "k2.2", "k1.3"];
        let purchases = given.into_iter().map(|(day, hour, buyer, linked, quantity)| {
            let linked = linked.map(|linked| format!("+{}", TOKENS[linked])).unwrap_or_default();
            purchase(&format!("2021-03-0{day}T{hour:02}:00:00 {}{linked} 7 {quantity} 1", TOKENS[buyer]))
        });
        purchases.collect()
    })
}

fn tokens(purchase: &Purchase) -> impl Iterator<Item = &BuyerToken> {
    [Some(&purchase.buyer), purchase.linked.as_ref()].into_iter().flatten()
}

/// Asserts that index and trends are what they are by definition, and that every day has its file.
pub(crate) fn assert_as_defined(world: &World, purchases: &[Purchase]) {
    let written = written(world);
    let mut firsts: BTreeMap<BuyerToken, Date> = BTreeMap::new();
    let mut days: BTreeMap<Date, Vec<&Purchase>> = BTreeMap::new();
    let mut noted = BTreeSet::new();
    for purchase in purchases {
        let date = purchase.position.date();
        days.entry(date).or_default().push(purchase);
        for token in tokens(purchase) {
            let first = firsts.entry(token.clone()).or_insert(date);
            *first = date.min(*first);
            noted.insert((token.clone(), date));
        }
    }
    assert_eq!(written.firsts, firsts);
    assert_eq!(written.days, noted.into_iter().collect::<Vec<_>>());
    for (date, purchases) in days {
        // People by definition: sets of tokens, merged until no two have one in common.
        let mut people: Vec<BTreeSet<&BuyerToken>> = Vec::new();
        for purchase in &purchases {
            let mut person: BTreeSet<&BuyerToken> = tokens(purchase).collect();
            let (same, others) = people.into_iter().partition(|other| !other.is_disjoint(&person));
            people = others;
            let same: Vec<BTreeSet<&BuyerToken>> = same;
            person.extend(same.into_iter().flatten());
            people.push(person);
        }
        let new =
            people.iter().filter(|person| person.iter().all(|token| firsts[*token] == date)).count() as u64;
        let trend = &written.trends[&date];
        assert_eq!((trend.sales.buyers, trend.new_buyers), (people.len() as u64, new), "{date}");
        assert_eq!(trend.returning_buyers, trend.sales.buyers - new);
        let quantity: i64 = purchases.iter().map(|p| i64::from(p.quantity.get())).sum();
        assert_eq!(trend.sales.quantity, quantity);
        let in_file: i64 = written.files[&date].iter().map(|row| i64::from(row.2)).sum();
        assert_eq!(in_file, quantity);
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn the_order_of_days_does_not_matter(
        mut purchases in some_purchases(),
        order in Just((1u8..9).collect::<Vec<_>>()).prop_shuffle(),
        again in proptest::collection::vec(1u8..9, 0..8),
        choices in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        // A purchase is stored once.
        purchases.sort_by_key(|p| p.position);
        purchases.dedup_by_key(|p| p.position);
        block_on(async {
            let event = |day: &u8| json!({"day": format!("2021-03-0{day}")});
            let in_order = World::of(&purchases);
            for day in 1..9 {
                in_order.handle(event(&day)).await.unwrap();
                assert_eq!(in_order.queued(), Vec::<Value>::new(), "nothing follows in the order of dates");
            }
            let world = World::of(&purchases);
            let mut asked: Vec<Value> = order.iter().chain(&again).map(event).collect();
            // Lambda keeps no order: whatever is there may be next.
            for step in 0.. {
                assert!(step < 1_000, "it never ends");
                asked.extend(world.queue.lock().unwrap().drain(..));
                if asked.is_empty() {
                    break;
                }
                let next = usize::from(choices[step % choices.len()]) % asked.len();
                world.handle(asked.swap_remove(next)).await.unwrap();
            }
            assert_eq!(written(&world), written(&in_order));
            assert_as_defined(&world, &purchases);
        });
    }
}
