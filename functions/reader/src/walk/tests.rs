//! Walking gives every purchase once, in order, whatever the pages, the limits and the budget.

use std::time::Duration;

use ::tests::memory::Memory;
use proptest::prelude::*;
use shared::store::BucketPage;

use super::*;

/// Gives pages of at most so many purchases, as DynamoDB does where they are large.
struct Choppy(Memory, u16);

impl ReadPurchases for Choppy {
    async fn page(&self, query: &BucketQuery) -> Result<BucketPage> {
        self.0.page(&BucketQuery { limit: query.limit.min(self.1), ..query.clone() }).await
    }
}

const FROM: &str = "2026-11-01T06:00:00Z";

fn range(hours: i64) -> Range {
    let from: jiff::Timestamp = FROM.parse().unwrap();
    Range::new(from, from + SignedDuration::from_hours(hours)).unwrap()
}

fn purchase(seconds: i64, row: u128, item: u64) -> Purchase {
    let from: jiff::Timestamp = FROM.parse().unwrap();
    Purchase {
        position: Position { at: from + SignedDuration::from_secs(seconds), row_id: RowId(row) },
        buyer: "0123456789abcdef0123456789abcdef01234567".parse().unwrap(),
        linked: None,
        item_id: item.to_string().parse().unwrap(),
        quantity: "1".parse().unwrap(),
        price: "1".parse().unwrap(),
    }
}

fn budget(pages: usize) -> Budget {
    Budget { pages, until: Instant::now() + Duration::from_secs(60) }
}

/// Every page of the search, one after the other, and how many pages there were.
async fn all(store: &Choppy, search: &Search, pages: usize) -> (Vec<Purchase>, usize) {
    let (mut found, mut after) = (Vec::new(), None);
    for page in 1..10_000 {
        let part = walk(store, search, after, budget(pages)).await.unwrap();
        assert!(part.purchases.len() <= usize::from(search.limit));
        found.extend(part.purchases);
        let Some(next) = part.next else {
            return (found, page);
        };
        assert!(after < Some(next), "no progress at {next}");
        assert!(search.range.contains(next.at), "{next} leaves the range");
        after = Some(next);
    }
    panic!("the walk does not end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn walking_all_pages_gives_every_purchase_once_in_order(
        // Nine days around a range of seven and a half; instants that meet, rows in every bucket.
        rows in proptest::collection::btree_set((-8i64..208, 0u128..24, 0u64..3), 0..120),
        limit in 1u16..40,
        chop in 1u16..12,
        pages in 1usize..60,
        item in proptest::option::of(0u64..3),
    ) {
        let memory = Memory::default();
        let search = Search {
            range: range(180),
            item: item.map(|item| item.to_string().parse().unwrap()),
            buyer: None,
            limit,
        };
        for (hour, row, item) in rows {
            let purchase = purchase(hour * 3_600, row, item);
            memory.tables().purchases.insert(purchase.position, purchase);
        }
        let expected: Vec<Purchase> = memory
            .tables()
            .purchases
            .values()
            .filter(|p| search.range.contains(p.position.at) && search.item.is_none_or(|item| p.item_id == item))
            .cloned()
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (found, _) = runtime.block_on(all(&Choppy(memory, chop), &search, pages));
        prop_assert_eq!(found, expected);
    }
}

fn search(hours: i64, limit: u16) -> Search {
    Search { range: range(hours), item: None, buyer: None, limit }
}

#[tokio::test]
async fn empty_days_are_passed_a_budget_at_a_time() {
    let memory = Memory::default();
    let year = 365 * 24;
    let last = purchase(year * 3_600 - 1, 1, 1);
    memory.tables().purchases.insert(last.position, last.clone());
    // 366 days of 8 buckets, 400 pages a request.
    let (found, pages) = all(&Choppy(memory.clone(), 1_000), &search(year, 10), 400).await;
    assert_eq!((found, pages), (vec![last], 8));
    let first = walk(&memory, &search(year, 10), None, budget(400)).await.unwrap();
    assert!(first.purchases.is_empty());
    assert_eq!(
        first.next.unwrap().to_string(),
        "2026-12-20T23:59:59.999999999Z#ffffffffffffffffffffffffffffffff"
    );
}

#[tokio::test]
async fn a_request_out_of_time_answers_what_it_has() {
    let memory = Memory::default();
    for day in 0..9 {
        let purchase = purchase(day * 86_400, 1, 1);
        memory.tables().purchases.insert(purchase.position, purchase);
    }
    let late = Budget { pages: 400, until: Instant::now() };
    let part = walk(&memory, &search(240, 10), None, late).await.unwrap();
    assert_eq!(part.purchases.len(), 1);
    assert!(part.next.is_some());
}

#[tokio::test]
async fn a_full_last_page_is_the_last() {
    let memory = Memory::default();
    for row in 0..3 {
        let purchase = purchase(60, row, 1);
        memory.tables().purchases.insert(purchase.position, purchase);
    }
    assert_eq!(all(&Choppy(memory, 1_000), &search(5, 3), 400).await.1, 1);
}

#[tokio::test]
async fn a_failing_table_fails_the_walk() {
    let memory = Memory::default();
    memory.fail_after(5);
    assert!(walk(&memory, &search(5, 3), None, budget(400)).await.is_err());
}
