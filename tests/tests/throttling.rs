//! What DynamoDB leaves over, or refuses because it is asked too much, is sent again to the last item. The local
//! cloud never does either, so a server that answers by script stands in for it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, Region, SharedCredentialsProvider};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use shared::import::{ImportCounts, ObjectVersion};
use shared::purchase::{BuyerToken, ItemId, Money, Position, Purchase, Quantity, RowId};
use shared::store::{
    DeletePurchases, Heartbeat, HistoryTable, ImportsTable, KnownBuyer, PurchasesTable, ReadTrends,
    StoreError, Taken, WriteBuyers, WriteImports, WritePurchases, WriteTrends,
};
use shared::trend::{DayTrend, Sales};
use tokio::net::TcpListener;

/// What is answered to one request.
enum Answer {
    /// All is taken but so many items or keys, the last ones.
    LeavesOver(usize),
    /// An error of this code, which is the caller's.
    Refuses(&'static str),
    /// An error of the service's own.
    Breaks,
    /// A transaction is cancelled, its second write for this reason.
    Cancels(&'static str),
}
use Answer::{Breaks, Cancels, LeavesOver, Refuses};

/// How many items or keys each request brought, and the sort keys of those taken.
#[derive(Default)]
struct Seen {
    sent: Vec<usize>,
    taken: Vec<String>,
}

/// A DynamoDB that answers by script, and what it saw; with the client that functions are deployed with.
async fn dynamodb(script: impl IntoIterator<Item = Answer>) -> (Client, Arc<Mutex<Seen>>) {
    let script: Arc<Mutex<VecDeque<Answer>>> = Arc::new(Mutex::new(script.into_iter().collect()));
    let seen = Arc::new(Mutex::new(Seen::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let recorded = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (script, seen) = (script.clone(), recorded.clone());
            let service = service_fn(move |request| answer(request, script.clone(), seen.clone()));
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    let credentials = Credentials::new("test", "test", None, None, "test");
    let deployed = shared::clients::of_function().into_builder();
    let aws = deployed
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    (shared::clients::dynamodb(&aws), seen)
}

async fn answer(
    request: Request<Incoming>,
    script: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Seen>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let mut seen = seen.lock().unwrap();
    let next = script.lock().unwrap().pop_front().unwrap_or(LeavesOver(0));
    let error = |code| format!("com.amazonaws.dynamodb.v20120810#{code}");
    let (status, answer) = match next {
        LeavesOver(count) if body.get("RequestItems").is_some() => (200, processed(&body, count, &mut seen)),
        LeavesOver(_) => {
            seen.sent.push(size(&body));
            (200, json!({}))
        }
        Refuses(code) => {
            seen.sent.push(size(&body));
            (400, json!({"__type": error(code), "message": "no"}))
        }
        Breaks => {
            seen.sent.push(size(&body));
            (500, json!({"__type": error("InternalServerError"), "message": "no"}))
        }
        Cancels(code) => {
            let count = body["TransactItems"].as_array().unwrap().len();
            seen.sent.push(count);
            let mut reasons = vec![json!({"Code": "None"}); count];
            reasons[1] = json!({"Code": code, "Message": "no"});
            let kind = error("TransactionCanceledException");
            (400, json!({"__type": kind, "message": "cancelled", "CancellationReasons": reasons}))
        }
    };
    let response = Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    Ok(response.body(Full::from(answer.to_string())).unwrap())
}

/// How many items or keys are asked for.
fn size(body: &Value) -> usize {
    match body["TransactItems"].as_array() {
        Some(items) => items.len(),
        None if body.get("RequestItems").is_some() => asked(body).1.len(),
        None => 1,
    }
}

/// The table of a batch and what is asked of it: writes, or keys.
fn asked(body: &Value) -> (String, Vec<Value>) {
    let (table, asked) = body["RequestItems"].as_object().unwrap().iter().next().unwrap();
    let asked = asked.get("Keys").unwrap_or(asked);
    (table.clone(), asked.as_array().unwrap().clone())
}

/// The answer to a batch whose last so many items or keys are left over.
fn processed(body: &Value, count: usize, seen: &mut Seen) -> Value {
    let (table, asked) = asked(body);
    let (taken, left) = asked.split_at(asked.len().saturating_sub(count));
    seen.sent.push(asked.len());
    let key = |one: &Value| match (one.get("PutRequest"), one.get("DeleteRequest")) {
        (Some(put), _) => put["Item"].clone(),
        (_, Some(delete)) => delete["Key"].clone(),
        _ => one.clone(),
    };
    let name = |one: &Value| format!("{} {}", text(&key(one)["pk"]), text(&key(one)["sk"]));
    seen.taken.extend(taken.iter().map(name));
    let of_table = |value: Value| json!({table.as_str(): value});
    if body["RequestItems"][&table].get("Keys").is_none() {
        return json!({"UnprocessedItems": if left.is_empty() { json!({}) } else { of_table(json!(left)) }});
    }
    let items: Vec<Value> = taken.iter().map(stored).collect();
    let left =
        if left.is_empty() { json!({}) } else { of_table(json!({"Keys": left, "ConsistentRead": true})) };
    json!({"Responses": of_table(json!(items)), "UnprocessedKeys": left})
}

fn text(attribute: &Value) -> &str {
    attribute["S"].as_str().unwrap()
}

/// The item of a buyer or of a day that is stored at this key.
fn stored(key: &Value) -> Value {
    let mut item = key.clone();
    let numbers =
        ["v", "orders", "quantity", "revenue", "buyers", "returns", "new_buyers", "returning_buyers"];
    for name in numbers {
        item[name] = json!({"N": "1"});
    }
    item["top_items"] = json!({"S": ""});
    item["read_at"] = json!({"S": "2026-11-22T00:04:00.000000000Z"});
    item["date"] = json!({"S": "2026-11-01"});
    item
}

fn purchases(count: u128) -> Vec<Purchase> {
    let purchase = |n| Purchase {
        position: Position { at: "2021-03-21T11:00:00Z".parse().unwrap(), row_id: RowId(n) },
        buyer: BuyerToken::keyed("k1", &"0".repeat(64)),
        linked: None,
        item_id: ItemId::parse(b"7").unwrap(),
        quantity: Quantity::parse(b"1").unwrap(),
        price: Money::parse(b"1").unwrap(),
    };
    (0..count).map(purchase).collect()
}

#[tokio::test]
async fn every_item_is_sent_until_it_is_taken() {
    let script = [
        LeavesOver(20),
        Refuses("ProvisionedThroughputExceededException"),
        LeavesOver(3),
        Refuses("ThrottlingException"),
        LeavesOver(1),
    ];
    let (client, seen) = dynamodb(script).await;
    let all = purchases(25);
    PurchasesTable::new(client, "purchases").put(&all).await.unwrap();
    let mut seen = seen.lock().unwrap();
    assert_eq!(seen.sent, [25, 20, 20, 3, 3, 1]);
    seen.taken.sort();
    let mut expected: Vec<String> = all.iter().map(|p| named(&p.position)).collect();
    expected.sort();
    assert_eq!(seen.taken, expected);
}

/// How a taken purchase is named.
fn named(position: &Position) -> String {
    format!("DAY#2021-03-21#{} {position}", position.row_id.bucket())
}

#[tokio::test]
async fn the_loader_is_told_that_the_table_takes_no_more() {
    for (script, taken) in [
        (vec![LeavesOver(0)], Taken::AtOnce),
        (vec![LeavesOver(1)], Taken::Throttled),
        (vec![Refuses("ThrottlingException")], Taken::Throttled),
        (vec![Refuses("ProvisionedThroughputExceededException")], Taken::Throttled),
        (vec![Refuses("RequestLimitExceeded")], Taken::Throttled),
        // Trouble of the service's own says nothing about the table, and is the client's to try again.
        (vec![Breaks, Breaks], Taken::AtOnce),
    ] {
        let (client, _) = dynamodb(script).await;
        assert_eq!(PurchasesTable::new(client, "purchases").put(&purchases(3)).await.unwrap(), taken);
    }
}

#[tokio::test]
async fn a_call_that_is_no_batch_is_tried_again_by_the_client() {
    let (client, seen) = dynamodb([Refuses("ThrottlingException"), Breaks]).await;
    let object = ObjectVersion { key: "purchases/a.csv".into(), version: "v1".into() };
    let heartbeat = Heartbeat {
        counts: ImportCounts::default(),
        unsorted: false,
        days: None,
        lease_until: "2026-11-21T14:25:45Z".parse().unwrap(),
    };
    ImportsTable::new(client, "imports").progress(&object, "one", &heartbeat).await.unwrap();
    assert_eq!(seen.lock().unwrap().sent, [1; 3]);
}

#[tokio::test]
async fn every_purchase_is_deleted_in_the_end() {
    let script = [Refuses("ThrottlingException"), LeavesOver(2), LeavesOver(1)];
    let (client, seen) = dynamodb(script).await;
    let positions: Vec<Position> = purchases(5).iter().map(|p| p.position).collect();
    PurchasesTable::new(client, "purchases").delete(&positions).await.unwrap();
    let mut seen = seen.lock().unwrap();
    assert_eq!(seen.sent, [5, 5, 2, 1]);
    seen.taken.sort();
    assert_eq!(seen.taken, positions.iter().map(named).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_error_that_time_does_not_mend_ends_it() {
    let (client, seen) = dynamodb([LeavesOver(2), Refuses("ResourceNotFoundException")]).await;
    let result = PurchasesTable::new(client, "purchases").put(&purchases(3)).await;
    assert!(matches!(result, Err(StoreError::Unavailable { .. })), "{result:?}");
    assert_eq!(seen.lock().unwrap().sent, [3, 2]);
}

fn buyers(count: u32) -> Vec<BuyerToken> {
    (0..count).map(|n| BuyerToken::keyed("k1", &format!("{n:064x}"))).collect()
}

#[tokio::test]
async fn every_buyer_is_noted() {
    let script = [LeavesOver(20), Refuses("ThrottlingException"), LeavesOver(3), LeavesOver(1)];
    let (client, seen) = dynamodb(script).await;
    let tokens = buyers(60);
    HistoryTable::new(client, "history").note("2026-11-21".parse().unwrap(), &tokens).await.unwrap();
    let mut seen = seen.lock().unwrap();
    seen.taken.sort();
    assert_eq!(seen.taken, tokens.iter().map(|t| format!("BUYER#{t} 2026-11-21")).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_known_is_asked_until_every_key_is_answered() {
    let script =
        [LeavesOver(80), Refuses("ProvisionedThroughputExceededException"), LeavesOver(100), LeavesOver(1)];
    let (client, seen) = dynamodb(script).await;
    let known =
        HistoryTable::new(client, "history").known("2026-11-21".parse().unwrap(), &buyers(60)).await.unwrap();
    assert_eq!(known, vec![KnownBuyer { first: Some("2026-11-01".parse().unwrap()), noted: true }; 60]);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.taken.len(), 120);
    assert!(seen.sent.iter().all(|keys| *keys <= 100), "{:?}", seen.sent);
}

#[tokio::test]
async fn trends_are_asked_until_every_day_is_answered() {
    let (client, seen) = dynamodb([LeavesOver(100), LeavesOver(30), LeavesOver(7)]).await;
    let history = HistoryTable::new(client, "history");
    let dates = "2026-01-01".parse().unwrap()..="2026-08-18".parse().unwrap();
    assert_eq!(history.day_sales(dates).await.unwrap().len(), 230);
    assert_eq!(seen.lock().unwrap().taken.len(), 230);
}

#[tokio::test]
async fn first_days_that_meet_another_writer_are_sent_again_and_then_left() {
    let tokens: Vec<_> = buyers(60).into_iter().map(|token| (token, None)).collect();
    let conflicts = |count| (0..count).map(|_| Cancels("TransactionConflict"));
    let checks = || std::iter::once(Cancels("ConditionalCheckFailed"));
    for (script, left, sends) in [
        (conflicts(2).collect(), 0, 3),
        (checks().collect::<Vec<_>>(), 60, 1),
        (conflicts(1).chain(checks()).collect(), 60, 2),
        (conflicts(9).collect(), 60, 5),
    ] {
        let (client, seen) = dynamodb(script).await;
        let day = "2026-11-21".parse().unwrap();
        let answer = HistoryTable::new(client, "history").first_bought_together(&tokens, day).await.unwrap();
        assert_eq!(answer, buyers(left));
        assert_eq!(seen.lock().unwrap().sent, vec![60; sends]);
    }
    let (client, _) = dynamodb([Cancels("ValidationError")]).await;
    let day = "2026-11-21".parse().unwrap();
    let result = HistoryTable::new(client, "history").first_bought_together(&tokens, day).await;
    assert!(matches!(result, Err(StoreError::Unavailable { .. })), "{result:?}");
}

#[tokio::test]
async fn a_first_day_that_meets_a_transaction_is_sent_again_and_not_forever() {
    let conflicts = |count| (0..count).map(|_| Refuses("TransactionConflictException"));
    let (token, day) = (buyers(1).remove(0), "2026-11-21".parse().unwrap());
    let (client, seen) = dynamodb(conflicts(9)).await;
    let result = HistoryTable::new(client, "history").first_bought(&token, day).await;
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
    assert_eq!(seen.lock().unwrap().sent, [1; 5]);
    let (client, seen) = dynamodb(conflicts(2).chain([Refuses("ResourceNotFoundException")])).await;
    let result = HistoryTable::new(client, "history").first_bought(&token, day).await;
    assert!(matches!(result, Err(StoreError::Unavailable { .. })), "{result:?}");
    assert_eq!(seen.lock().unwrap().sent, [1; 3]);
}

fn trend() -> DayTrend {
    DayTrend {
        date: "2026-11-21".parse().unwrap(),
        sales: Sales { orders: 1, ..Sales::default() },
        new_buyers: 0,
        returning_buyers: 1,
        hours: [(7, Sales { orders: 1, ..Sales::default() })].into(),
        read_at: "2026-11-22T00:04:00Z".parse().unwrap(),
        since: None,
    }
}

#[tokio::test]
async fn a_trend_that_meets_another_writer_is_sent_again() {
    let (client, seen) = dynamodb([Cancels("TransactionConflict"), Cancels("ThrottlingError")]).await;
    assert!(HistoryTable::new(client, "history").put_trend(&trend()).await.unwrap());
    assert_eq!(seen.lock().unwrap().sent, [25; 3]);

    let (client, seen) = dynamodb([Cancels("TransactionConflict"), Cancels("ConditionalCheckFailed")]).await;
    assert!(!HistoryTable::new(client, "history").put_trend(&trend()).await.unwrap());
    assert_eq!(seen.lock().unwrap().sent, [25; 2]);

    let (client, seen) = dynamodb([Cancels("ValidationError")]).await;
    let result = HistoryTable::new(client, "history").put_trend(&trend()).await;
    assert!(matches!(result, Err(StoreError::Unavailable { .. })), "{result:?}");
    assert_eq!(seen.lock().unwrap().sent, [25]);
}

#[tokio::test]
async fn a_trend_is_not_sent_for_ever() {
    let (client, seen) = dynamodb((0..100).map(|_| Cancels("TransactionConflict"))).await;
    let result = HistoryTable::new(client, "history").put_trend(&trend()).await;
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
    assert_eq!(seen.lock().unwrap().sent, [25; 5]);
}
