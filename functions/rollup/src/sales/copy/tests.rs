//! The file, read back.

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, RowAccessor as _};
use proptest::prelude::*;
use rust_decimal::Decimal;
use shared::purchase::{Position, Purchase, RowId};

use super::*;
use crate::sales::purchases::Reading;

fn day(purchases: &[Purchase]) -> DayPurchases {
    let mut reading = Reading::of("2021-03-21".parse().unwrap()).unwrap();
    reading.add(purchases).unwrap();
    reading.finish()
}

fn purchase(at: i64, row_id: u128, buyer: u8, item: u64, quantity: i32, price: i64) -> Purchase {
    let token = |key: &str| BuyerToken::keyed(key, &format!("{buyer:064x}"));
    let begins: Timestamp = "2021-03-21T00:00:00Z".parse().unwrap();
    Purchase {
        position: Position { at: begins + jiff::SignedDuration::from_nanos(at), row_id: RowId(row_id) },
        buyer: token("k2"),
        linked: buyer.is_multiple_of(2).then(|| token("k1")),
        item_id: item.to_string().parse().unwrap(),
        quantity: quantity.to_string().parse().unwrap(),
        price: Decimal::new(price, 4).to_string().parse().unwrap(),
    }
}

/// Microseconds, buyer, item, quantity, price.
type Read = (i64, String, i64, i32, Decimal);

fn read(file: Bytes) -> Vec<Read> {
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(|row| {
        let row = row.unwrap();
        let price = row.get_column_iter().nth(4).unwrap().1;
        let Field::Decimal(price) = price else { panic!("{price:?}") };
        let units = price.data().iter().fold(0i128, |units, byte| units << 8 | i128::from(*byte));
        let price = Decimal::from_i128_with_scale(units, u32::try_from(price.scale()).unwrap());
        let at = row.get_timestamp_micros(0).unwrap();
        (at, row.get_string(1).unwrap().clone(), row.get_long(2).unwrap(), row.get_int(3).unwrap(), price)
    });
    rows.collect()
}

fn wanted(purchases: &[Purchase]) -> Vec<Read> {
    let mut sorted: Vec<&Purchase> = purchases.iter().collect();
    sorted.sort_by_key(|p| p.position);
    let row = |p: &Purchase| {
        let (at, item) = (p.position.at.as_microsecond(), i64::try_from(p.item_id.get()).unwrap());
        (at, p.buyer.to_string(), item, p.quantity.get(), p.price.amount())
    };
    sorted.into_iter().map(row).collect()
}

#[test]
fn the_columns_are_what_readers_rely_on() {
    let reader = SerializedFileReader::new(parquet(day(&[])).unwrap()).unwrap();
    let mut schema = Vec::new();
    parquet::schema::printer::print_schema(&mut schema, reader.metadata().file_metadata().schema());
    let schema = String::from_utf8(schema).unwrap();
    assert_eq!(
        schema.trim(),
        "message purchases {
  REQUIRED INT64 purchase_date (TIMESTAMP(MICROS,true));
  REQUIRED BYTE_ARRAY buyer (STRING);
  REQUIRED INT64 item_id;
  REQUIRED INT32 quantity;
  REQUIRED INT64 price (DECIMAL(15,4));
}"
    );
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0, "a day without purchases");
}

#[test]
fn a_large_day_has_several_groups_and_each_buyer_once_in_each() {
    let purchases: Vec<Purchase> = (0..2_500)
        .map(|n| purchase(i64::from(n) * 1_000, 1, u8::try_from(n % 200).unwrap(), 7, 1, 1))
        .collect();
    let file = in_groups_of(1_000, day(&purchases)).unwrap();
    let reader = SerializedFileReader::new(file.clone()).unwrap();
    let groups: Vec<i64> = reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups, [1_000, 1_000, 500]);
    for group in reader.metadata().row_groups() {
        let buyers = group.column(1);
        assert!(buyers.dictionary_page_offset().is_some(), "{buyers:?}");
        assert_eq!(buyers.compression(), Compression::ZSTD(ZstdLevel::default()));
    }
    assert_eq!(read(file), wanted(&purchases));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read_back_in_the_order_of_positions(
        given in proptest::collection::btree_map(
            (0i64..86_400_000_000_000, any::<u128>()),
            (any::<u8>(), 0u64..9_007_199_254_740_992, 1i32..i32::MAX, any::<bool>(), 0i64..1_000_000_000_000_000),
            0..40),
    ) {
        let purchases: Vec<Purchase> = given
            .iter()
            .map(|((at, row_id), (buyer, item, quantity, back, price))| {
                purchase(*at, *row_id, *buyer, *item, if *back { -quantity } else { *quantity }, *price)
            })
            .collect();
        let file = parquet(day(&purchases)).unwrap();
        let other_way: Vec<Purchase> = purchases.iter().rev().cloned().collect();
        prop_assert_eq!(&file, &parquet(day(&other_way)).unwrap(), "the same bytes");
        prop_assert!(!file.windows(3).any(|bytes| bytes == b"k1."), "no linked token");
        let (read, wanted) = (read(file), wanted(&purchases));
        let revenue = |rows: &[Read]| rows.iter().map(|row| Decimal::from(row.3) * row.4).sum::<Decimal>();
        prop_assert_eq!(revenue(&read), revenue(&wanted));
        prop_assert_eq!(read, wanted);
    }
}
