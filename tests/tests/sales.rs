//! What an import feeds, end to end: the ledger, the table, trends, the buyer index, the analytics copy; and what a
//! person may ask to be done.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use tests::everything::{around, everything};
use tests::export::{self, Row, Sold};
use tests::fed::{self, Fed, anonymous, until_recomputed};
use tests::local_cloud::{Item, LocalCloud, text};
use tests::operator::{api_key, run};
use tests::trends::{Trends, buckets};

/// Nothing else in the tests buys in this month.
const MONTH: &str = "2020-06";
const FROM: &str = "2020-06-01";
const TO: &str = "2020-06-30";

/// Part of every e-mail address here, and of none elsewhere.
const CANARY: &str = ".qzjuneqz@";

/// What is bought of in the export that is not imported again after the rotation, and in no other.
const KEPT: u64 = 900_001;

/// The tests' shop, the API key, and who buys there.
struct Shop {
    cloud: LocalCloud,
    key: String,
}

impl Shop {
    /// Imports a file under a key, waits until every day it touched was recomputed, and says what is there then.
    async fn import(&self, file: &Path, object: &str) -> (Value, Fed) {
        run(&self.cloud, &["import", file.to_str().unwrap(), "--key", object]);
        let import = fed::import(&self.cloud, &self.key, object).await;
        until_recomputed(&self.cloud, &import).await;
        (import, Fed::of(&self.cloud, &self.key, MONTH).await)
    }

    async fn until(&self, trends: &Trends) {
        trends.wait(&self.cloud, &self.key, FROM, TO).await;
    }
}

/// An export of a few days with returns and cents: what every tenth customer of a generated shop does.
fn export(cloud: &LocalCloud, folder: &Path) -> String {
    let file = folder.join("generated.csv");
    let generate = ["purchases", "generate", "--rows", "30000", "--seed", "5", "--from", FROM];
    run(cloud, &[&generate[..], &["--cents", "--returns", "3", "--output", file.to_str().unwrap()]].concat());
    let generated = fs::read_to_string(file).unwrap();
    let tenth = generated.lines().filter(|line| line.split_once('@').unwrap().0.ends_with('0'));
    tenth.map(|line| line.replace('@', CANARY) + "\r\n").collect()
}

/// A row of the same people, at the same instants, of something that costs a fraction of a cent.
fn kept(export: &str) -> String {
    let some = export.lines().step_by(100).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        format!("{},{KEPT},3,0.0125,{}\r\n", fields[0], fields[4])
    });
    some.collect()
}

