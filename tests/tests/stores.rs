//! The contract of every store, held against the memory stores that the other tests use and against DynamoDB
//! tables in the local cloud.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws_sdk_dynamodb::Client;
use jiff::{Timestamp, ToSpan};
use shared::block::Block;
use shared::import::{Import, ImportCounts, ImportState, LEASE_SECONDS, ObjectVersion};
use shared::monitor::{Interval, Monitor, MonitorId, ShardId, ShardSummary};
use shared::purchase::{BuyerToken, ItemId, Money, Position, Purchase, Quantity, RowId};
use shared::schedule::Slot;
use shared::session::{ApiKey, Scope, Token};
use shared::signal::{Outcome, Phases, Reason, Signal};
use shared::store::{
    BucketQuery, Claim, ImportsTable, MonitorsTable, PurchasesTable, ReadImports, ReadMonitors,
    ReadPurchases, ReadSessions, ReadShards, ReadSignals, SessionsTable, ShardChange, SignalsTable,
    StoreError, WriteImports, WriteMonitors, WritePurchases, WriteSessions, WriteSignals,
};
use tests::local_cloud::LocalCloud;
use tests::memory::Memory;

/// Runs each contract twice: in memory, and in a new table of the local cloud.
macro_rules! contracts {
    ($module:ident: $table:ident, $part:literal, [$($name:ident),+ $(,)?]) => {
        mod $module {
            use super::*;
            $(mod $name {
                use super::*;
                #[tokio::test]
                async fn in_memory() {
                    super::super::$name(&Memory::default()).await;
                }
                #[tokio::test]
                async fn in_dynamodb() {
                    let cloud = LocalCloud::running().await;
                    let table = cloud.table_like($part).await;
                    super::super::$name(&$table::new(Client::new(&cloud.aws), table)).await;
                }
            })+
        }
    };
}

contracts!(monitors: MonitorsTable, "monitors", [a_shard_changes_as_a_whole, a_full_shard_fits_one_change]);
contracts!(signals: SignalsTable, "signals", [a_block_is_put_once, blocks_are_read_in_order_over_midnight, old_blocks_are_gone]);
contracts!(purchases: PurchasesTable, "purchases", [a_purchase_put_again_is_there_once, pages_follow_each_other, filters_apply]);
contracts!(imports: ImportsTable, "imports", [one_delivery_holds_the_lease, a_lease_runs_out, an_ended_import_is_not_repeated, the_first_key_is_put_once]);
contracts!(sessions: SessionsTable, "sessions", [a_key_is_found_listed_and_revoked]);

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn monitor(suffix: &str, version: u64) -> Monitor {
    Monitor {
        id: MonitorId::new(ShardId(0), suffix).unwrap(),
        name: format!("Shop {suffix}").parse().unwrap(),
        url: "https://shop.example/".parse().unwrap(),
        interval_minutes: Interval::try_from(5).unwrap(),
        public: true,
        regions: vec!["us-east-1".parse().unwrap()],
        version,
    }
}

