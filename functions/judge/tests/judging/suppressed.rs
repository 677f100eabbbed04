//! What keeps an incident from being opened: maintenance, parents, monitors that only keep their target awake.

use shared::incident::ClosedBy;
use shared::maintenance::{When, Window};
use shared::monitor::{Interval, Monitor, MonitorId};
use shared::state::State;

use crate::play::{Shop, block, monitor, record, slot};

const PARENT: &str = "s0-aaaaaa";
const CHILD: &str = "s0-bbbbbb";
const FAR_CHILD: &str = "s1-cccccc";

fn child(id: &str) -> Monitor {
    Monitor { depends_on: vec![PARENT.parse().unwrap()], ..monitor(id) }
}

fn opened(shop: &Shop) -> Vec<(MonitorId, i64)> {
    let opened = |incident: &shared::incident::Incident| incident.opened_at.minutes() - slot(0).minutes();
    shop.incidents().iter().map(|incident| (incident.monitor.clone(), opened(incident))).collect()
}

fn window(monitors: &[&str], from: i64, until: i64) -> Window {
    Window {
        id: "move".parse().unwrap(),
        name: "Move".parse().unwrap(),
        monitors: monitors.iter().map(|id| id.parse().unwrap()).collect(),
        when: When::Once { from: slot(from).start(), until: slot(until).start() },
    }
}

#[tokio::test]
async fn maintenance_opens_no_incident_and_closes_one() {
    let shop = Shop::of([monitor(PARENT), monitor(CHILD)]);
    let window = window(&[PARENT], 2, 8);
    shop.memory.tables().windows.insert(window.id.clone(), window);
    shop.play(&[(PARENT, "udddduu"), (CHILD, "udddduu")]).await;
    assert_eq!(opened(&shop), [(CHILD.parse().unwrap(), 2)]);
    assert!(shop.incident().closed.is_some());
    shop.play_from(7, &[(PARENT, "dd"), (CHILD, "uu")]).await;
    assert_eq!(opened(&shop)[1..], [(PARENT.parse().unwrap(), 8)], "the window is over");
}

#[tokio::test]
async fn an_incident_opened_before_maintenance_is_closed_in_it() {
    let shop = Shop::of([monitor(PARENT)]);
    let window = window(&[], 3, 100);
    shop.memory.tables().windows.insert(window.id.clone(), window);
    shop.play(&[(PARENT, "uddduudddd")]).await;
    assert_eq!(opened(&shop), [(PARENT.parse().unwrap(), 2)]);
    assert_eq!(shop.incident().closed.unwrap().by, ClosedBy::Recovery);
}

#[tokio::test]
async fn a_window_of_everything_is_not_of_a_guests_monitor() {
    let guest = Monitor { account: "a-7f3k2a9d0c1b2e4f".parse().unwrap(), ..monitor(CHILD) };
    let shop = Shop::of([monitor(PARENT), guest]);
    let window = window(&[], 0, 100);
    shop.memory.tables().windows.insert(window.id.clone(), window);
    shop.play(&[(PARENT, "uddd"), (CHILD, "uddd")]).await;
    let opened: Vec<MonitorId> = opened(&shop).into_iter().map(|(id, _)| id).collect();
    assert_eq!(opened, [CHILD.parse().unwrap()]);
}

#[tokio::test]
async fn trouble_that_outlives_its_window_opens_an_incident_with_the_next_bad_slot() {
    let five = Interval::try_from(5).unwrap();
    let rare = Monitor { interval_minutes: five, confirmations: 1.try_into().unwrap(), ..monitor(PARENT) };
    let due = (0..5).find(|n| shared::schedule::is_due(&rare, slot(*n))).unwrap();
    let shop = Shop::of([rare, monitor(CHILD)]);
    let window = window(&[], due, due + 3);
    shop.memory.tables().windows.insert(window.id.clone(), window);
    let letters: String = (0..due + 6).map(|n| if (n - due) % 5 == 0 { 's' } else { '.' }).collect();
    let ups = "u".repeat(letters.len());
    shop.play(&[(PARENT, &letters), (CHILD, &ups)]).await;
    let incident = shop.incident();
    assert_eq!(
        (incident.opened_at, incident.began_at, incident.status),
        (slot(due + 5), slot(due), Some(503))
    );
}

#[tokio::test]
async fn what_recovers_with_its_parent_or_when_its_window_ends_opens_no_incident() {
    let shop = Shop::of([monitor(PARENT), child(CHILD), child(FAR_CHILD)]);
    // The parent is up again with slot 7, when its children have been up once.
    shop.play(&[(PARENT, "uddddduuu"), (CHILD, "udddddduu"), (FAR_CHILD, "udddddduu")]).await;
    assert_eq!(opened(&shop), [(PARENT.parse().unwrap(), 2)]);

    let shop = Shop::of([monitor(PARENT)]);
    let window = window(&[], 1, 5);
    shop.memory.tables().windows.insert(window.id.clone(), window);
    shop.play(&[(PARENT, "uddduuu")]).await;
    assert_eq!(opened(&shop), [], "half of its recovery was counted in the window");
}

