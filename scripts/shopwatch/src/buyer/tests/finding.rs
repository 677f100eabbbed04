//! Finding: every purchase of a person, under whatever token, and nobody else's.

use shared::store::{BucketPage, BucketQuery, ReadPurchases};

use super::fakes::Rollup;
use super::*;

async fn found(memory: &Memory, email: &str) -> Found {
    find(memory, memory, &person(email).tokens, |_, _| ()).await.unwrap()
}

fn numbers(found: &Found) -> Vec<u128> {
    found.purchases.iter().map(|purchase| purchase.position.row_id.0).collect()
}

fn memory() -> Memory {
    let memory = Memory::default();
    let sha1 = pii().tokens(ADA).pop().unwrap();
    let gone: BuyerToken = format!("k9.{}", "9".repeat(64)).parse().unwrap();
    put(&memory, 1, "2026-01-05T10:00:00Z", &token("k1", ADA), None);
    put(&memory, 2, "2026-01-05T10:00:01Z", &token("k1", BEN), None);
    put(&memory, 3, "2026-02-01T00:00:00Z", &token("k2", ADA), Some(&token("k1", ADA)));
    put(&memory, 4, "2026-02-01T23:59:59.999999999Z", &sha1, None);
    // A key that the secret has lost: its token is linked with one that is known.
    put(&memory, 5, "2026-03-01T12:00:00Z", &token("k2", ADA), Some(&gone));
    put(&memory, 6, "2026-01-05T11:00:00Z", &gone, None);
    put(&memory, 7, "2026-04-01T12:00:00Z", &gone, None);
    let rollup = Rollup::of(&memory);
    for date in ["2026-01-05", "2026-02-01", "2026-03-01", "2026-04-01"] {
        rollup.run(date.parse().unwrap());
    }
    memory
}

#[tokio::test]
async fn a_person_is_found_under_every_token() {
    let memory = memory();
    let found = found(&memory, " ada@SHOP.example ").await;
    assert_eq!(numbers(&found), [1, 6, 3, 4, 5, 7], "oldest first");
    assert_eq!(found.tokens.len(), 4);
    assert_eq!(found.days.len(), 4);
}

#[tokio::test]
async fn nobody_else_is_found() {
    let memory = memory();
    assert_eq!(numbers(&found(&memory, BEN).await), [2]);
    let nobody = found(&memory, "eve@shop.example").await;
    assert!(nobody.purchases.is_empty() && nobody.days.is_empty());
}

#[tokio::test]
async fn a_dense_day_is_read_to_its_end() {
    let memory = Memory::default();
    for number in 0..3_000 {
        let email = if number % 3 == 0 { ADA } else { BEN };
        let at = format!("2026-01-05T10:{:02}:{:02}Z", number / 60, number % 60);
        put(&memory, 8 * number, &at, &token("k1", email), None);
    }
    Rollup::of(&memory).run("2026-01-05".parse().unwrap());
    let mut parts = Vec::new();
    let ada = person(ADA);
    let found = find(&memory, &memory, &ada.tokens, |read, total| parts.push((read, total))).await;
    assert_eq!(found.unwrap().purchases.len(), 1_000);
    assert_eq!(parts.last(), Some(&(8, 8)));
}

#[tokio::test]
async fn a_table_that_does_not_get_on_is_an_error_and_hides_no_purchase() {
    /// Answers every query with the same page.
    struct Stuck;
    impl ReadPurchases for Stuck {
        async fn page(&self, _: &BucketQuery) -> shared::store::Result<BucketPage> {
            let at = "2026-01-05T10:00:00Z".parse().unwrap();
            let read_to = Some(Position { at, row_id: RowId(8) });
            Ok(BucketPage { purchases: Vec::new(), read_to })
        }
    }
    let error = find(&memory(), &Stuck, &person(ADA).tokens, |_, _| ()).await.unwrap_err();
    insta::assert_snapshot!(error, @"a stored item is broken: a page of purchases that does not get on");
}

