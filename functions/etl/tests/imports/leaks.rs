//! A customer's e-mail address is found nowhere but in the upload and in the rejects file.

use std::fmt::Write as _;

use tests::logged::Logged;
use tracing::Level;

use crate::fakes::{Shop, file, rows};

#[tokio::test]
async fn no_address_is_in_a_table_a_log_or_an_error() {
    let (logged, _guard) = Logged::here(Level::TRACE);
    let shop = Shop::new();
    let bad = [
        "planted@shop.example,7,1,12.50",
        "planted@shop.example,x,1,12.50,2021-03-21T11:00:00",
        "planted@shop.example,7,1,planted@shop.example,2021-03-21T11:00:00",
        "planted@shop.example,7,1,12.50,planted@shop.example",
        "\"planted@shop.example,7,1,12.50,2021-03-21T11:00:00",
        "planted@shop.example,7,1,12.50,2021-03-21T11:00:00\0",
        "planted@shop.example,7,1,12.50,2021-03-21T11:00:00",
    ]
    .join("\n");
    let secret = shop.world().secret.clone().into();
    let keys = etl::pii::Pii::parse(&secret, etl::pii::Method::Hmac, jiff::Timestamp::now()).unwrap();
    let erased = keys.first_hmac("erased@shop.example").unwrap();
    shop.fake.memory.tables().erased.insert(erased, jiff::Timestamp::now());
    let bad = format!("{bad}\nErased@shop.example,7,1,12.50,2021-03-21T11:00:00\nerased@shop.example,x");
    let mut errors = String::new();
    for (n, batches_left) in [Some(0), Some(1), None].into_iter().enumerate() {
        shop.world().batches_left = batches_left;
        let event = shop.put(&format!("purchases/{n}.csv"), format!("{bad}\n{}", file(&rows(0, 100))));
        let result = shop.deliver(event).await;
        assert_eq!(result.is_err(), batches_left.is_some());
        write!(errors, "{:?}", result.err()).unwrap();
    }
    let latin1 = b"planted@shop.example,7,1,12.50,2021-03-21T11:00:00,\xe9";
    shop.import("purchases/latin1.csv", latin1.as_slice()).await;
    let tables = format!("{:?}", shop.fake.memory.tables());
    let log = logged.text();
    assert!(log.contains("import ended"), "{log}");
    assert!(tables.contains("LoadedWithRejects") && errors.contains("told to fail"));
    for (place, text) in [("table", &tables), ("log", &log), ("error", &errors)] {
        let text = text.to_lowercase();
        assert!(!text.contains("planted") && !text.contains("shop.example"), "in a {place}: {text}");
    }
    for key in [crate::fakes::K1, &crate::fakes::K1[..16]] {
        assert!(!log.contains(key) && !errors.contains(key) && !tables.contains(key));
    }
    assert!(shop.world().files.values().all(|file| !String::from_utf8_lossy(file).contains("rased@")));
    // The only place: the file that gives them back.
    assert!(shop.world().files.values().all(|file| String::from_utf8_lossy(file).contains("planted")));
}
