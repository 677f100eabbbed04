//! Purchases.

use jiff::ToSpan as _;
use shared::purchase::{BuyerToken, ItemId, Money, Position, Purchase, Quantity, RowId};
use shared::schedule::Slot;
use shared::store::{BATCH, BucketQuery, DeletePurchases, ReadPurchases, WritePurchases};

use super::instant;

contracts!(
    PurchasesTable,
    "purchases",
    [a_purchase_put_again_is_there_once, pages_follow_each_other, filters_apply, what_is_deleted_is_gone,]
);

fn purchase(at: &str, row_id: u128) -> Purchase {
    Purchase {
        position: Position { at: instant(at), row_id: RowId(row_id) },
        buyer: BuyerToken::keyed("k1", &"0123456789abcdef".repeat(4)),
        linked: None,
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
        linked: Some(BuyerToken::keyed("k1", &"e".repeat(64))),
        ..purchase("2021-03-21T11:00:01Z", 16)
    };
    store.put(&[plain.clone(), other.clone()]).await.unwrap();
    let by_item = BucketQuery { item: Some(other.item_id), ..query(10) };
    assert_eq!(store.page(&by_item).await.unwrap().purchases, std::slice::from_ref(&other));
    for token in [Some(other.buyer.clone()), other.linked.clone()] {
        let by_either = BucketQuery { buyer: token, ..query(10) };
        assert_eq!(store.page(&by_either).await.unwrap().purchases, std::slice::from_ref(&other));
    }
    let by_buyer = BucketQuery { buyer: Some(plain.buyer.clone()), ..query(10) };
    assert_eq!(store.page(&by_buyer).await.unwrap().purchases, [plain]);
}

async fn what_is_deleted_is_gone(store: &(impl ReadPurchases + WritePurchases + DeletePurchases)) {
    let rows: Vec<Purchase> = (0..5).map(|n| purchase("2021-03-21T11:00:00Z", n * 8)).collect();
    store.put(&rows).await.unwrap();
    // Once more, one of them twice, and one that never was there.
    let gone = [
        rows[1].position,
        rows[3].position,
        rows[1].position,
        Position { row_id: RowId(80), ..rows[0].position },
    ];
    for _ in 0..2 {
        store.delete(&gone).await.unwrap();
    }
    store.delete(&[]).await.unwrap();
    let left = store.page(&query(10)).await.unwrap().purchases;
    assert_eq!(left, [rows[0].clone(), rows[2].clone(), rows[4].clone()]);
    assert!(store.delete(&vec![rows[0].position; BATCH + 1]).await.is_err());
}
