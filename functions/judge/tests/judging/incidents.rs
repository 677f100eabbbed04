//! One monitor's incidents: opened, changed, closed.

use jiff::ToSpan as _;
use shared::incident::{Action, Closed, ClosedBy, Update};
use shared::monitor::{Monitor, SHARD_LIMIT};
use shared::signal::Reason;
use shared::state::State;
use shared::store::Broken;

use crate::play::{Shop, block, monitor, record, slot};

const ID: &str = "s0-aaaaaa";

fn recovered(n: i64) -> Option<Closed> {
    Some(Closed { at: slot(n), by: ClosedBy::Recovery })
}

#[tokio::test]
async fn down_opens_one_incident_within_the_confirmations_and_up_closes_it() {
    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "us")]).await;
    assert_eq!(shop.incidents(), []);
    shop.play_from(2, &[(ID, "s")]).await;
    let opened = shop.incident();
    assert_eq!((opened.opened_at, opened.began_at, opened.down_at), (slot(2), slot(1), Some(slot(1))));
    assert_eq!((opened.state, opened.reason, opened.status), (State::Down, Reason::Status, Some(503)));
    assert_eq!((opened.regions[0].as_str(), opened.closed), ("us-east-1", None));
    shop.play_from(3, &[(ID, "sssu")]).await;
    assert_eq!(shop.incident(), opened, "one up slot is no recovery");
    shop.play_from(7, &[(ID, "uu")]).await;
    assert_eq!(shop.incident().closed, recovered(7));
    assert_eq!(shop.state(ID), State::Up);
}

#[tokio::test]
async fn an_incident_stays_its_accounts_when_its_monitor_goes() {
    let account: shared::account::AccountId = "a-7f3k2a9d0c1b2e4f".parse().unwrap();
    let shop = Shop::of([Monitor { account: account.clone(), ..monitor(ID) }]);
    shop.play(&[(ID, "udd")]).await;
    assert_eq!(shop.incident().account, account);
    shop.memory.tables().monitors.clear();
    shop.play_from(3, &[(ID, "d")]).await;
    let closed = shop.incident();
    assert_eq!((closed.account, closed.closed.unwrap().by), (account, ClosedBy::Deleted));
}

#[tokio::test]
async fn what_is_told_twice_changes_nothing() {
    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "uddd")]).await;
    let before = shop.written();
    for n in 0..4 {
        let told = block(0, slot(n), "us-east-1", 3, &[(ID.parse().unwrap(), 'd')]);
        shop.tell(vec![record(&told), record(&told)], slot(3).start() + 20.seconds()).await.unwrap();
    }
    assert_eq!(shop.written(), before);
    let counted = shop.counted.lock().unwrap().clone();
    assert!(
        counted.values().all(|regions| regions.values().map(|blocks| blocks.written).eq([1])),
        "each block once: {counted:?}"
    );
}

#[tokio::test]
async fn degraded_and_down_are_one_incident() {
    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "ugg")]).await;
    let opened = shop.incident();
    assert_eq!((opened.state, opened.reason, opened.down_at), (State::Degraded, Reason::Slow, None));
    shop.play_from(3, &[(ID, "ss")]).await;
    let worse = shop.incident();
    assert_eq!((worse.opened_at, worse.began_at, worse.down_at), (slot(2), slot(1), Some(slot(3))));
    assert_eq!((worse.state, worse.reason, worse.status), (State::Down, Reason::Status, Some(503)));
    shop.play_from(5, &[(ID, "gg")]).await;
    let better = shop.incident();
    assert_eq!(
        (better.state, better.reason, better.down_at),
        (State::Degraded, Reason::Status, Some(slot(3)))
    );
    shop.play_from(7, &[(ID, "uu")]).await;
    assert_eq!(shop.incident().closed, recovered(8));
}