#[tokio::test]
async fn purchases_are_printed_in_three_shapes() {
    let memory = memory();
    let found = found(&memory, ADA).await;
    let printed = |shape| {
        let mut out = Vec::new();
        print(&found, shape, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    insta::assert_snapshot!(printed(Shape::Table), @"
    WHEN                            ITEM  QUANTITY  PRICE  KEY
    2026-01-05T10:00:00Z            7     2         12.5   k1
    2026-01-05T11:00:00Z            7     2         12.5   k9
    2026-02-01T00:00:00Z            7     2         12.5   k2
    2026-02-01T23:59:59.999999999Z  7     2         12.5   sha1
    2026-03-01T12:00:00Z            7     2         12.5   k2
    2026-04-01T12:00:00Z            7     2         12.5   k9
    6 purchases on 4 days
    ");
    let csv = printed(Shape::Csv);
    assert_eq!(csv.lines().next(), Some("buyer,item_id,quantity,price,purchase_date,linked"));
    assert_eq!(csv.lines().count(), 1 + 6);
    let json: serde_json::Value = serde_json::from_str(&printed(Shape::Json)).unwrap();
    assert_eq!((&json[2]["item_id"], &json[2]["price"]), (&7.into(), &12.5.into()));
    assert_eq!(json[2]["linked"], token("k1", ADA).as_str());
    let nothing = Found::default();
    let mut out = Vec::new();
    print(&nothing, Shape::Table, &mut out).unwrap();
    assert_eq!(out, b"no purchases\n");
}

#[test]
fn an_address_is_given_or_read() {
    use secrecy::ExposeSecret as _;
    let read = |given: &str, input: &str| {
        address(&given.into(), input.as_bytes()).map(|address| address.expose_secret().to_owned())
    };
    assert_eq!(read(ADA, "").unwrap(), ADA);
    assert_eq!(read("-", "ada@shop.example\r\n").unwrap().trim(), "ada@shop.example");
    assert!(read("-", "ada@shop.example\nben@shop.example\n").is_err());
    let error = Person::of(&pii(), &"no address".into()).err().unwrap().to_string();
    assert!(!error.contains("no address") && error.contains("expected an e-mail address"), "{error}");
}

#[test]
fn text_is_searched_however_the_address_is_written() {
    let ada = person("\u{feff} ADA@shop.example\u{feff}");
    assert!(ada.is_in(b"7,email,\"aDA@Shop.Example,1,2\""));
    assert!(!ada.is_in(b"7,email,\"ben@shop.example,1,2\""));
    assert!(ada.is_in(b"\xff\xfeada@shop.example\xff"));
    let composed = "jos\u{e9}@shop.example";
    let written =
        [composed, "Jose\u{301}@shop.example", "JOS\u{c9}@SHOP.EXAMPLE\u{feff}", "JOSE\u{301}@Shop.example"];
    for address in written {
        for text in written {
            assert!(person(address).is_in(format!("1;{text};2").as_bytes()), "{address} in {text}");
        }
        assert!(person(address).is_in(b"1;jos\xe9@shop.example;2"), "{address} in Latin-1");
        assert!(!person(address).is_in(b"1;jose@shop.example;2"), "{address} has an accent");
    }
    assert!(person("\"a b\"@shop.example").is_in(b"7,\"\"\"a b\"\"@shop.example\",1"));
}

proptest::proptest! {
    /// Whatever `etl` would take for the person, is found.
    #[test]
    fn an_address_is_found_wherever_etl_would_find_it(
        email in "[aZ\u{e9}\u{c9}\u{301}\u{130}\u{3a3}\u{212b}\" .]{1,6}@[a-zK\u{212a}]{1,4}",
        upper: bool, decomposed: bool, around in "[,; \t]{1,2}",
    ) {
        let pii = pii();
        let written = if upper { email.to_uppercase() } else { email.clone() };
        let apart = || written.replace('\u{e9}', "e\u{301}").replace('\u{c9}', "E\u{301}");
        let written = if decomposed { apart() } else { written };
        if let Ok(person) = Person::of(&pii, &email.as_str().into())
            && pii.first_hmac(&written) == Some(person.first_hmac)
        {
            let text = format!("{around}{written}{around}");
            proptest::prop_assert!(person.is_in(text.as_bytes()), "{email:?} in {text:?}");
        }
    }
}
