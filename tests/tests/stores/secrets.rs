//! Credentials of checks.

use secrecy::ExposeSecret as _;
use shared::credentials::Credentials;
use shared::monitor::MonitorId;
use shared::store::{ReadCredentials, WriteCredentials};

contracts!(SecretsTable, "secrets", [credentials_are_kept_and_replaced]);

const ORIGIN: &str = "https://shop.example:8443";

/// What is stored of a monitor, laid open.
async fn stored(store: &impl ReadCredentials, monitor: &MonitorId) -> Option<String> {
    store.credentials(monitor, ORIGIN).await.unwrap().map(|credentials| match credentials {
        Credentials::Basic { user, password } => format!("{user} with {}", password.expose_secret()),
        Credentials::Bearer { token } => token.expose_secret().to_owned(),
    })
}

async fn credentials_are_kept_and_replaced(store: &(impl ReadCredentials + WriteCredentials)) {
    let (monitor, other) = ("s0-aaaaaa".parse().unwrap(), "s0-bbbbbb".parse().unwrap());
    assert_eq!(stored(store, &monitor).await, None);
    let basic = Credentials::Basic { user: "größe".to_owned(), password: "pa:ss \"wörd\"".into() };
    for _ in 0..2 {
        store.put_credentials(&monitor, ORIGIN, &basic).await.unwrap();
        assert_eq!(stored(store, &monitor).await.unwrap(), "größe with pa:ss \"wörd\"");
    }
    // Nothing of those before is left.
    store.put_credentials(&monitor, ORIGIN, &Credentials::Bearer { token: "to.ken".into() }).await.unwrap();
    assert_eq!(stored(store, &monitor).await.unwrap(), "to.ken");
    assert_eq!(stored(store, &other).await, None);
    // They are for this origin: a monitor whose URL has changed does not find them.
    for elsewhere in ["http://shop.example:8443", "https://shop.example", "https://other.example:8443"] {
        assert!(store.credentials(&monitor, elsewhere).await.unwrap().is_none(), "{elsewhere}");
    }
    // Nothing is deleted but what is named, and once more is no error.
    for _ in 0..2 {
        store.delete_credentials(&monitor, "https://other.example").await.unwrap();
    }
    assert!(stored(store, &monitor).await.is_some());
    for _ in 0..2 {
        store.delete_credentials(&monitor, ORIGIN).await.unwrap();
        assert_eq!(stored(store, &monitor).await, None);
    }
}
