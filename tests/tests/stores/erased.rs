//! The contract of people who have asked to be erased.

use std::collections::HashSet;

use shared::store::{FirstHmac, ReadErased, WriteErased, WriteImports};
use tests::local_cloud::LocalCloud;

use super::instant;

contracts!(ImportsTable, "imports", [who_asked_to_be_erased_is_remembered,]);

async fn who_asked_to_be_erased_is_remembered(store: &(impl ReadErased + WriteErased + WriteImports)) {
    // The first key's fingerprint is in the same table.
    store.first_key("abc").await.unwrap();
    assert_eq!(store.erased().await.unwrap(), HashSet::new());
    let people: HashSet<FirstHmac> = (0..40).map(|n| [n * 5; 32]).collect();
    for at in ["2026-11-21T14:00:00Z", "2026-11-22T14:00:00Z"] {
        for person in &people {
            store.put_erased(person, instant(at)).await.unwrap();
        }
    }
    assert_eq!(store.erased().await.unwrap(), people);
}

#[tokio::test]
async fn when_somebody_first_asked_stays() {
    let cloud = LocalCloud::running().await;
    let table = cloud.table_like("imports").await;
    let client = aws_sdk_dynamodb::Client::new(&cloud.aws);
    let store = shared::store::ImportsTable::new(client.clone(), &table);
    for at in ["2026-11-21T14:00:00Z", "2026-11-22T14:00:00Z"] {
        store.put_erased(&[7; 32], instant(at)).await.unwrap();
    }
    let items = client.scan().table_name(&table).send().await.unwrap().items.unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["pk"].as_s().unwrap(), "ERASED");
    assert_eq!(items[0]["sk"].as_s().unwrap(), &"07".repeat(32));
    assert_eq!(items[0]["at"].as_s().unwrap(), "2026-11-21T14:00:00Z");
    assert!(!items[0].contains_key("expires_at"));
}