async fn a_shard_changes_as_a_whole(store: &(impl ReadShards + ReadMonitors + WriteMonitors)) {
    assert_eq!(store.shards().await.unwrap(), []);
    let first = [monitor("aaaaaa", 1), monitor("bbbbbb", 1)];
    let summary = ShardSummary::of(ShardId(0), &first, 1);
    let change = ShardChange { put: first.to_vec(), summary: summary.clone() };
    store.change(&change).await.unwrap();
    assert_eq!(store.shards().await.unwrap(), [summary]);
    assert_eq!(store.monitors(ShardId(0)).await.unwrap(), first);
    assert_eq!(store.monitors(ShardId(1)).await.unwrap(), []);

    // The same change again: the shard is not what the change was made for.
    assert!(matches!(store.change(&change).await, Err(StoreError::Conflict(_))));

    // One monitor that was changed meanwhile keeps the whole change from happening.
    let second = [monitor("aaaaaa", 2), monitor("bbbbbb", 3)];
    let summary = ShardSummary::of(ShardId(0), &second, 2);
    let change = ShardChange { put: second.to_vec(), summary };
    assert!(matches!(store.change(&change).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.monitors(ShardId(0)).await.unwrap(), first);

    let change = ShardChange { put: vec![monitor("aaaaaa", 2)], summary: change.summary };
    store.change(&change).await.unwrap();
    assert_eq!(store.monitors(ShardId(0)).await.unwrap(), [monitor("aaaaaa", 2), monitor("bbbbbb", 1)]);
}

async fn a_full_shard_fits_one_change(store: &(impl ReadShards + ReadMonitors + WriteMonitors)) {
    let all: Vec<Monitor> =
        (0..shared::monitor::SHARD_LIMIT).map(|n| monitor(&format!("{n:06}"), 1)).collect();
    let summary = ShardSummary::of(ShardId(0), &all, 1);
    store.change(&ShardChange { put: all.clone(), summary }).await.unwrap();
    assert_eq!(store.monitors(ShardId(0)).await.unwrap(), all);
}

fn block(slot: Slot) -> Block {
    let signal = |suffix: &str, outcome, status| Signal {
        monitor: MonitorId::new(ShardId(0), suffix).unwrap(),
        outcome,
        status,
        phases: Phases { connect_ms: Some(3), total_ms: Some(31), ..Phases::default() },
    };
    Block {
        shard: ShardId(0),
        slot,
        region: "us-east-1".parse().unwrap(),
        written_at: slot.start() + 2.seconds(),
        signals: vec![
            signal("aaaaaa", Outcome::Up, Some(200)),
            signal("bbbbbb", Outcome::Down(Reason::Timeout), None),
        ],
    }
}

async fn a_block_is_put_once(store: &(impl ReadSignals + WriteSignals)) {
    let slot = Slot::containing(Timestamp::now());
    assert!(store.put_block(&block(slot)).await.unwrap());
    let other = Block { signals: Vec::new(), ..block(slot) };
    assert!(!store.put_block(&other).await.unwrap());
    assert_eq!(store.blocks(ShardId(0), slot..=slot).await.unwrap(), [block(slot)]);
    assert_eq!(store.blocks(ShardId(1), slot..=slot).await.unwrap(), []);
    let elsewhere = Block { region: "eu-west-1".parse().unwrap(), ..block(slot) };
    assert!(store.put_block(&elsewhere).await.unwrap());
    assert_eq!(store.blocks(ShardId(0), slot..=slot).await.unwrap(), [elsewhere, block(slot)]);
}

async fn blocks_are_read_in_order_over_midnight(store: &(impl ReadSignals + WriteSignals)) {
    let today = Slot::containing(Timestamp::now()).date();
    let midnight = Slot::at(today, "00:00").unwrap();
    for minutes in [1, -1, 0, -2, 2] {
        assert!(store.put_block(&block(midnight.plus(minutes))).await.unwrap());
    }
    let read = store.blocks(ShardId(0), midnight.plus(-1)..=midnight.plus(1)).await.unwrap();
    assert_eq!(read, [-1, 0, 1].map(|minutes| block(midnight.plus(minutes))));
}

async fn old_blocks_are_gone(store: &(impl ReadSignals + WriteSignals)) {
    let now = Slot::containing(Timestamp::now());
    let (kept, gone) = (now.plus(-8 * 1_440 + 60), now.plus(-8 * 1_440));
    for slot in [kept, gone] {
        assert!(store.put_block(&block(slot)).await.unwrap());
    }
    // The table deletes late: what has expired must not be read even while it is there.
    assert_eq!(store.blocks(ShardId(0), gone..=kept).await.unwrap(), [block(kept)]);
}

fn purchase(at: &str, row_id: u128) -> Purchase {
    Purchase {
        position: Position { at: instant(at), row_id: RowId(row_id) },
        buyer: BuyerToken::keyed("k1", &"0123456789abcdef".repeat(4)),
        item_id: ItemId::parse(b"9007199254740991").unwrap(),
        quantity: Quantity::parse(b"-2").unwrap(),
        price: Money::parse(b"99999999999.9999").unwrap(),
    }
}

fn query(limit: u16) -> BucketQuery {
    let date = instant("2021-03-21T00:00:00Z");
    let (from, until) = (date, date + 24.hours());
    let date = Slot::containing(date).date();
    BucketQuery { date, bucket: 0, from, until, after: None, item: None, buyer: None, limit }
}

async fn a_purchase_put_again_is_there_once(store: &(impl ReadPurchases + WritePurchases)) {
    let rows = [purchase("2021-03-21T11:00:00Z", 8), purchase("2021-03-21T11:00:00.5Z", 0)];
    for _ in 0..2 {
        store.put(&rows).await.unwrap();
    }
    let page = store.page(&query(10)).await.unwrap();
    assert_eq!((page.purchases, page.read_to), (rows.to_vec(), None));
    let too_many = vec![purchase("2021-03-21T11:00:00Z", 16); 26];
    assert!(store.put(&too_many).await.is_err());
}

async fn pages_follow_each_other(store: &(impl ReadPurchases + WritePurchases)) {
    let rows: Vec<Purchase> = (0..5).map(|n| purchase("2021-03-21T11:00:00Z", n * 8)).collect();
    let late = purchase("2021-03-21T12:00:00Z", 0);
    store.put(&rows).await.unwrap();
    store.put(std::slice::from_ref(&late)).await.unwrap();

    let first = store.page(&query(2)).await.unwrap();
    assert_eq!((first.purchases.as_slice(), first.read_to), (&rows[..2], Some(rows[1].position)));
    let rest = store.page(&BucketQuery { after: first.read_to, ..query(10) }).await.unwrap();
    assert_eq!(rest.purchases, [&rows[2..], std::slice::from_ref(&late)].concat());

    // The range ends before `until`, and begins with `from`, whatever the position before it.
    let until = late.position.at;
    assert_eq!(store.page(&BucketQuery { until, ..query(10) }).await.unwrap().purchases, rows);
    let from = BucketQuery { from: until, after: first.read_to, ..query(10) };
    assert_eq!(store.page(&from).await.unwrap().purchases, std::slice::from_ref(&late));
    let nothing = BucketQuery { after: Some(late.position), ..query(10) };
    assert_eq!(store.page(&nothing).await.unwrap().purchases, []);
    let backwards = BucketQuery { until, after: Some(late.position), ..query(10) };
    assert_eq!(store.page(&backwards).await.unwrap().purchases, []);
}

async fn filters_apply(store: &(impl ReadPurchases + WritePurchases)) {
    let plain = purchase("2021-03-21T11:00:00Z", 8);
    let other = Purchase {
        item_id: ItemId::parse(b"7").unwrap(),
        buyer: BuyerToken::keyed("k2", &"f".repeat(64)),
        ..purchase("2021-03-21T11:00:01Z", 16)
    };
    store.put(&[plain.clone(), other.clone()]).await.unwrap();
    let by_item = BucketQuery { item: Some(other.item_id), ..query(10) };
    assert_eq!(store.page(&by_item).await.unwrap().purchases, [other]);
    let by_buyer = BucketQuery { buyer: Some(plain.buyer.clone()), ..query(10) };
    assert_eq!(store.page(&by_buyer).await.unwrap().purchases, [plain]);
}

fn import(owner: &str, now: Timestamp) -> Import {
    let object = ObjectVersion { key: "purchases/größe 1.csv".into(), version: "v1".into() };
    Import {
        import_id: object.import_id(),
        object,
        size: 1_234,
        state: ImportState::Running,
        counts: ImportCounts::default(),
        message: None,
        key_id: None,
        unsorted: false,
        rejects_key: None,
        started_at: now,
        ended_at: None,
        duration_ms: None,
        owner: owner.into(),
        lease_until: now + LEASE_SECONDS.seconds(),
    }
}

fn counts() -> ImportCounts {
    ImportCounts { bytes: 900, rows: 12, loaded: 10, rejected: [("email".to_owned(), 2)].into() }
}

async fn one_delivery_holds_the_lease(store: &(impl ReadImports + WriteImports)) {
    let now = instant("2026-11-21T14:25:00Z");
    let mine = import("one", now);
    assert_eq!(store.import(&mine.object).await.unwrap(), None);
    assert_eq!(store.claim(&mine, now).await.unwrap(), Claim::Granted);
    assert_eq!(store.import(&mine.object).await.unwrap(), Some(mine.clone()));
    // The client may send a claim twice, when the first answer is lost.
    assert_eq!(store.claim(&mine, now).await.unwrap(), Claim::Granted);
    let later = now + 45.seconds();
    assert_eq!(store.claim(&import("two", later), later).await.unwrap(), Claim::Leased(mine.lease_until));

    let until = now + 60.seconds();
    store.progress(&mine.object, "one", &counts(), until).await.unwrap();
    let moved = Import { counts: counts(), lease_until: until, ..mine.clone() };
    assert_eq!(store.import(&mine.object).await.unwrap(), Some(moved));
    let foreign = store.progress(&mine.object, "two", &counts(), until).await;
    assert!(matches!(foreign, Err(StoreError::Conflict(_))));
    assert!(matches!(store.finish(&import("two", now)).await, Err(StoreError::Conflict(_))));
}

async fn a_lease_runs_out(store: &(impl ReadImports + WriteImports)) {
    let now = instant("2026-11-21T14:25:00Z");
    let dead = import("dead", now);
    store.claim(&dead, now).await.unwrap();
    let later = dead.lease_until + 1.second();
    let heir = import("heir", later);
    assert_eq!(store.claim(&heir, later).await.unwrap(), Claim::Granted);
    // Who lost the lease can neither record progress nor an end.
    let late = store.progress(&dead.object, "dead", &counts(), later).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))));
    assert!(matches!(store.finish(&dead).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.import(&dead.object).await.unwrap(), Some(heir));
}