/// The same purchases are there as before, and what tells of them adds up.
fn consistent(fed: &Fed, rows: &[Row]) {
    assert_eq!(anonymous(fed.rows()), anonymous(rows.to_vec()));
    assert_eq!(fed.trends, Trends::expected(rows));
    assert!(fed.analytics == fed.rows(), "the analytics copy has other rows than the table");
    let (index, expected) = (&fed.index, fed.index_of_purchases());
    assert!(*index == expected, "{:?}", index.symmetric_difference(&expected).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_import_feeds_ledger_trends_and_analytics_and_forgets_who_asks() {
    let cloud = LocalCloud::running().await;
    let shop = Shop { key: api_key(&cloud), cloud };
    let (cloud, key) = (&shop.cloud, shop.key.as_str());
    let folder = tempfile::tempdir().unwrap();
    let [june, early] = ["june.csv", "early.csv"].map(|name| folder.path().join(name));
    let export = export(cloud, folder.path());
    fs::write(&june, &export).unwrap();
    fs::write(&early, kept(&export)).unwrap();
    let rows = export::rows(&(export.clone() + &kept(&export)));
    let expected = Trends::expected(&rows);
    assert!(expected.days.len() >= 4 && expected.days.keys().all(|date| date.starts_with(MONTH)));
    assert!(
        expected.days.values().all(|day| day.returns > 0 && day.returning > Some(0) || day.new > Some(0))
    );

    // The ledger, by list and by id.
    shop.import(&early, "purchases/early.csv").await;
    let (listed, _) = shop.import(&june, "purchases/june.csv").await;
    let count = export.lines().count();
    assert_eq!(
        (&listed["state"], &listed["rows"], &listed["loaded"]),
        (&"loaded".into(), &count.into(), &count.into())
    );
    let touched: Vec<&str> = listed["days"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(touched.iter().eq(expected.days.keys()), "{touched:?}");
    let id = listed["id"].as_str().unwrap();
    assert_eq!(cloud.json(&format!("/imports/{id}"), key).await["key"], "purchases/june.csv");
    let shown = run(cloud, &["imports", "show", id]).stdout;
    assert!(shown.contains("purchases/june.csv") && shown.contains(&count.to_string()), "{shown}");

    // What it feeds; trends are nobody's business without a key.
    shop.until(&expected).await;
    let before = Fed::of(cloud, key, MONTH).await;
    consistent(&before, &rows);
    assert_eq!(cloud.get("/purchases/trends", None).await.0, 401);
    weeks_months_and_tables(cloud, key, &expected).await;

    // Again: nothing changes but the ledger.
    let (again, after) = shop.import(&june, "purchases/june-again.csv").await;
    assert_eq!((&again["loaded"], &again["days"]), (&listed["loaded"], &listed["days"]));
    assert!(after == before, "importing again changed something");

    // Under another key: nothing changes but the tokens.
    let secrets = aws_sdk_secretsmanager::Client::new(&cloud.aws);
    let name = format!("{}/pii-key", cloud.stack);
    let original = secrets.get_secret_value().secret_id(&name).send().await.unwrap().secret_string.unwrap();
    run(cloud, &["pii", "rotate", "--yes"]);
    let status = run(cloud, &["pii", "status"]).stdout;
    assert!(status.contains("k2"), "{status}");
    let (_, after) = shop.import(&june, "purchases/june-rotated.csv").await;
    consistent(&after, &rows);
    tokens(&before, &after);
    assert!(after.clone().without_tokens() == before.without_tokens(), "a rotation changed more than tokens");

    // A person is found by the address, and forgotten; a later upload does not bring them back.
    let person = &rows[0].buyer;
    let [bought, left] = [true, false].map(|theirs| {
        rows.iter().filter(|row| (row.buyer == *person) == theirs).cloned().collect::<Vec<_>>()
    });
    let tokens = tokens_of(&after, &bought);
    let csv = run(cloud, &["purchases", "buyer", person, "--csv"]).stdout;
    assert_eq!(csv.lines().count(), bought.len() + 1, "{csv}");
    let erased = run(cloud, &["purchases", "buyer", person, "--erase", "--yes"]);
    let said = format!("{}{}", erased.stdout, erased.stderr);
    assert!(said.contains("purchases/june.csv"), "which exports still hold the person: {said}");
    shop.until(&Trends::expected(&left)).await;
    forgotten(&shop, &tokens, &left).await;
    let (later, _) = shop.import(&june, "purchases/june-later.csv").await;
    let in_export = bought.iter().filter(|row| row.item != KEPT).count();
    assert_eq!((&later["erased"], &later["loaded"]), (&in_export.into(), &(count - in_export).into()));
    forgotten(&shop, &tokens, &left).await;
    assert_eq!(run(cloud, &["purchases", "buyer", person, "--csv"]).stdout.lines().count(), 1);

    // No address and no key is anywhere else than where it belongs.
    let rotated = secrets.get_secret_value().secret_id(&name).send().await.unwrap().secret_string.unwrap();
    secrets.put_secret_value().secret_id(&name).secret_string(original).send().await.unwrap();
    let keys: BTreeMap<String, String> = serde_json::from_str(&rotated).unwrap();
    let everything = everything(cloud).await;
    for part in [CANARY, &keys["k1"], &keys["k2"]] {
        assert!(!everything.contains(part), "{:?}", around(&everything, part));
    }
}

/// The other sizes of buckets, and the table for spreadsheets.
async fn weeks_months_and_tables(cloud: &LocalCloud, key: &str, expected: &Trends) {
    // 2020-06-01 is a Monday, and the export ends before the next one.
    let whole = expected.days.values().fold(Sold::default(), |sum, day| Sold {
        orders: sum.orders + day.orders,
        quantity: sum.quantity + day.quantity,
        revenue: sum.revenue + day.revenue,
        returns: sum.returns + day.returns,
        new: Some(sum.new.unwrap_or(0) + day.new.unwrap()),
        ..sum
    });
    for size in ["week", "month"] {
        let told = buckets(cloud, key, &format!("from={FROM}&to={TO}&bucket={size}"), 10).await;
        assert_eq!(told, BTreeMap::from([(FROM.to_owned(), whole.clone())]), "{size}");
    }
    let path = format!("/purchases/trends?from={FROM}&to={TO}");
    let (status, table) = cloud.get_as("text/csv", &path, Some(key)).await;
    assert_eq!(status, 200, "{table}");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let columns = [
        "from",
        "to",
        "orders",
        "quantity",
        "revenue",
        "returns",
        "buyers",
        "new_buyers",
        "returning_buyers",
    ];
    assert_eq!(reader.headers().unwrap(), &columns[..]);
    let day = |record: csv::StringRecord| {
        let count = |field: usize| record[field].parse::<usize>().unwrap();
        let (quantity, revenue) = (record[3].parse().unwrap(), export::amount(&record[4]));
        let (new, returning, top) = (Some(count(7)), Some(count(8)), None);
        let (orders, returns, buyers) = (count(2), count(5), Some(count(6)));
        (record[0][..10].to_owned(), Sold { orders, quantity, revenue, returns, buyers, new, returning, top })
    };
    let told: BTreeMap<String, Sold> =
        reader.records().map(|record| day(record.unwrap())).filter(|(_, day)| day.buyers > Some(0)).collect();
    let without_top = |(date, day): (&String, &Sold)| (date.clone(), Sold { top: None, ..day.clone() });
    assert_eq!(told, expected.days.iter().map(without_top).collect());
}

/// After a rotation every purchase that was loaded again has the new key's token and the old one; no other changed.
fn tokens(before: &Fed, after: &Fed) {
    let mut renamed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut kept = 0;
    assert!(before.purchases.keys().eq(after.purchases.keys()), "other purchases");
    for (position, item) in &after.purchases {
        let old = &before.purchases[position];
        if fed::row(item).item == KEPT {
            assert_eq!(item, old);
            kept += 1;
            continue;
        }
        assert!(text(old, "buyer").starts_with("k1.") && !old.contains_key("linked"), "{old:?}");
        assert_eq!(text(item, "linked"), text(old, "buyer"));
        assert!(text(item, "buyer").starts_with("k2."), "{item:?}");
        renamed.entry(text(old, "buyer")).or_default().insert(text(item, "buyer"));
    }
    assert!(kept > 10 && renamed.len() > 10);
    let new: BTreeSet<&str> = renamed.values().flatten().copied().collect();
    assert!(renamed.values().all(|new| new.len() == 1) && new.len() == renamed.len(), "{renamed:?}");
}

/// The tokens of whoever made these purchases, which are nobody else's.
fn tokens_of(fed: &Fed, bought: &[Row]) -> BTreeSet<String> {
    let wanted = anonymous(bought.to_vec());
    let theirs = |item: &&Item| wanted.contains(&anonymous(vec![fed::row(item)])[0]);
    let items = fed.purchases.values().filter(theirs);
    let tokens = items.flat_map(|item| {
        [item.get("buyer"), item.get("linked")]
            .into_iter()
            .flatten()
            .map(|token| token.as_s().unwrap().clone())
    });
    let tokens: BTreeSet<String> = tokens.collect();
    assert_eq!(tokens.len(), 2, "{tokens:?}");
    tokens
}

/// Nothing in the tables or in the analytics copy has one of these tokens, and everything else is there.
async fn forgotten(shop: &Shop, tokens: &BTreeSet<String>, left: &[Row]) {
    let (cloud, key) = (&shop.cloud, shop.key.as_str());
    for table in cloud.tables().await {
        for (keys, item) in cloud.items(&table, "").await {
            let text = format!("{keys:?} {item:?}");
            assert!(!tokens.iter().any(|token| text.contains(token)), "{table}: {text}");
        }
    }
    let fed = Fed::of(cloud, key, MONTH).await;
    assert!(!fed.analytics.iter().any(|row| tokens.contains(&row.buyer)), "the analytics copy");
    consistent(&fed, left);
}
