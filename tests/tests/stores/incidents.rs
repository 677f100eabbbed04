//! The contract of states and incidents.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::account::AccountId;
use shared::incident::{Closed, ClosedBy, Incident};
use shared::monitor::ShardId;
use shared::schedule::Slot;
use shared::signal::Reason;
use shared::state::{MonitorState, ShardState, State};
use shared::store::{
    Folding, IncidentsTable, ListStates, MAX_FOLDED_INCIDENTS, Mark, ReadIncidents, ReadMarks, ReadStates,
    Reported, StoreError, WriteJudgement,
};
use tests::local_cloud::LocalCloud;

contracts!(
    IncidentsTable,
    "incidents",
    [
        a_slot_is_folded_once,
        a_mark_keeps_what_regions_reported_and_names_those_expected_alone,
        state_and_incidents_are_written_together_or_not_at_all,
        states_of_many_shards_are_read_together,
        as_many_incidents_as_a_shard_can_have_fit_one_folding,
        incidents_are_found_by_time_and_by_monitor,
        guests_incidents_are_in_nobodys_way,
    ]
);

const SHARD: ShardId = ShardId(3);

fn slot(text: &str) -> Slot {
    text.parse().unwrap()
}

/// A region has reported in the slot before.
fn mark(at: &str) -> Mark {
    let (at, before) = (slot(at), slot(at).plus(-1));
    let reported = Reported::since(before.plus(-2)).moved(before, &(before..=at), |slot| slot == before);
    Mark { slot: at, reported: [("us-east-1".parse().unwrap(), reported)].into() }
}

fn folding(before: Option<&str>, after: &str) -> Folding {
    Folding { shard: SHARD, before: before.map(slot), after: mark(after), state: None, incidents: Vec::new() }
}

fn incident(monitor: &str, opened_at: &str) -> Incident {
    Incident {
        account: AccountId::default(),
        monitor: monitor.parse().unwrap(),
        opened_at: slot(opened_at),
        began_at: slot(opened_at).plus(-1),
        state: State::Down,
        down_at: Some(slot(opened_at)),
        reason: Reason::Timeout,
        status: Some(503),
        regions: vec!["eu-west-1".parse().unwrap(), "us-east-1".parse().unwrap()],
        flapping: false,
        closed: None,
    }
}

fn state(incident: Option<Slot>) -> ShardState {
    let since = slot("2026-11-21T14:00:00Z");
    let monitor = MonitorState { incident, ..MonitorState::unknown(since) };
    ShardState { monitors: [("s3-aaaaaa".parse().unwrap(), monitor)].into() }
}