async fn an_ended_import_is_not_repeated(store: &(impl ReadImports + WriteImports)) {
    let now = instant("2026-11-21T14:25:00Z");
    let failed = Import {
        state: ImportState::Failed,
        message: Some("the table is away".into()),
        ..import("one", now)
    };
    store.claim(&import("one", now), now).await.unwrap();
    store.finish(&failed).await.unwrap();
    assert_eq!(
        store.claim(&import("two", now), now).await.unwrap(),
        Claim::Granted,
        "a failed import is tried again"
    );

    let loaded = Import {
        state: ImportState::LoadedWithRejects,
        counts: counts(),
        key_id: Some("k1".into()),
        unsorted: true,
        rejects_key: Some("rejects/x.csv".into()),
        ended_at: Some(now + 3.seconds()),
        duration_ms: Some(3_000),
        ..import("two", now)
    };
    for _ in 0..2 {
        store.finish(&loaded).await.unwrap();
    }
    let claim = store.claim(&import("three", now), now + 1.hour()).await.unwrap();
    assert_eq!(claim, Claim::Ended(Box::new(loaded)));
}

async fn the_first_key_is_put_once(store: &(impl ReadImports + WriteImports)) {
    assert_eq!(store.first_key("abc").await.unwrap(), "abc");
    assert_eq!(store.first_key("abc").await.unwrap(), "abc");
    assert_eq!(store.first_key("other").await.unwrap(), "abc");
}

async fn a_key_is_found_listed_and_revoked(store: &(impl ReadSessions + WriteSessions)) {
    let key = |created_at: &str, valid_until: Option<&str>| ApiKey {
        hash: Token::random().unwrap().hash(),
        name: "dashboard".into(),
        user: "operator".into(),
        scopes: vec![Scope::Read, Scope::Purchases],
        created_at: instant(created_at),
        valid_until: valid_until.map(instant),
    };
    let first = key("2026-11-21T14:25:00Z", None);
    let second = key("2026-11-21T14:26:00Z", Some("2099-01-01T00:00:00Z"));
    for key in [&second, &first] {
        store.put_key(key).await.unwrap();
    }
    assert_eq!(store.key(&first.hash).await.unwrap(), Some(first.clone()));
    assert_eq!(store.keys("operator").await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(store.keys("somebody").await.unwrap(), []);
    store.revoke(&first.hash).await.unwrap();
    store.revoke(&first.hash).await.unwrap();
    assert_eq!(store.key(&first.hash).await.unwrap(), None);
    assert_eq!(store.keys("operator").await.unwrap(), [second]);
}