#[tokio::test]
async fn a_parents_verdict_that_is_never_confirmed_is_forgotten_after_a_quarter_of_an_hour() {
    let rare = Monitor { interval_minutes: 1_440.try_into().unwrap(), ..monitor(PARENT) };
    let due = (0..1_440).find(|n| shared::schedule::is_due(&rare, slot(*n))).unwrap();
    let shop = Shop::of([rare, child(CHILD), child(FAR_CHILD)]);
    let seen: String = std::iter::once('d').chain(std::iter::repeat_n('.', 29)).collect();
    let down = "d".repeat(30);
    shop.play_from(due - 3, &[(PARENT, "..."), (CHILD, "uuu"), (FAR_CHILD, "uuu")]).await;
    shop.play_from(due, &[(PARENT, &seen), (CHILD, &down), (FAR_CHILD, &down)]).await;
    let children = [CHILD, FAR_CHILD].map(|id| (id.parse::<MonitorId>().unwrap(), due + 15));
    assert_eq!(opened(&shop), children);
}

#[tokio::test]
async fn keeping_awake_opens_no_incident() {
    let shop = Shop::of([Monitor { keep_warm: true, ..monitor(PARENT) }]);
    shop.play(&[(PARENT, "uddddududududududud")]).await;
    assert_eq!(shop.incidents(), []);
}

#[tokio::test]
async fn a_child_opens_no_incident_while_its_parent_is_down() {
    let shop = Shop::of([monitor(PARENT), child(CHILD), child(FAR_CHILD)]);
    shop.play(&[(PARENT, "uddd"), (CHILD, "uddd"), (FAR_CHILD, "uddd")]).await;
    assert_eq!(opened(&shop), [(PARENT.parse().unwrap(), 2)]);
    assert_eq!((shop.state(CHILD), shop.state(FAR_CHILD)), (State::Down, State::Down));
    // The parent is back after two slots up; the children are not.
    shop.play_from(4, &[(PARENT, "uuu"), (CHILD, "ddd"), (FAR_CHILD, "ddd")]).await;
    let ids = [PARENT, CHILD, FAR_CHILD].map(|id| id.parse().unwrap());
    let [parent, child, far] = ids;
    assert_eq!(opened(&shop), [(parent, 2), (child, 5), (far, 5)]);
}

#[tokio::test]
async fn a_child_waits_for_the_first_down_slot_of_its_parent_and_may_close_while_it_is_down() {
    let quick = |id| Monitor { confirmations: 1.try_into().unwrap(), ..child(id) };
    let shop = Shop::of([monitor(PARENT), quick(CHILD), quick(FAR_CHILD)]);
    shop.play(&[(PARENT, "ud"), (CHILD, "ud"), (FAR_CHILD, "ud")]).await;
    assert_eq!(opened(&shop), [], "the parent looks down");
    shop.play_from(2, &[(PARENT, "uudd"), (CHILD, "ddud"), (FAR_CHILD, "ddud")]).await;
    let children = [CHILD, FAR_CHILD].map(|id| (id.parse::<MonitorId>().unwrap(), 2));
    assert_eq!(opened(&shop)[..2], children);
    shop.play_from(6, &[(PARENT, "ddd"), (CHILD, "uuu"), (FAR_CHILD, "uuu")]).await;
    let incidents = shop.incidents();
    assert!(incidents[..2].iter().all(|incident| incident.closed.is_some()), "{incidents:#?}");
    assert!(incidents[2].closed.is_none() && incidents.len() == 3);
}

#[tokio::test]
async fn a_parent_in_another_shard_is_waited_for_and_wakes_the_child() {
    let quick = Monitor { confirmations: 1.try_into().unwrap(), ..child(FAR_CHILD) };
    let shop = Shop::of([Monitor { confirmations: 1.try_into().unwrap(), ..monitor(PARENT) }, quick]);
    shop.play(&[(PARENT, "u"), (FAR_CHILD, "u")]).await;
    // The child's block comes first.
    for letter in ["d", "u"] {
        let n = shop.written().0.len() as i64 - 1 + i64::from(letter == "u");
        let child = block(
            1,
            slot(n),
            "us-east-1",
            2,
            &[(FAR_CHILD.parse().unwrap(), letter.chars().next().unwrap())],
        );
        shop.report(&child).await;
        assert_eq!(shop.written().0[&shared::monitor::ShardId(1)].slot, slot(n - 1));
        let parent =
            block(0, slot(n), "us-east-1", 3, &[(PARENT.parse().unwrap(), letter.chars().next().unwrap())]);
        shop.put(&parent).await;
        shop.tell(vec![record(&parent)], parent.written_at).await.unwrap();
        assert!(shop.written().0.values().all(|mark| mark.slot == slot(n)));
    }
    assert_eq!(opened(&shop), [(PARENT.parse().unwrap(), 1)]);
}

#[tokio::test]
async fn a_parent_that_is_paused_broken_or_no_parent_any_more_suppresses_nothing() {
    let shop = Shop::of([monitor(PARENT), monitor(CHILD), child(FAR_CHILD)]);
    shop.play(&[(PARENT, "uddd"), (CHILD, "uuuu"), (FAR_CHILD, "uddd")]).await;
    assert_eq!(opened(&shop).len(), 1);
    let remembered = |shop: &Shop| shop.written().1[&shared::monitor::ShardId(1)].monitors.len();
    assert_eq!(remembered(&shop), 2);
    shop.memory.add_monitors([Monitor { paused: true, ..monitor(PARENT) }]);
    shop.play_from(4, &[(PARENT, "."), (FAR_CHILD, "d")]).await;
    assert_eq!(opened(&shop)[1..], [(FAR_CHILD.parse().unwrap(), 4)]);
    shop.memory.add_monitors([monitor(FAR_CHILD)]);
    shop.play_from(5, &[(PARENT, "."), (FAR_CHILD, "d")]).await;
    assert_eq!(remembered(&shop), 1, "nothing is remembered of who is no parent");
}