#[tokio::test]
async fn a_slot_without_data_is_not_down() {
    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "ud????bb..??")]).await;
    assert_eq!((shop.incidents(), shop.state(ID)), (vec![], State::Up));
    shop.play_from(12, &[(ID, "d")]).await;
    assert_eq!(shop.incident().began_at, slot(1), "nor does it take anything back");
}

#[tokio::test]
async fn what_flaps_has_one_incident_until_it_is_quiet() {
    let shop = Shop::of([Monitor {
        confirmations: 1.try_into().unwrap(),
        recoveries: 1.try_into().unwrap(),
        ..monitor(ID)
    }]);
    shop.play(&[(ID, "ududuuuuuuuuuuuuuuuuuuuuuuu")]).await;
    assert_eq!(shop.incidents().len(), 2, "four changes are none too many");

    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "ududu")]).await;
    assert_eq!(shop.incidents(), []);
    shop.play_from(5, &[(ID, "dudududududu")]).await;
    let opened = shop.incident();
    assert!(opened.flapping && opened.closed.is_none());
    assert_eq!((opened.state, opened.opened_at, opened.began_at), (State::Degraded, slot(5), slot(1)));
    // The last change is in slot 16; the fifth last one, in slot 12, must leave the last 15 minutes.
    shop.play_from(17, &[(ID, &"u".repeat(20))]).await;
    assert_eq!(shop.incident().closed, recovered(27));
    assert_eq!((shop.entry(ID).changes, shop.entry(ID).why), (vec![], None));
}

#[tokio::test]
async fn an_open_incident_is_marked_when_its_monitor_begins_to_flap() {
    let [confirmations, recoveries] = [1, 3].map(|n| n.try_into().unwrap());
    let shop = Shop::of([Monitor { confirmations, recoveries, ..monitor(ID) }]);
    shop.play(&[(ID, "ududu")]).await;
    assert!(!shop.incident().flapping);
    shop.play_from(5, &[(ID, "d")]).await;
    assert!(shop.incident().flapping && shop.incident().opened_at == slot(1));
    assert_eq!(shop.incident().closed, None);
}

#[tokio::test]
async fn what_flapped_and_then_stays_down_is_down() {
    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "udududd")]).await;
    let incident = shop.incident();
    assert_eq!((incident.opened_at, incident.state, incident.down_at), (slot(5), State::Down, Some(slot(5))));
    assert!(incident.flapping && incident.closed.is_none());
}

#[tokio::test]
async fn an_incident_is_closed_by_hand_and_none_opened_before_it_has_recovered() {
    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "uddd")]).await;
    let update = |action, at| Update { incident: shop.incident().id(), at, action, note: String::new() };
    let said =
        [update(Action::Acknowledge, slot(3).start()), update(Action::Close, slot(5).start() - 10.seconds())];
    for update in said {
        shop.memory.tables().updates.insert((update.incident.clone(), update.at), update);
    }
    shop.play_from(4, &[(ID, "d")]).await;
    assert_eq!(shop.incident().closed, None, "said only after the slot began");
    shop.play_from(5, &[(ID, "dddd")]).await;
    assert_eq!(shop.incident().closed, Some(Closed { at: slot(5), by: ClosedBy::Hand }));
    assert_eq!(shop.state(ID), State::Down);
    shop.play_from(9, &[(ID, "uudd")]).await;
    assert_eq!(shop.incidents().len(), 2, "recovered, and down again");
    let before = shop.written();
    shop.replay(slot(12).start() + 5.seconds()).await;
    assert_eq!(shop.written(), before);
}

#[tokio::test]
async fn a_paused_monitor_has_no_incident_and_nothing_is_known_of_it() {
    let shop = Shop::of([monitor(ID)]);
    shop.play(&[(ID, "udd")]).await;
    shop.memory.add_monitors([Monitor { paused: true, ..monitor(ID) }]);
    shop.play_from(3, &[(ID, ".")]).await;
    assert_eq!(shop.incident().closed, Some(Closed { at: slot(3), by: ClosedBy::Paused }));
    assert_eq!(shop.state(ID), State::Unknown);
    let before = shop.written().1;
    shop.play_from(4, &[(ID, "...")]).await;
    assert_eq!(shop.written().1, before, "and nothing is written of it");
    shop.memory.add_monitors([monitor(ID)]);
    shop.play_from(7, &[(ID, "du")]).await;
    assert_eq!((shop.state(ID), shop.incidents().len()), (State::Up, 1));
}