async fn a_slot_is_folded_once(store: &(impl WriteJudgement + ReadStates + ReadMarks)) {
    assert_eq!(store.folded(SHARD).await.unwrap(), None);
    assert_eq!(store.state(SHARD).await.unwrap(), None);
    let first = folding(None, "2026-11-21T14:25:00Z");
    store.fold(&first).await.unwrap();
    assert!(matches!(store.fold(&first).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.folded(SHARD).await.unwrap(), Some(first.after.clone()));
    assert_eq!(store.marks().await.unwrap(), [(SHARD, first.after)].into());
    assert_eq!(store.folded(ShardId(4)).await.unwrap(), None);

    let late = folding(Some("2026-11-21T14:24:00Z"), "2026-11-21T14:26:00Z");
    assert!(matches!(store.fold(&late).await, Err(StoreError::Conflict(_))));
    store.fold(&folding(Some("2026-11-21T14:25:00Z"), "2026-11-21T14:30:00Z")).await.unwrap();
    assert_eq!(store.folded(SHARD).await.unwrap(), Some(mark("2026-11-21T14:30:00Z")));
}

async fn a_mark_keeps_what_regions_reported_and_names_those_expected_alone(
    store: &(impl WriteJudgement + ReadMarks),
) {
    let at = slot("2026-11-21T14:25:00Z");
    store.fold(&folding(None, "2026-11-21T14:25:00Z")).await.unwrap();
    let marks = store.marks().await.unwrap();
    let lacks = |minutes| marks[&SHARD].lacks(&"us-east-1".parse().unwrap(), at.plus(minutes));
    assert_eq!([-4, -3, -2, -1, 0, 1].map(lacks), [false, true, true, false, true, true]);

    let none = Mark { reported: [].into(), ..mark("2026-11-21T14:26:00Z") };
    let second =
        Folding { after: none.clone(), ..folding(Some("2026-11-21T14:25:00Z"), "2026-11-21T14:26:00Z") };
    store.fold(&second).await.unwrap();
    assert_eq!(store.folded(SHARD).await.unwrap(), Some(none.clone()));
    assert_eq!(store.marks().await.unwrap(), [(SHARD, none)].into());
}

/// Memory holds no mark that cannot be read, so this is a rule of the table alone.
#[tokio::test]
async fn an_older_mark_names_no_region_and_one_that_cannot_be_read_hides_no_other() {
    let cloud = LocalCloud::running().await;
    let table = cloud.table_like("incidents").await;
    let client = Client::new(&cloud.aws);
    let store = IncidentsTable::new(client.clone(), &table);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let (at, region) = ("2026-11-21T14:25:00Z", "us-east-1");
    let regions = |reported: &str| AttributeValue::M([(region.to_owned(), text(reported))].into());
    let of_good = "2026-11-21T14:20:00Z/003f";
    // As they were once, as they are, and as they never were.
    for (shard, slot, name, reported) in [
        ("s0", at, "reported", regions(at)),
        ("s1", at, "regions", regions(of_good)),
        ("s2", "soon", "regions", regions(of_good)),
        ("s3", at, "regions", regions(at)),
        ("s4", at, "regions", text(at)),
        ("shard", at, "regions", regions(of_good)),
    ] {
        let put = client.put_item().table_name(&table).item("pk", text("FOLDED")).item("sk", text(shard));
        let put = put.item("v", AttributeValue::N("1".into())).item("slot", text(slot)).item(name, reported);
        put.send().await.unwrap();
    }
    let older = Mark { slot: slot(at), reported: [].into() };
    let good = [(region.parse().unwrap(), of_good.parse().unwrap())].into();
    let good = Mark { slot: slot(at), reported: good };
    assert_eq!(store.folded(ShardId(0)).await.unwrap(), Some(older.clone()));
    assert!(matches!(store.folded(ShardId(3)).await, Err(StoreError::Broken(_))));
    assert_eq!(store.marks().await.unwrap(), [(ShardId(0), older), (ShardId(1), good)].into());
}

async fn state_and_incidents_are_written_together_or_not_at_all(
    store: &(impl WriteJudgement + ReadStates + ReadIncidents),
) {
    let opened = incident("s3-aaaaaa", "2026-11-21T14:25:00Z");
    let first = Folding {
        state: Some(state(Some(opened.opened_at))),
        incidents: vec![opened.clone()],
        ..folding(None, "2026-11-21T14:25:00Z")
    };
    store.fold(&first).await.unwrap();
    assert_eq!(store.state(SHARD).await.unwrap(), first.state);
    assert_eq!(store.incident(&opened.id()).await.unwrap(), Some(opened.clone()));

    let closed = Closed { at: slot("2026-11-21T14:26:00Z"), by: ClosedBy::Recovery };
    let closed = Incident { closed: Some(closed), ..opened.clone() };
    let stale = Folding {
        state: Some(state(None)),
        incidents: vec![closed.clone()],
        ..folding(None, "2026-11-21T14:26:00Z")
    };
    assert!(matches!(store.fold(&stale).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.state(SHARD).await.unwrap(), first.state);
    assert_eq!(store.incident(&opened.id()).await.unwrap(), Some(opened.clone()));

    store.fold(&Folding { before: Some(slot("2026-11-21T14:25:00Z")), ..stale }).await.unwrap();
    assert_eq!(store.state(SHARD).await.unwrap(), Some(state(None)));
    assert_eq!(store.incident(&opened.id()).await.unwrap(), Some(closed));
}

/// More than a call reads at once.
async fn states_of_many_shards_are_read_together(store: &(impl WriteJudgement + ListStates)) {
    let shards: BTreeSet<ShardId> = (0..130).map(ShardId).collect();
    assert_eq!(store.states(&shards).await.unwrap(), HashMap::new());
    let folded: HashMap<ShardId, ShardState> = [0, 7, 101, 129]
        .map(|shard| {
            let since = slot("2026-11-21T14:00:00Z").plus(i64::from(shard));
            let id = format!("s{shard}-aaaaaa").parse().unwrap();
            (ShardId(shard), ShardState { monitors: [(id, MonitorState::unknown(since))].into() })
        })
        .into();
    for (shard, state) in &folded {
        let folding = folding(None, "2026-11-21T14:25:00Z");
        store.fold(&Folding { shard: *shard, state: Some(state.clone()), ..folding }).await.unwrap();
    }
    assert_eq!(store.states(&shards).await.unwrap(), folded);
    let one = store.states(&[ShardId(7), ShardId(8)].into()).await.unwrap();
    assert_eq!(one, [(ShardId(7), folded[&ShardId(7)].clone())].into());
    assert_eq!(store.states(&BTreeSet::new()).await.unwrap(), HashMap::new());
}

/// 96 monitors, with the state and the mark: 98 of the 100 actions of a transaction; two more to be safe.
async fn as_many_incidents_as_a_shard_can_have_fit_one_folding(
    store: &(impl WriteJudgement + ReadIncidents),
) {
    let incidents = |count: usize| {
        (0..count).map(|n| incident(&format!("s3-{n:06}"), "2026-11-21T14:25:00Z")).collect::<Vec<_>>()
    };
    let whole = Folding {
        state: Some(state(None)),
        incidents: incidents(MAX_FOLDED_INCIDENTS),
        ..folding(None, "2026-11-21T14:25:00Z")
    };
    store.fold(&whole).await.unwrap();
    let (from, to) = (slot("2026-11-21T00:00:00Z"), slot("2026-11-21T23:59:00Z"));
    assert_eq!(
        store.incidents(&AccountId::default(), from..=to, 500).await.unwrap().len(),
        MAX_FOLDED_INCIDENTS
    );
    let too_many = Folding {
        incidents: incidents(MAX_FOLDED_INCIDENTS + 1),
        ..folding(Some("2026-11-21T14:25:00Z"), "2026-11-21T14:26:00Z")
    };
    assert!(store.fold(&too_many).await.is_err());
}

async fn incidents_are_found_by_time_and_by_monitor(store: &(impl WriteJudgement + ReadIncidents)) {
    let all = [
        incident("s3-aaaaaa", "2026-09-30T23:59:00Z"),
        incident("s3-aaaaaa", "2026-11-01T00:00:00Z"),
        incident("s3-bbbbbb", "2026-11-01T00:00:00Z"),
        incident("s3-aaaaaa", "2026-11-21T14:25:00Z"),
    ];
    store.fold(&Folding { incidents: all.to_vec(), ..folding(None, "2026-11-21T14:25:00Z") }).await.unwrap();
    let found = async |from: &str, to: &str, limit: usize| -> Vec<String> {
        let found = store.incidents(&AccountId::default(), slot(from)..=slot(to), limit).await.unwrap();
        found.iter().map(|incident| incident.id().to_string()).collect()
    };
    let [september, first, second, last] = all.each_ref().map(|incident| incident.id().to_string());
    assert_eq!(
        found("2026-09-01T00:00:00Z", "2026-11-30T00:00:00Z", 10).await,
        [last.clone(), second.clone(), first.clone(), september.clone()]
    );
    assert_eq!(found("2026-09-01T00:00:00Z", "2026-11-30T00:00:00Z", 2).await, [last, second.clone()]);
    assert_eq!(found("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", 10).await, [second, first]);
    assert_eq!(found("2026-11-22T00:00:00Z", "2026-11-21T00:00:00Z", 10).await, Vec::<String>::new());

    let of_monitor = async |monitor: &str, limit: usize| -> Vec<Incident> {
        store.incidents_of(&monitor.parse().unwrap(), limit).await.unwrap()
    };
    assert_eq!(of_monitor("s3-aaaaaa", 10).await, [all[3].clone(), all[1].clone(), all[0].clone()]);
    assert_eq!(of_monitor("s3-aaaaaa", 1).await, [all[3].clone()]);
    assert_eq!(of_monitor("s3-cccccc", 10).await, []);
}

async fn guests_incidents_are_in_nobodys_way(store: &(impl WriteJudgement + ReadIncidents)) {
    let [ada, bob]: [AccountId; 2] = ["a-aaaaaaaaaaaaaaaa", "a-bbbbbbbbbbbbbbbb"].map(|a| a.parse().unwrap());
    let of = |account: &AccountId, monitor: &str, at: &str| Incident {
        account: account.clone(),
        ..incident(monitor, at)
    };
    let own = incident("s3-aaaaaa", "2026-11-21T14:25:00Z");
    let adas = [
        of(&ada, "s3-bbbbbb", "2026-10-31T23:59:00Z"),
        of(&ada, "s3-cccccc", "2026-11-21T14:25:00Z"),
        of(&ada, "s3-bbbbbb", "2026-11-21T14:26:00Z"),
    ];
    let bobs = of(&bob, "s3-dddddd", "2026-11-21T14:25:00Z");
    let all = [&adas[..], &[own.clone(), bobs.clone()]].concat();
    store.fold(&Folding { incidents: all.clone(), ..folding(None, "2026-11-21T14:26:00Z") }).await.unwrap();
    let found = async |account: &AccountId, from: &str, limit: usize| {
        store.incidents(account, slot(from)..=slot("2026-11-21T14:26:00Z"), limit).await.unwrap()
    };
    let home = AccountId::default();
    // The limit counts nobody else's.
    assert_eq!(found(&home, "2026-10-01T00:00:00Z", 1).await, [own]);
    let newest_first: Vec<Incident> = adas.iter().rev().cloned().collect();
    assert_eq!(found(&ada, "2026-10-01T00:00:00Z", 10).await, newest_first);
    assert_eq!(found(&ada, "2026-11-21T14:25:00Z", 10).await, newest_first[..2]);
    assert_eq!(found(&ada, "2026-10-01T00:00:00Z", 1).await, newest_first[..1]);
    assert_eq!(found(&bob, "2026-10-01T00:00:00Z", 10).await, [bobs]);
    // Whoever knows an incident's id needs to know nothing else.
    for incident in all {
        assert_eq!(store.incident(&incident.id()).await.unwrap(), Some(incident));
    }
}
