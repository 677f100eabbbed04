//! What DynamoDB leaves over, or refuses because it is asked too much, is sent again to the last item. The local
//! cloud never does either, so a server that answers by script stands in for it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{Credentials, Region};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use shared::purchase::{BuyerToken, ItemId, Money, Position, Purchase, Quantity, RowId};
use shared::store::{PurchasesTable, StoreError, WritePurchases};
use tokio::net::TcpListener;

/// What is answered to one request.
enum Answer {
    /// All is taken but so many items, the last ones.
    LeavesOver(usize),
    /// An error of this code.
    Refuses(&'static str),
}
use Answer::{LeavesOver, Refuses};

/// How many items each request brought, and the sort keys of the items taken.
#[derive(Default)]
struct Seen {
    sent: Vec<usize>,
    taken: Vec<String>,
}

/// A DynamoDB that answers by script, and what it saw.
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
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        // The client's own retries would hide the store's.
        .retry_config(RetryConfig::disabled())
        .build();
    (Client::from_conf(config), seen)
}

async fn answer(
    request: Request<Incoming>,
    script: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Seen>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let items = body["RequestItems"]["purchases"].as_array().unwrap().clone();
    let mut seen = seen.lock().unwrap();
    seen.sent.push(items.len());
    let (status, answer) = match script.lock().unwrap().pop_front().unwrap_or(LeavesOver(0)) {
        LeavesOver(count) => {
            let (taken, left) = items.split_at(items.len() - count);
            seen.taken.extend(
                taken.iter().map(|item| item["PutRequest"]["Item"]["sk"]["S"].as_str().unwrap().to_owned()),
            );
            let left = if left.is_empty() { json!({}) } else { json!({"purchases": left}) };
            (200, json!({"UnprocessedItems": left}))
        }
        Refuses(code) => {
            (400, json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "no"}))
        }
    };
    let response = Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    Ok(response.body(Full::from(answer.to_string())).unwrap())
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
    assert_eq!(seen.taken, all.iter().map(|p| p.position.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_error_that_time_does_not_mend_ends_it() {
    let (client, seen) = dynamodb([LeavesOver(2), Refuses("ResourceNotFoundException")]).await;
    let result = PurchasesTable::new(client, "purchases").put(&purchases(3)).await;
    assert!(matches!(result, Err(StoreError::Unavailable { .. })), "{result:?}");
    assert_eq!(seen.lock().unwrap().sent, [3, 2]);
}