#[tokio::test]
async fn the_incident_of_a_monitor_that_is_gone_is_closed() {
    let shop = Shop::of([monitor(ID), monitor("s0-bbbbbb")]);
    shop.play(&[(ID, "udd"), ("s0-bbbbbb", "uuu")]).await;
    shop.memory.tables().monitors.remove(&ID.parse().unwrap());
    shop.play_from(3, &[("s0-bbbbbb", "u")]).await;
    assert_eq!(shop.incident().closed, Some(Closed { at: slot(3), by: ClosedBy::Deleted }));
    assert_eq!(shop.written().1.into_values().next().unwrap().monitors.len(), 1);
}

#[tokio::test]
async fn a_broken_monitor_stays_as_it_is_and_stops_nobody() {
    let shop = Shop::of([monitor(ID), monitor("s0-bbbbbb")]);
    shop.play(&[(ID, "udd"), ("s0-bbbbbb", "uuu")]).await;
    let before = (shop.incident(), shop.entry(ID));
    {
        let mut tables = shop.memory.tables();
        tables.monitors.remove(&ID.parse().unwrap());
        tables.broken.push(Broken { id: ID.to_owned(), why: "no regions".to_owned() });
    }
    shop.play_from(3, &[(ID, "????"), ("s0-bbbbbb", "uddu")]).await;
    assert_eq!((shop.incidents()[0].clone(), shop.entry(ID)), before);
    assert_eq!(shop.incidents().len(), 2);
}

#[tokio::test]
async fn a_whole_shard_that_goes_down_has_an_incident_each() {
    let ids: Vec<String> = (0..SHARD_LIMIT).map(|n| format!("s0-m{n:05}")).collect();
    let shop = Shop::of(ids.iter().map(|id| monitor(id)));
    let scripts = |letters| ids.iter().map(|id| (id.as_str(), letters)).collect::<Vec<_>>();
    shop.play(&scripts("udd")).await;
    let incidents = shop.incidents();
    assert_eq!(incidents.len(), SHARD_LIMIT);
    assert!(incidents.iter().all(|incident| incident.opened_at == slot(2) && incident.closed.is_none()));
}

#[tokio::test]
async fn never_more_incidents_are_written_than_fit_one_transaction() {
    let ids =
        |letter: char| -> Vec<String> { (0..SHARD_LIMIT).map(|n| format!("s0-{letter}{n:05}")).collect() };
    let (gone, others) = (ids('a'), ids('b'));
    let shop = Shop::of(gone.iter().chain(&others).map(|id| monitor(id)));
    let scripts = |first: &'static str, second: &'static str| {
        let first = gone.iter().map(move |id| (id.as_str(), first));
        first.chain(others.iter().map(move |id| (id.as_str(), second))).collect::<Vec<_>>()
    };
    shop.play(&scripts("uddd", "uuud")).await;
    assert_eq!(shop.incidents().len(), SHARD_LIMIT);
    shop.memory.tables().monitors.retain(|id, _| id.suffix().starts_with('b'));
    shop.play_from(4, &scripts(".", "d")).await;
    let closed = || shop.incidents().iter().filter(|incident| incident.closed.is_some()).count();
    assert_eq!((shop.incidents().len(), closed()), (2 * SHARD_LIMIT, 2), "98 in one slot");
    shop.play_from(5, &scripts(".", "d")).await;
    assert_eq!((shop.incidents().len(), closed()), (2 * SHARD_LIMIT, SHARD_LIMIT));
}
