//! Keys that change, and people who have asked to be erased.

use etl::pii::{Method, Pii};
use jiff::Timestamp;
use shared::import::ImportState;
use shared::store::FirstHmac;

use crate::fakes::{K1, K2, Shop, file, rows};

const KEY: &str = "purchases/a.csv";

fn rotated(until: &str) -> String {
    format!(r#"{{"active":"k2","previous":"k1","previous_until":"{until}","k1":"{K1}","k2":"{K2}"}}"#)
}

fn person(email: &str, shop: &Shop) -> FirstHmac {
    let secret = shop.world().secret.clone().into();
    Pii::parse(&secret, Method::Hmac, Timestamp::now()).unwrap().first_hmac(email).unwrap()
}

fn erase(shop: &Shop, email: &str) {
    let person = person(email, shop);
    shop.fake.memory.tables().erased.insert(person, Timestamp::now());
}

#[tokio::test]
async fn for_a_while_after_a_rotation_each_purchase_has_both_tokens() {
    let shop = Shop::new();
    shop.import(KEY, file(&rows(0, 100))).await;
    let before = shop.purchases();
    shop.world().secret = rotated("2999-01-01T00:00:00Z");
    shop.import("purchases/b.csv", file(&rows(0, 100))).await;
    let linked = shop.purchases();
    assert_eq!(linked.len(), 100);
    for (position, purchase) in &linked {
        assert_eq!(purchase.linked.as_ref(), Some(&before[position].buyer));
        assert!(purchase.buyer.as_str().starts_with("k2."));
    }
    shop.world().secret = rotated("2021-01-01T00:00:00Z");
    shop.import("purchases/c.csv", file(&rows(0, 100))).await;
    assert!(shop.purchases().values().all(|purchase| purchase.linked.is_none()));
}

#[tokio::test]
async fn a_secret_without_a_key_that_it_names_writes_nothing() {
    let shop = Shop::new();
    shop.import(KEY, file(&rows(0, 10))).await;
    for secret in [
        format!(r#"{{"active":"k2","k1":"{K1}"}}"#),
        format!(r#"{{"active":"k1","previous":"k2","previous_until":"2999-01-01T00:00:00Z","k1":"{K1}"}}"#),
        format!(r#"{{"active":"k2","k2":"{K2}"}}"#),
    ] {
        shop.world().secret = secret;
        let event = shop.put("purchases/b.csv", file(&rows(0, 20)));
        let error = shop.deliver(event).await.unwrap_err().to_string();
        assert!(error.contains("PII") && !error.contains(K1) && !error.contains(K2), "{error}");
        assert_eq!((shop.entry("purchases/b.csv").state, shop.purchases().len()), (ImportState::Failed, 10));
    }
}

#[tokio::test]
async fn who_was_erased_is_left_out_whatever_key_is_active() {
    let export = rows(0, 400);
    let theirs = export.iter().filter(|row| row.starts_with("buyer3@")).count();
    assert!(theirs > 5);
    for secret in [format!(r#"{{"active":"k1","k1":"{K1}"}}"#), rotated("2999-01-01T00:00:00Z")] {
        let shop = Shop::new();
        erase(&shop, "Buyer3@shop.example");
        shop.world().secret = secret;
        let entry = shop.import(KEY, file(&export)).await;
        assert_eq!(entry.state, ImportState::Loaded);
        assert_eq!((entry.counts.rows, entry.counts.erased), (400, theirs as u64));
        assert_eq!(entry.counts.loaded + theirs as u64, 400);
        let known = Pii::parse(&shop.world().secret.clone().into(), Method::Hmac, Timestamp::now()).unwrap();
        let tokens = known.tokens("buyer3@shop.example");
        let purchases = shop.purchases();
        assert_eq!(purchases.len() + theirs, 400);
        assert!(purchases.values().all(|p| !tokens.contains(&p.buyer)));
        assert!(purchases.values().flat_map(|p| &p.linked).all(|linked| !tokens.contains(linked)));
    }
}

#[tokio::test]
async fn a_file_of_an_erased_person_alone_touches_nothing() {
    let shop = Shop::new();
    erase(&shop, "ada@shop.example");
    let entry = shop.import(KEY, "ada@shop.example,7,1,12.50,2021-03-21T11:00:00\n").await;
    assert_eq!((entry.state, entry.message.as_deref()), (ImportState::Loaded, None));
    assert_eq!((entry.counts.erased, entry.days.len(), shop.purchases().len()), (1, 0, 0));
    let world = shop.world();
    assert_eq!((world.rolled_up.len(), world.files.len()), (0, 0));
}

#[tokio::test]
async fn a_bad_row_of_an_erased_person_is_left_out_of_the_rejects() {
    let shop = Shop::new();
    erase(&shop, "ada@shop.example");
    let theirs = ["Ada@shop.example,7,x,1,2021-03-21T11:00:00", "7;ada@shop.example", "\"ada@shop.example,7"];
    let entry =
        shop.import(KEY, format!("{}\neve@shop.example,x\n{}", theirs.join("\n"), file(&rows(0, 9)))).await;
    assert_eq!((entry.counts.erased, entry.counts.rejected_total()), (3, 1));
    assert!(shop.world().files.values().all(|file| !String::from_utf8_lossy(file).contains("ada")));
}

#[tokio::test]
async fn an_address_of_an_erased_person_is_found_anywhere_in_a_bad_row() {
    let shop = Shop::lenient();
    erase(&shop, "ada@shop.example");
    let others = "eve@shop.example ".repeat(200);
    let theirs = [
        "mailto:ada@shop.example,7",
        "email=ADA@shop.example&item=7",
        "Ada <ada@shop.example>,7",
        "7,\"'ada@shop.example'\"",
        "7;x;ada@shop.example;y",
        &format!("{others}ada@shop.example"),
        // Behind a header that leaves nobody knowing where the e-mail is.
        "email,item,day",
        "2021-03-21T11:00:00,7,1,1,Ada@shop.example",
    ];
    let entry =
        shop.import(KEY, format!("{}eve@shop.example,x\n{}\n", file(&rows(0, 9)), theirs.join("\n"))).await;
    assert_eq!((entry.counts.erased, entry.counts.loaded, entry.counts.rejected_total()), (7, 9, 2));
    let rejects = shop.rejects(&entry);
    assert_eq!(rejects.len(), 2);
    assert!(rejects.iter().all(|(_, _, row)| !String::from_utf8_lossy(row).to_lowercase().contains("ada@")));
}

#[tokio::test]
async fn when_it_is_unknown_who_was_erased_nothing_is_written() {
    let shop = Shop::new();
    erase(&shop, "buyer3@shop.example");
    let event = shop.put(KEY, file(&rows(0, 400)));
    // Read, claimed, the first key; not who was erased.
    shop.fake.memory.fail_after(3);
    shop.deliver(event.clone()).await.unwrap_err();
    assert!(shop.purchases().is_empty());
}
