//! Credentials of checks.

use secrecy::ExposeSecret as _;
use shared::credentials::{Credentials, CredentialsId};
use shared::revision::Revision;
use shared::store::{ReadCredentials, WriteCredentials};

contracts!(SecretsTable, "secrets", [credentials_are_kept_and_replaced, whether_they_are_the_same_is_told]);

fn id() -> CredentialsId {
    CredentialsId {
        monitor: "s0-aaaaaa".parse().unwrap(),
        origin: "https://shop.example:8443".to_owned(),
        revision: "abcdefghijklmnop".parse().unwrap(),
    }
}

/// Names that differ in one thing each.
fn others() -> Vec<CredentialsId> {
    let elsewhere = ["http://shop.example:8443", "https://shop.example", "https://other.example:8443"];
    let elsewhere = elsewhere.map(|origin| CredentialsId { origin: origin.to_owned(), ..id() });
    let of_another = CredentialsId { monitor: "s0-bbbbbb".parse().unwrap(), ..id() };
    let revisions = [Revision::first(), "abcdefghijklmnoq".parse().unwrap()];
    let revisions = revisions.map(|revision| CredentialsId { revision, ..id() });
    elsewhere.into_iter().chain([of_another]).chain(revisions).collect()
}

fn basic(user: &str, password: &str) -> Credentials {
    Credentials::Basic { user: user.to_owned(), password: password.into() }
}

fn bearer(token: &str) -> Credentials {
    Credentials::Bearer { token: token.into() }
}

/// What is stored under this name, laid open.
async fn stored(store: &impl ReadCredentials, id: &CredentialsId) -> Option<String> {
    store.credentials(id).await.unwrap().map(|credentials| match credentials {
        Credentials::Basic { user, password } => format!("{user} with {}", password.expose_secret()),
        Credentials::Bearer { token } => token.expose_secret().to_owned(),
    })
}

async fn credentials_are_kept_and_replaced(store: &(impl ReadCredentials + WriteCredentials)) {
    assert_eq!(stored(store, &id()).await, None);
    for _ in 0..2 {
        store.put_credentials(&id(), &basic("größe", "pa:ss \"wörd\"")).await.unwrap();
        assert_eq!(stored(store, &id()).await.unwrap(), "größe with pa:ss \"wörd\"");
    }
    // Nothing of those before is left.
    store.put_credentials(&id(), &bearer("to.ken")).await.unwrap();
    assert_eq!(stored(store, &id()).await.unwrap(), "to.ken");
    for other in others() {
        assert_eq!(stored(store, &other).await, None, "{other:?}");
        // Nothing is deleted but what is named, and once more is no error.
        for _ in 0..2 {
            store.delete_credentials(&other).await.unwrap();
        }
    }
    assert!(stored(store, &id()).await.is_some());
    for other in others() {
        store.put_credentials(&other, &bearer("other")).await.unwrap();
    }
    assert_eq!(stored(store, &id()).await.unwrap(), "to.ken");
    for _ in 0..2 {
        store.delete_credentials(&id()).await.unwrap();
        assert_eq!(stored(store, &id()).await, None);
    }
    for other in others() {
        assert_eq!(stored(store, &other).await.unwrap(), "other");
    }
}

async fn whether_they_are_the_same_is_told(store: &(impl ReadCredentials + WriteCredentials)) {
    for credentials in [basic("größe", "pa:ss"), bearer("to.ken")] {
        store.delete_credentials(&id()).await.unwrap();
        assert!(!store.are_credentials(&id(), &credentials).await.unwrap(), "there are none");
        assert_eq!(stored(store, &id()).await, None, "nothing is stored by asking");
        store.put_credentials(&id(), &credentials).await.unwrap();
        let there = stored(store, &id()).await;
        for _ in 0..2 {
            assert!(store.are_credentials(&id(), &credentials).await.unwrap());
        }
        let near = [basic("größe", "pa:sS"), basic("groesse", "pa:ss"), bearer("to.keN"), bearer("pa:ss")];
        for near in near {
            assert!(!store.are_credentials(&id(), &near).await.unwrap(), "{near:?}");
        }
        for other in others() {
            assert!(!store.are_credentials(&other, &credentials).await.unwrap(), "{other:?}");
        }
        assert_eq!(stored(store, &id()).await, there, "nor is anything changed");
    }
}
