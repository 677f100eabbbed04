//! Invocations that die, at any point, and are tried again by Lambda with the same event.

use std::pin::pin;
use std::task::Poll;

use super::follow::{assert_as_defined, block_on};
use super::world::Lost;
use super::*;

/// February is known, January is new; some buyers are in both.
fn february() -> (World, Vec<Purchase>) {
    let world = World::of(&purchases([
        "2021-02-03T10:00:00 k1.1 7 1 1.00",
        "2021-02-03T11:00:00 k1.2 7 1 1.00",
        "2021-02-05T10:00:00 k2.3+k1.3 7 1 1.00",
        "2021-02-05T11:00:00 k1.4 7 1 1.00",
    ]));
    block_on(async {
        for february in ["2021-02-03", "2021-02-05"] {
            day(&world, february).await;
        }
    });
    world.add(&purchases([
        "2021-01-31T10:00:00 k1.1 7 1 1.00",
        "2021-01-31T10:00:00 k1.3 7 1 1.00",
        "2021-01-31T10:00:00 k1.4 7 2 1.00",
    ]));
    let purchases = world.memory.tables().purchases.values().cloned().collect();
    (world, purchases)
}

#[test]
fn a_call_that_fails_is_made_good_by_trying_again() {
    for calls in 0.. {
        assert!(calls < 300, "it never ends");
        let (world, purchases) = february();
        let mut failed = false;
        block_on(async {
            world.queue.lock().unwrap().push_back(json!({"day": "2021-01-31"}));
            world.memory.fail_after(calls);
            while let Some(event) = world.next() {
                if world.handle(event.clone()).await.is_err() {
                    assert!(!failed, "once is enough");
                    failed = true;
                    world.memory.tables().calls_left = None;
                    world.queue.lock().unwrap().push_back(event);
                }
            }
        });
        world.memory.tables().calls_left = None;
        assert_as_defined(&world, &purchases);
        if !failed {
            assert!(calls > 40, "calls are counted");
            break;
        }
    }
}

#[test]
fn a_write_whose_answer_is_lost_is_done_once() {
    for what in [Lost::GivenUp, Lost::SentAgain] {
        for writes in 0.. {
            assert!(writes < 100, "it never ends");
            let (world, purchases) = february();
            world.queue.lock().unwrap().push_back(json!({"day": "2021-01-31"}));
            *world.lost.lock().unwrap() = Some((writes, what));
            block_on(async {
                while let Some(event) = world.next() {
                    if world.handle(event.clone()).await.is_err() {
                        assert_eq!(what, Lost::GivenUp);
                        world.queue.lock().unwrap().push_back(event);
                    }
                }
            });
            assert_as_defined(&world, &purchases);
            if world.lost.lock().unwrap().is_some() {
                // What is handed over and noted, the first days, what follows, and three trends and files.
                assert!(writes > 10, "writes are counted: {writes}");
                break;
            }
        }
    }
}

#[test]
fn an_invocation_that_is_killed_is_made_good_by_trying_again() {
    for polls in 0.. {
        assert!(polls < 1_000, "it never ends");
        let (world, purchases) = february();
        world.pauses.lock().unwrap().extend([1, 5, 2, 7, 3]);
        let mut polls_left = polls;
        let mut killed = false;
        block_on(async {
            world.queue.lock().unwrap().push_back(json!({"day": "2021-01-31"}));
            while let Some(event) = world.next() {
                let mut invocation = pin!(world.handle(event.clone()));
                // Ends with the invocation, or when it has run for as long as it may.
                let ended = std::future::poll_fn(|context| {
                    if !killed {
                        if polls_left == 0 {
                            killed = true;
                            return Poll::Ready(false);
                        }
                        polls_left -= 1;
                    }
                    invocation.as_mut().poll(context).map(|done| {
                        done.unwrap();
                        true
                    })
                });
                if !ended.await {
                    world.queue.lock().unwrap().push_back(event);
                }
            }
        });
        assert_as_defined(&world, &purchases);
        if !killed {
            assert!(polls > 40, "it was killed often enough: {polls}");
            break;
        }
    }
}
